"""Delegated authority and what follows it: a crew's use, harm that was reported, and the review of each.

A delegation itself is a request with a holder, which a red badge decided; so it was advised, doubted and signed like
any other. No struct here has a field for an aim point, a weapon, an effect or a predicted casualty figure.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from watchfloor.base.labels import Label
from watchfloor.messages.acts import Act, Digest, Ident, Kind, NeededWords, Nonce, Whole
from watchfloor.messages.findings import RuleAnswer, RuleBehind

MAX_DRAFT_CHARS = 24_000


class DelegationRevoked(Act, frozen=True, forbid_unknown_fields=True, tag="DelegationRevoked", kw_only=True):
    """The grantor's side takes a delegation back, at once."""

    request_id: Ident
    words: NeededWords


class UseReported(Act, frozen=True, forbid_unknown_fields=True, tag="UseReported", kw_only=True):
    """A crew says that it acted without the room: when, what, where, under which delegation, and why it had to.

    `request_id` names the delegation; empty text stands for none. The three answers are what the crew says.
    """

    use_id: Ident
    request_id: str
    kind: Kind
    area_id: Ident
    event_us: Whole
    attacked: bool
    waiting_costs: bool
    crew_sees: bool
    necessity: NeededWords
    label: Label


class HarmReported(Act, frozen=True, forbid_unknown_fields=True, tag="HarmReported", kw_only=True):
    """Somebody passes on that people were hurt or things damaged: who says so, in which words, as of when.

    It is a claim with a source and nothing else; `about` names a request or use that it may concern, or an area.
    """

    harm_id: Ident
    about: Ident
    said_by: NeededWords
    words: NeededWords
    as_of_us: Whole
    label: Label


class ReviewClosed(Act, frozen=True, forbid_unknown_fields=True, tag="ReviewClosed", kw_only=True):
    """Somebody who took no part closes the review of a use or of reported harm, in writing."""

    subject_id: Ident
    words: NeededWords


class SuspendCause(StrEnum):
    """Why a delegation is suspended."""

    OUTSIDE_SCOPE = "outside_scope"
    LATE = "late"
    RULE = "rule"
    OVERDUE = "overdue"


class UseReceived(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="UseReceived", kw_only=True):
    """A use is on the board: when it was, when it was reported, what does not fit, and until when it is reviewed."""

    use_id: Ident
    request_id: str
    event_us: Whole
    received_us: Whole
    due_us: Whole
    outside: tuple[str, ...]
    label: Label


class UseJudged(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="UseJudged", kw_only=True):
    """What the rules in force at the time of the event answer about a use, with the facts that they were told."""

    use_id: Ident
    rules_digest: str
    answer: RuleAnswer
    behind: tuple[RuleBehind, ...]
    facts: str
    label: Label


class DelegationSuspended(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="DelegationSuspended", kw_only=True
):
    """A delegation no longer holds: a use was late, outside its scope or stopped by a rule, or a review is overdue."""

    request_id: Ident
    cause: SuspendCause
    subject_id: Ident
    at_us: Whole
    label: Label


class HarmReceived(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="HarmReceived", kw_only=True):
    """A report of harm is received; its review is due. Received is not confirmed and not denied."""

    harm_id: Ident
    about: Ident
    received_us: Whole
    due_us: Whole
    label: Label


class ReviewOverdue(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="ReviewOverdue", kw_only=True
):
    """Nobody closed a review in time. It stays open, and says so on every wall that may show it."""

    subject_id: Ident
    due_us: Whole
    label: Label


class ReviewEnded(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="ReviewEnded", kw_only=True):
    """A review was closed, in time or late."""

    subject_id: Ident
    at_us: Whole
    late: bool
    label: Label


class RuleChangeSigned(Act, frozen=True, forbid_unknown_fields=True, tag="RuleChangeSigned", kw_only=True):
    """Somebody who may change rules signs that a version takes effect, having read its comparison.

    Two persons must sign the same; `report_digest` names the comparison that stands on record.
    """

    from_digest: str
    to_version: Ident
    to_digest: str
    report_digest: str
    words: NeededWords


class RulesProposed(Act, frozen=True, forbid_unknown_fields=True, tag="RulesProposed", kw_only=True):
    """Somebody who may change rules puts a version of their own on record, in full.

    It takes effect like any other version: compared with what is in force, and signed by two persons.
    `from_digest` is what was in force when it was written.
    """

    from_digest: Digest
    to_version: Ident
    to_digest: Digest
    rules_text: Annotated[str, Meta(min_length=1, max_length=MAX_DRAFT_CHARS)]
    words: NeededWords


class RulesCompared(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="RulesCompared", kw_only=True
):
    """A proposed version was compared with the one in force; the whole report is kept under its digest."""

    old_digest: str
    new_version: Ident
    new_digest: str
    changed: tuple[str, ...]
    class_count: Whole
    possible_count: Whole
    report_digest: str
    label: Label


class RuleChangeAgreed(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="RuleChangeAgreed", kw_only=True
):
    """Two persons signed; the version takes effect, not before its own beginning."""

    to_version: Ident
    to_digest: str
    first: Nonce
    second: Nonce
    at_us: Whole
    label: Label


DelegationAct = DelegationRevoked | UseReported | HarmReported | ReviewClosed
DelegationFact = (
    UseReceived
    | UseJudged
    | DelegationSuspended
    | HarmReceived
    | ReviewOverdue
    | ReviewEnded
    | RulesCompared
    | RuleChangeAgreed
)
