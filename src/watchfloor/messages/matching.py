"""Private matching on a line: what two parties agree to compare, what each puts in, and where their plans clash.

Neither tells the other its plan. Each commits to what it puts in; both learn the cells of space and time that both
plans touch, and nothing else of each other.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from watchfloor.base.labels import Label
from watchfloor.messages.acts import Digest, Ident, Whole
from watchfloor.messages.line import LineVolume, MatchTerms

MOST_CLASHES_IN_ENTRY = 40
MATCH_INPUT = "match-input"
"""The source of the medium that holds a `MatchInput`; it leaves its room in no export."""
PlanId = Annotated[str, Meta(min_length=1, max_length=64)]


class LinePlan(Struct, frozen=True, forbid_unknown_fields=True):
    """One flight that we mean to make: volumes of air that hold it, wherever in them it may be."""

    plan_id: PlanId
    volumes: Annotated[tuple[LineVolume, ...], Meta(min_length=1, max_length=5_000)]


class MatchInput(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a party puts into a match, as it is kept: SHA-256 over its canonical JSON is the party's commitment.

    `salt` is random, so that nobody can try plans against the commitment; whoever holds this can open it to an arbiter.
    """

    salt: Digest
    line_id: Ident
    party: Ident
    terms: MatchTerms
    plans: tuple[LinePlan, ...]


class MatchStage(StrEnum):
    """The stages of a match: how many coarse cells both touch, which they are, and which fine cells inside them."""

    COUNT = "count"
    COARSE = "coarse"
    FINE = "fine"


class MatchOutcome(StrEnum):
    """How a match ended: to its end, stopped because it would show too much, or broken."""

    MATCHED = "matched"
    STOPPED = "stopped"
    FAILED = "failed"


class MatchEnd(StrEnum):
    """Why a match goes no further, in words that are the same for everybody: they tell nothing of a plan."""

    SHOWS_TOO_MUCH = "it would show more of a plan than was agreed"
    TOO_MANY_CELLS = "a plan has more cells than were agreed"
    DIFFERS = "the two directions, or two stages, do not find the same"
    NO_PART = "what came is no part of the match"
    LATE = "it was not done in time"
    GONE = "the connection went before it was done"
    OVER = "it is over here"
    FAULT = "a fault of the room's own"

    def outcome(self) -> MatchOutcome:
        """Stopped, where it ended to show no more; else failed."""
        is_stop = self in (MatchEnd.SHOWS_TOO_MUCH, MatchEnd.TOO_MANY_CELLS)
        return MatchOutcome.STOPPED if is_stop else MatchOutcome.FAILED


class MatchClash(Struct, frozen=True, forbid_unknown_fields=True):
    """Where and when one of our own plans comes too near to one of theirs, in whole cells. Whose it is nobody says."""

    plan_id: PlanId
    volume: LineVolume


class LineMatched(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="LineMatched", kw_only=True):
    """A match ended; or (`more_count` above 0) some of its clashes, with so many that come behind.

    `transcript` is the digest of all that went over the line for it in the order in which both sides know it, `result`
    of the cells that both touch; both zeros where it did not come so far.
    """

    line_id: Ident
    match: Digest
    outcome: MatchOutcome
    reason: Annotated[str, Meta(max_length=300)]
    coarse_count: Whole
    fine_count: Whole
    transcript: Digest
    result: Digest
    clashes: tuple[MatchClash, ...]
    more_count: Whole
    label: Label
