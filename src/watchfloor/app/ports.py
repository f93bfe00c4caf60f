"""What the room needs from the outside, as Protocols. `edge` implements them; tests bring their own."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from watchfloor.messages.entry import Entry


class EntryStore(Protocol):
    """Where entries and checkpoints become durable.

    `append` returns only when all of the batch is durable, or raises UnavailableError with none of it visible
    to readers of this store. It may be called from one worker thread.
    """

    def append(self, entries: Sequence[bytes], checkpoint: str) -> None:
        """Make a batch and the checkpoint over it durable, in one transaction."""

    def entries(self) -> Iterator[bytes]:
        """All stored entries, in order."""

    def newest_checkpoint(self) -> str | None:
        """The checkpoint that was stored last."""

    def close(self) -> None:
        """Give the store back in good order."""


class TapeStore(Protocol):
    """Where tape blocks grow. Calls come from one worker thread."""

    def begin(self, block: str) -> None:
        """Start a new block."""

    def add(self, raw: bytes) -> None:
        """Append a frame to the open block and make it durable."""

    def end(self) -> None:
        """Close the open block; it will not grow."""


class Signer(Protocol):
    """The log's key. It signs checkpoints and nothing else."""

    public: bytes

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature."""


class Listener(Protocol):
    """Who is told after entries are durable: screens, links, the simulator."""

    def told(self, entries: Sequence[Entry]) -> None:
        """Entries that are now in the record; must not block and must not raise."""


class Roster(Protocol):
    """Names of persons, kept outside the record; deleting it changes nothing that is verified."""

    def note(self, person_id: str, name: str) -> None:
        """Remember a name."""
