"""Writing so that it lasts: whole writes, durable names, and what a disk's refusal means."""

import errno
import os
import sys
from pathlib import Path

from watchfloor.base.errors import FullError, UnavailableError
from watchfloor.record.folder_layout import UNFINISHED

_NO_SPACE = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


def write_at(descriptor: int, raw: bytes, place: int) -> None:
    """All of the bytes at a place in a file: one call may take only some of them."""
    view = memoryview(raw)
    while view:
        if sys.platform == "win32":
            os.lseek(descriptor, place, os.SEEK_SET)
            taken = os.write(descriptor, view)
        else:
            taken = os.pwrite(descriptor, view, place)
        view, place = view[taken:], place + taken


def sync_data(descriptor: int) -> None:
    """Make a file's bytes durable, its times perhaps not."""
    if sys.platform in ("win32", "darwin"):
        os.fsync(descriptor)
    else:
        os.fdatasync(descriptor)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, raw: bytes) -> None:
    """Replace a file's content at once and durably."""
    fresh = path.with_name(path.name + UNFINISHED)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def refusal(error: OSError, what: str) -> UnavailableError:
    """A disk's refusal in the room's words: no space, or a fault."""
    if error.errno in _NO_SPACE:
        return FullError(f"{what}: no space is left ({error.strerror})")
    return UnavailableError(f"{what}: {error.strerror}")
