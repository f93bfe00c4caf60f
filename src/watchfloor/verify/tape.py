"""Checks the tape: every block against the digests that the record holds, over the bytes as they are stored.

A sealed block is checked twice: its stored bytes, and the frames it gives back against the digest that ran while they
were written. So sealing can have changed nothing.
"""

from collections.abc import Mapping
from hashlib import sha256

from watchfloor.base.errors import WireError
from watchfloor.base.units import US_PER_S
from watchfloor.messages.entry import Entry
from watchfloor.messages.room import (
    Context,
    RoomClosed,
    RoomOpened,
    TapeBlockExpired,
    TapeBlockRecovered,
    TapeBlockSealed,
    TapeFrameWritten,
)
from watchfloor.record.folder_layout import JOURNAL_FILE, TAPE_FILE, journal_file, tape_file
from watchfloor.record.tape import MAGIC, MAX_FRAME_BYTES, decode_frame, stream_of
from watchfloor.record.tape_block import decode_block
from watchfloor.verify.report import Report

_End = tuple[int, TapeBlockSealed | TapeBlockRecovered]
_Frames = list[tuple[int, TapeFrameWritten]]


class TapeCheck:
    """Takes entries of its `kinds` in order and checks each block when the record says that it is complete."""

    kinds = frozenset((TapeFrameWritten, TapeBlockSealed, TapeBlockRecovered, TapeBlockExpired, RoomClosed, RoomOpened))

    def __init__(
        self,
        report: Report,
        files: Mapping[str, bytes],
        withheld: frozenset[str] = frozenset(),
        *,
        is_export: bool = False,
    ) -> None:
        self._report, self._files, self._withheld, self._is_export = report, files, withheld, is_export
        self._open: dict[str, _Frames] = {}
        self._ended: dict[str, tuple[_Frames, _End]] = {}
        self._sealed_us: dict[str, int] = {}
        self._missing: dict[str, int] = {}
        self._expired_count = 0
        self._context: Context | None = None
        self._closed = False

    def take(self, entry: Entry) -> None:
        """Follow the tape through the next entry."""
        body = entry.body
        self._closed = isinstance(body, RoomClosed)
        if isinstance(body, RoomOpened):
            self._context = body.context
        elif isinstance(body, TapeBlockExpired):
            self._check_expiry(entry, body)
        elif isinstance(body, TapeFrameWritten):
            self._open.setdefault(body.block, []).append((entry.seq, body))
        elif isinstance(body, TapeBlockSealed | TapeBlockRecovered):
            frames = self._open.pop(body.block, [])
            self._sealed_us[body.block] = entry.toe_us
            self._check_end(body.block, frames, (entry.seq, body))

    def finish(self) -> None:
        """Check what is open, what is gone, and that there are no blocks that the record does not know."""
        for block, seq in self._missing.items():
            if self._context is Context.LIVE_CIVIL:
                self._report.lack(tape_file(block), "the block is missing", seq, after=seq)
            else:
                self._report.add(tape_file(block), "the block is missing", seq)
        if self._expired_count:
            self._report.notes.append(f"{self._expired_count} blocks of the tape were let go in their time")
        for block in sorted(self._open):
            self._check_open(block, self._open[block])
        for name in self._files:
            sealed, journal = TAPE_FILE.fullmatch(name), JOURNAL_FILE.fullmatch(name)
            unknown = (sealed and sealed.group(1) not in self._ended) or (
                journal and journal.group(1) not in self._open
            )
            if unknown and self._is_export:
                self._report.add(name, "the record does not know this block")
                continue
            if sealed and sealed.group(1) not in self._ended:
                self._check_unrecorded_seal(name, sealed.group(1))
            if journal and journal.group(1) in self._ended:
                self._check_left_journal(name, journal.group(1))
            elif journal and journal.group(1) not in self._open:
                self._check_unrecorded_journal(name, journal.group(1))

    def _check_end(self, block: str, frames: _Frames, end: _End) -> None:
        seq, fact = end
        name = tape_file(block)
        self._ended[block] = (frames[-1:], end)
        if frames and (frames[-1][1].digest, frames[-1][1].stored_bytes) != (fact.digest, fact.stored_bytes):
            self._report.lack(name, "was sealed as something else than its last frame", seq)
        raw = self._files.get(name)
        if raw is None:
            if fact.sealed_bytes and name not in self._withheld:
                self._missing[block] = frames[0][0] if frames else seq
            return
        self._report.block_count += 1
        if len(raw) != fact.sealed_bytes or sha256(raw).hexdigest() != fact.sealed_digest:
            self._report.add(name, "the block is not as it was sealed", seq)
            return
        sentence = _fault_of_content(raw, stream_of(block), frames, fact)
        if sentence is not None:
            self._report.add(name, sentence, seq)
            return
        self._report.frame_count += fact.frame_count

    def _check_expiry(self, entry: Entry, fact: TapeBlockExpired) -> None:
        """A block is let go only in a room of real feeds, and not before its time."""
        name, sealed_us = tape_file(fact.block), self._sealed_us.pop(fact.block, None)
        self._expired_count += 1
        if self._context is not Context.LIVE_CIVIL:
            self._report.add(name, "was let go, though this tape does not expire", entry.seq)
        elif sealed_us is None:
            self._report.lack(name, "was let go, though it was never sealed", entry.seq)
        elif entry.toe_us - sealed_us < fact.keep_s * US_PER_S:
            self._report.add(name, "was let go before its time", entry.seq)
        self._missing.pop(fact.block, None)

    def _check_open(self, block: str, frames: _Frames) -> None:
        """The block that a crash left open: behind the last recorded frame at most one frame, whole or torn."""
        name = journal_file(block)
        if self._closed:
            self._report.lack(
                name, "the room was closed, but this block was never sealed", frames[-1][0], after=frames[-1][0]
            )
        raw = self._files.get(name)
        if raw is None:
            if name not in self._withheld:
                self._report.lack(name, "the block is missing", frames[0][0], after=frames[-1][0])
            return
        self._report.block_count += 1
        running, place = sha256(), 0
        for seq, frame in frames:
            running.update(raw[place : frame.stored_bytes])
            place = frame.stored_bytes
            if running.hexdigest() != frame.digest or len(raw) < place:
                self._report.add(name, f"frame {frame.frame_count} is not as it was recorded", seq)
                return
            self._report.frame_count += 1
        if self._is_export and len(raw) > place:
            self._report.add(name, "bytes stand behind the last recorded frame", frames[-1][0])
        self._check_behind(name, stream_of(block), raw[place:], len(frames))

    def _check_behind(self, name: str, stream: str, extra: bytes, recorded: int) -> None:
        self._report.notes.append(f"{name}: open; {recorded} frames recorded, {len(extra)} bytes behind them are not")
        length = int.from_bytes(extra[:4], "big")
        if len(extra) >= 4 and not 0 < length <= MAX_FRAME_BYTES:
            self._report.add(name, "the bytes behind the last recorded frame are no frame")
        elif len(extra) > 4 + length:
            self._report.add(name, "more than one frame stands behind the last recorded one")
        elif len(extra) == 4 + length:
            try:
                decode_frame(stream, extra[4:])
            except WireError as error:
                self._report.add(name, str(error))

    def _check_unrecorded_seal(self, name: str, block: str) -> None:
        """A block sealed in the moment of a crash: its journal must hold the same."""
        journal = self._files.get(journal_file(block))
        if self._closed or journal is None or not _same(self._files[name], journal):
            self._report.add(name, "the record does not know this block")
        else:
            self._report.notes.append(f"{name}: sealed, but not yet recorded; its journal counts")

    def _check_left_journal(self, name: str, block: str) -> None:
        """A journal that a crash kept from being let go: its sealed block must hold the same."""
        sealed = self._files.get(tape_file(block))
        if self._closed or sealed is None or not _same(sealed, self._files[name]):
            self._report.add(name, "this journal does not hold what its sealed block does")
        else:
            self._report.notes.append(f"{name}: a journal whose block is sealed; the next start removes it")

    def _check_unrecorded_journal(self, name: str, block: str) -> None:
        """A block begun in the moment of a crash, of which the record holds nothing yet: the next in number."""
        stream = stream_of(block)
        known = [*self._ended, *self._open]
        following = max((int(one.rpartition("-")[2]) for one in known if stream_of(one) == stream), default=0) + 1
        is_one_open = any(stream_of(one) == stream for one in self._open)
        raw = self._files[name]
        if (
            self._closed
            or is_one_open
            or int(block.rpartition("-")[2]) != following
            or raw[: len(MAGIC)] != MAGIC[: len(raw)]
        ):
            self._report.add(name, "the record does not know this block")
        else:
            self._check_behind(name, stream, raw[len(MAGIC) :], 0)


def _fault_of_content(
    raw: bytes, stream: str, frames: _Frames, fact: TapeBlockSealed | TapeBlockRecovered
) -> str | None:
    """What is wrong with the frames that a sealed block gives back."""
    try:
        block = decode_block(raw)
    except WireError as error:
        return str(error)
    if (block.head.stream, block.head.frame_count, block.head.plain_digest) != (stream, fact.frame_count, fact.digest):
        return "the block's head does not say what the record does"
    told = {name.number for head in block.heads for name in head.names}
    if not told.issuperset(block.columns["number"].tolist()):
        return "a row is of nobody that the block names"
    running = sha256(MAGIC)
    digests = [frame.digest for _, frame in frames]
    for place, plain in enumerate(block.plain()):
        running.update(plain)
        if len(digests) == fact.frame_count and running.hexdigest() != digests[place]:
            return f"frame {place + 1} is not as it was recorded"
    if running.hexdigest() != fact.digest:
        return "its frames are not those that were recorded"
    return None


def _same(sealed: bytes, journal: bytes) -> bool:
    """Whether a journal holds what its sealed block does; a frame that was never recorded may stand behind that."""
    try:
        return journal.startswith(MAGIC + b"".join(decode_block(sealed).plain()))
    except WireError:
        return False
