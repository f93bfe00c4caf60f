"""Signed notes and the checkpoints inside them, as public transparency tools read them.

| part | form |
|---|---|
| text | UTF-8 lines, each ended by a newline, no control characters; first line is the origin |
| gap | one empty line |
| signature | em dash U+2014, space, key name, space, base64 of key id (4 bytes) and signature, newline |
| key id | first 4 bytes of SHA-256 over name, 0x0A, algorithm byte, public key |
| algorithm 1 | Ed25519 over the text: 64 bytes |
| algorithm 4 | a witness: time in seconds (8 bytes), Ed25519 over `cosignature/v1`, `time N` and the text: 64 bytes |
| checkpoint text | origin, number of entries in decimal, base64 of the root |

**Source**: C2SP signed-note v1.0.0, tlog-checkpoint v1.0.0, tlog-cosignature v1.0.0 (Ed25519).
"""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from watchfloor.base.errors import WireError

ED25519, WITNESS = 1, 4
_KEY_LINE = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")
_SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_KEY_ID_BYTES, _TIME_BYTES = 4, 8


class VerifierKey(Struct, frozen=True):
    """A name, an algorithm and an Ed25519 public key that signs notes under it."""

    name: str
    public: bytes
    algorithm: int = ED25519

    def key_id(self) -> bytes:
        """Four bytes that say which key a signature line means."""
        return sha256(self.name.encode() + b"\n" + bytes((self.algorithm,)) + self.public).digest()[:_KEY_ID_BYTES]

    def line(self) -> str:
        """The key as one line: name, key id in hex and base64 of algorithm and key, joined by plus signs."""
        blob = b64encode(bytes((self.algorithm,)) + self.public).decode()
        return f"{self.name}+{self.key_id().hex()}+{blob}"

    @classmethod
    def from_line(cls, line: str) -> "VerifierKey":
        """The key that a line says.

        **Raises**: WireError, when it has another form or its key id does not fit.
        """
        found = _KEY_LINE.fullmatch(line.removesuffix("\n"))
        if not found:
            raise WireError("not a verifier key line")
        try:
            blob = b64decode(found.group(3), validate=True)
        except binascii.Error as error:
            raise WireError("the verifier key is not base64") from error
        key = cls(found.group(1), blob[1:], blob[0] if blob else 0)
        if len(blob) != 33 or key.algorithm not in (ED25519, WITNESS) or key.line() != line.removesuffix("\n"):
            raise WireError("the verifier key's parts do not fit each other")
        return key


class Checkpoint(Struct, frozen=True):
    """What a log commits to: its origin, its number of entries and their root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The checkpoint's lines, as they are signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


class NoteSignature(Struct, frozen=True):
    """One signature line, taken apart."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """The line as it stands under a note, without its newline."""
        return f"— {self.name} {b64encode(self.key_id + self.signature).decode()}"

    def is_by(self, key: VerifierKey) -> bool:
        """Whether the line claims to be of this key."""
        return self.name == key.name and self.key_id == key.key_id()

    def holds(self, key: VerifierKey, text: str) -> bool:
        """Whether this key made it over this text."""
        if key.algorithm == ED25519:
            return signature_holds(key.public, self.signature, text.encode())
        signed, time_s = self.signature[_TIME_BYTES:], int.from_bytes(self.signature[:_TIME_BYTES], "big")
        return time_s > 0 and signature_holds(key.public, signed, witnessed_text(text, time_s))

    def time_s(self) -> int:
        """When a witness says it signed, as POSIX seconds."""
        return int.from_bytes(self.signature[:_TIME_BYTES], "big")


def witnessed_text(text: str, time_s: int) -> bytes:
    """What a witness signs over a checkpoint's text."""
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()


def signature_line(text: str, key: VerifierKey, sign: Callable[[bytes], bytes]) -> NoteSignature:
    """A key's signature over a note's text."""
    return NoteSignature(key.name, key.key_id(), sign(text.encode()))


def cosignature_line(text: str, key: VerifierKey, sign: Callable[[bytes], bytes], time_s: int) -> NoteSignature:
    """A witness's signature over a checkpoint's text."""
    signature = time_s.to_bytes(_TIME_BYTES, "big") + sign(witnessed_text(text, time_s))
    return NoteSignature(key.name, key.key_id(), signature)


def join_note(text: str, signatures: Sequence[NoteSignature]) -> str:
    """A note from its text and signatures."""
    return text + "\n" + "".join(signature.line() + "\n" for signature in signatures)


def sign_note(text: str, key: VerifierKey, sign: Callable[[bytes], bytes]) -> str:
    """The note with one signature of this key."""
    return join_note(text, [signature_line(text, key, sign)])


def split_note(note: str) -> tuple[str, list[NoteSignature]]:
    """A note's text and its signatures, none of them checked.

    **Raises**: WireError, when the note is malformed.
    """
    text, gap, tail = note.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise WireError("not a signed note: no empty line before the signatures")
    return text + "\n", [parse_signature(line) for line in tail.removesuffix("\n").split("\n")]


def parse_signature(line: str) -> NoteSignature:
    """A signature line, taken apart.

    **Raises**: WireError, when it has another form.
    """
    found = _SIGNATURE_LINE.fullmatch(line)
    if not found:
        raise WireError(f"not a signature line: `{line}`")
    try:
        blob = b64decode(found.group(2), validate=True)
    except binascii.Error as error:
        raise WireError(f"not base64: `{found.group(2)}`") from error
    if b64encode(blob).decode() != found.group(2):
        raise WireError(f"not canonical base64: `{found.group(2)}`")
    return NoteSignature(found.group(1), blob[:_KEY_ID_BYTES], blob[_KEY_ID_BYTES:])


def open_note(note: str, key: VerifierKey) -> str:
    """The text of a note that this key signed, whoever else signed it.

    **Raises**: WireError, when the note is malformed or holds no valid signature of the key.
    """
    text, signatures = split_note(note)
    for signature in signatures:
        if signature.is_by(key):
            if signature.holds(key, text):
                return text
            raise WireError(f"the signature of `{key.name}` does not fit the note")
    raise WireError(f"no signature of `{key.name}` on the note")


def open_note_of(note: str, keys: Sequence[VerifierKey]) -> str:
    """The text of a note that just these keys signed, in this order: no byte of it is left unread.

    **Raises**: WireError, as `open_note`, or when a signature is missing or another stands beside them.
    """
    text, signatures = split_note(note)
    for place, key in enumerate(keys):
        if place >= len(signatures) or not signatures[place].is_by(key):
            raise WireError(f"no signature of `{key.name}` with key {key.key_id().hex()} in its place on the note")
        if not signatures[place].holds(key, text):
            raise WireError(f"the signature of `{key.name}` does not fit the note")
    if len(signatures) != len(keys):
        raise WireError(f"{len(signatures) - len(keys)} signatures of others stand beside those of the log")
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that these lines say.

    **Raises**: WireError, when lines are missing, the size is not plain decimal or the root not 32 bytes.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise WireError("not a checkpoint: it has three lines")
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
        raise WireError(f"`{lines[1]}` is not a number of entries")
    try:
        root = b64decode(lines[2], validate=True)
    except binascii.Error as error:
        raise WireError(f"the root `{lines[2]}` is not base64") from error
    if len(root) != 32 or b64encode(root).decode() != lines[2]:
        raise WireError(f"the root `{lines[2]}` is not 32 bytes in base64")
    return Checkpoint(lines[0], int(lines[1]), root)


def signature_holds(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether this Ed25519 key made this signature over these bytes (RFC 8032)."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
