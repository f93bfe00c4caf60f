"""The decision board as a state machine: no path leads to yes without every required person, or past a doubt."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from watchfloor.base.labels import label_for
from watchfloor.decisions import step as board_step
from watchfloor.decisions.board import Board, Request
from watchfloor.messages.acts import (
    Actor,
    AdviceGiven,
    Answer,
    AnyAct,
    DecisionSigned,
    DoubtRaised,
    DoubtResolved,
    Kind,
    LogHead,
    RequestWritten,
    SeatKind,
    SignedAct,
    Verdict,
)
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.outcomes import ActRefused, RequestDecided
from watchfloor.messages.pack import AdviserRule, DoctrineSet, RequiredAdvice

ALL = label_for(("ALD", "CVL", "DNM", "FNY", "JLN"))
POWERS = {
    "watch-officer": ("write", "doubt"),
    "red-badge": ("doubt", "decide"),
    "analyst": ("doubt", "advise"),
    "legal-adviser": ("doubt", "advise", "resolve"),
    "policy-adviser": ("doubt", "advise", "resolve"),
}
DOCTRINE = DoctrineSet(
    rules_digest="a" * 64,
    rules_text="",
    advice=RequiredAdvice(
        rule_id="R02",
        rules_version=3,
        note="x",
        advisers=(
            AdviserRule(role="analyst"),
            AdviserRule(role="legal-adviser"),
            AdviserRule(role="policy-adviser", areas=("D10",)),
        ),
    ),
    areas=("D01", "D10"),
    nations=ALL.nations,
    is_exercise=True,
    label=ALL,
)
PERSONS = st.integers(1, 4).map(lambda number: f"p-{number}")
ROLES = st.sampled_from(sorted(POWERS))
UNTIL_US = 1_000_000


class Boards(RuleBasedStateMachine):
    """Persons on any seats try everything in any order."""

    @initialize(area=st.sampled_from(["D01", "D10"]), author=PERSONS)
    def write(self, area: str, author: str) -> None:
        self.board = Board(DOCTRINE)
        self.now_us = 1
        self.count = 0
        self.author = author
        self.concurred: dict[int, dict[str, set[str]]] = {}
        act = RequestWritten(
            **self.common(),
            request_id="R-1",
            kind=Kind.ESCORT,
            acting_nation="ALD",
            what="a",
            why="b",
            hoped_for="c",
            could_go_wrong="d",
            alternatives="e",
            area_id=area,
            from_us=0,
            until_us=UNTIL_US,
            label=ALL,
            rules_digest="a" * 64,
        )
        self.enter(act, self.actor(author, "watch-officer"))
        assert self.request().version == 1

    def common(self) -> dict[str, object]:
        self.count += 1
        return {
            "act_id": f"{self.count:032x}",
            "room_id": "r",
            "person_id": "p",
            "seat_id": "s",
            "at_us": 0,
            "head": LogHead(0, "0" * 64),
        }

    def actor(self, person: str, role: str, *, simulated: bool = False) -> Actor:
        kind = SeatKind.SIMULATED if simulated else SeatKind.PERSON
        return Actor(person, "s", role, "ALD", kind, POWERS[role])

    def enter(self, act: AnyAct, actor: Actor) -> list[object]:
        signed = SignedAct(canonical_bytes(act).decode(), "0" * 128, "k", actor, ALL)
        before = self.board
        self.board, outcomes = board_step.step(self.board, signed, self.now_us)
        if any(isinstance(outcome, ActRefused) for outcome in outcomes):
            assert self.board == before, "a refusal changes nothing"
        return list(outcomes)

    def request(self) -> Request:
        return self.board.requests["R-1"]

    @rule(person=PERSONS, role=ROLES, verdict=st.sampled_from(Verdict), simulated=st.booleans(), late=st.booleans())
    def advise(self, person: str, role: str, verdict: Verdict, simulated: bool, late: bool) -> None:
        version = self.request().version - late
        act = AdviceGiven(**self.common(), request_id="R-1", version=max(version, 0), verdict=verdict, words="w")
        outcomes = self.enter(act, self.actor(person, role, simulated=simulated))
        refused = any(isinstance(outcome, ActRefused) for outcome in outcomes)
        if not refused and not simulated and verdict is Verdict.CONCUR and not self.is_over_by_time():
            self.concurred.setdefault(version, {}).setdefault(role, set()).add(person)

    def is_over_by_time(self) -> bool:
        return self.now_us >= UNTIL_US

    @rule(person=PERSONS, role=ROLES, simulated=st.booleans())
    def doubt(self, person: str, role: str, simulated: bool) -> None:
        was_over = self.request().is_over()
        act = DoubtRaised(**self.common(), request_id="R-1", version=self.request().version, words="")
        self.enter(act, self.actor(person, role, simulated=simulated))
        if not was_over:
            assert self.request().open_doubts() or self.request().stopped

    @rule(person=PERSONS, role=ROLES, data=st.data())
    def resolve(self, person: str, role: str, data: st.DataObject) -> None:
        doubts = self.request().doubts
        if not doubts:
            return
        doubt = data.draw(st.sampled_from(doubts))
        version = self.request().version
        act = DoubtResolved(
            **self.common(), request_id="R-1", version=version, doubt_id=doubt.doubt_id, words="read again"
        )
        self.enter(act, self.actor(person, role))
        after = next(known for known in self.request().doubts if known.doubt_id == doubt.doubt_id)
        if doubt.resolved_by is None and after.resolved_by is not None:
            assert person not in (doubt.actor.person_id, self.author)
            assert "resolve" in POWERS[role]
        if self.request().version > version:
            assert not self.request().current_advice(), "a reopened request is asked again from all"

    @rule(person=PERSONS, role=ROLES, answer=st.sampled_from(Answer), simulated=st.booleans())
    def decide(self, person: str, role: str, answer: Answer, simulated: bool) -> None:
        request = self.request()
        act = DecisionSigned(
            **self.common(),
            request_id="R-1",
            version=request.version,
            answer=answer,
            lawful_and_valid="l",
            expected_advantage="a",
            remaining_doubt="d",
            cited=(),
            screen_digest="0" * 64,
        )
        outcomes = self.enter(act, self.actor(person, role, simulated=simulated))
        if not any(isinstance(outcome, RequestDecided) for outcome in outcomes):
            return
        assert self.now_us < UNTIL_US
        assert not simulated
        assert role == "red-badge"
        assert person != self.author
        assert not any(advice.actor.person_id == person for advice in request.advice)
        assert not any(doubt.resolved_by == person for doubt in request.doubts)
        if answer is Answer.YES:
            assert not request.open_doubts()
            heard = self.concurred.get(request.version, {})
            needed = [role for role in ("analyst", "legal-adviser") if not heard.get(role)]
            assert not needed
            if request.act.area_id == "D10":
                assert heard.get("policy-adviser")
            advisers = {advice.actor.person_id for advice in request.current_advice() if advice.counts}
            assert len(advisers) >= len(request.advisers), "each required role is another person"

    @rule(step_us=st.integers(0, UNTIL_US))
    def pass_time(self, step_us: int) -> None:
        self.now_us += step_us // 3
        was_over = self.request().is_over()
        self.board, outcomes = board_step.pass_time(self.board, self.now_us)
        if self.now_us >= UNTIL_US:
            assert self.request().is_over()
        else:
            assert not outcomes
        assert not was_over or not outcomes

    @invariant()
    def an_end_is_one_end(self) -> None:
        if hasattr(self, "board"):
            assert not (self.request().decided and self.request().stopped)


TestBoards = Boards.TestCase
TestBoards.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
