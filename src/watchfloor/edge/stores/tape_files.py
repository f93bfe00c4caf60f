"""The tape's blocks as files; every frame is durable before `add` answers."""

import os
from pathlib import Path
from typing import IO

from watchfloor.base.errors import UnavailableError
from watchfloor.edge.stores.disk import refusal
from watchfloor.record.folder_layout import tape_file
from watchfloor.record.tape import MAGIC


class TapeFiles:
    """The TapeStore in a data folder. Calls come from one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: IO[bytes] | None = None

    def begin(self, block: str) -> None:
        """Create a block's file.

        **Raises**: UnavailableError, when it exists or the disk refuses.
        """
        try:
            self._open = (self._folder / tape_file(block)).open("xb", buffering=0)
            _write_all(self._open, MAGIC)
        except FileExistsError as error:
            raise UnavailableError(f"tape block `{block}` exists already") from error
        except OSError as error:
            (self._folder / tape_file(block)).unlink(missing_ok=True)
            self._open = None
            raise refusal(error, f"tape block `{block}` cannot be made") from error

    def add(self, raw: bytes) -> None:
        """Append a frame and make it durable."""
        if self._open is None:
            raise UnavailableError("no tape block is open")
        good_bytes = self._open.tell()
        try:
            _write_all(self._open, raw)
            os.fsync(self._open.fileno())
        except OSError as error:
            self._open.seek(good_bytes)
            self._open.truncate()
            raise refusal(error, "the tape cannot be written") from error

    def end(self) -> None:
        """Close the open block."""
        if self._open is not None:
            self._open.close()
            self._open = None


def _write_all(file: IO[bytes], raw: bytes) -> None:
    """All of the bytes: an unbuffered file may take only some at a time."""
    place = 0
    while place < len(raw):
        place += file.write(raw[place:])


def cut_block(folder: Path, block: str, stored_bytes: int) -> int:
    """Cut a block to the bytes that the record vouches for; answers how many were cut."""
    path = folder / tape_file(block)
    extra = path.stat().st_size - stored_bytes
    if stored_bytes == 0:
        path.unlink()
    elif extra:
        with path.open("r+b") as file:
            file.truncate(stored_bytes)
            os.fsync(file.fileno())
    return extra
