"""The data folder: one room, one writer. Lock, keys, roster and seal."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchfloor.base.errors import UnavailableError
from watchfloor.edge.stores.disk import sync_folder, write_durably
from watchfloor.record import folder_layout as layout
from watchfloor.record.note import VerifierKey, join_note, signature_line

_BEFORE_FORMAT = (layout.LOCK, "keys", "tape", "record", layout.FORMAT + layout.UNFINISHED)


class FileKey:
    """A private key of the log. It signs checkpoints and seals, nothing else."""

    def __init__(self, private: Ed25519PrivateKey, name: str) -> None:
        self._private = private
        self.key = VerifierKey(name, private.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature."""
        return self._private.sign(message)


class DataFolder:
    """An open, locked data folder. Use `close` to give it back.

    **Raises**: UnavailableError, when it cannot be used, with a sentence that says why; nothing was written then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        refuse_unusable(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = take_lock(path)
            for leftover in path.rglob(f"*{layout.UNFINISHED}"):
                leftover.unlink()
            (path / "keys").mkdir(mode=0o700, exist_ok=True)
            (path / "tape").mkdir(exist_ok=True)
            (path / "record").mkdir(exist_ok=True)
            if not (path / layout.FORMAT).exists():
                write_durably(path / layout.FORMAT, layout.FORMAT_TEXT)
        except OSError as error:
            raise UnavailableError(f"`{path}` cannot be written: {error.strerror}") from error

    def begin_key(self, origin: str) -> FileKey:
        """The log's key; made, and its verifier key written down, on first use."""
        private_path, public_path = self.path / layout.PRIVATE_KEY, self.path / layout.PUBLIC_KEY
        key = key_in(private_path, origin) if private_path.exists() else None
        if key is None and public_path.exists():
            raise UnavailableError(
                f"`{private_path}` is missing; with a second signer `watchfloor record key replace` goes on without it"
            )
        if key is None:
            key = make_key(private_path, origin)
        if not public_path.exists():
            write_durably(public_path, key.key.line().encode() + b"\n")
        return key

    def current_key(self, key: FileKey, named: VerifierKey) -> FileKey:
        """The private key that the record names; ends a change of keys that was cut off.

        **Raises**: UnavailableError, when the folder does not hold it.
        """
        if key.key == named:
            return key
        following = self.path / layout.NEXT_KEY
        if following.exists():
            key = key_in(following, named.name)
            if key.key == named:
                self.take_next_key()
                return key
        raise UnavailableError(f"`{self.path / layout.PRIVATE_KEY}` is not the key that the record names")

    def take_next_key(self) -> None:
        """Have the following key take the place of the one before."""
        (self.path / layout.NEXT_KEY).replace(self.path / layout.PRIVATE_KEY)
        sync_folder(self.path / "keys")

    def unseal(self) -> None:
        """Take the seal away, before anything is written."""
        (self.path / layout.SEAL).unlink(missing_ok=True)

    def seal(self, signers: Sequence[FileKey]) -> None:
        """Write the seal over all files as they are now."""
        held = FolderFiles(self.path)
        files = [sealed_file(name, held[name]) for name in held if name != layout.SEAL]
        text = layout.seal_text(signers[0].key.name, files)
        note = join_note(text, [signature_line(text, signer.key, signer.sign) for signer in signers])
        write_durably(self.path / layout.SEAL, note.encode())

    def close(self) -> None:
        """Give the lock back."""
        self._lock.close()


class FileRoster:
    """Names and logins of persons in `roster.json`, outside the record."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / layout.ROSTER

    def note(self, person_id: str, name: str) -> None:
        """Remember a name."""
        self._write("names", person_id, name)

    def person_of(self, login: str) -> str | None:
        """The person that a login is."""
        return self._held()["logins"].get(login)

    def login_of(self, person_id: str) -> str | None:
        """The login that a person has."""
        return next((login for login, person in self._held()["logins"].items() if person == person_id), None)

    def bind(self, login: str, person_id: str) -> None:
        """Remember which person a login is."""
        if self.person_of(login) != person_id:
            self._write("logins", login, person_id)

    def _held(self) -> dict[str, dict[str, str]]:
        held = json.loads(self._path.read_text()) if self._path.exists() else {}
        return {part: held.get(part, {}) for part in ("names", "logins")}

    def _write(self, part: str, key: str, value: str) -> None:
        held = self._held()
        held[part][key] = value
        write_durably(self._path, json.dumps(held, indent=1, sort_keys=True).encode())


class FolderFiles(Mapping[str, bytes]):
    """The files of a folder by their names in it, each read when it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._names = tuple(sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()))

    def __getitem__(self, name: str) -> bytes:
        if name not in self._names:
            raise KeyError(name)
        return (self._path / name).read_bytes()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names


def key_in(path: Path, name: str) -> FileKey:
    """The private key in a file, signing under a name.

    **Raises**: UnavailableError, when it cannot be read or holds no key.
    """
    try:
        return FileKey(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip())), name)
    except OSError as error:
        raise UnavailableError(f"`{path}` cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UnavailableError(f"`{path}` holds no key") from error


def make_key(path: Path, name: str) -> FileKey:
    """A new private key in a file that only its owner can read."""
    private = Ed25519PrivateKey.generate()
    if not path.parent.is_dir():
        raise UnavailableError(f"`{path.parent}` is no folder; make it first")
    write_durably(path, private.private_bytes_raw().hex().encode() + b"\n")
    return FileKey(private, name)


def sealed_file(name: str, raw: bytes) -> layout.SealedFile:
    """A file as a seal lists it."""
    return layout.SealedFile(name, len(raw), sha256(raw).hexdigest())


def read_folder(path: Path) -> dict[str, bytes]:
    """Every file of a data folder by its name in it."""
    return dict(FolderFiles(path))


def is_locked(path: Path) -> bool:
    """Whether a process writes in this folder now."""
    if not (path / layout.LOCK).exists():
        return False
    try:
        take_lock(path).close()
    except UnavailableError:
        return True
    except OSError:
        return False  # what cannot be opened to be locked is not written to either
    return False


def refuse_unusable(path: Path) -> None:
    """Raises UnavailableError for a file, a foreign folder, or a folder of another version."""
    if path.exists() and not path.is_dir():
        raise UnavailableError(f"`{path}` is a file, not a data folder")
    held = path / layout.FORMAT
    if held.exists():
        if held.read_bytes() != layout.FORMAT_TEXT:
            raise UnavailableError(
                f"`{path}` was written by another version of watchfloor: it says "
                f"`{held.read_bytes()[:60].decode(errors='replace').strip()}`, and this version knows "
                f"`{layout.FORMAT_TEXT.decode().strip()}`"
            )
    elif path.is_dir() and any(name.name not in _BEFORE_FORMAT for name in path.iterdir()):
        raise UnavailableError(f"`{path}` holds files but is no data folder of watchfloor")


def take_lock(path: Path) -> IO[bytes]:
    """The exclusive lock of a folder; closing it gives it back.

    **Raises**: UnavailableError, when another process holds it.
    """
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
