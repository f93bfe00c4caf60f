"""Checks a signature that `ssh-keygen -Y sign` made with a security key (`sk-` keys), with `cryptography` alone.

Such a key signs, beside the message, whether a person was present and whether the token verified who it was.
**Source**: OpenSSH PROTOCOL.sshsig (the armoured blob), PROTOCOL.u2f (key formats, what is signed; flags as in CTAP2).

**Doubt**: whatever does not hold is named; nothing is taken on trust.
"""

import base64
import binascii
from hashlib import sha256, sha512

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import Struct

ED25519, ECDSA_P256 = b"sk-ssh-ed25519@openssh.com", b"sk-ecdsa-sha2-nistp256@openssh.com"
NAMESPACE = b"watchfloor"
MAGIC = b"SSHSIG"
_PRESENT, _VERIFIED = 0x01, 0x04
_HASHES = {b"sha256": sha256, b"sha512": sha512}
_POINT_BYTES = 65


class SecurityKey(Struct, frozen=True):
    """The public half of a security key: its kind, its point or key bytes, and the application that it serves."""

    kind: bytes
    key: bytes
    application: bytes


class _Reader:
    """SSH's binary: numbers of four bytes, strings behind their length; ValueError, when it ends early."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self._at = raw, 0

    def take(self, size: int) -> bytes:
        part = self._raw[self._at : self._at + size]
        if len(part) != size:
            raise ValueError("ends early")
        self._at += size
        return part

    def number(self) -> int:
        return int.from_bytes(self.take(4))

    def string(self) -> bytes:
        return self.take(self.number())

    def end(self) -> None:
        if self._at != len(self._raw):
            raise ValueError("goes on after its end")


def security_key(blob: bytes) -> SecurityKey:
    """The key in a public key's blob.

    **Raises**: ValueError, when it is no `sk-` key.
    """
    reader = _Reader(blob)
    kind = reader.string()
    if kind not in (ED25519, ECDSA_P256):
        name = kind.decode(errors="replace")[:60]
        raise ValueError(f"`{name}` is no key of a security token; make one with `ssh-keygen -t ed25519-sk`")
    if kind == ECDSA_P256 and reader.string() != b"nistp256":
        raise ValueError("its curve is not nistp256")
    key, application = reader.string(), reader.string()
    reader.end()
    if len(key) != (32 if kind == ED25519 else _POINT_BYTES):
        raise ValueError("its key has another length")
    return SecurityKey(kind, key, application)


def unarmoured(text: str) -> bytes:
    """The blob of an armoured signature.

    **Raises**: ValueError, when it is none.
    """
    lines = text.strip().splitlines()
    if len(lines) < 3 or lines[0] != "-----BEGIN SSH SIGNATURE-----" or lines[-1] != "-----END SSH SIGNATURE-----":
        raise ValueError("it is no SSH signature")
    try:
        return base64.b64decode("".join(lines[1:-1]), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error


def ssh_fault_of(blob: bytes, public: bytes, message: bytes) -> str | None:
    """What is wrong with a signature (unarmoured) over a message, or None.

    **Args**: `public`: the public key's blob that was enrolled.
    """
    try:
        key = security_key(public)
        reader = _Reader(blob)
        if reader.take(len(MAGIC)) != MAGIC or reader.number() != 1:
            return "it is no SSH signature of version 1"
        signer, namespace, reserved, hash_name, signature = (reader.string() for _ in range(5))
        reader.end()
        parts = _Reader(signature)
        kind, raw, flags, counter = parts.string(), parts.string(), parts.take(1)[0], parts.take(4)
        parts.end()
    except ValueError as error:
        return f"it is not readable: {error}"
    if signer != public or kind != key.kind:
        return "it is of another key"
    if namespace != NAMESPACE:
        return f"it was made for `{namespace.decode(errors='replace')[:40]}`, not for this"
    if hash_name not in _HASHES:
        return "it uses a hash that is not taken"
    if not flags & _PRESENT:
        return "nobody was present"
    if not flags & _VERIFIED:
        return "the person was not verified"
    hashed = _HASHES[hash_name](message).digest()
    told = MAGIC + b"".join(_string(part) for part in (namespace, reserved, hash_name, hashed))
    covered = sha256(key.application).digest() + bytes([flags]) + counter + sha256(told).digest()
    return None if _fits(key, raw, covered) else "it was made over another document or other words, or by another key"


def _string(raw: bytes) -> bytes:
    return len(raw).to_bytes(4) + raw


def _fits(key: SecurityKey, raw: bytes, covered: bytes) -> bool:
    try:
        if key.kind == ED25519:
            Ed25519PublicKey.from_public_bytes(key.key).verify(raw, covered)
        else:
            numbers = _Reader(raw)
            r, s = (int.from_bytes(numbers.string()) for _ in range(2))
            numbers.end()
            point = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), key.key)
            point.verify(encode_dss_signature(r, s), covered, ECDSA(SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True
