"""The data folder: one room, one writer. Lock, keys, roster and seal."""

import json
import os
import sys
from hashlib import sha256
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchfloor.base.errors import UnavailableError
from watchfloor.record import folder_layout as layout
from watchfloor.record.note import VerifierKey, sign_note

_BEFORE_FORMAT = (layout.LOCK, "keys", "tape", layout.FORMAT + layout.UNFINISHED)


class RoomKey:
    """The log's private key. It signs checkpoints and seals, nothing else."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature."""
        return self._private.sign(message)


class DataFolder:
    """An open, locked data folder. Use `close` to give it back.

    **Raises**: UnavailableError, when it cannot be used, with a sentence that says why; nothing was written then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        _refuse_unusable(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = _take_lock(path)
            for leftover in path.rglob(f"*{layout.UNFINISHED}"):
                leftover.unlink()
            (path / "keys").mkdir(mode=0o700, exist_ok=True)
            (path / "tape").mkdir(exist_ok=True)
            if not (path / layout.FORMAT).exists():
                write_durably(path / layout.FORMAT, layout.FORMAT_TEXT)
        except OSError as error:
            raise UnavailableError(f"`{path}` cannot be written: {error.strerror}") from error

    def key(self, origin: str) -> RoomKey:
        """The log's key, made on first use."""
        private_path, public_path = self.path / layout.PRIVATE_KEY, self.path / layout.PUBLIC_KEY
        if private_path.exists():
            try:
                raw = bytes.fromhex(private_path.read_text().strip())
                private = Ed25519PrivateKey.from_private_bytes(raw)
            except ValueError as error:
                raise UnavailableError(f"`{private_path}` holds no key") from error
        else:
            private = Ed25519PrivateKey.generate()
            write_durably(private_path, private.private_bytes_raw().hex().encode() + b"\n")
        key = RoomKey(private)
        if not public_path.exists():
            write_durably(public_path, VerifierKey(origin, key.public).line().encode() + b"\n")
        return key

    def unseal(self) -> None:
        """Take the seal away, before anything is written."""
        (self.path / layout.SEAL).unlink(missing_ok=True)

    def seal(self, origin: str, key: RoomKey) -> None:
        """Write the seal over all files as they are now."""
        files = [
            layout.SealedFile(name, len(raw), sha256(raw).hexdigest())
            for name, raw in sorted(read_folder(self.path).items())
            if name != layout.SEAL
        ]
        note = sign_note(layout.seal_text(origin, files), VerifierKey(origin, key.public), key.sign)
        write_durably(self.path / layout.SEAL, note.encode())

    def close(self) -> None:
        """Give the lock back."""
        self._lock.close()


class FileRoster:
    """Names of persons in `roster.json`, outside the record."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / layout.ROSTER

    def note(self, person_id: str, name: str) -> None:
        """Remember a name."""
        names = json.loads(self._path.read_text()) if self._path.exists() else {}
        names[person_id] = name
        write_durably(self._path, json.dumps(names, indent=1, sort_keys=True).encode())


def read_folder(path: Path) -> dict[str, bytes]:
    """Every file of a data folder by its name in it."""
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def is_locked(path: Path) -> bool:
    """Whether a process writes in this folder now."""
    if not (path / layout.LOCK).exists():
        return False
    try:
        _take_lock(path).close()
    except (UnavailableError, OSError):
        return True
    return False


def write_durably(path: Path, raw: bytes) -> None:
    """Replace a file's content at once and durably."""
    fresh = path.with_name(path.name + layout.UNFINISHED)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_unusable(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise UnavailableError(f"`{path}` is a file, not a data folder")
    held = path / layout.FORMAT
    if held.exists():
        if held.read_bytes() != layout.FORMAT_TEXT:
            raise UnavailableError(f"`{path}` was written by another version of watchfloor")
    elif path.is_dir() and any(name.name not in _BEFORE_FORMAT for name in path.iterdir()):
        raise UnavailableError(f"`{path}` holds files but is no data folder of watchfloor")


def _take_lock(path: Path) -> IO[bytes]:
    file = (path / layout.LOCK).open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415  # Windows only

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415  # not on Windows

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise UnavailableError(f"`{path}` is in use by another watchfloor; one folder has one writer") from error
    return file
