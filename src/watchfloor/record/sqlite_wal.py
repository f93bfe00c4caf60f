"""SQLite's write-ahead log from bytes: which pages were committed, and what lies behind the last commit.

**Source**: sqlite.org/fileformat2.html, section 4 (the WAL file).
"""

import struct

from watchfloor.base.errors import IntegrityError
from watchfloor.record.sqlite_layout import PAGE_BYTES

_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24
_MAGICS = (0x377F0682, 0x377F0683)
_FORMAT = 3_007_000


class Wal:
    """Committed pages by number, the committed page count, and what is unfinished.

    `unfinished_frames` are whole frames after the last commit; `torn_bytes` a last frame that is not whole.
    **Raises**: IntegrityError, when a whole frame does not have its checksum.
    """

    def __init__(self, raw: bytes) -> None:
        self.pages: dict[int, bytes] = {}
        self.page_count = 0
        self.unfinished_frames = 0
        self.torn_bytes = 0
        if len(raw) < _HEADER_BYTES:
            self.torn_bytes = len(raw)
            return
        magic, version, size, _, *salt = struct.unpack(">6I", raw[:24])
        if magic not in _MAGICS or version != _FORMAT or size != PAGE_BYTES:
            raise IntegrityError("the write-ahead log's header is not one of this record")
        order = ">" if magic & 1 else "<"
        running = _checksum(raw[:24], order, (0, 0))
        if running != struct.unpack(">2I", raw[24:32]):
            raise IntegrityError("the write-ahead log's header does not have its checksum")
        self._read_frames(raw, order, salt, running)

    def _read_frames(self, raw: bytes, order: str, salt: list[int], running: tuple[int, int]) -> None:
        whole = PAGE_BYTES + _FRAME_HEADER_BYTES
        self.torn_bytes = (len(raw) - _HEADER_BYTES) % whole
        pending: dict[int, bytes] = {}
        for place in range(_HEADER_BYTES, len(raw) - self.torn_bytes, whole):
            number, commit, *rest = struct.unpack_from(">6I", raw, place)
            data = raw[place + _FRAME_HEADER_BYTES : place + whole]
            running = _checksum(data, order, _checksum(raw[place : place + 8], order, running))
            if rest != [*salt, *running]:
                raise IntegrityError(f"the write-ahead log's frame at byte {place} does not have its checksum")
            pending[number] = data
            self.unfinished_frames += 1
            if commit:
                self.pages.update(pending)
                pending, self.page_count, self.unfinished_frames = {}, commit, 0
        tail = raw[len(raw) - self.torn_bytes :]
        if len(tail) >= 16 and tail[8:16] != raw[16:24]:
            raise IntegrityError("bytes behind the write-ahead log's last frame are none of a frame")


def _checksum(raw: bytes, order: str, start: tuple[int, int]) -> tuple[int, int]:
    first, second = start
    words = iter(struct.unpack(f"{order}{len(raw) // 4}I", raw))
    for one, other in zip(words, words, strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return first, second
