"""Delegated authority and changes of rules as they stand: uses, harm, reviews, drafts, comparisons, signatures."""

from collections.abc import Mapping

from msgspec import Struct

from watchfloor.messages.acts import Actor
from watchfloor.messages.delegation import (
    DelegationSuspended,
    HarmReceived,
    HarmReported,
    ReviewClosed,
    RuleChangeAgreed,
    RuleChangeSigned,
    RulesCompared,
    RulesProposed,
    UseJudged,
    UseReceived,
    UseReported,
)
from watchfloor.messages.pack import DoctrineSet


class Use(Struct, frozen=True):
    """A crew's use of a delegation, or an act without one; what does not fit, what rules answered, and its review."""

    act: UseReported
    actor: Actor
    received: UseReceived
    judged: UseJudged | None = None
    overdue: bool = False
    closed: ReviewClosed | None = None
    closed_by: Actor | None = None
    closed_us: int = 0


class Harm(Struct, frozen=True):
    """Harm that somebody reported, and its review."""

    act: HarmReported
    actor: Actor
    received: HarmReceived
    overdue: bool = False
    closed: ReviewClosed | None = None
    closed_by: Actor | None = None
    closed_us: int = 0


class RuleSignature(Struct, frozen=True):
    """One person's signature under a change of rules."""

    act: RuleChangeSigned
    actor: Actor


class Draft(Struct, frozen=True):
    """A version that somebody put on record; it takes effect only like any other."""

    act: RulesProposed
    actor: Actor


class Authority(Struct, frozen=True):
    """What follows from delegations, and how rules change: by request, use, harm and version.

    `revoked` says since when, by room time. `doctrines` are the rules in force since when, oldest first: a use is
    judged by those of its own time. `drafts` are versions that people wrote here, by digest.
    """

    revoked: Mapping[str, int] = {}
    suspended: Mapping[str, DelegationSuspended] = {}
    uses: Mapping[str, Use] = {}
    harm: Mapping[str, Harm] = {}
    doctrines: tuple[tuple[int, DoctrineSet], ...] = ()
    drafts: Mapping[str, Draft] = {}
    compared: Mapping[str, RulesCompared] = {}
    signatures: tuple[RuleSignature, ...] = ()
    agreed: RuleChangeAgreed | None = None
