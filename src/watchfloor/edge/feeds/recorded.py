"""Recorded Mode S files: rows of time and frame, released by the room's clock.

| column | form |
|---|---|
| `timestamp` | seconds since 1970, UTC, up to six decimals |
| `frame` | 14 or 28 hex digits; short replies padded to 28 are cut to their 7 bytes |

Other columns are passed over. Rows must not go back in time by more than a second.
"""

import asyncio
import csv
from collections.abc import Callable
from pathlib import Path

from watchfloor.app.room import Room
from watchfloor.base.errors import InputError
from watchfloor.wire.adsb import TimedFrame

MAX_ROWS = 5_000_000
STEP_S = 0.05
SLICE_US = 5_000_000
BACKWARDS_US = 1_000_000
_SHORT_FORMATS = 16


def read_frames(path: Path) -> list[TimedFrame]:
    """All frames of a file, in order.

    **Raises**: InputError, naming file and line, at the first row that is none.
    """
    frames: list[TimedFrame] = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            if not {"timestamp", "frame"} <= set(rows.fieldnames or ()):
                raise InputError(f"{path}:1: needs the columns `timestamp` and `frame`", field="path")
            for row in rows:
                if len(frames) >= MAX_ROWS:
                    raise InputError(f"{path}: over {MAX_ROWS} rows; cut the file", field="path")
                frames.append(_frame(path, rows.line_num, row))
                if len(frames) > 1 and frames[-1].toa_us < frames[-2].toa_us - BACKWARDS_US:
                    raise InputError(f"{path}:{rows.line_num}: the time goes back", field="timestamp")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"`{path}` cannot be read: {error}", field="path") from error
    if not frames:
        raise InputError(f"{path}: no rows", field="path")
    return frames


def _frame(path: Path, line: int, row: dict[str, str]) -> TimedFrame:
    try:
        toa_us = round(float(row["timestamp"]) * 1e6)
        frame = bytes.fromhex(row["frame"])
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{path}:{line}: no time and frame: {error}", field="frame") from error
    if frame and frame[0] >> 3 < _SHORT_FORMATS:
        frame = frame[:7]
    if len(frame) not in (7, 14):
        raise InputError(f"{path}:{line}: a frame has 14 or 28 hex digits", field="frame")
    return TimedFrame(toa_us, frame)


async def play(room: Room, feed_id: str, frames: list[TimedFrame], now_us: Callable[[], int]) -> None:
    """Give the frames to the room as its clock reaches them, in slices of at most 5 s of recorded time."""
    place = 0
    while place < len(frames) and not room.ending.is_set():
        until_us = now_us()
        while place < len(frames) and frames[place].toa_us <= until_us:
            limit_us = frames[place].toa_us + SLICE_US
            end = place
            while end < len(frames) and frames[end].toa_us <= min(limit_us, until_us):
                end += 1
            room.receive_frames(feed_id, frames[place:end])
            place = max(end, place + 1)
            await asyncio.sleep(0)
        await asyncio.sleep(STEP_S)
