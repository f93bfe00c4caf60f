"""What happens to the room itself: opened, clock set, seats taken, feeds seen, tape written, closed."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from watchfloor.base.labels import Label, Level
from watchfloor.messages.acts import Digest, Ident, Integer, SeatKind, Whole
from watchfloor.messages.passkeys import Passkey


class Context(StrEnum):
    """What a screen, an export and an outgoing message say they are (SCOPE limit 1)."""

    EXERCISE = "EXERCISE"
    EXERCISE_REPLAY = "EXERCISE REPLAY"
    REPLAY = "REPLAY"
    WHAT_IF = "WHAT IF"
    LIVE_CIVIL = "LIVE - CIVIL, NOT CERTIFIED"


class FeedState(StrEnum):
    """How old the newest data of a feed is, by the feed's own limits."""

    WAITING = "waiting"
    FRESH = "fresh"
    STALE = "stale"
    LOST = "lost"


class RoomOpened(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="RoomOpened"):
    """A process took the folder. The first entry of a record, and the first after each restart."""

    room_id: Ident
    context: Context
    software: str
    origin: str
    pack_id: Ident
    pack_digest: Digest
    rules_digest: Digest
    utc_offset_s: Integer
    label: Label


class ClockSet(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="ClockSet"):
    """From entry time `epoch_toe_us` on, room time starts at `epoch_room_us` and runs at this rate.

    `jumped` tells a new time context: nothing measured before it may be shown as current after it.
    """

    epoch_toe_us: Whole
    epoch_room_us: Whole
    rate_permille: Whole
    paused: bool
    jumped: bool
    label: Label


class SeatTaken(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="SeatTaken"):
    """A person sat down and enrolled the public key (Ed25519, hex) that their browser made, and their passkey.

    `level` and `need_to_know`: up to what the seat may see, and in which groups it is.
    """

    seat_id: Ident
    person_id: Ident
    role: Ident
    nation: Ident
    kind: SeatKind
    powers: tuple[str, ...]
    key_id: Ident
    public_key: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    label: Label
    passkey: Passkey | None = None
    level: Level = Level.OPEN
    need_to_know: tuple[Ident, ...] = ()


class LinksIssued(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="LinksIssued"):
    """New links were printed for these seats; all earlier links and sessions ended."""

    seats: tuple[Ident, ...]
    label: Label


class WallOpened(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="WallOpened"):
    """A screen began to show what this seat may see, with nobody at it."""

    wall_id: Ident
    seat_id: Ident
    role: Ident
    nation: Ident
    label: Label


class WallsClosed(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="WallsClosed"):
    """All walls of this seat were closed."""

    seat_id: Ident
    label: Label


class FeedStateChanged(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="FeedStateChanged"):
    """A feed became fresh, stale or lost; `silent_us` is the age of its newest message then."""

    feed_id: Ident
    state: FeedState
    silent_us: Whole
    label: Label


class InputQuarantined(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="InputQuarantined"):
    """A feed sent what is not in its format or not possible: first of its reason in a minute, with a count."""

    feed_id: Ident
    reason: str
    bad_count: Whole
    label: Label


class TapeFrameWritten(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="TapeFrameWritten"):
    """A frame of at most a second is durable; `digest` runs over the block's journal so far."""

    block: Ident
    frame_count: Whole
    stored_bytes: Whole
    digest: Digest
    label: Label


class TapeBlockSealed(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="TapeBlockSealed"):
    """A block is complete and will not grow; `digest` is over all its frames, `sealed_digest` over its stored bytes."""

    block: Ident
    frame_count: Whole
    stored_bytes: Whole
    digest: Digest
    sealed_bytes: Whole
    sealed_digest: Digest
    first_room_us: Whole
    last_room_us: Whole
    label: Label


class TapeBlockRecovered(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="TapeBlockRecovered"):
    """After a crash: what of an open block the record vouches for, sealed now, and what was cut behind it.

    A block without frames is not kept; its `sealed_bytes` are 0.
    """

    block: Ident
    frame_count: Whole
    stored_bytes: Whole
    digest: Digest
    cut_bytes: Whole
    sealed_bytes: Whole
    sealed_digest: Digest
    first_room_us: Whole
    last_room_us: Whole
    label: Label


class TapeBlockExpired(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="TapeBlockExpired"):
    """A block of real feeds' tape is let go, this long after it was sealed; a digest of what it held stays on record.

    The entry comes first, then the file goes. The tape of an exercise never expires.
    """

    block: Ident
    keep_s: Whole
    label: Label


class RoomClosed(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="RoomClosed"):
    """The process ended in good order; the tape is sealed."""

    reason: str
    label: Label


AnyRoomFact = (
    RoomOpened
    | ClockSet
    | SeatTaken
    | LinksIssued
    | WallOpened
    | WallsClosed
    | FeedStateChanged
    | InputQuarantined
    | TapeFrameWritten
    | TapeBlockSealed
    | TapeBlockRecovered
    | TapeBlockExpired
    | RoomClosed
)
