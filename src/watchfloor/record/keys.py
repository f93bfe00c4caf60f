"""Who signs the log's checkpoints, as the log itself tells: its key, changes of it, a second signer.

| what an entry says | who signs its own batch's checkpoint | who signs from the next batch on |
|---|---|---|
| nothing of keys | the log's key, then the second signer if there is one | the same |
| `SecondSignerSet` with a key | the log's key and the named second signer | these |
| `SecondSignerSet` with an empty line | the log's key and the second signer that was | the log's key |
| `LogKeyChanged`, rotated | the new key, the key before, the second signer | the new key, the second signer |
| `LogKeyChanged`, lost | the new key and the second signer, without whom it is refused | these |

An entry that changes keys stands alone in its batch.
**Source**: own reasoning; the form of notes and keys is C2SP signed-note.
"""

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.base.errors import IntegrityError, WireError
from watchfloor.messages.entry import Fact
from watchfloor.messages.keeping import KeyCause, LogKeyChanged, SecondSignerSet
from watchfloor.record.note import VerifierKey, open_note

KEY_CHANGES = frozenset((SecondSignerSet, LogKeyChanged))


class Signers(Struct, frozen=True):
    """The keys whose signatures a checkpoint carries; `leaving` signs once more, in the batch of its change."""

    log: VerifierKey
    second: VerifierKey | None = None
    leaving: VerifierKey | None = None

    def keys(self) -> tuple[VerifierKey, ...]:
        """In the order of their signature lines."""
        return tuple(key for key in (self.log, self.leaving, self.second) if key is not None)

    def after(self, fact: Fact) -> "Signers":
        """Who signs from the batch after this fact's on.

        **Raises**: IntegrityError, when the fact names no key, or a key was lost without a second signer.
        """
        if isinstance(fact, SecondSignerSet):
            second = _key(fact.key_line) if fact.key_line else None
            return replace(self, second=second, leaving=None)
        if isinstance(fact, LogKeyChanged):
            if fact.cause is KeyCause.LOST and self.second is None:
                raise IntegrityError("the log's key was lost, and no second signer vouches for the new one")
            fresh = _key(fact.key_line)
            if fresh.name != self.log.name:
                raise IntegrityError(f"the log's new key is of `{fresh.name}`")
            return Signers(fresh, self.second)
        return self

    def of_batch(self, fact: Fact) -> "Signers":
        """Who signs the batch of a fact, when these signed the one before."""
        after = self.after(fact)
        if isinstance(fact, SecondSignerSet):
            return after if after.second is not None else self
        if isinstance(fact, LogKeyChanged):
            return replace(after, leaving=self.log if fact.cause is KeyCause.ROTATED else None)
        return self

    def signed_tail(self, tail: bytes) -> bool:
        """Whether bytes end in a note of the log that holds: then they were a whole batch once."""
        start = tail.rfind(self.log.name.encode() + b"\n")
        if start < 0:
            return False
        try:
            open_note(tail[start:].decode(), self.log)
        except (WireError, UnicodeDecodeError):
            return False
        return True


def _key(line: str) -> VerifierKey:
    try:
        return VerifierKey.from_line(line)
    except WireError as error:
        raise IntegrityError(f"a signer's key: {error}") from error
