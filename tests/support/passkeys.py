"""An authenticator in software: what a phone or key does, so that tests can also do what none would."""

import json
import secrets
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
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
