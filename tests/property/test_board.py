"""The decision board as a state machine: no path leads to yes without every required person, or past a doubt."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from watchfloor.app.rulebook import version_text
from watchfloor.app.ruling import RulesDesk
from watchfloor.app.state import RoomState
from watchfloor.base.labels import label_for
from watchfloor.decisions import deciding
from watchfloor.decisions import step as board_step
from watchfloor.decisions.board import Board, Request
from watchfloor.messages.acts import (
    Actor,
    AdviceGiven,
    Answer,
    CarriedOut,
    DecisionSigned,
    DoubtRaised,
    DoubtResolved,
    FactStated,
    Kind,
    LogHead,
    RequestWritten,
    SeatKind,
    StandingAdviceGiven,
    StatedFact,
    Verdict,
)
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.findings import RuleAnswer
from watchfloor.messages.outcomes import ActRefused, DecisionAskedAgain, RequestDecided
from watchfloor.messages.pack import AreaNamed, DoctrineSet
from watchfloor.messages.rulebook import RuleFile, RuleVersion
from watchfloor.messages.signed import AnyAct, SignedAct

ALL = label_for(("ALD", "CVL", "DNM", "FNY", "JLN"))
POWERS = {
    "watch-officer": ("write", "doubt", "run_watch"),
    "red-badge": ("doubt", "decide"),
    "analyst": ("doubt", "advise", "grade"),
    "legal-adviser": ("doubt", "advise", "resolve"),
    "policy-adviser": ("doubt", "advise", "resolve"),
}
SCHEMA = """entity Nation; entity Area;
action escort appliesTo { principal: Nation, resource: Area, context: {
  "advised": Set<String>, "open_doubt_count": Long, "view_age_s"?: Long } };"""
ASK = '@id("R02.%s") @answer("ask") @ask("%s") @note("n") forbid(principal, action, resource%s) unless { %s };\n'
POLICIES = '@id("R00") @note("n") permit(principal, action, resource);\n' + "".join(
    ASK % (role, role, place, f'context.advised.contains("{role}")')
    for role, place in (("analyst", ""), ("legal-adviser", ""), ("policy-adviser", ' == Area::"D10"'))
)
POLICIES += """@id("R06") @answer("stop") @note("n") forbid(principal, action, resource)
when { context has view_age_s && context.view_age_s > 0 };"""
VERSION = RuleVersion(
    version="3", title="t", from_us=0, until_us=None, schema=SCHEMA, files=(RuleFile("r.cedar", POLICIES),)
)
DOCTRINE = DoctrineSet(
    rules_digest="a" * 64,
    rules_version="3",
    rules_text=version_text(VERSION),
    advice=None,
    areas=(AreaNamed("D01"), AreaNamed("D10")),
    nations=ALL.nations,
    is_exercise=True,
    watch_until_us=0,
    label=ALL,
)
PERSONS = st.integers(1, 4).map(lambda number: f"p-{number}")
ROLES = st.sampled_from(sorted(POWERS))
UNTIL_US = 10_000_000
DESK = RulesDesk()


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
        return [*outcomes, *self.ask_the_rules(before)]

    def ask_the_rules(self, before: Board) -> list[object]:
        """As the writer does beside each input."""
        found: list[object] = []
        for answered in DESK.follow(RoomState(board=before), RoomState(board=self.board), self.now_us):
            shifting = self.request().decided
            self.board, outcomes = deciding.take_ruling(self.board, answered, self.now_us)
            found.extend(outcomes)
            if shifting is not None and any(isinstance(one, DecisionAskedAgain) for one in outcomes):
                assert self.request().decided is None
                assert answered.answer is not RuleAnswer.NO_OBJECTION
        assert self.request().signed is None, "a signature is answered at once"
        return found

    @rule(age_s=st.integers(0, 2), person=PERSONS)
    def see(self, age_s: int, person: str) -> None:
        """What somebody saw grows old; the rules stop then, before the signature or after it."""
        act = FactStated(
            **self.common(),
            fact=StatedFact.VIEW,
            about=self.request().act.area_id,
            value="seen",
            as_of_us=max(self.now_us - age_s * 1_000_000, 0),
            until_us=0,
            words="",
            label=ALL,
        )
        self.enter(act, self.actor(person, "analyst"))

    @rule(person=PERSONS, role=st.sampled_from(["analyst", "legal-adviser"]), simulated=st.booleans())
    def advise_beforehand(self, person: str, role: str, simulated: bool) -> None:
        """Nothing given after a request was written counts for it."""
        act = StandingAdviceGiven(
            **self.common(), kind=Kind.ESCORT, area_id="D01", conditions="by day", until_us=self.now_us + 10
        )
        self.enter(act, self.actor(person, role, simulated=simulated))
        assert not self.request().standing

    @rule(person=PERSONS)
    def carry_out(self, person: str) -> None:
        was = self.request()
        act = CarriedOut(**self.common(), request_id="R-1", version=was.version, words="")
        outcomes = self.enter(act, self.actor(person, "watch-officer"))
        if not any(isinstance(outcome, ActRefused) for outcome in outcomes):
            assert was.decided is not None
            assert was.decided.act.answer is Answer.YES

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
        was = self.request()
        ended = was.is_over() and not was.may_shift(self.now_us)
        act = DoubtRaised(**self.common(), request_id="R-1", version=self.request().version, words="")
        self.enter(act, self.actor(person, role, simulated=simulated))
        if not ended:
            assert self.request().decided is None
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
        assert not simulated or answer is Answer.NO
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
            needed_count = 3 if request.act.area_id == "D10" else 2
            assert len(advisers) >= needed_count, "each required role is another person"
            ruled = self.request().finding
            assert ruled is not None
            assert (ruled.answer, ruled.version) == (RuleAnswer.NO_OBJECTION, request.version)
            assert ruled.at_us == self.now_us, "the rules were asked at that moment"

    @rule(step_us=st.integers(0, UNTIL_US))
    def pass_time(self, step_us: int) -> None:
        self.now_us += step_us // 3
        was_over = self.request().is_over()
        before = self.board
        self.board, outcomes = board_step.pass_time(self.board, self.now_us)
        if not outcomes:
            for answered in DESK.answers(RoomState(board=before), self.now_us):
                self.board, _ = deciding.take_ruling(self.board, answered, self.now_us)
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
