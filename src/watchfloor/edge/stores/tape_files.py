"""The tape's files: a journal while a block is open, each frame durable before `add` answers; then the sealed block."""

import os
from pathlib import Path
from typing import IO

from watchfloor.base.errors import UnavailableError
from watchfloor.edge.stores.disk import refusal, sync_folder, write_durably
from watchfloor.record.folder_layout import journal_file, tape_file
from watchfloor.record.tape import MAGIC, stream_of


class TapeFiles:
    """The TapeStore in a data folder. Calls come from one thread at a time; several blocks may be open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, IO[bytes]] = {}

    def begin(self, block: str) -> None:
        """Create a block's journal.

        **Raises**: UnavailableError, when it exists or the disk refuses.
        """
        path = self._folder / journal_file(block)
        try:
            self._open[stream_of(block)] = path.open("xb", buffering=0)
            _write_all(self._open[stream_of(block)], MAGIC)
            sync_folder(path.parent)
        except FileExistsError as error:
            raise UnavailableError(f"tape block `{block}` exists already") from error
        except OSError as error:
            path.unlink(missing_ok=True)
            self._open.pop(stream_of(block), None)
            raise refusal(error, f"tape block `{block}` cannot be made") from error

    def add(self, block: str, raw: bytes) -> None:
        """Append a frame and make it durable."""
        file = self._open.get(stream_of(block))
        if file is None:
            raise UnavailableError("no tape block is open")
        good_bytes = file.tell()
        try:
            _write_all(file, raw)
            os.fsync(file.fileno())
        except OSError as error:
            file.seek(good_bytes)
            file.truncate()
            raise refusal(error, "the tape cannot be written") from error

    def seal(self, block: str, raw: bytes) -> None:
        """Close the journal and write the sealed block beside it."""
        file = self._open.pop(stream_of(block), None)
        if file is not None:
            file.close()
        try:
            write_durably(self._folder / tape_file(block), raw)
        except OSError as error:
            raise refusal(error, f"tape block `{block}` cannot be sealed") from error

    def forget_journal(self, block: str) -> None:
        """Remove a journal whose sealed block the record knows, or of which the record knows nothing."""
        file = self._open.get(stream_of(block))
        if file is not None and Path(file.name).stem == block:
            self._open.pop(stream_of(block)).close()
        (self._folder / journal_file(block)).unlink(missing_ok=True)

    def let_go(self, block: str) -> None:
        """Remove a sealed block that the record says is let go.

        **Raises**: UnavailableError, when the disk refuses.
        """
        try:
            (self._folder / tape_file(block)).unlink(missing_ok=True)
        except OSError as error:
            raise refusal(error, f"tape block `{block}` cannot be removed") from error

    def close(self) -> None:
        """Let go of journals that are still open, as they are; the next start seals them."""
        while self._open:
            self._open.popitem()[1].close()


def _write_all(file: IO[bytes], raw: bytes) -> None:
    """All of the bytes: an unbuffered file may take only some at a time."""
    place = 0
    while place < len(raw):
        place += file.write(raw[place:])
