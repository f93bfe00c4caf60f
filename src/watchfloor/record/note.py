"""Signed notes and the checkpoints inside them, as public transparency tools read them.

| part | form |
|---|---|
| text | UTF-8 lines, each ended by a newline, no control characters; first line is the origin |
| gap | one empty line |
| signature | em dash U+2014, space, key name, space, base64 of key id (4 bytes) and signature (64), newline |
| key id | first 4 bytes of SHA-256 over name, 0x0A, 0x01 (Ed25519), public key |
| checkpoint text | origin, number of entries in decimal, base64 of the root |

**Source**: C2SP signed-note v1.0.0, C2SP tlog-checkpoint v1.0.0.
"""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from watchfloor.base.errors import WireError

_ED25519 = b"\x01"
_KEY_LINE = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")
_SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")


class VerifierKey(Struct, frozen=True):
    """A name and an Ed25519 public key that signs notes under it."""

    name: str
    public: bytes

    def key_id(self) -> bytes:
        """Four bytes that say which key a signature line means."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def line(self) -> str:
        """The key as one line: name, key id in hex and base64 of algorithm and key, joined by plus signs."""
        return f"{self.name}+{self.key_id().hex()}+{b64encode(_ED25519 + self.public).decode()}"

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
        key = cls(found.group(1), blob[1:])
        if len(blob) != 33 or key.line() != line.removesuffix("\n"):
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


def sign_note(text: str, key: VerifierKey, sign: Callable[[bytes], bytes]) -> str:
    """The note with one signature of this key."""
    blob = b64encode(key.key_id() + sign(text.encode())).decode()
    return f"{text}\n— {key.name} {blob}\n"


def open_note(note: str, key: VerifierKey) -> str:
    """The text of a note that this key signed.

    **Raises**: WireError, when the note is malformed or holds no valid signature of the key.
    """
    text, gap, tail = note.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise WireError("not a signed note: no empty line before the signatures")
    text += "\n"
    for line in tail.removesuffix("\n").split("\n"):
        found = _SIGNATURE_LINE.fullmatch(line)
        if not found:
            raise WireError(f"not a signature line: `{line}`")
        try:
            blob = b64decode(found.group(2), validate=True)
        except binascii.Error as error:
            raise WireError(f"not base64: `{found.group(2)}`") from error
        if b64encode(blob).decode() != found.group(2):
            raise WireError(f"not canonical base64: `{found.group(2)}`")
        if found.group(1) == key.name and blob[:4] == key.key_id():
            if signature_holds(key.public, blob[4:], text.encode()):
                return text
            raise WireError(f"the signature of `{key.name}` does not fit the note")
    raise WireError(f"no signature of `{key.name}` on the note")


def open_own_note(note: str, key: VerifierKey) -> str:
    """The text of a note that this key signed and nobody else: no byte of it is left unread.

    **Raises**: WireError, as `open_note`, or when another signature stands beside it.
    """
    text = open_note(note, key)
    if note.count("\n") != text.count("\n") + 2:
        raise WireError("something stands beside the log's own signature")
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
