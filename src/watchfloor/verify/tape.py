"""Checks the tape: every block against the digests that the record holds, over the bytes as they are stored."""

from collections.abc import Mapping
from hashlib import sha256

from watchfloor.base.errors import WireError
from watchfloor.messages.entry import Entry
from watchfloor.messages.room import RoomClosed, TapeBlockRecovered, TapeBlockSealed, TapeFrameWritten
from watchfloor.record.folder_layout import TAPE_FILE, tape_file
from watchfloor.record.tape import MAGIC, MAX_PAYLOAD_BYTES, decode_frame, frames_of
from watchfloor.verify.report import Report


def check_tape(report: Report, entries: list[Entry], files: Mapping[str, bytes]) -> None:
    """Check all blocks that the record names, and that there are no others."""
    frames: dict[str, list[tuple[int, TapeFrameWritten]]] = {}
    ends: dict[str, tuple[int, TapeBlockSealed | TapeBlockRecovered]] = {}
    for entry in entries:
        body = entry.body
        if isinstance(body, TapeFrameWritten):
            frames.setdefault(body.block, []).append((entry.seq, body))
        elif isinstance(body, TapeBlockSealed | TapeBlockRecovered):
            ends[body.block] = (entry.seq, body)
    for block in sorted(frames.keys() | ends.keys()):
        raw = files.get(tape_file(block))
        if raw is None:
            if block in ends and ends[block][1].stored_bytes == 0:
                continue
            report.add(tape_file(block), "the block is missing", _first(frames, ends, block))
            continue
        report.block_count += 1
        _check_block(report, block, raw, frames.get(block, []), ends.get(block))
    _check_strangers(report, entries, files, sorted(frames.keys() | ends.keys()), set(frames) - set(ends))


def _check_strangers(
    report: Report, entries: list[Entry], files: Mapping[str, bytes], known: list[str], still_open: set[str]
) -> None:
    """Blocks that the record does not name: one may have been begun as the room was killed, the next in number."""
    following = int(known[-1].rpartition("-")[2]) + 1 if known else 1
    closed = bool(entries) and isinstance(entries[-1].body, RoomClosed)
    if closed:
        for block in sorted(still_open):
            report.add(tape_file(block), "the room was closed, but this block was never sealed")
    for name, raw in files.items():
        found = TAPE_FILE.fullmatch(name)
        if not found or found.group(1) in known:
            continue
        number = int(found.group(1).rpartition("-")[2])
        if closed or still_open or number != following:
            report.add(name, "the record does not know this block")
        else:
            _check_unrecorded(report, name, raw)


def _first(
    frames: Mapping[str, list[tuple[int, TapeFrameWritten]]],
    ends: Mapping[str, tuple[int, TapeBlockSealed | TapeBlockRecovered]],
    block: str,
) -> int:
    return frames[block][0][0] if block in frames else ends[block][0]


def _check_block(
    report: Report,
    block: str,
    raw: bytes,
    frames: list[tuple[int, TapeFrameWritten]],
    end: tuple[int, TapeBlockSealed | TapeBlockRecovered] | None,
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
