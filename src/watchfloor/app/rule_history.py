"""Rules over a record: what they answered about a request, and what another version would have answered.

Replaying the past is not enough to judge a change: what nobody asked yet is found by comparing (`rules/compare.py`).
"""

import json
from statistics import median

from msgspec import Struct

from watchfloor.app.ruling import RulesDesk
from watchfloor.app.sight import may_see
from watchfloor.app.state import RoomState, fold
from watchfloor.base.labels import Audience
from watchfloor.decisions.board import Board
from watchfloor.messages.acts import Answer
from watchfloor.messages.delegation import HarmReceived, ReviewOverdue, UseReceived
from watchfloor.messages.entry import Entry
from watchfloor.messages.findings import RuleAnswer, RulesAnswered
from watchfloor.messages.outcomes import AdviceNoted, RequestDecided, RequestHeld, RequestOpened, RequestStopped
from watchfloor.messages.pack import DoctrineSet

_S = 1_000_000


class Answered(Struct, frozen=True):
    """One answer of the rules about a request, in its entry, with the facts that they were told."""

    seq: int
    at_us: int
    version: int
    rules_version: str
    answer: RuleAnswer
    parts: tuple[str, ...]
    asked: tuple[str, ...]
    facts: dict[str, object]


class Otherwise(Struct, frozen=True):
    """A past answer that other rules would have given otherwise."""

    seq: int
    request_id: str
    was: RuleAnswer
    would: RuleAnswer
    was_by: tuple[str, ...]
    would_by: tuple[str, ...]
    was_decided: bool


class PastDecision(Struct, frozen=True):
    """A signed decision of this room, and what other rules answer to the facts of its time."""

    request_id: str
    at_us: int
    signed: Answer
    was: RuleAnswer
    would: RuleAnswer
    by: tuple[str, ...]


class Period(Struct, frozen=True):
    """What happened while one version of the rules was in force. Durations are medians [s]; None: none ended."""

    rules_version: str
    from_us: int
    until_us: int
    requests: int
    doubts: int
    stops: int
    decided_yes: int
    decided_no: int
    to_first_advice_s: int | None
    to_decision_s: int | None
    uses: int
    late_reviews: int
    harm: int


def answers_about(entries: list[Entry], request_id: str) -> list[Answered]:
    """What the rules answered about a request, in order; empty, when they were never asked."""
    found, version = [], ""
    for entry in entries:
        body = entry.body
        if isinstance(body, DoctrineSet):
            version = body.rules_version
        elif isinstance(body, RulesAnswered) and body.request_id == request_id:
            parts = tuple(one.part for one in body.behind)
            facts = json.loads(body.facts)
            found.append(Answered(entry.seq, body.at_us, body.version, version, body.answer, parts, body.asked, facts))
    return found


def answered_otherwise(entries: list[Entry], other: DoctrineSet) -> tuple[int, list[Otherwise]]:
    """How many past answers were asked again under other rules, and those that come out otherwise."""
    desk, state = RulesDesk(), RoomState()
    found: list[Otherwise] = []
    count = 0
    decided = {entry.body.decision_id for entry in entries if isinstance(entry.body, RequestDecided)}
    for entry in entries:
        state = fold(state, entry)
        body = entry.body
        request = state.board.requests.get(body.request_id) if isinstance(body, RulesAnswered) else None
        if not isinstance(body, RulesAnswered) or request is None:
            continue
        count += 1
        finding = desk.ask(other, request, json.loads(body.facts), body.at_us)[0]
        if finding.answer is not body.answer:
            parts = tuple(one.part for one in body.behind)
            was_decided = entry.key.partition(".")[0] in decided
            found.append(
                Otherwise(entry.seq, body.request_id, body.answer, finding.answer, parts, finding.parts, was_decided)
            )
    return count, found


def past_decisions(board: Board, other: DoctrineSet, audience: Audience) -> list[PastDecision]:
    """Every decision of the board that this audience may see, asked about again under other rules.

    That none comes out otherwise proves nothing: what nobody asked is in the classes of a comparison.
    """
    desk = RulesDesk()
    found = []
    for request in board.requests.values():
        ruled, decided = request.finding, request.decided
        if ruled is None or decided is None or not may_see(ruled.label, audience):
            continue
        finding = desk.ask(other, request, json.loads(ruled.facts), ruled.at_us)[0]
        found.append(
            PastDecision(
                request.act.request_id, decided.at_us, decided.act.answer, ruled.answer, finding.answer, finding.parts
            )
        )
    return found


def periods(entries: list[Entry]) -> list[Period]:
    """Before and after each change of rules: what was asked, doubted, stopped, used and reviewed."""
    starts = [place for place, entry in enumerate(entries) if isinstance(entry.body, DoctrineSet)]
    ends = [*starts[1:], len(entries)] if starts else []
    return [_period(entries, start, end) for start, end in zip(starts, ends, strict=True)]


def _period(entries: list[Entry], start: int, end: int) -> Period:
    part = entries[start:end]
    doctrine = part[0].body
    assert isinstance(doctrine, DoctrineSet)
    opened = {one.body.request_id: one.room_us for one in entries[:end] if isinstance(one.body, RequestOpened)}
    bodies = [entry.body for entry in part]
    decided = [body for body in bodies if isinstance(body, RequestDecided)]
    advised: dict[str, int] = {}
    for entry in part:
        if isinstance(entry.body, AdviceNoted):
            advised.setdefault(entry.body.request_id, entry.room_us)
    return Period(
        rules_version=doctrine.rules_version,
        from_us=part[0].room_us,
        until_us=part[-1].room_us,
        requests=sum(isinstance(body, RequestOpened) for body in bodies),
        doubts=sum(isinstance(body, RequestHeld) for body in bodies),
        stops=sum(isinstance(body, RequestStopped) for body in bodies),
        decided_yes=sum(body.answer is Answer.YES for body in decided),
        decided_no=sum(body.answer is Answer.NO for body in decided),
        to_first_advice_s=_median_s([at_us - opened[name] for name, at_us in advised.items() if name in opened]),
        to_decision_s=_median_s([one.at_us - opened[one.request_id] for one in decided if one.request_id in opened]),
        uses=sum(isinstance(body, UseReceived) for body in bodies),
        late_reviews=sum(isinstance(body, ReviewOverdue) for body in bodies),
        harm=sum(isinstance(body, HarmReceived) for body in bodies),
    )


def _median_s(spans_us: list[int]) -> int | None:
    return round(median(spans_us) / _S) if spans_us else None
