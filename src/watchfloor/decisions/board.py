"""The decision board's state: every request with its advice, doubts and end."""

from collections.abc import Mapping

from msgspec import Struct

from watchfloor.decisions.authority import Authority
from watchfloor.decisions.notified import Notifications
from watchfloor.messages.acts import (
    Act,
    Actor,
    AdviceGiven,
    Answer,
    DecisionSigned,
    FactStated,
    RequestWritten,
    SeatKind,
    StandingAdviceGiven,
    WordsGiven,
)
from watchfloor.messages.findings import RuleBehind, RulesAnswered
from watchfloor.messages.outcomes import Pressure, RequestCarriedOut, RequestStopped
from watchfloor.messages.pack import DoctrineSet

WORDS_WITHIN_US = 10 * 60 * 1_000_000


class Advice(Struct, frozen=True):
    """One adviser's word on one version, and whether it counts as required advice."""

    act: AdviceGiven
    actor: Actor
    counts: bool
    at_us: int


class Standing(Struct, frozen=True):
    """Advice given beforehand, for a kind in an area until an instant."""

    act: StandingAdviceGiven
    actor: Actor


class Stated(Struct, frozen=True):
    """A fact that somebody stated."""

    act: FactStated
    actor: Actor


class Doubt(Struct, frozen=True):
    """One doubt, from whoever raised it; open until somebody else answered it.

    `heard_from` is the crew's seat, when somebody entered a radioed doubt for it; `heard_person` sat there then.
    """

    doubt_id: str
    version: int
    words: str
    actor: Actor
    at_us: int
    resolved_by: str | None = None
    resolution: str = ""
    heard_from: str = ""
    resolved_us: int = 0
    heard_person: str = ""

    def was_open_at(self, room_us: int) -> bool:
        """Whether it had been raised and not been answered at an instant."""
        return self.at_us <= room_us and (self.resolved_by is None or self.resolved_us > room_us)


class Decided(Struct, frozen=True):
    """A signed decision and who signed it, at which room time; `words` are those that it owed and that came later.

    `confirmed`: with a passkey, not with a key of the browser alone.
    """

    act: DecisionSigned
    actor: Actor
    at_us: int
    confirmed: bool = False
    pressure: Pressure | None = None
    words: WordsGiven | None = None
    words_us: int = 0

    def owes_words(self) -> bool:
        """Whether a written answer is still owed."""
        answers = (self.act.lawful_and_valid, self.act.expected_advantage, self.act.remaining_doubt)
        return self.words is None and not all(words.strip() for words in answers)

    def words_due_us(self) -> int:
        """Until when the written answers are owed."""
        return self.at_us + WORDS_WITHIN_US


class Request(Struct, frozen=True):
    """A request as it stands; `version` grows each time it is reopened.

    `signed` is a decision that the rules have not been asked about yet, `pending` one that witnesses have not seen;
    neither is published, and a doubt voids both. `finding` is what the rules answered last on this version, `asks` are
    all policies that asked somebody so far, and `superseded` are decisions that no longer stand. `standing` is advice
    given beforehand that fits this request. `opened_us` is when it was asked, by room time.
    """

    act: RequestWritten
    author: Actor
    version: int
    advisers: tuple[str, ...]
    advice: tuple[Advice, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    standing: tuple[Standing, ...] = ()
    finding: RulesAnswered | None = None
    asks: tuple[RuleBehind, ...] = ()
    signed: Decided | None = None
    pending: Decided | None = None
    decided: Decided | None = None
    superseded: tuple[Decided, ...] = ()
    opened_us: int = 0
    carried_out: RequestCarriedOut | None = None
    stopped: RequestStopped | None = None

    def granted(self) -> tuple[Decided, ...]:
        """Every yes that was signed, whether it stands or not, oldest first."""
        signed = (one for one in (*self.superseded, self.decided) if one is not None)
        return tuple(one for one in signed if one.act.answer is Answer.YES)

    def decision(self, act_id: str) -> Decided | None:
        """A signed decision by its id, whether it stands or not."""
        signed = (one for one in (*self.superseded, self.decided) if one is not None)
        return next((one for one in signed if one.act.act_id == act_id), None)

    def open_doubts(self) -> tuple[Doubt, ...]:
        """Doubts that nobody has answered yet."""
        return tuple(doubt for doubt in self.doubts if doubt.resolved_by is None)

    def is_over(self) -> bool:
        """Whether it was decided or stopped."""
        return self.decided is not None or self.stopped is not None

    def may_shift(self, room_us: int) -> bool:
        """Whether it was decided with yes, is not carried out, and its window lasts: a doubt or a rule still counts."""
        decided = self.decided is not None and self.decided.act.answer is Answer.YES
        return decided and self.carried_out is None and room_us < self.act.until_us

    def heard(self, version: int | None = None) -> frozenset[str]:
        """Roles whose advice counts on a version, or this one; what was given beforehand counts on the first one."""
        asked = self.version if version is None else version
        now = {advice.actor.role for advice in self.advice if advice.counts and advice.act.version == asked}
        before = {standing.actor.role for standing in self.standing} if asked == 1 else set()
        return frozenset(now | before)

    def absent(self) -> tuple[str, ...]:
        """Roles that the rules still ask about this version; before they answered, all that no person advised from."""
        if self.finding is not None and self.finding.version == self.version:
            return self.finding.asked
        heard = self.heard()
        return tuple(role for role in self.advisers if role not in heard)

    def current_advice(self) -> tuple[Advice, ...]:
        """Advice on this version."""
        return tuple(advice for advice in self.advice if self._is_current(advice))

    def _is_current(self, advice: Advice) -> bool:
        return advice.act.version == self.version


class Board(Struct, frozen=True):
    """All requests by id, in the order they were written, and the rules in force; None: nothing can be asked.

    `awaits_witnesses`: a decision is published only when witnesses have seen it. `facts` are what people stated,
    oldest first; `standing` is advice that was given beforehand. `sat` names by seat the person who sat there last.
    `line_declared`: `suspended`, while a party has declared that on the air line; `line_declared_us`: when that last
    changed. What people stated of the line before then counts no more. `notified`: what is to be spared.
    """

    doctrine: DoctrineSet | None = None
    awaits_witnesses: bool = False
    requests: Mapping[str, Request] = {}
    facts: tuple[Stated, ...] = ()
    standing: tuple[Standing, ...] = ()
    authority: Authority = Authority()
    sat: Mapping[str, str] = {}
    line_declared: str = ""
    line_declared_us: int = 0
    notified: Notifications = Notifications()

    def has_rules_as_code(self) -> bool:
        """Whether the rules in force are code; older records had one rule that named advisers, and fold as they did."""
        return self.doctrine is not None and self.doctrine.advice is None

    def earlier_refusals(self, request: Request) -> tuple[Request, ...]:
        """Refused requests of the same kind in an area that shares ground, other than this one."""
        area = self.doctrine.area(request.act.area_id) if self.doctrine is not None else None
        shared = {request.act.area_id, *(area.overlaps if area is not None else ())}
        return tuple(
            other
            for other in self.requests.values()
            if other.decided is not None
            and other.decided.act.answer is Answer.NO
            and other.act.kind is request.act.kind
            and other.act.area_id in shared
            and other.act.request_id != request.act.request_id
        )


def is_person(actor: Actor) -> bool:
    """Whether the actor counts as a person: simulated seats never do."""
    return actor.kind is SeatKind.PERSON


def when(act: Act, actor: Actor, room_us: int) -> int:
    """When an act happened: for a person the room's clock says it, for a pack's opening record the pack."""
    return room_us if is_person(actor) else act.at_us
