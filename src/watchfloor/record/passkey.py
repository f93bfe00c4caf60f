"""Checks one use of a passkey with `cryptography` alone: offline, from what the record keeps.

| step | W3C WebAuthn Level 3, 7.2 |
|---|---|
| client data is of type `webauthn.get`, not cross-origin | 11, 15 |
| its challenge is the hash of document and rendering | 12 |
| its origin is one of the party's own | 13 |
| authenticator data is of this party, user present and verified | 17, 18, 19 |
| the signature is of the key enrolled, over authenticator data and hash of client data | 22, 23 |

**Doubt**: whatever does not hold is named; nothing is taken on trust.
"""

import base64
import binascii
import json
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from watchfloor.messages.passkeys import Assertion, Passkey, PasskeyForm, signing_text
from watchfloor.record.ssh_key import ssh_fault_of

_PRESENT, _VERIFIED = 0x01, 0x04
_SMALLEST_RSA_BITS = 2048


def fault_of(assertion: Assertion, passkey: Passkey, document: str, origins: tuple[str, ...] = ()) -> str | None:
    """What is wrong with a use of a passkey over a document, or None.

    **Args**: `origins`: the exact origins that may have asked, as `http://localhost:8300`; none: any whose host is the
    party's own, as an auditor has to take it.
    """
    if assertion.credential_id != passkey.credential_id:
        return "it is of another passkey"
    if passkey.form is PasskeyForm.SSH:
        return _ssh_fault(assertion, passkey, document)
    try:
        client, told = decoded(assertion.client_data), decoded(assertion.authenticator_data)
        signature, key = decoded(assertion.signature), bytes.fromhex(passkey.public_key)
        data = json.loads(client)
    except (ValueError, RecursionError):
        return "it is not readable"
    if not isinstance(data, dict):
        return "its client data is no object"
    return (
        _client_fault(data, passkey, sha256(signing_text(document, assertion.rendering)).digest(), origins)
        or _authenticator_fault(told, passkey)
        or (None if signature_fits(key, signature, told + sha256(client).digest()) else "its signature does not fit")
    )


def decoded(text: str) -> bytes:
    """Base64url without padding; ValueError, when it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error


def encoded(raw: bytes) -> str:
    """Bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _ssh_fault(assertion: Assertion, passkey: Passkey, document: str) -> str | None:
    try:
        blob, key = decoded(assertion.signature), bytes.fromhex(passkey.public_key)
    except ValueError:
        return "it is not readable"
    return ssh_fault_of(blob, key, signing_text(document, assertion.rendering))


def sign_count(assertion: Assertion) -> int:
    """How often the authenticator says that it signed; synced passkeys, and those of SSH here, stay at 0."""
    return int.from_bytes(decoded(assertion.authenticator_data)[33:37])


def _client_fault(data: dict[str, Any], passkey: Passkey, challenge: bytes, origins: tuple[str, ...]) -> str | None:
    if data.get("type") != "webauthn.get" or data.get("crossOrigin") not in (None, False):
        return "it was not made for signing on the room's own page"
    try:
        same = decoded(str(data.get("challenge"))) == challenge
    except ValueError:
        same = False
    if not same:
        return "it was made over another document, or over other words on the screen"
    origin = str(data.get("origin"))
    try:
        host = urlsplit(origin).hostname
    except ValueError:
        host = None
    if (origins and origin not in origins) or host != passkey.rp_id:
        return f"it was made on another page: `{origin[:80]}`"
    return None


def _authenticator_fault(told: bytes, passkey: Passkey) -> str | None:
    if len(told) < 37 or told[:32] != sha256(passkey.rp_id.encode()).digest():
        return "it was made for another room"
    if not told[32] & _PRESENT:
        return "nobody was present"
    return None if told[32] & _VERIFIED else "the person was not verified"


def signature_fits(der: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a signature is of a key (ES256, EdDSA or RS256); a key of another kind fits nothing."""
    try:
        key = load_der_public_key(der)
        if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
            key.verify(signature, message, ECDSA(SHA256()))
        elif isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
        elif isinstance(key, RSAPublicKey) and key.key_size >= _SMALLEST_RSA_BITS:
            key.verify(signature, message, PKCS1v15(), SHA256())
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True
