"""The rules' desk: asks the rules in force about every open request whenever something moved, and enters their answer.

It gathers facts from the state alone, so that the same record gives the same facts; what it was told stands in the
entry, so that each answer can be judged again without it. It answers; it decides nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from watchfloor.app.rulebook import RulesInUse
from watchfloor.app.state import RoomState
from watchfloor.base.errors import WatchfloorError
from watchfloor.base.labels import Label, combine
from watchfloor.decisions.board import Board, Request, Stated, Use
from watchfloor.decisions.delegating import grant_of
from watchfloor.decisions.rule_change import doctrine_at
from watchfloor.decisions.stating import ROOM
from watchfloor.messages.acts import Answer, Kind, RequestWritten, StatedFact
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.delegation import UseJudged
from watchfloor.messages.entry import Fact
from watchfloor.messages.findings import EngineAnswer, Finding, RuleAnswer, RuleBehind, RulesAnswered
from watchfloor.messages.pack import DoctrineSet
from watchfloor.messages.rulebook import RuleVersion

_S = 1_000_000
_DROPS = frozenset({Kind.AIRDROP, Kind.DROP_ON_FIRE})


class RulesDesk:
    """Asks the rules that the record holds. Parses each text once.

    `proposed` are versions that may take effect in a running room, by digest, each with the instant before which it
    does not; looking back has none.
    """

    def __init__(self, proposed: Mapping[str, tuple[int, DoctrineSet]] | None = None) -> None:
        self._parsed: dict[str, RulesInUse] = {}
        self._proposed = proposed or {}

    def rules_of(self, doctrine: DoctrineSet) -> RulesInUse:
        """The rules in force, from the record's own text and map.

        **Raises**: InputError or msgspec's error, when the text holds no rules.
        """
        if doctrine.rules_text not in self._parsed:
            version = msgspec.json.decode(doctrine.rules_text, type=RuleVersion)
            self._parsed[doctrine.rules_text] = RulesInUse(version, doctrine.nations, doctrine.areas)
        return self._parsed[doctrine.rules_text]

    def follow(self, before: RoomState, after: RoomState, room_us: int) -> list[Fact]:
        """What the rules answer now, where a step of the board moved it or a signature waits for it."""
        old, new = before.board, after.board
        if new is old:
            return []
        if new.doctrine is not old.doctrine or new.facts is not old.facts or new.authority is not old.authority:
            return self.answers(after, room_us)
        return [*self._answers(new, _affected(old, new), room_us)]

    def answers(self, state: RoomState, room_us: int) -> list[Fact]:
        """What is new: rules that take effect; else answers about every live request and every use not judged yet."""
        board = state.board
        agreed = board.authority.agreed
        from_us, doctrine = self._proposed.get(agreed.to_digest, (0, None)) if agreed is not None else (0, None)
        if doctrine is not None and room_us >= from_us:
            return [doctrine]
        return [*self._answers(board, board.requests.values(), room_us), *self._judgements(board)]

    def _judgements(self, board: Board) -> list[UseJudged]:
        """What the rules in force at the time of each new use answer about it."""
        found = []
        for use in board.authority.uses.values():
            doctrine = doctrine_at(board, use.act.event_us)
            if use.judged is None and doctrine is not None and doctrine.advice is None:
                request, facts = use_facts(board, use)
                finding, told = self.ask(doctrine, request, facts)
                found.append(
                    UseJudged(
                        use_id=use.act.use_id,
                        rules_digest=doctrine.rules_digest,
                        answer=finding.answer,
                        parts=finding.parts,
                        facts=canonical_bytes(told).decode(),
                        label=use.act.label,
                    )
                )
        return found

    def _answers(self, board: Board, requests: Iterable[Request], room_us: int) -> list[RulesAnswered]:
        doctrine = board.doctrine
        if doctrine is None or doctrine.advice is not None:
            return []
        found = []
        for request in requests:
            if request.stopped is None and (request.decided is None or request.may_shift(room_us)):
                answered = self._answer(board, doctrine, request, room_us)
                if request.signed is not None or _moved(request, answered):
                    found.append(answered)
        return found

    def _answer(self, board: Board, doctrine: DoctrineSet, request: Request, room_us: int) -> RulesAnswered:
        facts, labels = facts_of(board, request, room_us)
        finding, told = self.ask(doctrine, request, facts)
        return RulesAnswered(
            request_id=request.act.request_id,
            version=request.version,
            at_us=room_us,
            label=request.act.label,
            rules_digest=doctrine.rules_digest,
            answer=finding.answer,
            behind=self._behind(doctrine, request, finding, labels),
            valid=finding.valid,
            facts=canonical_bytes(told).decode(),
        )

    def _behind(
        self, doctrine: DoctrineSet, request: Request, finding: Finding, labels: Mapping[str, Label]
    ) -> tuple[RuleBehind, ...]:
        if not finding.parts:
            return ()
        rules = {rule.part: rule for rule in self.rules_of(doctrine).rules.rules.values()}
        found = []
        for part in finding.parts:
            rule = rules[part]
            spoken_of = tuple(labels[name] for name in sorted(rule.named) if name in labels)
            asks = rule.asks if finding.answer is RuleAnswer.ASK else ()
            found.append(RuleBehind(part, asks, combine((request.act.label, *spoken_of))))
        return tuple(found)

    def ask(
        self, doctrine: DoctrineSet, request: Request, facts: Mapping[str, Any]
    ) -> tuple[Finding, Mapping[str, Any]]:
        """The rules' finding about a request, and which facts they were told.

        **Doubt**: rules that cannot be read, or that know no such kind, stop.
        """
        act = request.act
        try:
            rules = self.rules_of(doctrine)
            question = rules.question(act.acting_nation, act.kind, act.area_id, facts)
            return rules.ask(question), question.context
        except (WatchfloorError, msgspec.MsgspecError) as error:
            return _unreadable(str(error)), facts


def _affected(old: Board, new: Board) -> list[Request]:
    """Requests that a step changed, and those that share ground with one: a refusal or a drop there is a fact here."""
    changed = [request for name, request in new.requests.items() if old.requests.get(name) is not request]
    ground = {request.act.area_id for request in changed}
    for request in changed:
        area = new.doctrine.area(request.act.area_id) if new.doctrine is not None else None
        ground |= set(area.overlaps) if area is not None else set()
    return [request for request in new.requests.values() if request.act.area_id in ground]


def _unreadable(fault: str) -> Finding:
    return Finding(
        answer=RuleAnswer.STOP,
        rules=(),
        parts=(),
        asked=(),
        valid=False,
        faults=(fault,),
        engine=EngineAnswer("NoDecision", (), (fault,)),
    )


def _moved(request: Request, answered: RulesAnswered) -> bool:
    known = request.finding
    if known is None or known.version != answered.version or known.rules_digest != answered.rules_digest:
        return True
    return (known.answer, known.behind) != (answered.answer, answered.behind)


def facts_of(board: Board, request: Request, room_us: int) -> tuple[dict[str, Any], dict[str, Label]]:
    """The facts about a request at an instant, and the labels of those that have one of their own.

    **Doubt**: what is not known is None, or the value that objects.
    """
    act = request.act
    stated = _Newest(board, request, room_us)
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
    labels = {
        **stated.labels(),
        **({"refusal_age_s": combine(tuple(other.act.label for other in refused))} if refused else {}),
        **({"drop_open": combine(tuple(other.act.label for other in drops))} if drops else {}),
    }
    facts = {
        "now_us": room_us,
        "from_us": act.from_us,
        "until_us": act.until_us,
        "authority": "room" if act.holder is None else "grant",
        "complete": True,
        "advised": sorted(request.heard()),
        "advised_in_writing": sorted(written | {standing.actor.role for standing in beforehand}),
        "open_doubt_count": len(request.open_doubts()),
        "refusal_age_s": (room_us - max(refusals)) // _S if refusals else None,
        "view_age_s": stated.age_s(StatedFact.VIEW),
        "civilians_age_s": stated.age_s(StatedFact.CIVILIANS),
        "notice": stated.value(StatedFact.NOTICE) or "none",
        "line": stated.value(StatedFact.LINE) or "unknown",
        "crosses_line": {"yes": True, "no": False}.get(stated.value(StatedFact.CROSSES_LINE)),
        "notified": stated.value(StatedFact.NOTIFIED) == "yes",
        "drop_open": bool(drops),
        "sensing": sorted(set(stated.value(StatedFact.SENSING).split())),
        "advising": sorted({advice.actor.nation for advice in current}),
        "source_count": int(stated.value(StatedFact.SOURCE_COUNT) or "1"),
        "grant": None,
        "use": None,
    }
    return facts, labels


def use_facts(board: Board, use: Use) -> tuple[Request, dict[str, Any]]:
    """What rules are told of a use, as of its own time: by whose delegation, and what the crew says of it."""
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
    facts, _ = facts_of(board, request, act.event_us)
    heard = sorted(grant.heard()) if grant is not None else []
    doubts = [
        doubt
        for other in board.requests.values()
        if other.act.area_id == act.area_id
        for doubt in other.open_doubts()
        if doubt.at_us <= act.event_us
    ]
    facts |= {
        "authority": "crew",
        "advised": heard,
        "open_doubt_count": len(doubts),
        "grant": None if grant is None else _grant_facts(board, use, grant, heard),
        "use": {
            "attacked": act.attacked,
            "waiting_costs": act.waiting_costs,
            "crew_sees": act.crew_sees,
            "report_delay_s": (use.received.received_us - act.event_us) // _S,
        },
    }
    return request, facts


def _grant_facts(board: Board, use: Use, grant: Request, heard: list[str]) -> dict[str, Any]:
    suspended = board.authority.suspended.get(grant.act.request_id)
    revoked = board.authority.revoked.get(grant.act.request_id)
    ended = [at_us for at_us in (suspended.at_us if suspended else None, revoked) if at_us is not None]
    return {
        "kind": grant.act.kind is use.act.kind,
        "area": grant.act.area_id == use.act.area_id,
        "window": grant.act.from_us <= use.act.event_us < grant.act.until_us,
        "own_badge": grant.decided is not None and grant.decided.actor.nation == use.actor.nation,
        "advised": heard,
        "suspended": any(at_us <= use.act.event_us for at_us in ended),
    }


class _Newest:
    """The newest statement of each fact about a request, its area or city, or the room, that has not lapsed."""

    def __init__(self, board: Board, request: Request, room_us: int) -> None:
        area = board.doctrine.area(request.act.area_id) if board.doctrine is not None else None
        subjects = {ROOM, request.act.request_id, request.act.area_id}
        if area is not None and area.city:
            subjects.add(area.city)
        self._room_us = room_us
        self._held: dict[StatedFact, Stated] = {}
        for stated in board.facts:
            lapsed = stated.act.until_us and stated.act.until_us <= room_us
            if stated.act.about in subjects and not lapsed and stated.act.as_of_us <= room_us:
                self._held[stated.act.fact] = self._newer(stated)

    def _newer(self, stated: Stated) -> Stated:
        known = self._held.get(stated.act.fact)
        return stated if known is None or stated.act.as_of_us >= known.act.as_of_us else known

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


def _open_drops(board: Board, request: Request, room_us: int) -> list[Request]:
    """Other drops in the same area that are asked or decided, not refused, and neither over nor carried out."""
    return [
        other
        for other in board.requests.values()
        if other.act.request_id != request.act.request_id
        and other.act.kind in _DROPS
        and other.act.area_id == request.act.area_id
        and other.stopped is None
        and not (other.decided is not None and other.decided.act.answer is Answer.NO)
        and other.carried_out is None
        and room_us < other.act.until_us
    ]
