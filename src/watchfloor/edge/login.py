"""Logging in with an OpenID Connect provider: who somebody is before they sit down. It never signs anything.

Authorization code flow with PKCE, state and nonce; no cookie: the tab that began a login keeps a secret, and only with
that is it finished. The ID token is checked here: its algorithm from our own list, issuer, audience, nonce, times.
**Source**: OpenID Connect Core 1.0, sections 3.1.2 and 3.1.3.7; RFC 7636 (PKCE), RFC 9207 (issuer in the answer);
RFC 9700 (security of the flow). Authlib and joserfc do the protocol.
"""

import asyncio
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from msgspec import Struct

from watchfloor.base.errors import InputError, UnavailableError

ALGORITHMS = ("RS256", "ES256")
BEGUN_S, HELD_S, LEEWAY_S, KEYS_FRESH_S, WAIT_S = 300, 3600, 30, 60, 10
MAX_BEGUN, MAX_HELD, MAX_ANSWER_BYTES = 256, 4096, 1 << 18
_log = structlog.get_logger()


class LoginRule(Struct, frozen=True):
    """Which provider says who people are, and as which client the room asks it."""

    issuer: str
    client_id: str
    secret: str = ""

    @property
    def host(self) -> str:
        """The provider as people know it."""
        return urlsplit(self.issuer).netloc


def login_rule(issuer: str, client_id: str, secret_file: str | None) -> LoginRule:
    """The rule that a command line names.

    **Raises**: InputError, when issuer, client or file do not hold, or the extra `login` is not installed.
    """
    parts = urlsplit(issuer)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")):
        raise InputError(f"`{issuer}` is no https address of a provider", field="oidc")
    if not client_id:
        raise InputError("say with `--oidc-client` as which client the room asks", field="oidc-client")
    try:
        import authlib  # noqa: F401, PLC0415  # an extra
        import httpx2  # noqa: F401, PLC0415
    except ImportError as error:
        raise InputError("logging in needs the extra `login`: pip install 'watchfloor[login]'", field="oidc") from error
    try:
        secret = Path(secret_file).read_text().strip() if secret_file else ""
    except OSError as error:
        raise InputError(f"`{secret_file}` cannot be read: {error.strerror}", field="oidc-secret-file") from error
    return LoginRule(issuer.rstrip("/") if not parts.path.strip("/") else issuer, client_id, secret)


class _Begun(Struct, frozen=True):
    nonce: str
    verifier: str
    tab_digest: bytes
    until_s: float


class Login:
    """Logins of one run. `redirect_uri` is the room's own page; nothing in a request ever chooses another."""

    def __init__(self, rule: LoginRule, redirect_uri: str) -> None:
        self.rule, self._redirect_uri = rule, redirect_uri
        self._begun: dict[str, _Begun] = {}
        self._held: dict[str, tuple[str, float]] = {}
        self._provider: Mapping[str, Any] | None = None
        self._keys: Any = None
        self._keys_s = 0.0
        self._one_at_a_time = asyncio.Lock()

    async def begin(self) -> tuple[str, str]:
        """The provider's address to go to, and the secret that the tab keeps.

        **Raises**: UnavailableError, when the provider does not answer, or too many logins are under way.
        """
        now_s = time.monotonic()
        self._begun = {state: one for state, one in self._begun.items() if one.until_s > now_s}
        if len(self._begun) >= MAX_BEGUN:
            raise UnavailableError("too many logins are under way; try again in a few minutes")
        async with self._client() as client:
            provider = await self._asked(self._discovered(client))
            state, nonce, verifier, tab = (secrets.token_urlsafe(32) for _ in range(4))
            url, _ = client.create_authorization_url(
                provider["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
            )
        self._begun[state] = _Begun(nonce, verifier, sha256(tab.encode()).digest(), now_s + BEGUN_S)
        return str(url), tab

    async def finish(self, answer: Mapping[str, str], tab: str) -> str:
        """A token for whom the provider named; once for each login that was begun, in the tab that began it.

        **Raises**: InputError, when the answer does not hold; UnavailableError, when the provider does not answer.
        """
        begun = self._begun.pop(answer.get("state", ""), None)
        told = sha256(tab.encode()).digest()
        if begun is None or begun.until_s < time.monotonic() or not hmac.compare_digest(begun.tab_digest, told):
            raise InputError("this login was not begun here, or too long ago; log in again", field="login")
        if "error" in answer or not answer.get("code"):
            raise InputError(f"`{self.rule.host}` did not log you in", field="login")
        async with self._client() as client:
            provider = await self._asked(self._discovered(client))
            says_issuer = provider.get("authorization_response_iss_parameter_supported")
            if (says_issuer or "iss" in answer) and answer.get("iss") != self.rule.issuer:
                raise InputError("another provider answered", field="login")
            subject = await self._asked(self._subject(client, provider, answer["code"], begun))
        now_s = time.monotonic()
        self._held = {token: one for token, one in self._held.items() if one[1] > now_s}
        if len(self._held) >= MAX_HELD:
            raise UnavailableError("too many people are logged in")
        token = secrets.token_urlsafe(32)
        self._held[token] = sha256(f"{self.rule.issuer}\n{subject}".encode()).hexdigest(), now_s + HELD_S
        return token

    def holder(self, token: str) -> str:
        """Who logged in, as a hash of issuer and subject.

        **Raises**: InputError, when nobody did with this token, or too long ago.
        """
        found = self._held.get(token)
        if found is None or found[1] < time.monotonic():
            raise InputError(f"log in at `{self.rule.host}` first", field="login")
        return found[0]

    def _client(self) -> Any:
        from authlib.integrations.httpx_client import AsyncOAuth2Client  # noqa: PLC0415  # an extra, and slow to load

        return AsyncOAuth2Client(
            self.rule.client_id,
            self.rule.secret or None,
            scope="openid",
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            timeout=WAIT_S,
            follow_redirects=False,
            trust_env=False,
        )

    async def _asked(self, work: Any) -> Any:
        """What the provider answers, or one of our two errors with one sentence."""
        import httpx2  # noqa: PLC0415
        from authlib.integrations.httpx_client import OAuthError  # noqa: PLC0415
        from joserfc.errors import JoseError  # noqa: PLC0415

        try:
            return await work
        except (JoseError, OAuthError) as error:
            _log.warning("login refused", reason=f"{type(error).__name__}: {error}")
            raise InputError(f"what `{self.rule.host}` answered does not hold; log in again", field="login") from error
        except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
            _log.warning("provider failed", reason=f"{type(error).__name__}: {error}")
            raise UnavailableError(f"`{self.rule.host}` does not answer as a provider does") from error

    async def _discovered(self, client: Any) -> Mapping[str, Any]:
        from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url  # noqa: PLC0415

        async with self._one_at_a_time:
            if self._provider is None:
                found = OpenIDProviderMetadata(
                    await self._document(client, get_well_known_url(self.rule.issuer, external=True))
                )
                found.validate()
                if found["issuer"] != self.rule.issuer:
                    raise ValueError("discovery names another issuer")
                if "S256" not in found.get("code_challenge_methods_supported", ["S256"]):
                    raise ValueError("the provider takes no PKCE with S256")
                self._provider = found
        return self._provider

    async def _subject(self, client: Any, provider: Mapping[str, Any], code: str, begun: _Begun) -> str:
        from authlib.oidc.core import CodeIDToken  # noqa: PLC0415
        from joserfc import jwt  # noqa: PLC0415
        from joserfc.errors import InvalidKeyIdError  # noqa: PLC0415
        from joserfc.jws import JWSRegistry  # noqa: PLC0415

        # never by the answer's URL: an answer with an error would be asked for with another grant
        token = await client.fetch_token(
            provider["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=begun.verifier
        )
        raw = token.get("id_token")
        if not isinstance(raw, str):
            raise TypeError("the provider gave no ID token")
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        try:
            decoded = jwt.decode(raw, await self._key_set(client, provider), registry=registry)
        except InvalidKeyIdError:
            decoded = jwt.decode(raw, await self._key_set(client, provider, fresh=True), registry=registry)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": self.rule.issuer},
                "aud": {"essential": True, "value": self.rule.client_id},
                "sub": {"essential": True},
                "nonce": {"essential": True, "value": begun.nonce},
            },
            {"nonce": begun.nonce, "client_id": self.rule.client_id, "access_token": token.get("access_token")},
        )
        claims.validate(leeway=LEEWAY_S)
        return str(claims["sub"])

    async def _key_set(self, client: Any, provider: Mapping[str, Any], *, fresh: bool = False) -> Any:
        from joserfc.jwk import KeySet  # noqa: PLC0415

        async with self._one_at_a_time:
            if self._keys is None or (fresh and time.monotonic() - self._keys_s > KEYS_FRESH_S):
                self._keys_s = time.monotonic()
                self._keys = KeySet.import_key_set(await self._document(client, provider["jwks_uri"]))
        return self._keys

    async def _document(self, client: Any, url: str) -> Any:
        raw = b""
        async with client.stream("GET", url, withhold_token=True) as answer:
            answer.raise_for_status()
            async for part in answer.aiter_bytes():
                raw += part
                if len(raw) > MAX_ANSWER_BYTES:
                    raise ValueError(f"the provider's answer is over {MAX_ANSWER_BYTES} bytes")
        return json.loads(raw)
