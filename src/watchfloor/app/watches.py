"""Who keeps which watch: handed over by who kept it, and taken over by somebody else, each over the brief as it stood.

Nothing waits for a handover: whoever sits there can doubt, stop and acknowledge at once. That the brief was not
acknowledged is said on every screen until it is.
**Source**: requirement 5; own reasoning.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.app.brief import Situation, brief_digest, brief_of
from watchfloor.app.sight import label_of_seat, may_see
from watchfloor.base.labels import Audience, Label
from watchfloor.decisions.board import is_person
from watchfloor.messages.acts import Actor, SeatKind
from watchfloor.messages.handover import HandoverAct, WatchAwaited, WatchHandedOver
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.room import SeatTaken
from watchfloor.messages.screen import WatchShown
from watchfloor.messages.signed import SignedAct

POWER = "run_watch"


class Watch(Struct, frozen=True):
    """One seat's watch: who keeps it since when, who handed it over since, and who sits there unbriefed since when.

    `kept_by` is a person's id: who sat there first, until somebody else takes the watch over.
    """

    role: str
    nation: str
    label: Label
    kept_by: str
    taken_us: int = 0
    handed_us: int = 0
    words: str = ""
    awaits: str = ""
    awaits_us: int = 0


Watches = Mapping[str, Watch]


def change_hands(
    watches: Watches, now: Situation, act: HandoverAct, signed: SignedAct, room_us: int
) -> tuple[Watches, list[ActRefused]]:
    """The watches after somebody hands one over or takes one over, or why it does not stand."""
    held, actor = watches.get(act.seat_id), signed.actor
    if held is None or POWER not in actor.powers or not is_person(actor):
        sentence = f"this seat does not hold the power `{POWER}`"
        return watches, [ActRefused(act.act_id, "refused", sentence, signed.label)]
    refusal = _objection(held, act, actor) or _stale(now, act, actor, room_us)
    if refusal is not None:
        code, sentence = refusal
        return watches, [ActRefused(act.act_id, code, sentence, signed.label)]
    if isinstance(act, WatchHandedOver):
        after = replace(held, handed_us=room_us, words=act.words)
    else:
        after = Watch(held.role, held.nation, held.label, actor.person_id, taken_us=room_us, words=act.words)
    return {**watches, act.seat_id: after}, []


def take_seat(watches: Watches, fact: SeatTaken) -> Watches:
    """The watches once somebody sits down: who sits first on one keeps it, and who keeps it may come back to it."""
    if POWER not in fact.powers or fact.kind is not SeatKind.PERSON:
        return watches
    held = watches.get(fact.seat_id)
    if held is None:
        return {**watches, fact.seat_id: Watch(fact.role, fact.nation, label_of_seat(fact), fact.person_id)}
    if held.kept_by == fact.person_id and held.awaits:
        return {**watches, fact.seat_id: replace(held, awaits="", awaits_us=0)}
    return watches


def take_awaited(watches: Watches, fact: WatchAwaited, room_us: int) -> Watches:
    """The watches once somebody sits on one that somebody else keeps."""
    held = watches.get(fact.seat_id)
    if held is None:
        return watches
    return {**watches, fact.seat_id: replace(held, awaits=fact.person_id, awaits_us=room_us)}


def awaited(watches: Watches, seat: SeatTaken) -> WatchAwaited | None:
    """That the acknowledgement of who sits down is awaited, where somebody else keeps this watch."""
    held = watches.get(seat.seat_id)
    if held is None or POWER not in seat.powers or seat.kind is not SeatKind.PERSON:
        return None
    if seat.person_id in (held.kept_by, held.awaits):
        return None
    return WatchAwaited(seat.seat_id, seat.person_id, seat.role, seat.nation, seat.label)


def watches_shown(watches: Watches, audience: Audience) -> tuple[WatchShown, ...]:
    """How each watch stands that changed hands: that is for all who see the seats, its words for the seat's class."""
    return tuple(
        _shown(seat_id, watch, audience)
        for seat_id, watch in sorted(watches.items())
        if watch.taken_us or watch.handed_us or watch.awaits
    )


def _shown(seat_id: str, watch: Watch, audience: Audience) -> WatchShown:
    state, since_us = "kept", watch.taken_us
    if watch.awaits:
        state, since_us = "not acknowledged", watch.awaits_us
    elif watch.handed_us:
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
    keeps = held.kept_by == actor.person_id
    if isinstance(act, WatchHandedOver):
        return None if keeps else ("refused", "take the watch over first: you have not acknowledged its brief")
    may_take = held.handed_us > 0 if keeps else held.awaits == actor.person_id
    return None if may_take else ("refused", "nobody hands this watch over to you: it is yours already")


def _stale(now: Situation, act: HandoverAct, actor: Actor, room_us: int) -> tuple[str, str] | None:
    audience = Audience((actor.nation,), actor.level, actor.need_to_know)
    if brief_digest(brief_of(now, audience, room_us)) == act.brief:
        return None
    return "stale", "the brief has changed since you read it; read it again, then sign"
