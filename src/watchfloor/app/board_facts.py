"""What rules are told: facts about a request or a use, gathered from the board alone, with the labels they carry.

The same record gives the same facts.
"""

from collections.abc import Sequence
from typing import Any

from watchfloor.base.labels import Label, combine
from watchfloor.decisions.authority import Use
from watchfloor.decisions.board import Advice, Board, Request, Standing, Stated
from watchfloor.decisions.delegating import decision_at, grant_of
from watchfloor.decisions.notifying import near_area
from watchfloor.decisions.stating import ROOM
from watchfloor.messages.acts import Answer, Kind, RequestWritten, StatedFact
from watchfloor.rules.checking import ACTING

_S = 1_000_000
DROPS = frozenset({Kind.AIRDROP, Kind.DROP_ON_FIRE})


def facts_of(
    board: Board, request: Request, room_us: int, grant_id: str = ""
) -> tuple[dict[str, Any], dict[str, Label]]:
    """The facts about a request at an instant, and the labels of those that have one of their own.

    **Args**: `grant_id`: of a use, the delegation that it names; what was stated of that counts for the use.

    **Doubt**: what is not known is None, or the value that objects.
    """
    act = request.act
    stated = _Newest(board, request, room_us, grant_id)
    current = [*request.current_advice()]
    written = {advice.actor.role for advice in current if advice.counts and advice.act.words.strip()}
    beforehand = request.standing if request.version == 1 else ()
    refused = [
        other
        for other in board.earlier_refusals(request)
        if other.decided is not None and other.decided.at_us <= room_us
    ]
    refusals = [other.decided.at_us for other in refused if other.decided is not None]
    drops = _open_drops(board, request, room_us)
    is_said_notified = stated.value(StatedFact.NOTIFIED) == "yes"
    near = [] if is_said_notified else near_area(board, act.area_id, (act.from_us, act.until_us), room_us)
    said = stated.labels()
    labels = {
        **said,
        **({"refusal_age_s": combine(tuple(other.act.label for other in refused))} if refused else {}),
        **({"drop_open": combine(tuple(other.act.label for other in drops))} if drops else {}),
        **(
            {"notified": combine((*(item.act.label for item in near), said.get("notified", act.label)))} if near else {}
        ),
    }
    facts = {
        "now_us": room_us,
        "from_us": act.from_us,
        "until_us": act.until_us,
        "authority": "room" if act.holder is None else "grant",
        "complete": True,
        "advised": sorted(request.heard()),
        "advised_by": _advised_by(act.acting_nation, [*current, *beforehand]),
        "advised_in_writing": sorted(written | {standing.actor.role for standing in beforehand}),
        "open_doubt_count": len(request.open_doubts()),
        "refusal_age_s": (room_us - max(refusals)) // _S if refusals else None,
        "view_age_s": stated.age_s(StatedFact.VIEW),
        "civilians_age_s": stated.age_s(StatedFact.CIVILIANS),
        "notice": stated.value(StatedFact.NOTICE) or "none",
        "line": board.line_declared or stated.value(StatedFact.LINE) or "unknown",
        "crosses_line": {"yes": True, "no": False}.get(stated.value(StatedFact.CROSSES_LINE)),
        "notified": is_said_notified or bool(near),
        "drop_open": bool(drops),
        "sensing": sorted(set(stated.value(StatedFact.SENSING).split())) if stated.has(StatedFact.SENSING) else None,
        "advising": sorted({advice.actor.nation for advice in current}),
        "source_count": int(stated.value(StatedFact.SOURCE_COUNT) or "1"),
        "grant": None,
        "use": None,
    }
    return facts, labels


def use_facts(board: Board, use: Use) -> tuple[Request, dict[str, Any], dict[str, Label]]:
    """What rules are told of a use, as of its own time: by whose delegation, and what the crew says of it.

    With the labels of facts that have one of their own.
    """
    act, grant = use.act, grant_of(board, use.act)
    asked = RequestWritten(
        act_id=act.act_id,
        room_id=act.room_id,
        person_id=act.person_id,
        seat_id=act.seat_id,
        at_us=act.event_us,
        head=act.head,
        request_id=act.use_id,
        kind=act.kind,
        acting_nation=use.actor.nation,
        what=act.necessity,
        why=act.necessity,
        hoped_for=act.necessity,
        could_go_wrong=act.necessity,
        alternatives=act.necessity,
        area_id=act.area_id,
        from_us=act.event_us,
        until_us=act.event_us + 1,
        label=act.label,
        rules_digest="0" * 64,
    )
    request = Request(act=asked, author=use.actor, version=1, advisers=())
    facts, labels = facts_of(board, request, act.event_us, act.request_id if grant is not None else "")
    heard, heard_by = _heard_of(grant, act.event_us)
    doubted = [
        (other, doubt)
        for other in board.requests.values()
        if other.act.area_id == act.area_id
        for doubt in other.doubts
        if doubt.was_open_at(act.event_us)
    ]
    if grant is not None:
        labels["grant"] = grant.act.label
    if doubted:
        labels["open_doubt_count"] = combine(tuple(other.act.label for other, _ in doubted))
    facts |= {
        "authority": "crew",
        "advised": heard,
        "advised_by": heard_by,
        "open_doubt_count": len(doubted),
        "grant": None if grant is None else _grant_facts(board, use, grant, heard),
        "use": {
            "attacked": act.attacked,
            "waiting_costs": act.waiting_costs,
            "crew_sees": act.crew_sees,
            "report_delay_s": (use.received.received_us - act.event_us) // _S,
        },
    }
    return request, facts, labels


def _heard_of(grant: Request | None, event_us: int) -> tuple[list[str], list[str]]:
    """Who advised on a delegation as it stood at an instant: roles, and roles with their nations."""
    decided = decision_at(grant, event_us) if grant is not None else None
    if grant is None or decided is None:
        return [], []
    version = decided.act.version
    advice = [one for one in grant.advice if one.act.version == version]
    beforehand = grant.standing if version == 1 else ()
    return sorted(grant.heard(version)), _advised_by(grant.act.acting_nation, [*advice, *beforehand])


def _grant_facts(board: Board, use: Use, grant: Request, heard: list[str]) -> dict[str, Any]:
    decided = decision_at(grant, use.act.event_us)
    suspended = board.authority.suspended.get(grant.act.request_id)
    revoked = board.authority.revoked.get(grant.act.request_id)
    ended = [at_us for at_us in (suspended.at_us if suspended else None, revoked) if at_us is not None]
    return {
        "kind": grant.act.kind is use.act.kind,
        "area": grant.act.area_id == use.act.area_id,
        "window": grant.act.from_us <= use.act.event_us < grant.act.until_us,
        "own_badge": decided is not None and decided.actor.nation == use.actor.nation,
        "advised": heard,
        "suspended": any(at_us <= use.act.event_us for at_us in ended),
    }


def line_now(board: Board, room_us: int) -> str:
    """The state that a party declared on the line, else that people last stated; empty when unknown or lapsed."""
    if board.line_declared:
        return board.line_declared
    stated = _newest(board, frozenset((ROOM,)), room_us).get(StatedFact.LINE)
    return stated.act.value if stated is not None else ""


def _newest(board: Board, subjects: frozenset[str], room_us: int) -> dict[StatedFact, Stated]:
    """The newest statement of each fact about any of these that has not lapsed; of two of one instant, the later."""
    held: dict[StatedFact, Stated] = {}
    for stated in board.facts:
        act = stated.act
        has_lapsed = act.until_us and act.until_us <= room_us
        if act.about not in subjects or has_lapsed or act.as_of_us > room_us:
            continue
        if act.fact is StatedFact.LINE and act.as_of_us < board.line_declared_us:
            continue
        known = held.get(act.fact)
        if known is None or act.as_of_us >= known.act.as_of_us:
            held[act.fact] = stated
    return held


class _Newest:
    """The newest statement of each fact about a request, its area or city, or the room, that has not lapsed."""

    def __init__(self, board: Board, request: Request, room_us: int, grant_id: str) -> None:
        area = board.doctrine.area(request.act.area_id) if board.doctrine is not None else None
        subjects = {ROOM, request.act.request_id, request.act.area_id, *([grant_id] if grant_id else [])}
        if area is not None and area.city:
            subjects.add(area.city)
        self._room_us = room_us
        self._held = _newest(board, frozenset(subjects), room_us)

    def has(self, fact: StatedFact) -> bool:
        """Whether anything was stated."""
        return fact in self._held

    def value(self, fact: StatedFact) -> str:
        """What was stated; empty, when nothing was."""
        return self._held[fact].act.value if fact in self._held else ""

    def labels(self) -> dict[str, Label]:
        """The label of each fact that was stated, by the name that rules know it by."""
        aged = {StatedFact.VIEW: "view_age_s", StatedFact.CIVILIANS: "civilians_age_s"}
        return {aged.get(fact, fact.value): stated.act.label for fact, stated in self._held.items()}

    def age_s(self, fact: StatedFact) -> int | None:
        """How long ago that was [s]; None, when nothing was stated."""
        return (self._room_us - self._held[fact].act.as_of_us) // _S if fact in self._held else None


def _advised_by(acting_nation: str, heard: Sequence[Advice | Standing]) -> list[str]:
    """Each adviser's role and nation; the acting nation's own stand a second time as `role@acting`."""
    counted = [one.actor for one in heard if not isinstance(one, Advice) or one.counts]
    pairs = {f"{actor.role}@{actor.nation}" for actor in counted}
    return sorted(pairs | {f"{actor.role}@{ACTING}" for actor in counted if actor.nation == acting_nation})


def _open_drops(board: Board, request: Request, room_us: int) -> list[Request]:
    """Other drops in the same area that were asked or decided then, not refused, and neither over nor carried out."""
    return [
        other
        for other in board.requests.values()
        if other.act.request_id != request.act.request_id
        and other.act.kind in DROPS
        and other.act.area_id == request.act.area_id
        and other.act.at_us <= room_us < other.act.until_us
        and (other.stopped is None or other.stopped.at_us > room_us)
        and (other.carried_out is None or other.carried_out.at_us > room_us)
        and not (other.decided is not None and other.decided.act.answer is Answer.NO and other.decided.at_us <= room_us)
    ]
