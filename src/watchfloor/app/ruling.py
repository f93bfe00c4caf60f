"""The rules' desk: asks the rules in force about every open request whenever something moved, and enters their answer.

It gathers facts from the state alone, so that the same record gives the same facts; what it was told stands in the
entry, so that each answer can be judged again without it. It answers; it decides nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from watchfloor.app.board_facts import DROPS, facts_of, use_facts
from watchfloor.app.rulebook import RulesInUse, read_version
from watchfloor.app.state import RoomState
from watchfloor.base.errors import WatchfloorError
from watchfloor.base.labels import Label, Level, combine
from watchfloor.decisions.board import Board, Request
from watchfloor.decisions.rule_change import doctrine_at
from watchfloor.messages.acts import Answer
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.delegation import UseJudged
from watchfloor.messages.entry import Fact
from watchfloor.messages.findings import EngineAnswer, Finding, RuleAnswer, RuleBehind, RulesAnswered
from watchfloor.messages.pack import DoctrineSet
from watchfloor.rules.checking import ACTING


class RulesDesk:
    """Asks the rules that the record holds. Parses each text once.

    `proposed` are the pack's versions that may take effect in a running room, by digest, each with the instant before
    which it does not, beside those that people wrote there; looking back has none.
    """

    def __init__(self, proposed: Mapping[str, tuple[int, DoctrineSet]] | None = None) -> None:
        self._parsed: dict[str, RulesInUse] = {}
        self._proposed = proposed

    def rules_of(self, doctrine: DoctrineSet) -> RulesInUse:
        """The rules in force, from the record's own text and map.

        **Raises**: InputError or msgspec's error, when the text holds no rules.
        """
        if doctrine.rules_text not in self._parsed:
            version = read_version(doctrine.rules_text)
            self._parsed[doctrine.rules_text] = RulesInUse(version, doctrine.nations, doctrine.areas)
        return self._parsed[doctrine.rules_text]

    def follow(self, before: RoomState, after: RoomState, room_us: int) -> list[Fact]:
        """What the rules answer now, where a step of the board moved it or a signature waits for it."""
        old, new = before.board, after.board
        if new is old:
            return []
        is_for_all = new.facts is not old.facts or new.line_declared_us != old.line_declared_us
        if is_for_all or new.doctrine is not old.doctrine or new.authority is not old.authority:
            return self.answers(after, room_us)
        return [*self._answers(new, _affected(old, new), room_us)]

    def answers(self, state: RoomState, room_us: int) -> list[Fact]:
        """What is new: rules that take effect; else answers about every live request and every use not judged yet."""
        board = state.board
        from_us, doctrine = self._agreed_upon(board)
        if doctrine is not None and room_us >= from_us:
            return [doctrine]
        return [*self._answers(board, board.requests.values(), room_us), *self._judgements(board)]

    def _agreed_upon(self, board: Board) -> tuple[int, DoctrineSet | None]:
        """The version that two persons signed, and since when it may be in force."""
        agreed = board.authority.agreed
        if agreed is None or self._proposed is None or board.doctrine is None:
            return 0, None
        draft = board.authority.drafts.get(agreed.to_digest)
        if draft is None or draft.act.to_version != agreed.to_version:
            from_us, doctrine = self._proposed.get(agreed.to_digest, (0, None))
            is_it = doctrine is not None and doctrine.rules_version == agreed.to_version
            return (from_us, doctrine) if is_it else (0, None)
        version = read_version(draft.act.rules_text)
        return version.from_us, replace(
            board.doctrine,
            rules_digest=draft.act.to_digest,
            rules_version=version.version,
            rules_text=draft.act.rules_text,
        )

    def _judgements(self, board: Board) -> list[UseJudged]:
        """What the rules in force at the time of each new use answer about it."""
        found = []
        for use in board.authority.uses.values():
            doctrine = doctrine_at(board, use.act.event_us)
            if use.judged is None and doctrine is not None and doctrine.advice is None:
                request, facts, labels = use_facts(board, use)
                finding, told = self.ask(doctrine, request, facts, use.act.event_us)
                behind = self._behind(doctrine, request, finding, labels)
                found.append(
                    UseJudged(
                        use_id=use.act.use_id,
                        rules_digest=doctrine.rules_digest,
                        answer=finding.answer,
                        behind=behind,
                        facts=canonical_bytes(told).decode(),
                        label=_label_of(use.act.label, labels, behind),
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
        finding, told = self.ask(doctrine, request, facts, room_us)
        behind = self._behind(doctrine, request, finding, labels)
        return RulesAnswered(
            request_id=request.act.request_id,
            version=request.version,
            at_us=room_us,
            label=_label_of(request.act.label, labels, behind),
            rules_digest=doctrine.rules_digest,
            answer=finding.answer,
            behind=behind,
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
            asks = _resolved(rule.asks, request) if finding.answer is RuleAnswer.ASK else ()
            own = Label(Level.OPEN, request.act.label.nations, tuple(sorted(rule.groups)))
            found.append(RuleBehind(part, asks, combine((request.act.label, own, *spoken_of))))
        return tuple(found)

    def ask(
        self, doctrine: DoctrineSet, request: Request, facts: Mapping[str, Any], at_us: int
    ) -> tuple[Finding, Mapping[str, Any]]:
        """The rules' finding about a request, and which facts they were told.

        **Doubt**: rules that cannot be read, that have lapsed, or that know no such kind, stop.
        """
        act = request.act
        try:
            rules = self.rules_of(doctrine)
            if rules.version.until_us is not None and at_us >= rules.version.until_us:
                return _unreadable(f"rules of version `{rules.version.version}` have lapsed"), facts
            question = rules.question(act.acting_nation, act.kind, act.area_id, facts)
            return rules.ask(question), question.context
        except (WatchfloorError, msgspec.MsgspecError) as error:
            return _unreadable(str(error)), facts


def _resolved(asks: tuple[str, ...], request: Request) -> tuple[str, ...]:
    """Roles that are asked, with the acting nation by its name."""
    return tuple(
        f"{asked.removesuffix(ACTING)}{request.act.acting_nation}" if asked.endswith(f"@{ACTING}") else asked
        for asked in asks
    )


def _label_of(asked: Label, told: Mapping[str, Label], behind: tuple[RuleBehind, ...]) -> Label:
    """The label of an answer: it holds what was asked, the facts that were told, and who spoke."""
    return combine((asked, *told.values(), *(one.label for one in behind)))


def _affected(old: Board, new: Board) -> list[Request]:
    """Requests that a step changed, and those that are told of one where ground is shared: a refusal or a drop."""
    changed = {name: request for name, request in new.requests.items() if old.requests.get(name) is not request}
    ground: set[str] = set()
    for name, request in changed.items():
        if _is_told_elsewhere(old.requests.get(name)) or _is_told_elsewhere(request):
            area = new.doctrine.area(request.act.area_id) if new.doctrine is not None else None
            ground |= {request.act.area_id, *(area.overlaps if area is not None else ())}
    return [request for name, request in new.requests.items() if name in changed or request.act.area_id in ground]


def _is_told_elsewhere(request: Request | None) -> bool:
    """Whether a request is a fact about others where it shares ground: an earlier refusal, or a drop that is open."""
    if request is None:
        return False
    refused = request.decided is not None and request.decided.act.answer is Answer.NO
    return refused or request.act.kind in DROPS


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
