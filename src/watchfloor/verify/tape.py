"""Checks the tape: every block against the digests that the record holds, over the bytes as they are stored."""

from collections.abc import Mapping
from hashlib import sha256

from watchfloor.base.errors import WireError
from watchfloor.messages.entry import Entry
from watchfloor.messages.room import RoomClosed, RoomOpened, TapeBlockRecovered, TapeBlockSealed, TapeFrameWritten
from watchfloor.record.folder_layout import TAPE_FILE, tape_file
from watchfloor.record.tape import MAGIC, MAX_PAYLOAD_BYTES, decode_frame, frames_of
from watchfloor.verify.report import Report

_End = tuple[int, TapeBlockSealed | TapeBlockRecovered]


def stream_of(block: str) -> str:
    """Which of the tape's streams a block is of."""
    return block.rpartition("-")[0]


class TapeCheck:
    """Takes entries of its `kinds` in order and checks each block when the record says that it is complete."""

    kinds = frozenset((TapeFrameWritten, TapeBlockSealed, TapeBlockRecovered, RoomClosed, RoomOpened))

    def __init__(self, report: Report, files: Mapping[str, bytes], withheld: frozenset[str] = frozenset()) -> None:
        self._report, self._files, self._withheld = report, files, withheld
        self._open: dict[str, list[tuple[int, TapeFrameWritten]]] = {}
        self._known: set[str] = set()
        self._closed = False

    def take(self, entry: Entry) -> None:
        """Follow the tape through the next entry."""
        body = entry.body
        self._closed = isinstance(body, RoomClosed)
        if isinstance(body, TapeFrameWritten):
            self._known.add(body.block)
            self._open.setdefault(body.block, []).append((entry.seq, body))
        elif isinstance(body, TapeBlockSealed | TapeBlockRecovered):
            self._known.add(body.block)
            self._check_block(body.block, self._open.pop(body.block, []), (entry.seq, body))

    def finish(self) -> None:
        """Check what is open, and that there are no blocks that the record does not know."""
        still_open = sorted(self._open)
        for block in still_open:
            self._check_block(block, self._open[block], None)
            if self._closed:
                self._report.add(tape_file(block), "the room was closed, but this block was never sealed")
        for name in self._files:
            found = TAPE_FILE.fullmatch(name)
            if found and found.group(1) not in self._known:
                self._check_stranger(name, found.group(1), is_one_open=bool(still_open))

    def _check_stranger(self, name: str, block: str, *, is_one_open: bool) -> None:
        """A block that the record does not name may have been begun as the room was killed, the next in number."""
        stream = stream_of(block)
        numbers = [int(known.rpartition("-")[2]) for known in self._known if stream_of(known) == stream]
        if self._closed or is_one_open or int(block.rpartition("-")[2]) != max(numbers, default=0) + 1:
            self._report.add(name, "the record does not know this block")
        else:
            _check_unrecorded(self._report, name, self._files[name])

    def _check_block(self, block: str, frames: list[tuple[int, TapeFrameWritten]], end: _End | None) -> None:
        raw = self._files.get(tape_file(block))
        if raw is None:
            if tape_file(block) not in self._withheld and (end is None or end[1].stored_bytes):
                first = frames[0][0] if frames else end[0] if end else None
                self._report.add(tape_file(block), "the block is missing", first)
            return
        self._report.block_count += 1
        _check_block(self._report, block, raw, frames, end)


def _check_block(
    report: Report,
    block: str,
    raw: bytes,
    frames: list[tuple[int, TapeFrameWritten]],
    end: _End | None,
) -> None:
    name = tape_file(block)
    running, place = sha256(), 0
    for seq, frame in frames:
        running.update(raw[place : frame.stored_bytes])
        place = frame.stored_bytes
        if running.hexdigest() != frame.digest or len(raw) < place:
            report.add(name, f"frame {frame.frame_count} is not as it was recorded", seq)
            return
        report.frame_count += 1
    if end is not None:
        seq, fact = end
        if len(raw) != fact.stored_bytes or sha256(raw).hexdigest() != fact.digest:
            report.add(name, "the block is not as it was sealed", seq)
            return
    else:
        _check_open(report, name, raw, place, len(frames))
    _check_frames(report, name, raw[:place] if place else MAGIC)


def _check_open(report: Report, name: str, raw: bytes, place: int, recorded: int) -> None:
    """The block that a crash left open: behind the last recorded frame at most one frame, whole or torn."""
    extra = raw[place:]
    report.notes.append(f"{name}: open; {recorded} frames recorded, {len(extra)} bytes behind them are not")
    if not extra:
        return
    length = int.from_bytes(extra[:4], "big")
    if len(extra) >= 4 and not 0 < length <= MAX_PAYLOAD_BYTES:
        report.add(name, "the bytes behind the last recorded frame are no frame")
    elif len(extra) >= 4 + length:
        try:
            decode_frame(extra[4 : 4 + length])
        except WireError as error:
            report.add(name, str(error))
        if len(extra) > 4 + length:
            report.add(name, "more than one frame stands behind the last recorded one")


def _check_unrecorded(report: Report, name: str, raw: bytes) -> None:
    """A block begun in the moment of a crash, of which the record holds nothing yet."""
    if raw[: len(MAGIC)] != MAGIC[: len(raw)]:
        report.add(name, "the record does not know this block")
    else:
        _check_open(report, name, raw, min(len(MAGIC), len(raw)), 0)


def _check_frames(report: Report, name: str, raw: bytes) -> None:
    try:
        for _, payload in frames_of(raw):
            decode_frame(payload)
    except WireError as error:
        report.add(name, str(error))
