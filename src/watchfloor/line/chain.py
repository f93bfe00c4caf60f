"""One party's chain of messages: what may come next, what is refused, and when a party has said two things at once.

**Source**: own reasoning; the same shape as a log's chain of entries.
**Doubt**: a message that does not follow is never taken; two of one number by one signer are proof against that signer.
"""

from collections.abc import Iterable
from enum import StrEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from watchfloor.base.errors import WireError
from watchfloor.base.growing import Growing
from watchfloor.messages.canonical import decode_canonical
from watchfloor.messages.line import LineMessage, LineParty, SignedLine
from watchfloor.messages.room import Context

NOTHING = "0" * 64
MOST_DOCUMENT_BYTES = 48 << 10


class Refusal(StrEnum):
    """Why a message is not taken, in words for the wall and the record."""

    TOO_LONG = "a message of over 48 KiB"
    NO_MESSAGE = "no message of the line's vocabulary"
    WRONG_KEY = "not signed with the key that was exchanged"
    OTHER_LINE = "of another line, or another party"
    OTHER_CONTEXT = "of another kind of room: an exercise's never meets one that is none"
    GAP = "messages before it are missing"
    OTHER_PAST = "it goes on from another past than theirs"
    UNSEEN = "it cites a message that is not in the other party's chain"
    SEEN_BACKWARDS = "it cites an older message than had been cited before"
    FORK = "two messages by one signer with one number"


Mark = tuple[str, str, str]  # a public key, a text, and a signature under it, in hex


class Reader:
    """Reads texts and checks signatures. What was read once is not reckoned again: two copies mostly hold the same.

    `good`: marks that hold, where somebody has checked them already.
    """

    def __init__(self, good: Iterable[Mark] = ()) -> None:
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._good: set[Mark] = set(good)
        self._read: dict[str, LineMessage] = {}

    def message_of(self, document: str) -> LineMessage | Refusal:
        """The message that a text is, in the vocabulary and in its one encoding."""
        message = self._read.get(document)
        if message is not None:
            return message
        try:
            raw = document.encode()
            if len(raw) > MOST_DOCUMENT_BYTES:
                return Refusal.TOO_LONG
            message = self._read[document] = decode_canonical(raw, LineMessage)
        except (WireError, UnicodeEncodeError):
            return Refusal.NO_MESSAGE
        return message

    def has_signed(self, party: LineParty, document: str, signature: str) -> bool:
        """Whether a party's key signed exactly this text."""
        return self.holds(party.public_key, document, signature)

    def holds(self, public_key: str, document: str, signature: str) -> bool:
        """Whether a key, in hex, signed exactly this text."""
        told = public_key, document, signature
        if told in self._good:
            return True
        try:
            key = self._keys.get(public_key)
            if key is None:
                key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
                self._keys[public_key] = key
            key.verify(bytes.fromhex(signature), document.encode())
        except (InvalidSignature, ValueError):
            return False
        self._good.add(told)
        return True


class Taken(Struct, frozen=True):
    """A message as it stands in a chain, with what was signed and its digest."""

    message: LineMessage
    signed: SignedLine
    digest: str


class Chain(Struct, frozen=True):
    """A party's messages in order, as one side holds them. It only grows; `seen`: where the newest cited one stands."""

    party: LineParty
    line_id: str
    context: Context
    taken: Growing[Taken] = Growing()
    seen: int = -1

    def head(self) -> str:
        """The digest of the newest message; zeros, when there is none."""
        return self.taken[-1].digest if len(self.taken) else NOTHING

    def place_of(self, digest: str, start: int = 0) -> int | None:
        """Where from `start` on a message stands; None, where it does not."""
        for place, taken in enumerate(self.taken.after(start), start):
            if taken.digest == digest:
                return place
        return None

    def take(self, signed: SignedLine, others: "Chain", reader: Reader) -> "tuple[Chain, Taken] | Refusal":
        """The chain with a message more, and that message; or why it is not taken.

        The same message again is answered as it stands; another of a number that stands is a fork. `others` is the
        other party's chain as this side holds it: only what is in it can be cited.
        """
        found = read(signed, self, reader)
        if isinstance(found, Refusal):
            return found
        number = found.message.number
        if number < len(self.taken):
            held = self.taken[number]
            return (self, held) if held.digest == found.digest else Refusal.FORK
        if number > len(self.taken):
            return Refusal.GAP
        if found.message.previous != self.head():
            return Refusal.OTHER_PAST
        seen = self._seen_in(others, found.message.seen)
        return seen if isinstance(seen, Refusal) else (self.grown(found, seen), found)

    def grown(self, taken: Taken, seen: int) -> "Chain":
        """The chain with a message that follows; `seen`: where in the other party's chain the one that it cites is."""
        return Chain(self.party, self.line_id, self.context, self.taken.grown(taken), seen)

    def head_at(self, count: int) -> str:
        """The digest of the last of the first so many messages; zeros of none."""
        return self.taken[count - 1].digest if count else NOTHING

    def _seen_in(self, others: "Chain", digest: str) -> int | Refusal:
        """Where the cited message stands: never before what had been cited; so that all searches are one walk."""
        if digest == NOTHING:
            return -1 if self.seen == -1 else Refusal.SEEN_BACKWARDS
        found = others.place_of(digest, max(self.seen, 0))
        if found is not None:
            return found
        return Refusal.UNSEEN if others.place_of(digest) is None else Refusal.SEEN_BACKWARDS


def digest_of(document: str) -> str:
    """The digest by which a message is cited."""
    return sha256(document.encode()).hexdigest()


PROOFS = (Refusal.FORK, Refusal.OTHER_PAST, Refusal.UNSEEN, Refusal.SEEN_BACKWARDS)
"""Refusals of what their own key signed, which they cannot take back."""


def read(signed: SignedLine, chain: Chain, reader: Reader) -> Taken | Refusal:
    """A message by itself: in the vocabulary, of this chain's party, line and kind of room, signed."""
    message = reader.message_of(signed.document)
    if isinstance(message, Refusal):
        return message
    if (message.line_id, message.party) != (chain.line_id, chain.party.party):
        return Refusal.OTHER_LINE
    if message.context is not chain.context:
        return Refusal.OTHER_CONTEXT
    if not reader.has_signed(chain.party, signed.document, signed.signature):
        return Refusal.WRONG_KEY
    return Taken(message, signed, digest_of(signed.document))
