"""Checks how watches changed hands: taken over by whose acknowledgement was awaited, handed over by who kept them.

Who sits first on a watch keeps it. Where the record says that somebody's acknowledgement is awaited, they sit there and
are not who keeps it. Written apart from `app.watches`, from the entries alone.
"""

from watchfloor.base.errors import WireError
from watchfloor.messages.acts import Actor, SeatKind
from watchfloor.messages.canonical import decode_canonical
from watchfloor.messages.entry import Entry
from watchfloor.messages.handover import HandoverAct, WatchAwaited, WatchHandedOver
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.room import SeatTaken
from watchfloor.messages.signed import SignedAct
from watchfloor.verify.report import Report

_WHERE = "record"
_KINDS = ('"type":"WatchHandedOver"', '"type":"WatchTakenOver"')
_POWER = "run_watch"


class HandoverCheck:
    """Takes entries of its `kinds` in order; says at the end which handovers do not stand."""

    kinds = frozenset((SeatTaken, WatchAwaited, SignedAct, ActRefused))

    def __init__(self, report: Report) -> None:
        self._report = report
        self._steps: list[tuple[int, SeatTaken | WatchAwaited | tuple[HandoverAct, Actor]]] = []
        self._refused: set[str] = set()

    def take(self, entry: Entry) -> None:
        """Note the next entry."""
        body = entry.body
        if isinstance(body, WatchAwaited) or (
            isinstance(body, SeatTaken) and _POWER in body.powers and body.kind is SeatKind.PERSON
        ):
            self._steps.append((entry.seq, body))
        elif isinstance(body, ActRefused):
            self._refused.add(body.act_id)
        elif isinstance(body, SignedAct) and any(kind in body.document for kind in _KINDS):
            try:
                act: HandoverAct = decode_canonical(body.document.encode(), HandoverAct)  # type: ignore[arg-type]
            except WireError:
                return  # the check of acts tells it
            self._steps.append((entry.seq, (act, body.actor)))

    def finish(self) -> None:
        """What can only be said once refusals are known."""
        watches: dict[str, _Watch] = {}
        for seq, one in self._steps:
            if isinstance(one, SeatTaken):
                watch = watches.setdefault(one.seat_id, _Watch(one.person_id))
                watch.sits = one.person_id
                watch.awaits = "" if one.person_id == watch.kept_by else watch.awaits
            elif isinstance(one, WatchAwaited):
                held = watches.get(one.seat_id)
                if held is None or held.sits != one.person_id or held.kept_by == one.person_id:
                    self._report.lack(_WHERE, "awaits somebody on a watch who does not sit there, or keeps it", seq)
                else:
                    held.awaits = one.person_id
            elif one[0].act_id not in self._refused:
                self._judge(seq, watches.get(one[0].seat_id), *one)

    def _judge(self, seq: int, watch: "_Watch | None", act: HandoverAct, actor: Actor) -> None:
        """An act that the room took."""
        if _POWER not in actor.powers or actor.kind is not SeatKind.PERSON:
            self._report.lack(_WHERE, "hands a watch over, or takes one, from a seat that may not", seq, after=seq)
            return
        keeps = watch is not None and watch.kept_by == actor.person_id
        if isinstance(act, WatchHandedOver):
            if not keeps:
                self._report.lack(_WHERE, "hands over a watch whose brief its person never acknowledged", seq)
            elif watch is not None:
                watch.is_handed = True
            return
        may_take = watch is not None and (watch.is_handed if keeps else watch.awaits == actor.person_id)
        if not may_take:
            self._report.lack(_WHERE, "takes over a watch from nobody", seq)
        if watch is not None:
            watch.kept_by, watch.awaits, watch.is_handed = actor.person_id, "", False


class _Watch:
    """A seat's watch as the entries so far tell of it."""

    def __init__(self, kept_by: str) -> None:
        self.kept_by, self.sits = kept_by, kept_by
        self.awaits, self.is_handed = "", False
