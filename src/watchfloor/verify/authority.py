"""Checks who changed rules and who closed reviews: two persons for a change, nobody of the event for its review.

Written apart from `decisions`, from the entries alone.
"""

from typing import get_args

from msgspec import Struct

from watchfloor.base.errors import WireError
from watchfloor.messages.acts import AdviceGiven, DecisionSigned, DoubtResolved, RequestWritten, SeatKind
from watchfloor.messages.canonical import decode_canonical
from watchfloor.messages.delegation import (
    HarmReceived,
    HarmReported,
    ReviewClosed,
    ReviewEnded,
    RuleChangeAgreed,
    RuleChangeSigned,
    RulesProposed,
    UseReceived,
    UseReported,
)
from watchfloor.messages.entry import Entry, input_key
from watchfloor.messages.outcomes import (
    ActRefused,
    AdviceNoted,
    DoubtAnswered,
    RequestDecided,
    RequestOpened,
    RequestReopened,
)
from watchfloor.messages.pack import DoctrineSet
from watchfloor.messages.signed import AnyAct, SignedAct
from watchfloor.verify.report import Report

_WHERE = "record"
_Shaping = RequestOpened | AdviceNoted | DoubtAnswered | RequestReopened
_SHAPING = get_args(_Shaping)
_Kept = (
    RuleChangeSigned
    | UseReported
    | HarmReported
    | ReviewClosed
    | DecisionSigned
    | RequestWritten
    | AdviceGiven
    | DoubtResolved
)


class _Signed(Struct, frozen=True):
    act: AnyAct
    by: SignedAct


class AuthorityCheck:
    """Takes entries of its `kinds` in order."""

    kinds = frozenset(
        (
            SignedAct,
            ActRefused,
            DoctrineSet,
            RuleChangeAgreed,
            UseReceived,
            HarmReceived,
            ReviewEnded,
            RequestDecided,
            *_SHAPING,
        )
    )

    def __init__(self, report: Report) -> None:
        self._report = report
        self._acts: dict[str, _Signed] = {}
        self._subjects: dict[str, _Signed] = {}
        self._shaped_by: dict[str, set[str]] = {}
        self._in_force: DoctrineSet | None = None
        self._agreed: set[tuple[str, str]] = set()
        self._drafts: dict[str, RulesProposed] = {}
        self._asked: dict[str, str] = {}
        self._decided: set[str] = set()

    def take(self, entry: Entry) -> None:
        """Check the next entry against all before it."""
        body = entry.body
        if isinstance(body, SignedAct):
            self._note(entry, body)
        elif isinstance(body, ActRefused):
            self._drafts.pop(body.act_id, None)
        elif isinstance(body, RequestDecided | _Shaping):
            key = body.decision_id if isinstance(body, RequestDecided) else input_key(entry.key)
            if isinstance(body, RequestDecided):
                self._decided.add(body.request_id)
            signed = self._acts.get(key)
            if isinstance(body, RequestOpened) and signed is not None and isinstance(signed.act, RequestWritten):
                self._asked[body.request_id] = signed.act.area_id
            if signed is not None:
                self._shaped_by.setdefault(body.request_id, set()).add(signed.by.actor.person_id)
        elif isinstance(body, RuleChangeAgreed):
            self._check_agreement(entry, body)
        elif isinstance(body, DoctrineSet):
            self._check_change(entry, body)
        elif isinstance(body, UseReceived):
            self._check_use(entry, body)
        elif isinstance(body, HarmReceived):
            self._check_harm(entry, body)
        elif isinstance(body, ReviewEnded):
            self._check_review(entry, body)

    def _note(self, entry: Entry, signed: SignedAct) -> None:
        try:
            act: AnyAct = decode_canonical(signed.document.encode(), AnyAct)  # type: ignore[arg-type]
        except WireError:
            return  # named by the check of signatures
        if isinstance(act, RulesProposed):
            self._drafts[act.act_id] = act
        if isinstance(act, _Kept):
            self._acts[input_key(entry.key)] = _Signed(act, signed)

    def _check_agreement(self, entry: Entry, agreed: RuleChangeAgreed) -> None:
        signed = [self._acts.get(name) for name in (agreed.first, agreed.second)]
        held = [one for one in signed if one is not None and isinstance(one.act, RuleChangeSigned)]
        if len(held) < 2:
            self._report.lack(_WHERE, "rules change without two signatures", entry.seq)
            return
        acts = [one.act for one in held if isinstance(one.act, RuleChangeSigned)]
        persons = {one.by.actor.person_id for one in held if one.by.actor.kind is SeatKind.PERSON}
        if len(persons) < 2 or any("change_rules" not in one.by.actor.powers for one in held):
            self._report.add(_WHERE, "rules change without two persons who may change them", entry.seq)
        terms = {(act.from_digest, act.to_version, act.to_digest, act.report_digest) for act in acts}
        named = (acts[0].to_version, acts[0].to_digest)
        if len(terms) != 1 or named != (agreed.to_version, agreed.to_digest):
            self._report.add(_WHERE, "does not say what the two persons signed", entry.seq)
        self._agreed.add((agreed.to_version, agreed.to_digest))

    def _check_change(self, entry: Entry, doctrine: DoctrineSet) -> None:
        before, self._in_force = self._in_force, doctrine
        was_code = before is not None and before.advice is None
        named = (doctrine.rules_version, doctrine.rules_digest)
        if was_code and before != doctrine and named not in self._agreed:
            self._report.lack(_WHERE, "other rules are in force, and no two persons agreed to them", entry.seq)
        drafts = [one for one in self._drafts.values() if (one.to_version, one.to_digest) == named]
        if was_code and any(one.rules_text != doctrine.rules_text for one in drafts):
            self._report.add(_WHERE, "other words are in force than those that were proposed", entry.seq)
        self._agreed.clear()

    def _check_use(self, entry: Entry, received: UseReceived) -> None:
        signed = self._acts.get(input_key(entry.key))
        if signed is None or not isinstance(signed.act, UseReported) or signed.act.use_id != received.use_id:
            self._report.lack(_WHERE, "tells of a use that nobody reported", entry.seq)
            return
        if signed.act.event_us != received.event_us or received.received_us < received.event_us:
            self._report.add(_WHERE, "does not keep the times of a use", entry.seq)
        self._subjects[received.use_id] = signed

    def _check_harm(self, entry: Entry, received: HarmReceived) -> None:
        signed = self._acts.get(input_key(entry.key))
        if signed is None or not isinstance(signed.act, HarmReported) or signed.act.harm_id != received.harm_id:
            self._report.lack(_WHERE, "tells of harm that nobody reported", entry.seq)
            return
        self._subjects[received.harm_id] = signed

    def _check_review(self, entry: Entry, ended: ReviewEnded) -> None:
        signed = self._acts.get(input_key(entry.key))
        if signed is None or not isinstance(signed.act, ReviewClosed) or signed.act.subject_id != ended.subject_id:
            self._report.lack(_WHERE, "ends a review that nobody closed", entry.seq)
            return
        actor = signed.by.actor
        if actor.kind is not SeatKind.PERSON or "review" not in actor.powers:
            self._report.add(_WHERE, "was reviewed by nobody who may review", entry.seq)
        if actor.person_id in self._took_part(ended.subject_id):
            self._report.add(_WHERE, "was reviewed by somebody who took part", entry.seq)

    def _took_part(self, subject_id: str) -> set[str]:
        """Who reported it, and who shaped the decision that it is about."""
        subject = self._subjects.get(subject_id)
        if subject is None:
            return set()
        persons = {subject.by.actor.person_id}
        if isinstance(subject.act, UseReported):
            return persons | self._shaped_by.get(subject.act.request_id, set())
        about = subject.act.about if isinstance(subject.act, HarmReported) else ""
        return persons | self._shaped_by.get(about, set()) | self._took_part(about) | self._acted_in(about)

    def _acted_in(self, area_id: str) -> set[str]:
        """Who shaped a decision about an area or ground that it shares, and whose crews acted there."""
        area = self._in_force.area(area_id) if self._in_force is not None else None
        if area is None:
            return set()
        ground = {area_id, *area.overlaps}
        persons = {
            one.by.actor.person_id
            for one in self._subjects.values()
            if isinstance(one.act, UseReported) and one.act.area_id in ground
        }
        for request_id in self._decided:
            if self._asked.get(request_id) in ground:
                persons |= self._shaped_by.get(request_id, set())
        return persons
