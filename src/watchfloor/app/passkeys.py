"""Enrolling a passkey: what a browser made is checked once, and its public half kept in a form that lasts.

The challenge is the hash of the enrolment's own text, which holds the link's unguessable token, so that nothing made
for another link, room or browser key fits.
**Source**: W3C Web Authentication Level 3, section 7.1; checked by the package `webauthn`.
"""

import base64
import json
from hashlib import sha256

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct
from webauthn import verify_registration_response
from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException

from watchfloor.base.errors import InputError
from watchfloor.messages.acts import AdviceGiven, Answer, DecisionSigned, DoubtResolved, StandingAdviceGiven, Verdict
from watchfloor.messages.delegation import ReviewClosed, RuleChangeSigned
from watchfloor.messages.notification import FollowUpClosed
from watchfloor.messages.passkeys import Passkey, PasskeyForm
from watchfloor.messages.signed import AnyAct
from watchfloor.record.passkey import encoded
from watchfloor.record.ssh_key import security_key

ALGORITHMS = (
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
)


class Registration(Struct, frozen=True, forbid_unknown_fields=True):
    """What a browser made when it enrolled a passkey, in base64url."""

    credential_id: str
    client_data: str
    attestation: str


def enrol(made: Registration, text: bytes, rp_id: str, origins: tuple[str, ...]) -> Passkey:
    """The passkey that a browser enrolled.

    **Raises**: InputError, when it was not made for this enrolment, on this page, by a verified person.
    """
    response = {"clientDataJSON": made.client_data, "attestationObject": made.attestation}
    credential = {"id": made.credential_id, "rawId": made.credential_id, "response": response, "type": "public-key"}
    try:
        checked = verify_registration_response(
            credential=json.dumps(credential),
            expected_challenge=sha256(text).digest(),
            expected_rp_id=rp_id,
            expected_origin=list(origins),
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),
        )
        key = decoded_public_key_to_cryptography(decode_credential_public_key(checked.credential_public_key))
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"the passkey does not hold: {error}", field="passkey") from error
    return Passkey(encoded(checked.credential_id), der.hex(), rp_id)


def enrol_ssh(public: str) -> Passkey:
    """The passkey that a security key's public half is: a line as in `id_ed25519_sk.pub`.

    **Raises**: InputError, when it is not of a security key.
    """
    words = public.split()
    try:
        blob = base64.b64decode(words[1], validate=True)
        key = security_key(blob)
    except (IndexError, ValueError) as error:
        raise InputError(f"the SSH key does not hold: {error}", field="ssh_key") from error
    application = key.application.decode(errors="replace") or "ssh:"
    return Passkey(encoded(sha256(blob).digest()), blob.hex(), application, PasskeyForm.SSH)


def needs_gesture(act: AnyAct) -> bool:
    """Whether an act needs a passkey's confirmation. A doubt never does: it is one key press."""
    if isinstance(act, AdviceGiven):
        return act.verdict is not Verdict.DOUBT
    if isinstance(act, DecisionSigned):
        return act.answer is not Answer.UNSURE
    return isinstance(act, DoubtResolved | StandingAdviceGiven | RuleChangeSigned | ReviewClosed | FollowUpClosed)
