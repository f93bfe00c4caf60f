"""Who may do what to a request: powers, separation of duties, four eyes. Persons are compared, never seats."""

import re

from msgspec import Struct

from watchfloor.decisions.board import Board, Request, Standing, is_person
from watchfloor.decisions.knowing import knows, objection_to_label
from watchfloor.messages.acts import (
    Actor,
    Answer,
    DecisionSigned,
    DoubtResolved,
    Kind,
    RequestWritten,
    WordsGiven,
)
from watchfloor.messages.pack import RequiredAdvice

_IDS = frozenset(
    {"act_id", "room_id", "person_id", "seat_id", "decision_id", "doubt_id", "screen_digest", "rules_digest"}
)
MAX_WINDOW_US = 24 * 3600 * 1_000_000
_COORDINATES = re.compile(
    r"""\d{1,3}\s*°|\d{1,2}[°'\u2032]\s*\d|[-+]?\d{1,3}\.\d{3,}|\b\d{2,3}\s?\d{2}(\.\d+)?\s?[NSEW]\b"""
    r"""|\d(\.\d+)?\s?[NS]\b.{0,12}\d(\.\d+)?\s?[EW]\b|\d{4,}[NS]\s?\d{4,}[EW]"""
    r"""|\b\d{1,2}\s?[C-HJ-NP-X]\s?[A-HJ-NP-Z]{2}\s?\d{2,}|\b(lat|lon|mgrs|utm)\b\W*\d""",
    re.IGNORECASE,
)


def advisers_for(rule: RequiredAdvice, kind: Kind, area_id: str) -> tuple[str, ...]:
    """Roles that must be asked about a request of this kind in this area."""
    return tuple(
        entry.role
        for entry in rule.advisers
        if (not entry.kinds and not entry.areas) or kind in entry.kinds or area_id in entry.areas
    )


def objection_to_request(board: Board, act: RequestWritten, actor: Actor) -> str | None:
    """Why this request cannot be written by this actor, or None."""
    doctrine = board.doctrine
    if doctrine is None:
        return "no rules are in force in this room; nothing can be asked here"
    if "write" not in actor.powers:
        return "this seat does not hold the power `write`"
    if act.request_id in board.requests:
        return f"`{act.request_id}` is on the board already; take another id"
    if act.rules_digest != doctrine.rules_digest:
        return "the request is pinned to rules that are not in force"
    if doctrine.area(act.area_id) is None:
        return f"the map has no area `{act.area_id}`; an area is a district or corridor of the pack"
    if act.acting_nation not in doctrine.nations:
        return f"the room has no nation `{act.acting_nation}`"
    if not 0 < act.until_us - act.from_us <= MAX_WINDOW_US:
        return "the window must end after it begins, within 24 hours"
    if act.until_us <= act.at_us:
        return "the window is over already"
    if act.holder is not None and not act.until_us <= doctrine.watch_until_us:
        return "a delegation ends with the watch at the latest"
    unfit = objection_to_label(board, act.label, actor)
    if unfit is not None:
        return unfit
    if act.kind is Kind.FORCE_EXERCISE_ONLY and not doctrine.is_exercise:
        return "requests that use force exist only in exercises"
    return objection_to_point(act.kind, act)


def objection_to_point(kind: Kind, act: Struct) -> str | None:
    """Why words about force cannot be taken: they name a finer place than an area (SCOPE limit 6); or None.

    A doubt is never refused for its words; who reads it sees them as they were said.
    """
    if kind is not Kind.FORCE_EXERCISE_ONLY:
        return None
    for field in act.__struct_fields__:
        words = getattr(act, field)
        if isinstance(words, str) and field not in _IDS and _COORDINATES.search(words):
            return f"`{field}` holds coordinates; the area is the finest place there is"
    return None


def objection_to_advice(request: Request, actor: Actor) -> str | None:
    """Why this advice cannot stand, or None."""
    if "advise" not in actor.powers:
        return "this seat does not hold the power `advise`"
    if actor.person_id == request.author.person_id:
        return "the author cannot advise on the own request"
    if any(
        advice.actor.person_id == actor.person_id and advice.actor.role == actor.role
        for advice in request.current_advice()
    ):
        return "this person has advised from this role on this version already"
    before = request.standing if request.version == 1 else ()
    counted = [one.actor for one in request.current_advice() if one.counts] + [one.actor for one in before]
    if any(one.person_id == actor.person_id and one.role != actor.role for one in counted):
        return "one person's advice counts for one role; somebody else must advise from this one"
    return None


def counts_as_required(board: Board, request: Request, actor: Actor) -> bool:
    """Whether advice of this actor may be advice that a rule asks for: a person's, who did not write the request."""
    if not board.has_rules_as_code():
        return is_person(actor) and actor.role in request.advisers
    return is_person(actor) and actor.person_id != request.author.person_id


def standing_for(board: Board, act: RequestWritten, author: Actor, room_us: int) -> tuple[Standing, ...]:
    """Advice given beforehand that fits a new request: one person for each role, the newest first."""
    found: dict[str, Standing] = {}
    persons: set[str] = set()
    for standing in reversed(board.standing):
        given, actor = standing.act, standing.actor
        fits = given.kind is act.kind and given.area_id == act.area_id and room_us < given.until_us
        if not fits or not knows(actor, act.label) or actor.person_id in persons | {author.person_id}:
            continue
        if actor.role not in found:
            found[actor.role] = standing
            persons.add(actor.person_id)
    return tuple(found.values())


def objection_to_words(request: Request, act: WordsGiven, actor: Actor) -> str | None:
    """Why these written answers cannot be taken, or None."""
    held = request.decision(act.decision_id)
    if held is None:
        return "the request has no such decision"
    if actor.person_id != held.actor.person_id:
        return "only who signed gives the words that are owed"
    return None if held.owes_words() else "no words are owed any more"


def objection_to_carrying_out(request: Request, actor: Actor, room_us: int) -> str | None:
    """Why this cannot be said to be carried out, or None."""
    if not {"report_use", "run_watch"} & set(actor.powers):
        return "this seat holds neither the power `report_use` nor `run_watch`"
    if request.decided is None or request.decided.act.answer is not Answer.YES:
        return "nothing was decided that could be carried out"
    if not is_person(actor) or ("run_watch" not in actor.powers and actor.nation != request.act.acting_nation):
        return f"a crew of {request.act.acting_nation} or who runs the watch says that it was carried out"
    if request.act.holder is not None:
        return "a delegation is used, not carried out; report the use"
    if request.carried_out is not None:
        return "it is carried out already"
    return None if room_us >= request.act.from_us else "its window has not begun"


def objection_to_resolution(board: Board, request: Request, act: DoubtResolved, actor: Actor) -> str | None:
    """Why this person cannot answer this doubt, or None."""
    doubt = next((known for known in request.doubts if known.doubt_id == act.doubt_id), None)
    if doubt is None:
        return "the request has no such doubt"
    if doubt.resolved_by is not None:
        return "the doubt is answered already"
    if "resolve" not in actor.powers or not is_person(actor):
        return "this seat does not hold the power `resolve`"
    if any(actor.person_id == past.actor.person_id for past in request.superseded):
        return "who decided it cannot answer a doubt about the own decision"
    doubters = {doubt.actor.person_id, doubt.heard_person, board.sat.get(doubt.heard_from, "")}
    if actor.person_id in doubters or actor.seat_id == doubt.heard_from:
        return "the doubter cannot answer the own doubt"
    if actor.person_id == request.author.person_id:
        return "the author cannot answer a doubt about the own request"
    if "decide" in actor.powers:
        return "a decider cannot answer a doubt"
    return None


def _told_absent(request: Request) -> str:
    """Who is absent, as far as everybody who sees the request may know that they are asked."""
    finding = request.finding
    behind = finding.behind if finding is not None and finding.version == request.version else None
    known = request.absent()
    if behind is not None:
        known = tuple(sorted({role for one in behind if one.label == request.act.label for role in one.asks}))
    named = "not yet advised by: " + ", ".join(known)
    if len(known) == len(request.absent()):
        return named
    return f"{named}; and by others that the request's page names" if known else "advice is absent; its page says whose"


def objection_to_decision(board: Board, request: Request, act: DecisionSigned, actor: Actor) -> str | None:
    """Why this person cannot decide now, or None."""
    if "decide" not in actor.powers:
        return "this seat does not hold the power `decide`"
    if not is_person(actor) and act.answer is not Answer.NO:
        return "only a person decides; a simulated seat can only refuse"
    if actor.nation != request.act.acting_nation:
        return f"the acting nation's own red badge decides: {request.act.acting_nation}"
    if actor.person_id == request.author.person_id:
        return "the author cannot decide the own request"
    advisers = {one.actor.person_id for one in request.advice} | {one.actor.person_id for one in request.standing}
    if actor.person_id in advisers:
        return "an adviser on this request cannot decide it"
    if any(doubt.resolved_by == actor.person_id for doubt in request.doubts):
        return "who answered a doubt on this request cannot decide it"
    if act.answer is Answer.YES:
        if request.act.holder is not None and board.sat.get(request.act.holder) == actor.person_id:
            return "who sits on the crew's seat cannot grant it a delegation"
        if request.open_doubts():
            return "an open doubt holds it"
        if request.absent():
            return _told_absent(request)
    return None
