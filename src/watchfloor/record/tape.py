"""The tape: what comes too fast for the log, in frames of a second whose running digest the log holds.

An open block is a journal of plain frames (`tape/STREAM-NNNNNN.wfj`); a sealed one holds the same frames in columns
(`tape_block.py`), and gives them back byte for byte.

| field | bytes | meaning |
|---|---|---|
| magic | 8 | `WFTAPE2` and a newline, once at the journal's start; the running digest begins with it |
| length | 4 | big-endian length of the frame that follows, 1 to 64 MiB |
| head | to a newline | canonical JSON: room time, number of rows, names told in this frame |
| columns | the rest | little-endian integers, a column after the other, rows in order of `number` |

Quantised values are stored exactly; `STREAMS` has the columns, their steps, and how many differences sealing takes.

**Source**: own format.
"""

import struct
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import numpy as np
from msgspec import Struct

from watchfloor.base.errors import WireError
from watchfloor.base.labels import Label, Level
from watchfloor.messages.acts import Integer, Whole
from watchfloor.messages.air import Oddity, Party
from watchfloor.messages.canonical import canonical_bytes, decode_canonical

MAGIC = b"WFTAPE2\n"
MAX_FRAME_BYTES = 64 << 20
NOTHING = -(2**31)
ECHO = "echo:"  # before the identity of an aircraft that a radar named: where it measured it, which is no word of it
TRACKS, OBSERVATIONS, CAMERAS = "tracks", "observations", "cameras"


class Column(Struct, frozen=True):
    """One column: its integers' type, what one step is, whether it may hold `NOTHING`, differences when sealed."""

    name: str
    kind: str
    step: str
    is_nullable: bool
    differences: int


_PLACE = (
    Column("toa", "<i8", "1 ms", is_nullable=False, differences=2),
    Column("lat", "<i4", "1e-6 degree", is_nullable=True, differences=2),
    Column("lon", "<i4", "1e-6 degree", is_nullable=True, differences=2),
    Column("alt", "<i4", "1 ft, pressure", is_nullable=True, differences=1),
    Column("geo_alt", "<i4", "1 ft, above the ellipsoid", is_nullable=True, differences=1),
    Column("gs", "<i4", "0.1 kt", is_nullable=True, differences=1),
    Column("trk", "<i4", "0.01 degree", is_nullable=True, differences=1),
    Column("vs", "<i4", "1 ft a minute", is_nullable=True, differences=1),
)
NUMBER = Column("number", "<u4", "a track's, or a source's name in this block", is_nullable=False, differences=1)
STREAMS: Mapping[str, tuple[Column, ...]] = {
    TRACKS: (
        NUMBER,
        *_PLACE,
        Column("state", "<u1", "0 waiting, 1 fresh, 2 stale, 3 lost", is_nullable=False, differences=1),
    ),
    OBSERVATIONS: (
        NUMBER,
        *_PLACE,
        Column("geo_minus_pressure", "<i4", "1 ft, as the aircraft says it", is_nullable=True, differences=1),
        Column("ground", "<u1", "0 not said, 1 airborne, 2 on ground", is_nullable=False, differences=1),
    ),
    CAMERAS: (
        NUMBER,
        _PLACE[0],
        _PLACE[1],
        _PLACE[2],
        _PLACE[4],
        *(
            Column(f"{place}_{axis}", "<i4", "1e-6 degree", is_nullable=True, differences=2)
            for place in ("frame", "corner1", "corner2", "corner3", "corner4")
            for axis in ("lat", "lon")
        ),
    ),
}
_MOST_OF_LAST = {TRACKS: ("state", 3), OBSERVATIONS: ("ground", 2)}


class TapedName(Struct, frozen=True, omit_defaults=True):
    """What rarely changes of a number; told again whenever it does, and at a block's start."""

    number: Whole
    identity: str
    callsign: str
    squawk: str
    party: Party
    sources: tuple[str, ...]
    nations: tuple[str, ...]
    level: Integer
    need_to_know: tuple[str, ...] = ()
    oddity: Oddity = Oddity.NONE

    def label(self) -> Label:
        """Who may see what has this name."""
        return Label(Level(self.level), self.nations, self.need_to_know)


class FrameHead(Struct, frozen=True):
    """Start of a frame."""

    room_us: Integer
    count: Whole
    names: tuple[TapedName, ...]


class Frame(Struct, frozen=True):
    """One second of a stream: rows as columns of integers, in order of `number`."""

    head: FrameHead
    columns: dict[str, Any]


def stream_of(block: str) -> str:
    """Which of the tape's streams a block is of, by its name."""
    return block.rpartition("-")[0]


def width_of(stream: str) -> int:
    """Bytes of a row."""
    return sum(np.dtype(column.kind).itemsize for column in STREAMS[stream])


def encode_frame(stream: str, frame: Frame) -> bytes:
    """A frame as it is appended to the journal, its length first.

    **Raises**: WireError, when it is too large.
    """
    body = b"".join(frame.columns[column.name].tobytes() for column in STREAMS[stream])
    plain = canonical_bytes(frame.head) + b"\n" + body
    if len(plain) > MAX_FRAME_BYTES:
        raise WireError(f"a tape frame of {len(plain)} bytes is over {MAX_FRAME_BYTES}")
    return struct.pack(">I", len(plain)) + plain


def frames_of(journal: bytes) -> Iterator[tuple[int, bytes]]:
    """Each frame's end offset and bytes.

    **Raises**: WireError, at the first byte that does not belong to a whole frame.
    """
    if journal[: len(MAGIC)] != MAGIC:
        raise WireError("not a tape journal: wrong magic")
    place = len(MAGIC)
    while place < len(journal):
        if place + 4 > len(journal):
            raise WireError(f"a frame is cut at byte {place}")
        (length,) = struct.unpack_from(">I", journal, place)
        if not 0 < length <= MAX_FRAME_BYTES or place + 4 + length > len(journal):
            raise WireError(f"the frame at byte {place} claims {length} bytes")
        yield place + 4 + length, journal[place + 4 : place + 4 + length]
        place += 4 + length


def decode_frame(stream: str, plain: bytes) -> Frame:
    """The frame that these bytes are.

    **Raises**: WireError, when its columns do not have the head's length or hold what no row can.
    """
    raw, newline, body = plain.partition(b"\n")
    if not newline:
        raise WireError("a tape frame has no head")
    head = decode_canonical(raw, FrameHead)
    if len(body) != head.count * width_of(stream):
        raise WireError(f"a tape frame of {head.count} rows has {len(body)} bytes of columns")
    columns: dict[str, Any] = {}
    place = 0
    for column in STREAMS[stream]:
        kind = np.dtype(column.kind)
        columns[column.name] = np.frombuffer(body, dtype=kind, count=head.count, offset=place)
        place += head.count * kind.itemsize
    check_columns(stream, columns)
    return Frame(head, columns)


def check_columns(stream: str, columns: Mapping[str, Any]) -> None:
    """Raises WireError when a column holds what no row can, or rows are out of order."""
    number = columns["number"].astype(np.int64)
    last, most = _MOST_OF_LAST.get(stream, ("", 0))
    if last and len(number) and int(columns[last].max()) > most:
        raise WireError(f"a tape frame has an unknown `{last}`")
    gaps = np.diff(number)
    if len(gaps) and int(gaps.min()) < (1 if stream == TRACKS else 0):
        raise WireError("a tape frame's rows are out of order")


class RunningDigest:
    """SHA-256 over a block's frames as the journal holds them, readable after every frame."""

    def __init__(self, stored: bytes = MAGIC) -> None:
        self._hash = sha256(stored)
        self.stored_bytes = len(stored)

    def add(self, raw: bytes) -> None:
        """Take in bytes that were appended."""
        self._hash.update(raw)
        self.stored_bytes += len(raw)

    def with_added(self, raw: bytes) -> "RunningDigest":
        """The digest as it would be with these bytes; this one stays as it is."""
        other = RunningDigest.__new__(RunningDigest)
        other._hash, other.stored_bytes = self._hash.copy(), self.stored_bytes
        other.add(raw)
        return other

    def hex(self) -> str:
        """The digest so far, in hex."""
        return self._hash.copy().hexdigest()
