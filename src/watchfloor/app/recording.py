"""A record to watch again: its states, stretches of room time, events, and who held which fact when."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from operator import attrgetter

from msgspec import Struct

from watchfloor.app.moment import context_of, start_us_of, stretches
from watchfloor.app.sight import audience_of_seat, may_see
from watchfloor.app.state import RoomState, as_shown, fold
from watchfloor.app.video import SEEN_FOR_US
from watchfloor.base.errors import InputError
from watchfloor.base.labels import Audience, Label
from watchfloor.decisions.reviewing import Afterthoughts
from watchfloor.messages.acts import AdviceGiven, SeatKind, Verdict
from watchfloor.messages.air import TrackPicture
from watchfloor.messages.alerts import AlertEnded, AlertEscalated, AlertRaised
from watchfloor.messages.entry import Entry, input_key
from watchfloor.messages.outcomes import (
    DecisionAskedAgain,
    DecisionAwaited,
    RequestCarriedOut,
    RequestDecided,
    RequestHeld,
    RequestOpened,
    RequestReopened,
    RequestStopped,
)
from watchfloor.messages.room import Context
from watchfloor.messages.signed import SignedAct, act_of
from watchfloor.record.tape_cameras import TapedView
from watchfloor.record.tape_index import TapedPictures


class Event(Struct, frozen=True):
    """Something to step to: when, in which entry, what, about which request; and the act or fact that it came from.

    `hides`: what came after is hidden until somebody opens it; what a pack's opening record brings hides nothing.
    """

    seq: int
    cause_seq: int
    room_us: int
    kind: str
    request_id: str
    label: Label
    hides: bool


class HeldFact(Struct, frozen=True):
    """A fact about a request: when it stood in the record, which seats could see it since when, and which could not."""

    seq: int
    at_us: int
    what: str
    held: tuple[tuple[str, int], ...]
    lacked: tuple[str, ...]


class Recording:
    """A verified record in memory. `states[n]` is the room after `n` entries."""

    def __init__(self, entries: list[Entry], files: Mapping[str, bytes], states: list[RoomState] | None = None) -> None:
        if not entries:
            raise InputError("nothing was written yet; there is nothing to replay", field="folder")
        self.entries = entries
        self.states = [RoomState(), *(states if states is not None else _states_of(entries))]
        opened = next((state.opened for state in self.states if state.opened), None)
        if opened is None:
            raise InputError("the record holds no opening", field="folder")
        self.opened = opened
        self.is_branch = states is not None
        self.stretches = [
            (first, last)
            for first, last in stretches(entries)
            if any(state.clock for state in self.states[first + 1 : last + 2])
        ]
        self._taped = TapedPictures(entries, files)
        self._events: list[Event] | None = None

    def context(self) -> Context:
        """What screens of this recording say that they are."""
        return Context.WHAT_IF if self.is_branch else context_of(self.opened)

    def span_us(self, stretch: int) -> tuple[int, int]:
        """First and last room time of a stretch."""
        first, last = self.stretches[stretch]
        return start_us_of(self.entries[first]), self.entries[last].room_us

    def size_at(self, stretch: int, room_us: int) -> int:
        """How many entries there were at an instant of a stretch."""
        first, last = self.stretches[stretch]
        return max(bisect_right(self.entries, room_us, first, last + 1, key=attrgetter("room_us")), first + 1)

    def picture(self, size: int, stretch: int, room_us: int) -> TrackPicture | None:
        """The last picture taped in a stretch by an instant, as far as the first `size` entries tell."""
        return self._taped.newest(self.stretches[stretch][0], size, self.span_us(stretch)[0], room_us)

    def views(self, size: int, stretch: int, room_us: int) -> list[TapedView]:
        """Where cameras were looking in a stretch at an instant, as far as the first `size` entries tell."""
        from_us = max(self.span_us(stretch)[0], room_us - SEEN_FOR_US)
        return self._taped.views(self.stretches[stretch][0], size, from_us, room_us)

    def events(self, stretch: int) -> list[Event]:
        """What happened in a stretch, in order."""
        first, last = self.stretches[stretch]
        return [event for event in self.all_events() if first <= event.seq <= last]

    def all_events(self) -> list[Event]:
        """What happened in the whole record, in order."""
        if self._events is None:
            self._events = self._find_events()
        return self._events

    def _find_events(self) -> list[Event]:
        found = []
        causes: dict[str, int] = {}
        for entry in self.entries:
            cause_seq = causes.setdefault(input_key(entry.key), entry.seq)
            kind = _EVENTS.get(type(entry.body))
            if kind is not None:
                request_id = getattr(entry.body, "request_id", "")
                cause = self.entries[cause_seq].body
                is_opening = isinstance(cause, SignedAct) and cause.actor.kind is SeatKind.SIMULATED
                hides = kind in _ENDS and not is_opening
                found.append(Event(entry.seq, cause_seq, entry.room_us, kind, request_id, entry.body.label, hides))
        return found

    def horizon(self, person_id: str, audience: Audience, afterthoughts: Afterthoughts) -> Event | None:
        """The first decision of the record whose aftermath a person has not opened; nobody in particular: the first.

        What the audience may not see hides nothing from it.
        """
        for event in self.all_events():
            moment_seq = event.cause_seq - 1
            if (
                event.hides
                and may_see(event.label, audience)
                and not afterthoughts.knows_aftermath(person_id, event.request_id, moment_seq)
            ):
                return event
        return None

    def stretch_of(self, seq: int) -> int:
        """The stretch in which an entry lies."""
        return max((n for n, (first, _) in enumerate(self.stretches) if first <= seq), default=0)

    def facts_about(self, request_id: str, size: int) -> list[HeldFact]:
        """When each seat first held each fact about a request, among the first `size` entries."""
        seated: dict[str, tuple[Audience, int]] = {}
        found = []
        for entry in self.entries[:size]:
            for seat_id, seat in self.states[entry.seq + 1].seats.items():
                if seat.kind is SeatKind.PERSON and seat_id not in seated:
                    seated[seat_id] = audience_of_seat(seat), entry.room_us
            what = _what(entry, request_id)
            if what is not None:
                found.append((entry, what))
        return [_held(entry, what, seated) for entry, what in found]


_EVENTS = {
    RequestOpened: "asked",
    RequestHeld: "held",
    RequestReopened: "reopened",
    RequestDecided: "decided",
    DecisionAskedAgain: "asked again",
    RequestCarriedOut: "carried out",
    DecisionAwaited: "signed",
    RequestStopped: "stopped",
    AlertRaised: "alert",
    AlertEscalated: "alert unanswered",
    AlertEnded: "alert ended",
}
_ENDS = frozenset(("decided", "signed"))
_WHAT: Mapping[type, Callable[[object], str]] = {
    RequestOpened: lambda _: "the request",
    RequestHeld: lambda body: f"the doubt of {getattr(body, 'role', '')}, {getattr(body, 'nation', '')}",
    RequestReopened: lambda _: "the answer to the doubt",
    RequestDecided: lambda _: "the decision",
    DecisionAskedAgain: lambda body: str(getattr(body, "sentence", "")),
    RequestCarriedOut: lambda _: "that it was carried out",
    RequestStopped: lambda _: "the stop",
}


def _what(entry: Entry, request_id: str) -> str | None:
    body = entry.body
    if isinstance(body, SignedAct):
        act = act_of(body)
        if isinstance(act, AdviceGiven) and act.request_id == request_id:
            word = "concurs" if act.verdict is Verdict.CONCUR else "doubts"
            return f"{body.actor.role}, {body.actor.nation} {word}"
        return None
    if isinstance(body, AlertRaised):
        return f"the alert {body.alert_id}"
    told = _WHAT.get(type(body))
    return told(body) if told and getattr(body, "request_id", "") == request_id else None


def _held(entry: Entry, what: str, seated: Mapping[str, tuple[Audience, int]]) -> HeldFact:
    label = entry.body.label
    held, lacked = [], []
    for seat_id, (viewers, since_us) in sorted(seated.items()):
        if may_see(label, viewers):
            held.append((seat_id, max(since_us, entry.room_us)))
        else:
            lacked.append(seat_id)
    return HeldFact(entry.seq, entry.room_us, what, tuple(held), tuple(lacked))


def _states_of(entries: list[Entry]) -> list[RoomState]:
    states, state = [], RoomState()
    for entry in entries:
        state = fold(state, entry)
        states.append(as_shown(state))
    return states
