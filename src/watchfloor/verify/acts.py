"""Checks what people did: each signature, and that each decision carries the advice and persons it needs.

Written apart from `decisions`, from the entries alone, so that one fault cannot hide in both.
"""

import json
from typing import get_args

from msgspec import Struct

from watchfloor.base.errors import WireError
from watchfloor.base.labels import Label
from watchfloor.messages.acts import (
    Actor,
    AdviceGiven,
    Answer,
    DecisionSigned,
    DoubtRaised,
    DoubtResolved,
    RequestWritten,
    SeatKind,
    StandingAdviceGiven,
    Verdict,
)
from watchfloor.messages.canonical import decode_canonical
from watchfloor.messages.delegation import ReviewClosed, RuleChangeSigned
from watchfloor.messages.entry import Entry, input_key
from watchfloor.messages.findings import RuleAnswer, RulesAnswered
from watchfloor.messages.outcomes import (
    ActRefused,
    AdviceNoted,
    AnyOutcome,
    DecisionAskedAgain,
    DoubtAnswered,
    RequestDecided,
    RequestHeld,
    RequestOpened,
    RequestReopened,
    RequestStopped,
)
from watchfloor.messages.pack import DoctrineSet
from watchfloor.messages.room import RoomOpened, SeatTaken
from watchfloor.messages.signed import AnyAct, SignedAct
from watchfloor.record.note import signature_holds
from watchfloor.record.passkey import fault_of
from watchfloor.verify.report import Report
from watchfloor.verify.roots import Roots

_WHERE = "record"


class _Case(Struct):
    """One request as the entries tell it."""

    author: str
    advisers: tuple[str, ...]
    version: int = 1
    advised: dict[str, str] = {}
    adviser_persons: set[str] = set()
    open_doubts: set[str] = set()
    resolvers: set[str] = set()
    until_us: int = 0
    over: bool = False
    standing: dict[str, str] = {}
    ruled: RulesAnswered | None = None
    ruled_for: set[str] = set()
    heard: set[str] = set()
    doubters: dict[str, set[str]] = {}
    crews: dict[str, str] = {}
    holder: str = ""
    own_grants: set[str] = set()
    nations: dict[tuple[str, str], str] = {}
    acting_nation: str = ""


_OF_SEAT = ("role", "nation", "kind", "powers", "level", "need_to_know")


class ActsCheck:
    """Takes entries of its `kinds` in order and checks every signed act and every decision."""

    kinds = frozenset((RoomOpened, SeatTaken, SignedAct, DoctrineSet, RulesAnswered, *get_args(AnyOutcome)))

    def __init__(self, report: Report) -> None:
        self._report = report
        self._seats: dict[str, SeatTaken] = {}
        self._keys: dict[str, str] = {}
        self._holders: dict[str, str] = {}
        self._acts: dict[str, tuple[AnyAct, SignedAct]] = {}
        self._cases: dict[str, _Case] = {}
        self._room_id = ""
        self._doctrine: DoctrineSet | None = None
        self._standing: list[tuple[StandingAdviceGiven, SignedAct]] = []
        self._heads: list[tuple[int, int, str]] = []

    def take(self, entry: Entry) -> None:
        """Check the next entry against all before it."""
        body = entry.body
        if isinstance(body, RoomOpened):
            self._room_id = body.room_id
            self._report.context = body.context.value
        elif isinstance(body, SeatTaken):
            self._seats[body.seat_id] = body
            self._keys[body.key_id] = body.public_key
            self._check_holders(entry.seq, body)
        elif isinstance(body, SignedAct):
            act = self._check_signature(entry.seq, body)
            if act is not None:
                self._acts[act.act_id] = (act, body)
                self._note_own_grant(act, body)
                if isinstance(act, StandingAdviceGiven):
                    self._standing.append((act, body))
                if act.head.size_count:
                    self._heads.append((entry.seq, act.head.size_count, act.head.root))
        elif isinstance(body, ActRefused):
            self._acts.pop(body.act_id, None)
            self._standing = [one for one in self._standing if one[0].act_id != body.act_id]
        elif isinstance(body, DoctrineSet):
            self._doctrine = body
        elif isinstance(body, RulesAnswered):
            self._take_ruling(entry, body)
        else:
            _follow(self._report, entry, self._acts, self._cases, self._seats)
            self._after(entry)

    def _note_own_grant(self, act: AnyAct, signed: SignedAct) -> None:
        """Whether a decider sat on the crew's seat when signing; the decision may be published later."""
        case = self._cases.get(act.request_id) if isinstance(act, DecisionSigned) else None
        if case is not None and signed.actor.person_id in _sits(self._seats, case.holder):
            case.own_grants.add(act.act_id)

    def _check_holders(self, seq: int, seat: SeatTaken) -> None:
        """One key and one passkey are one person's: four eyes counts persons."""
        if seat.kind is SeatKind.SIMULATED:
            return
        held = [f"key {seat.public_key}"]
        if seat.passkey is not None:
            held += [f"passkey {seat.passkey.credential_id}", f"passkey {seat.passkey.public_key}"]
        for name in held:
            if self._holders.setdefault(name, seat.person_id) != seat.person_id:
                self._report.add(_WHERE, f"two persons enrolled one {name.partition(' ')[0]}", seq)

    def _take_ruling(self, entry: Entry, ruled: RulesAnswered) -> None:
        case = self._cases.get(ruled.request_id)
        if case is None:
            self._report.lack(_WHERE, "rules answered about a request that nobody wrote", entry.seq)
        elif self._doctrine is None or ruled.rules_digest != self._doctrine.rules_digest:
            self._report.lack(_WHERE, "was answered by rules that were not in force", entry.seq)
        else:
            case.ruled = ruled
            case.ruled_for.add(input_key(entry.key))

    def _after(self, entry: Entry) -> None:
        """Advice given beforehand for a new request; and what rules answered to a signature."""
        body = entry.body
        if isinstance(body, RequestOpened) and body.request_id in self._cases:
            by_key = self._acts.get(input_key(entry.key))
            if by_key is not None and isinstance(by_key[0], RequestWritten):
                case = self._cases[body.request_id]
                case.standing = _standing_roles(self._standing, by_key, entry.room_us)
                case.nations = {
                    (signed.actor.role, signed.actor.person_id): signed.actor.nation for _, signed in self._standing
                }
                case.acting_nation = by_key[0].acting_nation
                case.adviser_persons.update(case.standing.values())
        is_code = self._doctrine is not None and self._doctrine.advice is None
        if isinstance(body, RequestDecided) and body.answer is Answer.YES and is_code:
            held = self._cases.get(body.request_id)
            if held is not None:
                _check_ruling(self._report, entry, body, held)

    def _check_signature(self, seq: int, signed: SignedAct) -> AnyAct | None:
        report, actor = self._report, signed.actor
        report.signed_act_count += 1
        try:
            act: AnyAct = decode_canonical(signed.document.encode(), AnyAct)  # type: ignore[arg-type]
        except WireError as error:
            report.add(_WHERE, f"its document: {error}", seq)
            return None
        seat, public = self._seats.get(actor.seat_id), self._keys.get(signed.key_id)
        if public is not None and not _holds(public, signed):
            report.add(_WHERE, "its signature does not fit its words", seq)
        elif seat is None or seat.key_id != signed.key_id or seat.person_id != actor.person_id:
            report.lack(_WHERE, "was signed by nobody who sat on that seat", seq)
        elif (act.person_id, act.seat_id, act.room_id) != (seat.person_id, seat.seat_id, self._room_id):
            report.add(_WHERE, "its document names another person, seat or room", seq)
        elif any(getattr(actor, field) != getattr(seat, field) for field in _OF_SEAT):
            report.add(_WHERE, "claims a role or power that its seat does not have", seq)
        elif seat.passkey is not None and _is_confirmed(act) and signed.assertion is None:
            report.add(_WHERE, "was not confirmed with the person's passkey", seq)
        elif seat.passkey is not None and signed.assertion is not None:
            fault = fault_of(signed.assertion, seat.passkey, signed.document)
            if fault is not None:
                report.add(_WHERE, f"its passkey's confirmation does not hold: {fault}", seq)
        return act

    def finish(self, roots: Roots) -> None:
        """Each person signed the log's head that their screen had; hold those against the tree."""
        for seq, size, root in self._heads:
            if size > seq or (roots.at(size) or b"").hex() != root:
                self._report.add(_WHERE, "was signed by somebody who saw another log than this one", seq)


def _is_confirmed(act: AnyAct) -> bool:
    """Whether an act needs a passkey's confirmation, where its person has one."""
    if isinstance(act, AdviceGiven):
        return act.verdict is Verdict.CONCUR
    if isinstance(act, DecisionSigned):
        return act.answer is not Answer.UNSURE
    return isinstance(act, DoubtResolved | StandingAdviceGiven | RuleChangeSigned | ReviewClosed)


def _holds(public: str, signed: SignedAct) -> bool:
    return signature_holds(bytes.fromhex(public), bytes.fromhex(signed.signature), signed.document.encode())


def _follow(
    report: Report,
    entry: Entry,
    acts: dict[str, tuple[AnyAct, SignedAct]],
    cases: dict[str, _Case],
    seats: dict[str, SeatTaken],
) -> None:
    """Take one outcome into its case; a decision is checked against all before it."""
    body = entry.body
    act_id = body.decision_id if isinstance(body, RequestDecided) else input_key(entry.key)
    by_key = acts.get(act_id)
    if isinstance(body, RequestOpened) and by_key is not None and isinstance(by_key[0], RequestWritten):
        cases[body.request_id] = _Case(
            by_key[1].actor.person_id, body.advisers, 1, {}, set(), set(), set(), by_key[0].until_us
        )
        cases[body.request_id].holder = by_key[0].holder or ""
        return
    case = cases.get(getattr(body, "request_id", ""))
    if case is None:
        if isinstance(body, RequestDecided):
            report.lack(_WHERE, "decides a request that nobody wrote", entry.seq)
        return
    if isinstance(body, AdviceNoted) and by_key is not None and isinstance(by_key[0], AdviceGiven):
        actor = by_key[1].actor
        case.adviser_persons.add(actor.person_id)
        case.doubters[by_key[0].act_id] = {actor.person_id}
        if body.counts and actor.person_id == case.author:
            report.add(_WHERE, "the author's advice was counted", entry.seq)
        if actor.kind is SeatKind.PERSON and by_key[0].verdict is Verdict.CONCUR:
            case.advised[actor.role] = actor.person_id
            case.heard.add(f"{actor.role}@{actor.nation}")
    elif isinstance(body, RequestHeld):
        case.open_doubts.add(body.doubt_id)
        if by_key is not None:
            crew = by_key[0].heard_from if isinstance(by_key[0], DoubtRaised) else None
            case.crews[body.doubt_id] = crew or ""
            case.doubters[body.doubt_id] = {by_key[1].actor.person_id, *_sits(seats, crew)}
        case.over = False
    elif (
        isinstance(body, RequestReopened | DoubtAnswered)
        and by_key is not None
        and isinstance(by_key[0], DoubtResolved)
    ):
        case.open_doubts.discard(by_key[0].doubt_id)
        case.resolvers.add(by_key[1].actor.person_id)
        _check_resolver(report, entry, case, by_key[0].doubt_id, by_key[1].actor, seats)
        if isinstance(body, RequestReopened):
            case.version, case.advised, case.heard = body.version, {}, set()
    elif isinstance(body, RequestStopped):
        case.over = True
    elif isinstance(body, DecisionAskedAgain):
        case.over, case.version, case.advised, case.heard = False, body.version, {}, set()
    elif isinstance(body, RequestDecided):
        if case.over or body.at_us >= case.until_us:
            report.add(_WHERE, "was decided after it was over", entry.seq)
        case.over = True
        _check_decision(report, entry, body, case, by_key)


def _sits(seats: dict[str, SeatTaken], seat_id: str | None) -> set[str]:
    """The person who sat last on a seat, if somebody did."""
    held = seats.get(seat_id or "")
    return set() if held is None or held.kind is SeatKind.SIMULATED else {held.person_id}


def _check_resolver(
    report: Report, entry: Entry, case: _Case, doubt_id: str, actor: Actor, seats: dict[str, SeatTaken]
) -> None:
    """A doubt is answered by somebody who may, and who neither raised it nor asked."""
    if actor.kind is not SeatKind.PERSON or "resolve" not in actor.powers or "decide" in actor.powers:
        report.add(_WHERE, "a doubt was answered by nobody who may answer it", entry.seq)
    doubters = case.doubters.get(doubt_id, set()) | _sits(seats, case.crews.get(doubt_id))
    if actor.person_id in {case.author, *doubters}:
        report.add(_WHERE, "a doubt was answered by its doubter or the author", entry.seq)


def _check_decision(
    report: Report,
    entry: Entry,
    decided: RequestDecided,
    case: _Case,
    by_key: tuple[AnyAct, SignedAct] | None,
) -> None:
    report.decision_count += 1
    if by_key is None or not isinstance(by_key[0], DecisionSigned):
        report.lack(_WHERE, "decides without a signed decision", entry.seq)
        return
    act, signed = by_key[0], by_key[1]
    person = signed.actor.person_id
    by_person = signed.actor.kind is SeatKind.PERSON or act.answer is Answer.NO
    if not by_person or "decide" not in signed.actor.powers:
        report.add(_WHERE, "was decided by nobody who may decide", entry.seq)
    if person == case.author or person in case.adviser_persons or person in case.resolvers:
        report.add(_WHERE, "was decided by its author, adviser or resolver", entry.seq)
    if act.answer is not decided.answer or act.version != case.version:
        report.lack(_WHERE, "does not say what was signed", entry.seq)
    if decided.answer is Answer.YES:
        if act.act_id in case.own_grants:
            report.add(_WHERE, "was granted by the crew that holds it", entry.seq)
        missing = [role for role in case.advisers if role not in case.advised]
        if missing:
            report.lack(_WHERE, f"was decided without advice of {', '.join(missing)}", entry.seq)
        if case.open_doubts:
            report.lack(_WHERE, "was decided while a doubt was open", entry.seq)


def _standing_roles(
    given: list[tuple[StandingAdviceGiven, SignedAct]], written: tuple[AnyAct, SignedAct], at_us: int
) -> dict[str, str]:
    """By role, who advised beforehand on what is asked: a person other than the author, the newest of each role."""
    asked, author = written[0], written[1].actor.person_id
    found: dict[str, str] = {}
    for act, signed in reversed(given):
        actor = signed.actor
        fits = isinstance(asked, RequestWritten) and (act.kind, act.area_id) == (asked.kind, asked.area_id)
        fits = fits and isinstance(asked, RequestWritten) and _knows(signed.actor, asked.label)
        is_other = actor.kind is SeatKind.PERSON and actor.person_id not in {author, *found.values()}
        if fits and is_other and at_us < act.until_us:
            found.setdefault(actor.role, actor.person_id)
    return found


def _knows(actor: Actor, label: Label) -> bool:
    """Whether somebody may see an item, by its marks."""
    marked = actor.nation in label.nations and set(label.need_to_know) <= set(actor.need_to_know)
    return marked and label.level <= actor.level


def _check_ruling(report: Report, entry: Entry, decided: RequestDecided, case: _Case) -> None:
    """A yes needs the rules' "no objection" beside its signature, on facts that the entries bear out."""
    ruled = case.ruled
    if ruled is None or ruled.version != decided.version or decided.decision_id not in case.ruled_for:
        report.lack(_WHERE, "was decided without asking the rules", entry.seq)
        return
    if ruled.answer is not RuleAnswer.NO_OBJECTION or not ruled.valid:
        report.add(_WHERE, "was decided although the rules objected", entry.seq)
    facts = json.loads(ruled.facts)
    advised = (case.standing if case.version == 1 else {}) | case.advised
    told = set(facts.get("advised", ()))
    if len({advised[role] for role in told if role in advised}) < len(told & advised.keys()):
        report.add(_WHERE, "one person's advice was counted for two roles", entry.seq)
    heard = set(case.heard)
    if case.version == 1:
        heard |= {f"{role}@{case.nations[role, person]}" for role, person in case.standing.items()}
    heard |= {f"{one.partition('@')[0]}@acting" for one in heard if one.endswith(f"@{case.acting_nation}")}
    if not told <= advised.keys() or not set(facts.get("advised_by", ())) <= heard:
        report.lack(_WHERE, "rules were told of advice that nobody gave", entry.seq)
    if facts.get("open_doubt_count", 0) != len(case.open_doubts):
        report.add(_WHERE, "rules were told of another number of doubts", entry.seq)
