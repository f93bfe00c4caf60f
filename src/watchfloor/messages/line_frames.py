"""What two rooms send each other on a line's connection, frame by frame: who is there, messages, receipts, heartbeats.

| part | width | limits and why |
|---|---|---|
| length | 4 bytes, big-endian | of what follows, at most 64 KiB: a longer one is never read |
| body | JSON | one of the frames below; anything else ends the connection |
"""

from typing import Annotated

from msgspec import Meta, Struct

from watchfloor.messages.acts import Digest, Ident, Whole

MOST_FRAME_BYTES = 64 << 10
_Signature = Annotated[str, Meta(pattern=r"^[0-9a-f]{128}$")]


class LineHello(Struct, frozen=True, forbid_unknown_fields=True, tag_field="frame", tag="hello", kw_only=True):
    """The first frame: which line, who speaks, what it holds of both chains, and its room time.

    `said_count` of its own messages; `heard_count` of the other's, the last of which has the digest `heard_head`.
    """

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


AnyLineFrame = LineHello | LineTold | LineReceipt | LineBeat
