"""What a witness keeps: its key, the logs it trusts, and the newest head of each that it signed.

| file | holds |
|---|---|
| `witness.key` | the private key, 32 bytes in hex, readable by its owner only |
| `witness.pub` | the verifier key line, to be given to rooms and auditors |
| `logs.txt` | verifier keys of the logs, one a line |
| `heads/<hash>` | by the SHA-256 of a log's origin: the newest checkpoint, signed by the log and the witness |
"""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from watchfloor.base.errors import IntegrityError, UnavailableError, WireError
from watchfloor.edge.stores.disk import refusal, write_durably
from watchfloor.edge.stores.folder import FileKey, key_in, make_key, take_lock
from watchfloor.record.note import (
    WITNESS,
    Checkpoint,
    NoteSignature,
    VerifierKey,
    cosignature_line,
    join_note,
    open_note,
    parse_checkpoint,
    split_note,
)


class WitnessFolder:
    """An open, locked folder of a witness."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = take_lock(path)
            (path / "heads").mkdir(exist_ok=True)
            public = path / "witness.pub"
            if public.exists():
                name = VerifierKey.from_line(public.read_text()).name
            private = path / "witness.key"
            signer: FileKey = key_in(private, name) if private.exists() else make_key(private, name)
            self.key = VerifierKey(name, signer.key.public, WITNESS)
            self._sign = signer.sign
            if not public.exists():
                write_durably(public, self.key.line().encode() + b"\n")
        except OSError as error:
            raise refusal(error, f"`{path}` cannot be written") from error
        except WireError as error:
            raise UnavailableError(f"`{path}/witness.pub`: {error}") from error

    def trust(self, lines: Sequence[str]) -> list[VerifierKey]:
        """The logs trusted from now on: those before and these.

        **Raises**: UnavailableError, when a line is no log's key.
        """
        held = self.path / "logs.txt"
        before = held.read_text().splitlines() if held.exists() else []
        try:
            keys = [VerifierKey.from_line(line) for line in dict.fromkeys([*before, *lines])]
        except WireError as error:
            raise UnavailableError(f"a log's key: {error}") from error
        write_durably(held, "".join(key.line() + "\n" for key in keys).encode())
        return keys

    def newest(self) -> dict[str, Checkpoint]:
        """By origin, the newest head that this witness signed.

        **Raises**: IntegrityError, when one of its own files does not hold.
        """
        found = {}
        for path in (self.path / "heads").iterdir():
            try:
                head = parse_checkpoint(open_note(path.read_text(), self.key))
            except WireError as error:
                raise IntegrityError(f"`{path}` is not as this witness wrote it: {error}") from error
            found[head.origin] = head
        return found

    def head_path(self, origin_hash: str) -> Path:
        """Where a log's newest head lies."""
        return self.path / "heads" / origin_hash

    def sign(self, note: str, trusted: Sequence[VerifierKey], time_s: int) -> NoteSignature:
        """Sign a head that was judged good; durable before it answers."""
        text, signatures = split_note(note)
        own = cosignature_line(text, self.key, self._sign, time_s)
        kept = [one for one in signatures if any(one.is_by(key) and one.holds(key, text) for key in trusted)]
        origin_hash = sha256(parse_checkpoint(text).origin.encode()).hexdigest()
        write_durably(self.head_path(origin_hash), join_note(text, [*kept, own]).encode())
        return own

    def close(self) -> None:
        """Give the lock back."""
        self._lock.close()
