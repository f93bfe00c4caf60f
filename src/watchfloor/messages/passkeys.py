"""A person's passkey, and one use of it: everything that is needed to check it offline, years later.

**Source**: W3C Web Authentication Level 3, sections 5.8.1 (client data), 6.1 (authenticator data), 7.2 (verification);
OpenSSH PROTOCOL.sshsig and PROTOCOL.u2f.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

Base64Url = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]*$", max_length=4000)]
HexText = Annotated[str, Meta(pattern=r"^([0-9a-f]{2})*$", max_length=4000)]


class PasskeyForm(StrEnum):
    """How a passkey's use is written: by a browser, or by `ssh-keygen -Y sign` with a security key."""

    WEBAUTHN = "webauthn"
    SSH = "ssh"


class Passkey(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The public half of a passkey: its id, its key and whose it is.

    Of a browser: a SubjectPublicKeyInfo (DER, hex) and an RP id. Of SSH: the public key's blob (hex) and its
    application; the id is the SHA-256 of that blob.
    """

    credential_id: Base64Url
    public_key: HexText
    rp_id: Annotated[str, Meta(min_length=1, max_length=253)]
    form: PasskeyForm = PasskeyForm.WEBAUTHN


class Assertion(Struct, frozen=True, forbid_unknown_fields=True):
    """One use of a passkey over a document, with the exact text that was shown to the person who confirmed it.

    The challenge inside `client_data` is SHA-256 over `signing_text(document, rendering)`. Of SSH, `signature` is the
    unarmoured blob over that text, and the other two are empty.
    """

    credential_id: Base64Url
    client_data: Base64Url
    authenticator_data: Base64Url
    signature: Base64Url
    rendering: Annotated[str, Meta(min_length=1, max_length=16_000)]


def signing_text(document: str, rendering: str) -> bytes:
    """What a passkey's challenge is the hash of: the document, and the words that stood on the screen."""
    return f"watchfloor act\n{len(document.encode())}\n{document}\n{rendering}".encode()
