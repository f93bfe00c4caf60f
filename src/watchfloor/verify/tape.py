"""Checks the tape: every block against the digests that the record holds, over the bytes as they are stored."""

from collections.abc import Mapping
from hashlib import sha256

from watchfloor.base.errors import WireError
from watchfloor.messages.entry import Entry
from watchfloor.messages.room import TapeBlockRecovered, TapeBlockSealed, TapeFrameWritten
from watchfloor.record.folder_layout import TAPE_FILE, tape_file
from watchfloor.record.tape import MAGIC, decode_frame, frames_of
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
    for name, raw in files.items():
        found = TAPE_FILE.fullmatch(name)
        if found and found.group(1) not in frames and found.group(1) not in ends:
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
    elif len(raw) > place:
        _check_tail(report, name, raw, place)
    else:
        report.notes.append(f"{name}: open, {len(frames)} frames")
    _check_frames(report, name, raw[:place] if place else MAGIC)


def _check_tail(report: Report, name: str, raw: bytes, place: int) -> None:
    """Bytes behind the last recorded frame of an open block: at most one whole or torn frame."""
    try:
        extra = [payload for end, payload in frames_of(raw) if end > place]
        for payload in extra:
            decode_frame(payload)
        sentence = f"{len(extra)} frames"
    except WireError as error:
        sentence = f"a torn frame ({error})"
    report.notes.append(f"{name}: open; {len(raw) - place} bytes behind the last recorded frame: {sentence}")


def _check_unrecorded(report: Report, name: str, raw: bytes) -> None:
    if raw[: len(MAGIC)] != MAGIC[: len(raw)]:
        report.add(name, "the record does not know this block")
    else:
        report.notes.append(f"{name}: open; the record does not hold its first frame yet ({len(raw)} bytes)")


def _check_frames(report: Report, name: str, raw: bytes) -> None:
    try:
        for _, payload in frames_of(raw):
            decode_frame(payload)
    except WireError as error:
        report.add(name, str(error))
