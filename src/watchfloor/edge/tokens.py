"""Bearer tokens of other services: RS256 only, for this audience, fresh, and with a scope. Refused otherwise.

**Source**: ASTM F3548-21, A2.7 and annex A2 (security); RFC 7519 (JWT), RFC 6750 (bearer tokens), RFC 8725 (what to
check). PyJWT reads and checks.
"""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate
from msgspec import Struct

from watchfloor.base.errors import InputError
from watchfloor.base.units import US_PER_S
from watchfloor.edge.utc import utc_us

LONGEST_S, LEAST_BITS, MOST_REMEMBERED, MOST_SUB = 3_600, 2_048, 1_024, 200
_CLAIMS = ("exp", "sub", "iss", "aud")


class TokenError(Exception):
    """No token, or one that says nothing here."""


class Bearer(Struct, frozen=True):
    """Who calls, and what for."""

    sub: str
    scopes: frozenset[str]
    until_s: float


class Tokens:
    """Checks tokens against the public keys of an authority; without a key none holds."""

    def __init__(self, keys: Sequence[RSAPublicKey], audience: Sequence[str]) -> None:
        self._keys, self._audience = tuple(keys), tuple(audience)
        self._known: OrderedDict[str, Bearer] = OrderedDict()

    def bearer(self, header: str) -> Bearer:
        """Who calls with this `Authorization` header.

        **Raises**: TokenError.
        """
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenError("send an access token as `Authorization: Bearer ...`")
        now_s = utc_us() / US_PER_S
        known = self._known.get(token)
        if known is None:
            known = self._checked(token, now_s)
            self._known[token] = known
            if len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)
        if known.until_s <= now_s:
            raise TokenError("the token has expired")
        return known

    def _checked(self, token: str, now_s: float) -> Bearer:
        if not self._keys:
            raise TokenError("no authority is named here; name its key in `[f3548] public_keys`")
        why = ""
        for key in self._keys:
            try:
                claims = jwt.decode(
                    token, key, algorithms=["RS256"], audience=self._audience, options={"require": list(_CLAIMS)}
                )
            except jwt.InvalidTokenError as error:
                why = str(error)
                continue
            texts = (claims["sub"], claims["iss"])
            if not all(isinstance(text, str) and 0 < len(text) <= MOST_SUB for text in texts):
                raise TokenError("`sub` and `iss` say who calls, and who let them")
            if type(claims["exp"]) not in (int, float):
                raise TokenError("`exp` is a number of seconds")
            if claims["exp"] > now_s + LONGEST_S:
                raise TokenError("a token holds for at most an hour")
            scope = claims.get("scope", "")
            if not isinstance(scope, str):
                raise TokenError("`scope` is one text with spaces")
            return Bearer(claims["sub"], frozenset(scope.split()), float(claims["exp"]))
        raise TokenError(why)


def read_key(path: Path) -> RSAPublicKey:
    """An authority's public key, from a PEM file with a key or a certificate.

    **Raises**: InputError, when it is none, no RSA key, or under 2048 bits.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"`{path}` cannot be read: {error.strerror}", field="public_keys") from error
    try:
        is_certificate = b"BEGIN CERTIFICATE" in raw
        key = load_pem_x509_certificate(raw).public_key() if is_certificate else load_pem_public_key(raw)
    except ValueError as error:
        raise InputError(f"`{path}` holds no public key in PEM: {error}", field="public_keys") from error
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
        raise InputError(f"`{path}` holds no RSA key of {LEAST_BITS} bits or more", field="public_keys")
    return key
