"""What feeds sent that was refused, as lines of JSON in files of at most `MOST_BYTES`; the oldest go first.

Of a storm only so many lines a second are written as a person could ever read; all are counted elsewhere.
"""

import time
from pathlib import Path
from threading import Lock

import msgspec
import structlog

from watchfloor.record.folder_layout import quarantine_file

MOST_BYTES = 1 << 20
LINES_PER_S = 50.0
_log = structlog.get_logger()


class QuarantineFiles:
    """The files of a data folder's quarantine, two a feed at most."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._left: dict[str, tuple[float, float]] = {}
        self._failed = False
        self._one_at_a_time = Lock()

    def keep(self, feed_id: str, refused: msgspec.Struct) -> None:
        """Write a line, if this feed has not written too many just now."""
        now_s = time.monotonic()
        left, looked_s = self._left.get(feed_id, (LINES_PER_S, now_s))
        left = min(left + (now_s - looked_s) * LINES_PER_S, LINES_PER_S)
        self._left[feed_id] = max(left - 1, 0.0), now_s
        if left < 1:
            return
        path = self._folder / quarantine_file(feed_id)
        try:
            path.parent.mkdir(exist_ok=True)
            with self._one_at_a_time, path.open("ab") as file:
                file.write(msgspec.json.encode(refused) + b"\n")
                size_bytes = file.tell()
            if size_bytes >= MOST_BYTES:
                path.replace(self._folder / quarantine_file(feed_id, is_old=True))
        except OSError as error:
            self._note(error)

    def expire(self, before_us: int) -> None:
        """Let go of lines about what came before this instant; a file without any line left goes whole."""
        try:
            for path in (self._folder / quarantine_file("")).parent.glob("*.jsonl"):
                with self._one_at_a_time:
                    _expire_in(path, before_us)
        except OSError as error:
            self._note(error)

    def _note(self, error: OSError) -> None:
        if not self._failed:
            _log.warning("the quarantine cannot be written", reason=str(error))
        self._failed = True


def _expire_in(path: Path, before_us: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    left = [line for line in lines if _room_us(line) >= before_us]
    if not left:
        path.unlink()
    elif len(left) < len(lines):
        fresh = path.with_suffix(".new")
        fresh.write_bytes(b"".join(left))
        fresh.replace(path)


class _When(msgspec.Struct):
    room_us: int


def _room_us(line: bytes) -> int:
    """When what a line tells of came; a line that was cut off tells nothing, and goes."""
    try:
        return msgspec.json.decode(line, type=_When).room_us
    except msgspec.MsgspecError:
        return -1
