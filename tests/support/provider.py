"""An OpenID Connect provider of another maker's shape, with defects on demand: whom it logs in, and what is wrong."""

import base64
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from joserfc.jws import JWSRegistry


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Provider:
    """`subject` is who logs in next; `claims` and `header` are put over what an ID token says."""

    def __init__(self) -> None:
        self.base, self.subject = "", "ada-the-first"
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.answer: dict[str, str] = {}
        self.key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
        self.forger = RSAKey.generate_key(2048, {"kid": "k1"})
        self.is_forged = False
        self._codes: dict[str, dict[str, str]] = {}

    def authorize(self, asked: dict[str, str]) -> str:
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        told = {"code": code, "state": asked["state"], "iss": self.base} | self.answer
        return asked["redirect_uri"] + "?" + urlencode({name: value for name, value in told.items() if value})

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or encoded(sha256(form["code_verifier"].encode()).digest()) != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now_s, access = int(time.time()), secrets.token_hex(8)
        claims = {"iss": self.base, "sub": self.subject, "aud": asked["client_id"], "iat": now_s, "exp": now_s + 300}
        claims |= {"nonce": asked["nonce"]} | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": "k1"} | self.header
        registry = JWSRegistry(algorithms=["RS256"], strict_check_header=False)
        if header["alg"] == "none":
            parts = (encoded(json.dumps(part).encode()) for part in (header, claims))
            signed = ".".join((*parts, ""))
        else:
            signed = jwt.encode(header, claims, self.forger if self.is_forged else self.key, registry=registry)
        return 200, {"access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": signed}

    def document(self, path: str) -> dict[str, Any]:
        if path == "/jwks":
            return dict(KeySet([self.key]).as_dict(private=False))
        return {
            "issuer": self.base,
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "jwks_uri": f"{self.base}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }


@contextmanager
def provider() -> Iterator[Provider]:
    """A running provider on a free port of this machine."""
    made = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("location", made.authorize(asked))
                self.end_headers()
                return
            self._send(200, made.document(parts.path))

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"])).decode()
            self._send(*made.token({name: values[0] for name, values in parse_qs(raw).items()}))

        def _send(self, status: int, body: dict[str, Any]) -> None:
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
