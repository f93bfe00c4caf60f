"""Who is not let in to the F3548 interface, and what is not taken: tokens, volumes, bodies."""

import base64
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.support.running import RunningRoom, run_words
from tests.support.utm import (
    CONSTRAINTS,
    EVERY_SCOPE,
    INTENTS,
    Authority,
    Service,
    fresh,
    long_ago,
    volume,
)
from tests.support.utm import stamp as time_in

Start = Callable[..., RunningRoom]


def test_only_fresh_tokens_of_the_authority_for_this_place_pass(room: RunningRoom, authority: Authority) -> None:
    path = f"{INTENTS}/{fresh()}"
    stranger = rsa.generate_private_key(65537, 2048)
    wrong = {
        "none": "",
        "no bearer": authority.token("uss1"),
        "another key": "Bearer " + _signed_by(authority, stranger),
        "another algorithm": "Bearer " + _forged(authority),
        "expired": "Bearer " + authority.token("uss1", exp=1),
        "too long": "Bearer " + authority.token("uss1", exp=99_999_999_999),
        "another place": "Bearer " + authority.token("uss1", aud="elsewhere"),
        "nobody": "Bearer " + authority.token("", iss="x"),
        "no issuer": "Bearer " + authority.token("uss1", iss=None),
        "no end": "Bearer " + authority.token("uss1", exp=None),
        "an end in words": "Bearer " + _claiming(authority, exp="9999999999"),
        "a numbered issuer": "Bearer " + _claiming(authority, iss=5),
        "scopes in a list": "Bearer " + authority.token("uss1", scope=["utm.strategic_coordination"]),
    }
    for why, header in wrong.items():
        answer = room.http.get(path, headers={"Authorization": header} if header else {})
        assert answer.status_code == 401, why
        assert answer.json()["message"], why
        assert answer.headers["www-authenticate"].startswith("Bearer"), why
    other_scope = Service(room, authority, "uss1", "utm.constraint_processing")
    assert other_scope.ask("GET", path).status_code == 403
    assert other_scope.put(fresh(), volume()).status_code == 403
    assert Service(room, authority, "uss1").ask("GET", path).status_code == 404


def _claiming(authority: Authority, **claims: Any) -> str:
    """A token with claims that no library would write."""

    def part(document: dict[str, Any]) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=")

    held = {"sub": "uss1", "iss": "x", "aud": "localhost", "exp": 9_999_999_999, "scope": EVERY_SCOPE} | claims
    said = part({"alg": "RS256", "typ": "JWT"}) + b"." + part(held)
    signature = authority.key.sign(said, padding.PKCS1v15(), hashes.SHA256())
    return (said + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def _signed_by(authority: Authority, key: rsa.RSAPrivateKey) -> str:
    held, authority.key = authority.key, key
    try:
        return authority.token("uss1")
    finally:
        authority.key = held


def _forged(authority: Authority) -> str:
    """A token that says it was made with a shared secret, and takes the public key for that."""

    def part(document: dict[str, Any]) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=")

    claims = {
        "sub": "uss1",
        "iss": "x",
        "aud": "localhost",
        "exp": 9_999_999_999,
        "scope": "utm.strategic_coordination",
    }
    said = part({"alg": "HS256", "typ": "JWT"}) + b"." + part(claims)
    mark = base64.urlsafe_b64encode(hmac.digest(authority.path.read_bytes(), said, "sha256")).rstrip(b"=")
    return (said + b"." + mark).decode()


def polygon(corners: list[tuple[float, float]]) -> dict[str, Any]:
    held = volume()
    del held["volume"]["outline_circle"]
    held["volume"]["outline_polygon"] = {"vertices": [{"lat": lat, "lng": lng} for lng, lat in corners]}
    return held


WRONG: dict[str, tuple[dict[str, Any], int, str]] = {
    "before 1970": (long_ago("1960"), 400, "from 1970"),
    "no year": (long_ago("0000"), 400, "time_start"),
    "a dot": (volume(radius_m=0.0004), 400, "1 or more"),
    "no zone": (volume() | {"time_start": {"value": "2031-01-01T10:00:00", "format": "RFC3339"}}, 400, "zone"),
    "no end": ({name: value for name, value in volume().items() if name != "time_end"}, 400, "time_end"),
    "backwards": (volume() | {"time_end": time_in(1)}, 400, "not after its start"),
    "over": (volume(begins=-120, lasts=10), 400, "over already"),
    "far ahead": (volume(begins=90_000), 400, "days ahead"),
    "crossing": (polygon([(7, 47), (7.1, 47.1), (7.1, 47), (7, 47.1)]), 400, "cross"),
    "huge circle": (volume(radius_m=60_000), 413, "10,000 km2"),
    "huge polygon": (polygon([(7, 47), (9, 47), (9, 49), (7, 49)]), 413, "10,000 km2"),
    "many corners": (
        polygon([(7 + n * 1e-5, 47 + (n % 2) * 1e-6 + (n > 990) * 0.1) for n in range(1001)]), 400, "corners",
    ),
    "not a number": (volume(lng=1e9), 400, "longitudes"),
    "another unit": (
        volume() | {"volume": volume()["volume"] | {"altitude_lower": {"value": 1, "reference": "SFC", "units": "M"}}},
        400, "SFC",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named_and_nothing_is_entered(
    what: str, services: tuple[Service, Service, Service], room: RunningRoom
) -> None:
    one, _, _ = services
    given, status, said = WRONG[what]
    name = fresh()
    for answer in (one.put(name, given), one.constrain(name, given)):
        assert answer.status_code == status, answer.text
        assert said in answer.json()["message"]
    assert one.ask("GET", f"{INTENTS}/{name}").status_code == 404
    assert one.ask("GET", f"{CONSTRAINTS}/{name}").status_code == 404


def test_bodies_that_are_none_are_refused(room: RunningRoom, authority: Authority) -> None:
    headers = {"Authorization": f"Bearer {authority.token('uss1')}"}
    path = f"{INTENTS}/{fresh()}"
    for raw in (b"", b"{", b"[]", b"\xff", b"[" * 5000, b'{"extents": 7}', b'{"extents": [], "state": "Accepted"}'):
        assert room.http.put(path, content=raw, headers=headers).status_code == 400, raw[:20]
    assert room.http.put(path, content=b"x" * (1 << 20 | 1), headers=headers).status_code == 413
    assert room.http.put(f"{INTENTS}/not-an-id", json={}, headers=headers).status_code == 400
    for base in (INTENTS, CONSTRAINTS, "/dss/v1/subscriptions"):
        assert room.http.put(f"{base}/{fresh()}/", json={}, headers=headers).status_code == 400
        assert room.http.delete(f"{base}/{fresh()}/", headers=headers).status_code == 400
    assert room.http.post("/dss/v1/reports", json={"exchange": 1}, headers=headers).status_code == 400
    assert room.http.post("/dss/v1/reports", content=b"[" * 20_000, headers=headers).status_code == 400
    reported = room.http.post("/dss/v1/reports", json={"exchange": {"url": "x"}}, headers=headers)
    assert reported.status_code == 201
    assert reported.json()["report_id"]


def test_without_a_key_nobody_is_let_in_and_wrong_keys_are_said(
    tmp_path: Path, authority: Authority, start_room: Start
) -> None:
    (tmp_path / "w.toml").write_text('[[feeds]]\nid = "X"\nformat = "beast"\nconnect = "127.0.0.1:9"\n')
    room = start_room("--config", str(tmp_path / "w.toml"), command="serve")
    answer = Service(room, authority, "uss1").put(fresh(), volume())
    assert answer.status_code == 401
    assert "no authority is named" in answer.json()["message"]
    (tmp_path / "bad.pem").write_text("not a key")
    for name, said in (("bad.pem", "holds no public key"), ("none.pem", "cannot be read")):
        (tmp_path / "w.toml").write_text(f'[f3548]\npublic_keys = ["{name}"]\n')
        told_of = run_words("serve", "--config", str(tmp_path / "w.toml"), "--headless")
        assert (told_of.returncode, told_of.stdout) == (2, "")
        assert said in told_of.stderr
