"""The tape's block: what comes too fast for the log, in frames whose running digest the log holds.

| field | bytes | meaning |
|---|---|---|
| magic | 8 | `WFTAPE1\\n`, once at the block's start |
| length | 4 | big-endian length of the compressed payload that follows, 1 to 4 MiB |
| payload | length | zstd of one frame |

A frame's payload before compression: canonical JSON head, newline, then columns of little-endian integers,
each as long as the head's `count` says. Quantised values are stored exactly; the steps are in `COLUMNS`.

| column | type | step |
|---|---|---|
| number | u32 | track number in this room |
| lat, lon | i32 | 1e-7 degree |
| toa | i64 | microsecond |
| alt, geo_alt, vs | i32 | foot, foot, foot a minute; `NOTHING` where unknown |
| gs, trk | i32 | 0.1 knot, 0.01 degree; `NOTHING` where unknown |
| state | u8 | 0 waiting, 1 fresh, 2 stale, 3 lost |

**Source**: own format.
"""

import struct
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import numpy as np
import zstandard
from msgspec import Struct

from watchfloor.base.errors import WireError
from watchfloor.base.labels import Label, Level
from watchfloor.messages.air import Party, SourceAge, Track, TrackPicture
from watchfloor.messages.canonical import canonical_bytes, decode_canonical
from watchfloor.messages.room import FeedState

MAGIC = b"WFTAPE1\n"
MAX_PAYLOAD_BYTES = 4 << 20
MAX_PLAIN_BYTES = 64 << 20
NOTHING = -(2**31)
_STATES = (FeedState.WAITING, FeedState.FRESH, FeedState.STALE, FeedState.LOST)
COLUMNS: tuple[tuple[str, str], ...] = (
    ("number", "<u4"),
    ("lat", "<i4"),
    ("lon", "<i4"),
    ("toa", "<i8"),
    ("alt", "<i4"),
    ("geo_alt", "<i4"),
    ("gs", "<i4"),
    ("trk", "<i4"),
    ("vs", "<i4"),
    ("state", "<u1"),
)


class TapedName(Struct, frozen=True):
    """What rarely changes of a track; written again whenever it does."""

    number: int
    identity: str
    callsign: str
    squawk: str
    party: Party
    sources: tuple[str, ...]
    nations: tuple[str, ...]
    level: int


class FrameHead(Struct, frozen=True):
    """Start of a frame's payload."""

    room_us: int
    count: int
    names: tuple[TapedName, ...]


class Frame(Struct, frozen=True):
    """One moment of the picture as it was taped."""

    head: FrameHead
    columns: dict[str, Any]


def name_of(track: Track) -> TapedName:
    """The part of a track that goes into a frame's head."""
    return TapedName(
        track.number,
        track.identity,
        track.callsign,
        track.squawk,
        track.party,
        tuple(source.feed_id for source in track.sources),
        track.label.nations,
        int(track.label.level),
    )


def quantised(picture: TrackPicture) -> dict[str, Any]:
    """The picture's numbers as integer columns, in the declared steps."""
    tracks = picture.tracks

    def column(values: list[float | int | None], scale: float, kind: str) -> Any:
        whole = [NOTHING if value is None else round(value * scale) for value in values]
        return np.array(whole, dtype=np.dtype(kind))

    return {
        "number": column([t.number for t in tracks], 1, "<u4"),
        "lat": column([t.lat_deg for t in tracks], 1e7, "<i4"),
        "lon": column([t.lon_deg for t in tracks], 1e7, "<i4"),
        "toa": column([t.toa_us for t in tracks], 1, "<i8"),
        "alt": column([t.alt_ft for t in tracks], 1, "<i4"),
        "geo_alt": column([t.geo_alt_ft for t in tracks], 1, "<i4"),
        "gs": column([t.gs_kt for t in tracks], 10, "<i4"),
        "trk": column([t.trk_deg for t in tracks], 100, "<i4"),
        "vs": column([t.vs_fpm for t in tracks], 1, "<i4"),
        "state": column([_STATES.index(state) for state in picture.states], 1, "<u1"),
    }


def encode_frame(picture: TrackPicture, names: tuple[TapedName, ...]) -> bytes:
    """One frame, ready to be appended to a block: length and compressed payload."""
    columns = quantised(picture)
    head = canonical_bytes(FrameHead(picture.room_us, len(picture.tracks), names))
    body = b"".join(columns[name].tobytes() for name, _ in COLUMNS)
    payload = zstandard.ZstdCompressor(level=3, write_checksum=True).compress(head + b"\n" + body)
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise WireError(f"a tape frame of {len(payload)} bytes is over {MAX_PAYLOAD_BYTES}")
    return struct.pack(">I", len(payload)) + payload


def frames_of(block: bytes) -> Iterator[tuple[int, bytes]]:
    """Each frame's end offset and compressed payload.

    **Raises**: WireError, at the first byte that does not belong to a whole frame.
    """
    if block[: len(MAGIC)] != MAGIC:
        raise WireError("not a tape block: wrong magic")
    place = len(MAGIC)
    while place < len(block):
        if place + 4 > len(block):
            raise WireError(f"a frame is cut at byte {place}")
        (length,) = struct.unpack_from(">I", block, place)
        if not 0 < length <= MAX_PAYLOAD_BYTES or place + 4 + length > len(block):
            raise WireError(f"the frame at byte {place} claims {length} bytes")
        yield place + 4 + length, block[place + 4 : place + 4 + length]
        place += 4 + length


def decode_frame(payload: bytes) -> Frame:
    """The frame inside a compressed payload.

    **Raises**: WireError, when it is not zstd, or its columns do not have the head's length.
    """
    try:
        if not 0 <= zstandard.get_frame_parameters(payload).content_size <= MAX_PLAIN_BYTES:
            raise WireError("a tape frame claims to be too large")
        plain = zstandard.ZstdDecompressor().decompress(payload)
    except zstandard.ZstdError as error:
        raise WireError(f"a tape frame does not decompress: {error}") from error
    head_raw, newline, body = plain.partition(b"\n")
    if not newline:
        raise WireError("a tape frame has no head")
    head = decode_canonical(head_raw, FrameHead)
    width = sum(np.dtype(kind).itemsize for _, kind in COLUMNS)
    if head.count < 0 or len(body) != head.count * width:
        raise WireError(f"a tape frame of {head.count} tracks has {len(body)} bytes of columns")
    columns: dict[str, Any] = {}
    place = 0
    for name, kind in COLUMNS:
        columns[name] = np.frombuffer(body, dtype=kind, count=head.count, offset=place)
        place += head.count * np.dtype(kind).itemsize
    if head.count and int(columns["state"].max()) >= len(_STATES):
        raise WireError("a tape frame has an unknown track state")
    return Frame(head, columns)


def names_in(block: bytes) -> Iterator[TapedName]:
    """Every name that a block's whole frames tell."""
    try:
        for _, payload in frames_of(block):
            yield from decode_frame(payload).head.names
    except WireError:
        return


def tracks_of(frame: Frame, names: dict[int, TapedName]) -> TrackPicture:
    """The picture a frame holds, with `names` gathered from the block's heads so far."""

    def value(name: str, row: int, step: float = 1.0) -> float | None:
        raw = int(frame.columns[name][row])
        return None if raw == NOTHING else raw * step

    def whole(name: str, row: int) -> int | None:
        raw = int(frame.columns[name][row])
        return None if raw == NOTHING else raw

    tracks = []
    for row in range(frame.head.count):
        name = names[int(frame.columns["number"][row])]
        toa_us = int(frame.columns["toa"][row])
        tracks.append(
            Track(
                identity=name.identity,
                number=name.number,
                label=Label(Level(name.level), name.nations),
                sources=tuple(SourceAge(feed, toa_us) for feed in name.sources),
                toa_us=toa_us,
                lat_deg=int(frame.columns["lat"][row]) * 1e-7,
                lon_deg=int(frame.columns["lon"][row]) * 1e-7,
                alt_ft=whole("alt", row),
                geo_alt_ft=whole("geo_alt", row),
                gs_kt=value("gs", row, 0.1),
                trk_deg=value("trk", row, 0.01),
                vs_fpm=whole("vs", row),
                callsign=name.callsign,
                squawk=name.squawk,
                party=name.party,
            )
        )
    states = tuple(_STATES[int(code)] for code in frame.columns["state"])
    return TrackPicture(room_us=frame.head.room_us, tracks=tuple(tracks), states=states)


class RunningDigest:
    """SHA-256 over a block's stored bytes, readable after every frame."""

    def __init__(self, stored: bytes = MAGIC) -> None:
        self._hash = sha256(stored)
        self.stored_bytes = len(stored)

    def add(self, raw: bytes) -> None:
        """Take in bytes that were appended to the block."""
        self._hash.update(raw)
        self.stored_bytes += len(raw)

    def hex(self) -> str:
        """The digest so far, in hex."""
        return self._hash.copy().hexdigest()
