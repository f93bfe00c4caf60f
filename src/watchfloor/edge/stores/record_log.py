"""The record's files: batches written at once into durable empty space, and durable before `append` answers.

Space ahead of the newest batch is kept filled with zeros on the disk. Ordinary batches leave `RESERVE_BYTES` of it;
when the disk is full, that is where stops and doubts still go.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from watchfloor.base.errors import IntegrityError, UnavailableError, WireError
from watchfloor.edge.stores.disk import refusal, sync_data, sync_folder, write_at
from watchfloor.record.folder_layout import LOG_FILE, log_file
from watchfloor.record.log import FILE_BYTES, Batch, Edge, LogFile, encode_batch, encode_head

RESERVE_BYTES = 256 << 10
STEP_BYTES = 256 << 10


class LogFiles:
    """The EntryStore on plain files. Calls after opening come from one thread at a time."""

    def __init__(self, folder: Path, file_bytes: int = FILE_BYTES) -> None:
        self._folder, self._file_bytes = folder, file_bytes
        self._number = max((int(name) for name in _numbers(folder)), default=0)
        self._descriptor: int | None = None
        self._used_bytes = self._size_bytes = 0
        self._reader: LogFile | None = None
        self._edge = Edge()

    def batches(self) -> Iterator[Batch]:
        """All whole batches in order. Ends before an unfinished one, which `begin` clears away.

        **Raises**: IntegrityError, when a file is missing or is none that a crash could leave.
        """
        for number in range(1, self._number + 1):
            path = self._folder / log_file(number)
            if not path.exists():
                raise IntegrityError(f"{log_file(number)} is missing")
            self._reader = LogFile(path.read_bytes())
            yield from self._reader.batches()
            if self._reader.unfinished_bytes and number < self._number:
                raise IntegrityError(f"{log_file(number)} ends in an unfinished batch, but is not the last file")

    def leave(self, batch: Batch) -> None:
        """Take the newest batch for unfinished, as it does not hold.

        **Raises**: IntegrityError, when no crash could have left it.
        """
        if self._reader is not None:
            self._reader.leave(batch)

    def tail(self) -> bytes:
        """What an unfinished write left."""
        return b"" if self._reader is None else self._reader.tail()

    def begin(self, edge: Edge) -> int:
        """Make ready to append behind the batches that were read; answers how many unfinished bytes were cleared.

        **Args**: `edge`: where the log stands after these batches.

        **Raises**: FullError, when there is no space for the reserve; UnavailableError, when the disk refuses.
        """
        cleared_bytes = 0
        try:
            if self._reader is None or self._reader.is_only_begun():
                self._start_file(max(self._number, 1), edge)
            else:
                self._descriptor = os.open(self._folder / log_file(self._number), os.O_RDWR)
                self._used_bytes, cleared_bytes = self._reader.used_bytes, self._reader.unfinished_bytes
                if cleared_bytes:
                    write_at(self._descriptor, bytes(cleared_bytes), self._used_bytes)
                    os.fsync(self._descriptor)
                self._size_bytes = os.fstat(self._descriptor).st_size
            self._extend_to(self._used_bytes + RESERVE_BYTES)
        except OSError as error:
            raise refusal(error, f"`{self._folder}`") from error
        self._reader, self._edge = None, edge
        return cleared_bytes

    def append(self, entries: Sequence[bytes], edge: Edge, checkpoint: str, *, urgent: bool) -> None:
        """Make a batch durable with the checkpoint over it; an urgent one may use the reserve.

        **Raises**: FullError, when there is no space, nothing of the batch stays; UnavailableError, when the disk
        fails, and then the next start tells whether the batch stayed.
        """
        try:
            raw = encode_batch(entries, edge.peaks, checkpoint.encode())
        except WireError as error:
            raise UnavailableError(str(error)) from error
        try:
            if self._used_bytes > self._file_bytes and not urgent:
                self._roll()
            needed = self._used_bytes + len(raw) + (0 if urgent else RESERVE_BYTES)
            if needed > self._size_bytes:
                self._extend_to(needed)
        except OSError as error:
            raise refusal(error, f"`{self._folder}`") from error
        try:
            write_at(self._held(), raw, self._used_bytes)
            sync_data(self._held())
        except OSError as error:
            raise UnavailableError(f"`{log_file(self._number)}`: {error.strerror}") from error
        self._used_bytes += len(raw)
        self._edge = edge

    def _held(self) -> int:
        if self._descriptor is None:
            raise UnavailableError("the record is closed")
        return self._descriptor

    def _start_file(self, number: int, edge: Edge) -> None:
        (self._folder / "record").mkdir(exist_ok=True)
        path = self._folder / log_file(number)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(self._descriptor, 0)
        head = encode_head(edge)
        self._number, self._used_bytes, self._size_bytes = number, len(head), len(head)
        write_at(self._descriptor, head, 0)
        os.fsync(self._descriptor)
        sync_folder(path.parent)
        sync_folder(self._folder)

    def _roll(self) -> None:
        """Close this file at its end and begin the next; the next has its reserve before this one loses its own."""
        before, used_bytes = self._held(), self._used_bytes
        state = (self._descriptor, self._number, self._used_bytes, self._size_bytes)
        try:
            self._start_file(self._number + 1, self._edge)
            self._extend_to(self._used_bytes + RESERVE_BYTES)
        except OSError:
            if self._descriptor not in (None, before):
                os.close(self._held())
                (self._folder / log_file(state[1] + 1)).unlink(missing_ok=True)
            self._descriptor, self._number, self._used_bytes, self._size_bytes = state
            raise
        os.ftruncate(before, used_bytes)
        os.fsync(before)
        os.close(before)

    def _extend_to(self, needed_bytes: int) -> None:
        """Have zeros on the disk at least up to this byte."""
        goal = -(-needed_bytes // STEP_BYTES) * STEP_BYTES
        if goal <= self._size_bytes:
            return
        try:
            write_at(self._held(), bytes(goal - self._size_bytes), self._size_bytes)
            os.fsync(self._held())
        except OSError:
            os.ftruncate(self._held(), self._size_bytes)
            raise
        self._size_bytes = goal

    def close(self) -> None:
        """Cut the free space off and close the file; a failure leaves the space, which harms nothing."""
        if self._descriptor is None:
            return
        try:
            os.ftruncate(self._descriptor, self._used_bytes)
            os.fsync(self._descriptor)
        except OSError:
            return
        finally:
            os.close(self._descriptor)
            self._descriptor = None


def _numbers(folder: Path) -> Iterator[str]:
    for path in (folder / "record").glob("*.wfl"):
        found = LOG_FILE.fullmatch(f"record/{path.name}")
        if found:
            yield found.group(1)
