"""Reading files that hold a stream as it was sent: a drone's video, ASTERIX blocks. Their own clocks say when.

| format | file | when a piece came |
|---|---|---|
| `stanag4609` | an MPEG transport stream | its clock (PCR), set by its first metadata; without any, from 1970 on |
| `asterix` | data blocks one behind the other | the time of day of its first record; no day is in it: 1 January 1970 |
"""

from pathlib import Path

from watchfloor.base.errors import InputError, UnavailableError
from watchfloor.base.instants import DAY_US
from watchfloor.edge.feeds.recorded import Datagram
from watchfloor.messages.feeds import Arrival
from watchfloor.messages.video import CameraView
from watchfloor.wire.live_video import LiveVideoFeed
from watchfloor.wire.mpegts import PACKET_BYTES, SYNC, clock_us

PIECE_BYTES = 7 * PACKET_BYTES
MOST_BYTES = 1 << 30


def read_video(path: Path) -> list[Datagram]:
    """The pieces of a recorded transport stream.

    **Raises**: InputError, when it is none, has no clock, or is over 1 GiB.
    """
    raw = _read(path)
    if not raw or len(raw) % PACKET_BYTES or raw[::PACKET_BYTES] != bytes((SYNC,)) * (len(raw) // PACKET_BYTES):
        raise InputError(f"{path}: not an MPEG transport stream: packets of 188 bytes begin with 0x47", field="path")
    pieces = [raw[place : place + PIECE_BYTES] for place in range(0, len(raw), PIECE_BYTES)]
    times = _by_clock(pieces)
    if not times:
        raise InputError(f"{path}: the transport stream has no clock (PCR)", field="path")
    offset_us = _clock_offset(pieces, times)
    return [Datagram(offset_us + time_us, piece) for time_us, piece in zip(times, pieces, strict=True)]


def _by_clock(pieces: list[bytes]) -> list[int]:
    """When each piece was sent, by the stream's own clock; a clock that jumps goes on from where it was."""
    times, now_us, last_us = list[int](), 0, None
    for piece in pieces:
        for place in range(0, len(piece), PACKET_BYTES):
            told_us = clock_us(piece[place : place + PACKET_BYTES])
            if told_us is None:
                continue
            if last_us is not None and 0 <= told_us - last_us < 10_000_000:
                now_us += told_us - last_us
            last_us = told_us
        times.append(now_us)
    return times if last_us is not None else []


def _clock_offset(pieces: list[bytes], times: list[int]) -> int:
    """What to add to the stream's clock to have the time that its first metadata tells."""
    feed, arrival = LiveVideoFeed(), Arrival(0)
    state = feed.begin()
    for time_us, piece in zip(times, pieces, strict=True):
        state, found = feed.step(state, piece, arrival)
        for one in found:
            if isinstance(one, CameraView):
                return one.toa_us - time_us
    return 0


def read_asterix(path: Path) -> list[Datagram]:
    """The data blocks of a raw file; a block that tells no time comes with the one before.

    **Raises**: InputError, when blocks do not fill the file; UnavailableError, when nothing here reads them.
    """
    try:
        from watchfloor.wire.asterix import blocks_with_times  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise UnavailableError("ASTERIX needs aviconv-asterix: pip install 'watchfloor[asterix]'") from error
    found, now_us, days_us = list[Datagram](), 0, 0
    for block, time_us in blocks_with_times(_read(path)):
        if time_us is not None:
            if time_us + days_us < now_us - DAY_US // 2:
                days_us += DAY_US
            now_us = max(now_us, time_us + days_us)
        found.append(Datagram(now_us, block))
    if not found:
        raise InputError(f"{path}: no ASTERIX data block", field="path")
    return found


def _read(path: Path) -> bytes:
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"{path}: over 1 GiB; cut it into parts", field="path")
    return path.read_bytes()
