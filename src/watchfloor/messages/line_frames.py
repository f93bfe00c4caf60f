"""What two rooms send each other on a line's connection, frame by frame: who is there, messages, receipts, heartbeats.

| part | width | limits and why |
|---|---|---|
| length | 4 bytes, big-endian | of what follows, at most 64 KiB: a longer one is never read |
| body | JSON | one of the frames below; anything else ends the connection |
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from watchfloor.messages.acts import Digest, Ident, Whole
from watchfloor.messages.matching import MatchEnd, MatchStage
from watchfloor.messages.room import Context

MOST_FRAME_BYTES = 64 << 10
MOST_PART_BYTES, MOST_PARTS = 32 << 10, 64
_Signature = Annotated[str, Meta(pattern=r"^[0-9a-f]{128}$")]


class MatchStep(StrEnum):
    """What a part of a match belongs to: a set under a key, a question under another, or the answer to theirs."""

    SETUP = "setup"
    REQUEST = "request"
    RESPONSE = "response"


class LineHello(Struct, frozen=True, forbid_unknown_fields=True, tag_field="frame", tag="hello", kw_only=True):
    """The first frame: which line, in what kind of room, who speaks, what it holds of both chains, its room time.

    `said_count` of its own messages; `heard_count` of the other's, the last of which has the digest `heard_head`.
    """

    context: Context
    line_id: Ident
    party: Ident
    said_count: Whole
    heard_count: Whole
    heard_head: Digest
    room_us: Whole


class LineTold(Struct, frozen=True, forbid_unknown_fields=True, tag_field="frame", tag="told"):
    """A message: the exact signed text and its signature."""

    document: str
    signature: _Signature


class LineReceipt(Struct, frozen=True, forbid_unknown_fields=True, tag_field="frame", tag="receipt"):
    """The message of this number is durable here; `countersignature` is over its exact text."""

    number: Whole
    countersignature: _Signature


class LineBeat(Struct, frozen=True, forbid_unknown_fields=True, tag_field="frame", tag="beat"):
    """Still there; with the room time here."""

    room_us: Whole


class MatchPart(Struct, frozen=True, forbid_unknown_fields=True, tag_field="frame", tag="match_part", kw_only=True):
    """A part of what a match exchanges: of which match, stage and step, its number among how many, and its bytes.

    They are points of a curve that hide cells of a plan under a key that nobody else has.
    """

    match: Digest
    stage: MatchStage
    step: MatchStep
    number: Whole
    part_count: Annotated[int, Meta(ge=1, le=MOST_PARTS)]
    raw: Annotated[bytes, Meta(min_length=1, max_length=MOST_PART_BYTES)]


class MatchTold(Struct, frozen=True, forbid_unknown_fields=True, tag_field="frame", tag="match_told", kw_only=True):
    """What a stage showed here: how many cells both plans touch, and a digest of which; both sides must find the same.

    Of the first stage, which only counts, the digest is zeros.
    """

    match: Digest
    stage: MatchStage
    shared_count: Whole
    digest: Digest


class MatchOver(Struct, frozen=True, forbid_unknown_fields=True, tag_field="frame", tag="match_over"):
    """A match goes no further here, and why."""

    match: Digest
    end: MatchEnd


AnyMatchFrame = MatchPart | MatchTold | MatchOver
AnyLineFrame = LineHello | LineTold | LineReceipt | LineBeat | MatchPart | MatchTold | MatchOver
