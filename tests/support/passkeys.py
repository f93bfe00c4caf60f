"""Authenticators in software: what a phone or key does, so that tests can also do what none would."""

import base64
import json
import secrets
from hashlib import sha256, sha512
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from webauthn.helpers import encode_cbor

from watchfloor.messages.passkeys import signing_text
from watchfloor.record.passkey import encoded

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class SoftwareAuthenticator:
    """One passkey for one party."""

    def __init__(self, origin: str, rp_id: str = "localhost") -> None:
        self.origin, self.rp_id = origin, rp_id
        self.credential_id = secrets.token_bytes(16)
        self.count = 0
        self._key = generate_private_key(SECP256R1())

    def _client(self, kind: str, challenge: bytes, /, **changes: Any) -> bytes:
        data = {"type": kind, "challenge": encoded(challenge), "origin": self.origin, "crossOrigin": False}
        return json.dumps(data | changes).encode()

    def _data(self, flags: int) -> bytes:
        return sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def enrol(self, text: bytes, *, flags: int = PRESENT | VERIFIED, **client: Any) -> dict[str, str]:
        """What a browser sends when a passkey was made over an enrolment's text."""
        numbers = self._key.public_key().public_numbers()
        cose = encode_cbor({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})
        held = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + cose
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(flags | ATTESTED) + held}
        return {
            "credential_id": encoded(self.credential_id),
            "client_data": encoded(self._client("webauthn.create", sha256(text).digest(), **client)),
            "attestation": encoded(encode_cbor(attestation)),
        }

    def wish(self, text: bytes, **enrolment: Any) -> dict[str, Any]:
        """The part of an enrolment that this passkey gives."""
        return {"passkey": self.enrol(text, **enrolment)}

    def confirm(
        self, document: str, rendering: str = "answer: yes", *, flags: int = PRESENT | VERIFIED, **client: Any
    ) -> dict[str, str]:
        """What a browser sends when the passkey confirmed a document."""
        self.count += 1
        challenge = sha256(signing_text(document, rendering)).digest()
        asked, data = self._client("webauthn.get", challenge, **client), self._data(flags)
        signature = self._key.sign(data + sha256(asked).digest(), ECDSA(SHA256()))
        return {
            "credential_id": encoded(self.credential_id),
            "client_data": encoded(asked),
            "authenticator_data": encoded(data),
            "signature": encoded(signature),
            "rendering": rendering,
        }


def _string(raw: bytes) -> bytes:
    return len(raw).to_bytes(4) + raw


class SecurityKey:
    """An SSH key of a security token, Ed25519 or ECDSA: what `ssh-keygen -Y sign` would write."""

    def __init__(self, *, ecdsa: bool = False, seed: bytes = b"") -> None:
        """`seed`: 32 bytes of which an Ed25519 key is made again."""
        self.origin = ""
        self.kind = b"sk-ecdsa-sha2-nistp256@openssh.com" if ecdsa else b"sk-ssh-ed25519@openssh.com"
        self._ecdsa = generate_private_key(SECP256R1())
        self._ed25519 = Ed25519PrivateKey.from_private_bytes(seed) if seed else Ed25519PrivateKey.generate()
        point = self._ecdsa.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        key = _string(b"nistp256") + _string(point) if ecdsa else _string(self._ed25519.public_key().public_bytes_raw())
        self.blob = _string(self.kind) + key + _string(b"ssh:")

    def public_line(self) -> str:
        """The line of an `.pub` file."""
        return f"{self.kind.decode()} {base64.b64encode(self.blob).decode()} person@desk"

    def sign(self, message: bytes, *, flags: int = PRESENT | VERIFIED, namespace: bytes = b"watchfloor") -> bytes:
        """The signature's blob, without its armour."""
        framed = b"".join(_string(part) for part in (namespace, b"", b"sha512"))
        told = b"SSHSIG" + framed + _string(sha512(message).digest())
        tail = bytes([flags]) + (7).to_bytes(4)
        covered = sha256(b"ssh:").digest() + tail + sha256(told).digest()
        if self.kind.startswith(b"sk-ecdsa"):
            numbers = decode_dss_signature(self._ecdsa.sign(covered, ECDSA(SHA256())))
            raw = b"".join(_string(number.to_bytes(number.bit_length() // 8 + 1)) for number in numbers)
        else:
            raw = self._ed25519.sign(covered)
        signature = _string(self.kind) + _string(raw) + tail
        return b"SSHSIG" + (1).to_bytes(4) + _string(self.blob) + framed + _string(signature)

    def armoured(self, message: bytes, **changes: Any) -> str:
        """What `ssh-keygen -Y sign` prints."""
        text = base64.b64encode(self.sign(message, **changes)).decode()
        lines = [text[at : at + 70] for at in range(0, len(text), 70)]
        return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])

    def wish(self, text: bytes, **changes: Any) -> dict[str, Any]:
        """The part of an enrolment that this key gives."""
        return {"ssh_key": self.public_line(), "assertion": self.confirm(text.decode(), "take a seat", **changes)}

    def confirm(self, document: str, rendering: str = "answer: yes", **changes: Any) -> dict[str, str]:
        """A confirmation of a document."""
        return {
            "credential_id": encoded(sha256(self.blob).digest()),
            "client_data": "",
            "authenticator_data": "",
            "signature": encoded(self.sign(signing_text(document, rendering), **changes)),
            "rendering": rendering,
        }
