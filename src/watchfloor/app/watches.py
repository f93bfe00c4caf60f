"""Who keeps which watch: handed over by who kept it, and taken over by somebody else, each over the brief as it stood.

Nothing waits for a handover: whoever sits there can doubt, stop and acknowledge at once. That the brief was not
acknowledged is said on every screen until it is.
**Source**: requirement 5; own reasoning.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.app.brief import Situation, brief_digest, brief_of
from watchfloor.app.sight import may_see
from watchfloor.base.labels import Audience, Label, label_for
from watchfloor.decisions.board import is_person
from watchfloor.messages.acts import Actor
from watchfloor.messages.handover import HandoverAct, WatchAwaited, WatchHandedOver
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.room import SeatTaken
from watchfloor.messages.screen import WatchShown
from watchfloor.messages.signed import SignedAct

POWER = "run_watch"


class Watch(Struct, frozen=True):
    """One seat's watch: who took it over last, who handed it over since, and who sits there unbriefed since when."""

    role: str
    nation: str
    label: Label
    taken_by: Actor | None = None
    taken_us: int = 0
    handed_by: Actor | None = None
    handed_us: int = 0
    words: str = ""
    awaits: str = ""
    awaits_us: int = 0


Watches = Mapping[str, Watch]


def change_hands(
    watches: Watches, now: Situation, act: HandoverAct, signed: SignedAct, room_us: int
) -> tuple[Watches, list[ActRefused]]:
    """The watches after somebody hands one over or takes one over, or why it does not stand."""
    actor = signed.actor
    held = watches.get(act.seat_id, Watch(actor.role, actor.nation, signed.label))
    refusal = _objection(held, act, actor) or _stale(now, act, actor, room_us)
    if refusal is not None:
        code, sentence = refusal
        return watches, [ActRefused(act.act_id, code, sentence, signed.label)]
    if isinstance(act, WatchHandedOver):
        after = replace(held, handed_by=actor, handed_us=room_us, words=act.words)
    else:
        after = Watch(actor.role, actor.nation, signed.label, taken_by=actor, taken_us=room_us)
    return {**watches, act.seat_id: after}, []


def take_awaited(watches: Watches, fact: WatchAwaited, room_us: int) -> Watches:
    """The watches once somebody sits on one that somebody else kept."""
    held = watches.get(fact.seat_id, Watch(fact.role, fact.nation, fact.label))
    return {**watches, fact.seat_id: replace(held, awaits=fact.person_id, awaits_us=room_us)}


def awaited(seats: Mapping[str, SeatTaken], before: Mapping[str, str], after: Mapping[str, str]) -> list[WatchAwaited]:
    """Whose acknowledgement is awaited, where somebody sits on a watch on which somebody else sat.

    **Args**: `before`, `after`: the person who sat last, by seat, around a step of the room.
    """
    found = []
    for seat_id, person_id in after.items():
        seat = seats.get(seat_id)
        if seat is not None and POWER in seat.powers and before.get(seat_id, person_id) != person_id:
            label = label_for((seat.nation,), seat.level, seat.need_to_know)
            found.append(WatchAwaited(seat_id, person_id, seat.role, seat.nation, label))
    return found


def watches_shown(watches: Watches, audience: Audience) -> tuple[WatchShown, ...]:
    """How each watch stands; that it changes hands is for all who see the seats, its words for the seat's own class."""
    return tuple(_shown(seat_id, watch, audience) for seat_id, watch in sorted(watches.items()))


def _shown(seat_id: str, watch: Watch, audience: Audience) -> WatchShown:
    state, since_us = "kept", watch.taken_us
    if watch.awaits:
        state, since_us = "not acknowledged", watch.awaits_us
    elif watch.handed_by is not None:
        state, since_us = "handed over", watch.handed_us
    words = watch.words if may_see(watch.label, audience) else ""
    return WatchShown(
        seat_id=seat_id,
        role=watch.role,
        nation=watch.nation,
        state=state,
        since_us=since_us,
        handed_us=watch.handed_us,
        words=words,
    )


def _objection(held: Watch, act: HandoverAct, actor: Actor) -> tuple[str, str] | None:
    """Why this person cannot hand this watch over, or take it over: a code and a sentence; or None."""
    if POWER not in actor.powers or not is_person(actor):
        return "refused", f"this seat does not hold the power `{POWER}`"
    is_awaited = held.awaits == actor.person_id
    if isinstance(act, WatchHandedOver):
        return ("refused", "take the watch over first: you have not acknowledged its brief") if is_awaited else None
    return None if is_awaited else ("refused", "nobody hands this watch over to you: it is yours already")


def _stale(now: Situation, act: HandoverAct, actor: Actor, room_us: int) -> tuple[str, str] | None:
    audience = Audience((actor.nation,), actor.level, actor.need_to_know)
    if brief_digest(brief_of(now, audience, room_us)) == act.brief:
        return None
    return "stale", "the brief has changed since you read it; read it again, then sign"
