"""Delegated authority after it was granted: uses, their review, suspension; reported harm; who reviews what.

A delegation is a decided request with a holder. A use that is late, outside its scope or stopped by a rule suspends it,
and so does a review that nobody closed in time. Nothing here grants, extends or lifts anything.
**Source**: requirements 30-34; rules R12 and R13 of the exercise `eight-thirty`; own reasoning.
"""

from typing import Any

from msgspec.structs import replace

from watchfloor.base.labels import Label
from watchfloor.decisions.authority import Authority, Harm, Use
from watchfloor.decisions.board import Board, Decided, Request, is_person
from watchfloor.decisions.duties import objection_to_point
from watchfloor.decisions.knowing import is_as_narrow, knows, objection_to_label
from watchfloor.messages.acts import Actor, Answer, Kind
from watchfloor.messages.delegation import (
    DelegationAct,
    DelegationFact,
    DelegationRevoked,
    DelegationSuspended,
    HarmReceived,
    HarmReported,
    ReviewClosed,
    ReviewEnded,
    ReviewOverdue,
    SuspendCause,
    UseJudged,
    UseReceived,
    UseReported,
)
from watchfloor.messages.findings import RuleAnswer
from watchfloor.messages.outcomes import ActRefused

_MINUTE_US = 60 * 1_000_000
REPORT_WITHIN_US = 10 * _MINUTE_US
REVIEW_WITHIN_US = 30 * _MINUTE_US
HARM_REVIEW_WITHIN_US = 24 * 60 * _MINUTE_US
_HARM_POWERS = frozenset({"notify", "report", "run_watch", "review", "report_use"})

Facts = list[DelegationFact | ActRefused]


def step(board: Board, act: DelegationAct, actor: Actor, label: Label, room_us: int) -> tuple[Board, Facts]:
    """The board after an act about delegated authority.

    **Doubt**: an act that may not stand gives `ActRefused` and changes nothing.
    """
    if isinstance(act, DelegationRevoked):
        sentence = _objection_to_revoking(board, act, actor)
        if sentence is None:
            held = board.authority
            return _put(board, revoked={**held.revoked, act.request_id: room_us}), []
    elif isinstance(act, UseReported):
        sentence = _objection_to_use(board, act, actor, room_us)
        if sentence is None:
            return _receive_use(board, act, actor, room_us)
    elif isinstance(act, HarmReported):
        sentence = _objection_to_harm(board, act, actor, room_us)
        if sentence is None:
            return _receive_harm(board, act, actor, room_us)
    else:
        sentence = _objection_to_closing(board, act, actor)
        if sentence is None:
            return _close(board, act, actor, room_us)
    return board, [ActRefused(act.act_id, "refused", sentence, label)]


def delegation_state(board: Board, request: Request, room_us: int) -> str:
    """In force, not begun, ended, suspended, revoked; or that it was not granted."""
    act = request.act
    if request.decided is None or request.decided.act.answer is not Answer.YES:
        return "not granted"
    if act.request_id in board.authority.revoked:
        return "revoked"
    if act.request_id in board.authority.suspended:
        return "suspended"
    if room_us >= act.until_us:
        return "ended"
    return "in force" if room_us >= act.from_us else "not begun"


def pass_time(board: Board, room_us: int) -> tuple[Board, Facts]:
    """The board at a later moment: reviews that are overdue say so, and suspend what they are about."""
    found: Facts = []
    for use_id, use in board.authority.uses.items():
        if use.closed is None and not use.overdue and room_us >= use.received.due_us:
            overdue = ReviewOverdue(subject_id=use_id, due_us=use.received.due_us, label=use.act.label)
            board = _put(board, uses={**board.authority.uses, use_id: replace(use, overdue=True)})
            board, suspended = _suspend(board, use, SuspendCause.OVERDUE, room_us)
            found.extend((overdue, *suspended))
    for harm_id, harm in board.authority.harm.items():
        if harm.closed is None and not harm.overdue and room_us >= harm.received.due_us:
            found.append(ReviewOverdue(subject_id=harm_id, due_us=harm.received.due_us, label=harm.act.label))
            board = _put(board, harm={**board.authority.harm, harm_id: replace(harm, overdue=True)})
    return board, found


def take_overdue(board: Board, fact: ReviewOverdue) -> Board:
    """The board after a review was found overdue, as the record says it."""
    held = board.authority
    if fact.subject_id in held.uses:
        use = replace(held.uses[fact.subject_id], overdue=True)
        return _put(board, uses={**held.uses, fact.subject_id: use})
    if fact.subject_id in held.harm:
        harm = replace(held.harm[fact.subject_id], overdue=True)
        return _put(board, harm={**held.harm, fact.subject_id: harm})
    return board


def take_suspension(board: Board, fact: DelegationSuspended) -> Board:
    """The board after a delegation was suspended, as the record says it."""
    return _put(board, suspended={**board.authority.suspended, fact.request_id: fact})


def take_judgement(board: Board, fact: UseJudged, room_us: int) -> tuple[Board, Facts]:
    """The board after the rules answered about a use: a stop suspends the delegation that it named."""
    use = board.authority.uses.get(fact.use_id)
    if use is None:
        return board, []
    judged = replace(use, judged=fact)
    board = _put(board, uses={**board.authority.uses, fact.use_id: judged})
    if fact.answer is RuleAnswer.NO_OBJECTION:
        return board, []
    return _suspend(board, judged, SuspendCause.RULE, room_us)


def grant_of(board: Board, use: UseReported) -> Request | None:
    """The delegation that a use names, when it stood at the time of the event, for the seat that reports the use."""
    request = board.requests.get(use.request_id)
    if request is None or request.act.holder != use.seat_id:
        return None
    decided = decision_at(request, use.event_us)
    return request if decided is not None and decided.act.answer is Answer.YES else None


def _named_by(board: Board, use: UseReported) -> Request | None:
    """The delegation that a use names, if it was ever granted to the seat that reports the use."""
    request = board.requests.get(use.request_id)
    return request if request is not None and request.act.holder == use.seat_id and request.granted() else None


def decision_at(request: Request, room_us: int) -> Decided | None:
    """The decision that stood at an instant: the newest of then, unless a doubt had come after it."""
    signed = [one for one in (*request.superseded, request.decided) if one is not None and one.at_us <= room_us]
    if not signed:
        return None
    newest = max(signed, key=lambda one: one.at_us)
    if any(newest.at_us < doubt.at_us <= room_us for doubt in request.doubts):
        return None
    return newest


def _put(board: Board, **changes: Any) -> Board:
    authority: Authority = replace(board.authority, **changes)
    return replace(board, authority=authority)


def _objection_to_revoking(board: Board, act: DelegationRevoked, actor: Actor) -> str | None:
    request = board.requests.get(act.request_id)
    if request is None or not knows(actor, request.act.label) or request.act.holder is None:
        return f"no delegation `{act.request_id}`"
    if "grant" not in actor.powers or actor.nation != request.act.acting_nation or not is_person(actor):
        return f"a delegation is revoked by a seat of {request.act.acting_nation} with the power `grant`"
    if act.request_id in board.authority.revoked:
        return "it is revoked already"
    return objection_to_point(request.act.kind, act)


def _objection_to_use(board: Board, act: UseReported, actor: Actor, room_us: int) -> str | None:
    doctrine = board.doctrine
    if "report_use" not in actor.powers or not is_person(actor):
        return "a use is reported by the crew: a seat with the power `report_use`"
    if doctrine is None or doctrine.area(act.area_id) is None:
        return f"the map has no area `{act.area_id}`"
    if act.use_id in board.authority.uses.keys() | board.authority.harm.keys():
        return f"`{act.use_id}` is on the board already; take another id"
    if act.event_us > room_us:
        return "a use is reported after it happened"
    point = objection_to_point(act.kind, act)
    if point is not None:
        return point
    grant = board.requests.get(act.request_id)
    if grant is not None and knows(actor, grant.act.label) and not is_as_narrow(act.label, grant.act.label):
        return "what is told of a delegation is shown to nobody who may not see the delegation"
    return objection_to_label(board, act.label, actor)


def _objection_to_harm(board: Board, act: HarmReported, actor: Actor, room_us: int) -> str | None:
    if not _HARM_POWERS & set(actor.powers):
        return f"harm is passed on by seats with one of the powers {', '.join(sorted(_HARM_POWERS))}"
    if act.harm_id in board.authority.uses.keys() | board.authority.harm.keys():
        return f"`{act.harm_id}` is on the board already; take another id"
    if act.as_of_us > room_us:
        return "harm is reported after it happened"
    doctrine = board.doctrine
    areas = {area.id for area in doctrine.areas} if doctrine is not None else set()
    requests = {name for name, one in board.requests.items() if knows(actor, one.act.label)}
    uses = {name for name, one in board.authority.uses.items() if knows(actor, one.act.label)}
    if act.about not in areas | requests | uses:
        return f"no request, use or area `{act.about}`"
    subject = board.requests.get(act.about) or board.authority.uses.get(act.about)
    if subject is not None and not is_as_narrow(act.label, subject.act.label):
        return "what is told of a request or use is shown to nobody who may not see it"
    return objection_to_point(Kind.FORCE_EXERCISE_ONLY, act) or objection_to_label(board, act.label, actor)


def _receive_use(board: Board, act: UseReported, actor: Actor, room_us: int) -> tuple[Board, Facts]:
    outside = _outside(board, act, actor)
    received = UseReceived(
        use_id=act.use_id,
        request_id=act.request_id,
        event_us=act.event_us,
        received_us=room_us,
        due_us=room_us + REVIEW_WITHIN_US,
        outside=outside,
        label=act.label,
    )
    use = Use(act, actor, received)
    board = _put(board, uses={**board.authority.uses, act.use_id: use})
    cause = None
    if outside:
        cause = SuspendCause.OUTSIDE_SCOPE
    elif room_us - act.event_us > REPORT_WITHIN_US:
        cause = SuspendCause.LATE
    board, suspended = _suspend(board, use, cause, room_us) if cause is not None else (board, [])
    return board, [received, *suspended]


def _outside(board: Board, act: UseReported, actor: Actor) -> tuple[str, ...]:
    """In which ways a use lies outside the delegation that it names, at the time of the event."""
    grant = _named_by(board, act)
    if grant is None:
        return ("no delegation",)
    asked = grant.act
    found = []
    if asked.acting_nation != actor.nation:
        found.append("another nation")
    if asked.kind is not act.kind:
        found.append("another kind")
    if asked.area_id != act.area_id:
        found.append("another district")
    if not asked.from_us <= act.event_us < asked.until_us:
        found.append("outside its window")
    decided = decision_at(grant, act.event_us)
    if decided is None:
        began_us = min(one.at_us for one in grant.granted())
        found.append("before it was granted" if act.event_us < began_us else "while a doubt held it")
    elif decided.actor.person_id == actor.person_id:
        found.append("granted by the same person")
    revoked = board.authority.revoked.get(asked.request_id)
    if revoked is not None and act.event_us >= revoked:
        found.append("revoked")
    suspended = board.authority.suspended.get(asked.request_id)
    if suspended is not None and act.event_us >= suspended.at_us:
        found.append("suspended")
    return tuple(found)


def _suspend(board: Board, use: Use, cause: SuspendCause, room_us: int) -> tuple[Board, Facts]:
    grant = _named_by(board, use.act)
    if grant is None or grant.act.request_id in board.authority.suspended:
        return board, []
    fact = DelegationSuspended(
        request_id=grant.act.request_id, cause=cause, subject_id=use.act.use_id, at_us=room_us, label=grant.act.label
    )
    return take_suspension(board, fact), [fact]


def _receive_harm(board: Board, act: HarmReported, actor: Actor, room_us: int) -> tuple[Board, Facts]:
    received = HarmReceived(
        harm_id=act.harm_id,
        about=act.about,
        received_us=room_us,
        due_us=room_us + HARM_REVIEW_WITHIN_US,
        label=act.label,
    )
    return _put(board, harm={**board.authority.harm, act.harm_id: Harm(act, actor, received)}), [received]


def _objection_to_closing(board: Board, act: ReviewClosed, actor: Actor) -> str | None:
    held = board.authority
    subject = held.uses.get(act.subject_id) or held.harm.get(act.subject_id)
    if subject is None or not knows(actor, subject.act.label):
        return f"no review `{act.subject_id}`"
    if "review" not in actor.powers or not is_person(actor):
        return "this seat does not hold the power `review`"
    if subject.closed is not None:
        return "the review is closed already"
    took_part = {subject.actor.person_id} | who_took_part(board, subject)
    if actor.person_id in took_part:
        return "a review is closed by somebody who took no part"
    return objection_to_point(Kind.FORCE_EXERCISE_ONLY, act)


def who_took_part(board: Board, subject: Use | Harm) -> set[str]:
    """Persons who took part in what is reviewed: crew and grantor; of a request everybody who shaped its decision."""
    if isinstance(subject, Use):
        return who_took_part_in(board.requests.get(subject.act.request_id))
    use = board.authority.uses.get(subject.act.about)
    if use is not None:
        return {use.actor.person_id} | who_took_part_in(board.requests.get(use.act.request_id))
    request = board.requests.get(subject.act.about)
    return who_took_part_in(request) if request is not None else _of_area(board, subject.act.about)


def _of_area(board: Board, area_id: str) -> set[str]:
    """Of an area, all who shaped a decision about it or about ground that it shares, and crews that acted there."""
    area = board.doctrine.area(area_id) if board.doctrine is not None else None
    ground = {area_id, *(area.overlaps if area is not None else ())}
    persons = {use.actor.person_id for use in board.authority.uses.values() if use.act.area_id in ground}
    for request in board.requests.values():
        if request.act.area_id in ground and (request.decided is not None or request.superseded):
            persons |= who_took_part_in(request)
    return persons


def who_took_part_in(request: Request | None) -> set[str]:
    """Persons who shaped a decision: who wrote, advised, resolved and signed."""
    if request is None:
        return set()
    signed = [one for one in (*request.superseded, request.decided) if one is not None]
    persons = {request.author.person_id} | {one.actor.person_id for one in signed}
    persons |= {one.actor.person_id for one in request.advice} | {one.actor.person_id for one in request.standing}
    return persons | {doubt.resolved_by for doubt in request.doubts if doubt.resolved_by is not None}


def _close(board: Board, act: ReviewClosed, actor: Actor, room_us: int) -> tuple[Board, Facts]:
    held = board.authority
    if act.subject_id in held.uses:
        use = replace(held.uses[act.subject_id], closed=act, closed_by=actor, closed_us=room_us)
        due_us, label = use.received.due_us, use.act.label
        board = _put(board, uses={**held.uses, act.subject_id: use})
    else:
        harm = replace(held.harm[act.subject_id], closed=act, closed_by=actor, closed_us=room_us)
        due_us, label = harm.received.due_us, harm.act.label
        board = _put(board, harm={**held.harm, act.subject_id: harm})
    return board, [ReviewEnded(subject_id=act.subject_id, at_us=room_us, late=room_us > due_us, label=label)]
