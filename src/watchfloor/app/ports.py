"""What the room needs from the outside, as Protocols. `edge` implements them; tests bring their own."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from watchfloor.messages.entry import Entry
from watchfloor.record.log import Batch, Edge
from watchfloor.record.note import NoteSignature, VerifierKey
from watchfloor.record.witness import WitnessRequest


class EntryStore(Protocol):
    """Where entries, the tree's edge and checkpoints become durable.

    `append` returns only when all of the batch is durable. It raises FullError with nothing of it kept, or
    UnavailableError when nobody can tell before the next start. It may be called from one worker thread.
    """

    def batches(self) -> Iterator[Batch]:
        """All stored batches, in order; read before `begin`."""

    def leave(self, batch: Batch) -> None:
        """Take the newest batch, which does not hold, for unfinished; IntegrityError, when it cannot be."""

    def tail(self) -> bytes:
        """What an unfinished write left behind the last batch."""

    def begin(self, edge: Edge) -> int:
        """Make ready to append behind this edge; answers how many bytes of an unfinished write were cleared away."""

    def append(self, entries: Sequence[bytes], edge: Edge, checkpoint: str, *, urgent: bool) -> None:
        """Make a batch, the log's edge after it and the checkpoint durable, at once; urgent: from the reserve."""

    def close(self) -> None:
        """Give the store back in good order."""


class TapeStore(Protocol):
    """Where tape blocks grow. Calls come from one worker thread."""

    def begin(self, block: str) -> None:
        """Start a new block's journal."""

    def add(self, block: str, raw: bytes) -> None:
        """Append a frame to an open block's journal and make it durable."""

    def seal(self, block: str, raw: bytes) -> None:
        """Close a journal and make the sealed block durable beside it."""

    def forget_journal(self, block: str) -> None:
        """Remove a journal whose sealed block the record knows."""

    def let_go(self, block: str) -> None:
        """Remove a sealed block that the record says is let go."""

    def close(self) -> None:
        """Let go of journals that are still open, as they are."""


class Signer(Protocol):
    """A key of the log. It signs checkpoints and seals, nothing else."""

    key: VerifierKey

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature."""


class LineKey(Protocol):
    """A party's key of one line. It signs what its people say on that line, and receipts, nothing else."""

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature."""


class Matcher(Protocol):
    """Whoever holds the keys of one match, away from the room: sets go in, and what goes over the line comes out.

    Every call raises WireError, when what the other side sent is no part of a match of that size, and
    UnavailableError, when the keys are gone.
    """

    async def begin(self, elements: Sequence[str], size: int, *, only_counts: bool) -> tuple[bytes, bytes]:
        """A stage with fresh keys: our set, padded to `size`, as a set to be compared with, and as a question."""

    async def answer(self, request: bytes) -> bytes:
        """The answer to the other side's question of this stage."""

    async def finish(self, setup: bytes, response: bytes) -> int | list[str]:
        """What both sets hold, from their set and their answer: how many, or our elements, sorted."""

    async def close(self) -> None:
        """Let go of all keys."""


class MediaStore(Protocol):
    """Where media lie by their digest."""

    def put(self, digest: str, raw: bytes) -> None:
        """Make a medium durable."""

    def holds(self, digest: str) -> bool:
        """Whether it is there, and is what it was."""

    def read(self, digest: str) -> bytes | None:
        """A medium, where it is there and is what it was."""

    def remove(self, digest: str) -> None:
        """Let it go."""


class Witness(Protocol):
    """Somebody outside who remembers the heads of the log that they signed."""

    key: VerifierKey

    async def ask(self, request: WitnessRequest) -> NoteSignature | int:
        """A signature over the head, or the size of the newest head that this witness signed, when it is another.

        **Raises**: UnavailableError, when there is no answer, or a refusal for another reason.
        """


class Listener(Protocol):
    """Who is told after entries are durable: screens, links, the simulator."""

    def told(self, entries: Sequence[Entry]) -> None:
        """Entries that are now in the record; must not block and must not raise."""


class Roster(Protocol):
    """Names of persons, kept outside the record; deleting it changes nothing that is verified."""

    def note(self, person_id: str, name: str) -> None:
        """Remember a name."""

    def person_of(self, login: str) -> str | None:
        """The person that a login is, if it sat here before."""

    def login_of(self, person_id: str) -> str | None:
        """The login that a person has, if any."""

    def bind(self, login: str, person_id: str) -> None:
        """Remember which person a login is."""


class Logins(Protocol):
    """Who logged in with the room's provider."""

    def holder(self, token: str) -> str:
        """A name for whoever logged in; InputError, when nobody did."""


class QuarantineStore(Protocol):
    """Where what feeds sent that was refused is kept, the newest of it."""

    def keep(self, feed_id: str, refused: Struct) -> None:
        """Keep something refused, if there is room and time for it; never raises."""

    def expire(self, before_us: int) -> None:
        """Let go of what was refused before this instant of room time, in any thread; never raises."""
