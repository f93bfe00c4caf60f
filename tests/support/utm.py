"""Services of ASTM F3548 as a test has them: an authority that signs their tokens, and calls under their names."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from implicitdict import ImplicitDict

from tests.support.running import RunningRoom

INTENTS, CONSTRAINTS = "/dss/v1/operational_intent_references", "/dss/v1/constraint_references"
EVERY_SCOPE = (
    "utm.strategic_coordination utm.constraint_management utm.constraint_processing "
    "utm.conformance_monitoring_sa utm.availability_arbitration"
)


class Authority:
    """Signs tokens; its public key is what the room is told of."""

    def __init__(self, folder: Path) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self.path = folder / "authority.pem"
        self.path.write_bytes(self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    def token(self, sub: str, scope: str = EVERY_SCOPE, **claims: Any) -> str:
        until = datetime.now(UTC) + timedelta(minutes=30)
        held = {"sub": sub, "scope": scope, "iss": "https://auth.example", "aud": "localhost", "exp": until} | claims
        return jwt.encode({name: value for name, value in held.items() if value is not None}, self.key, "RS256")


class Service:
    """One service that speaks to the room."""

    def __init__(
        self,
        room: RunningRoom,
        authority: Authority,
        name: str,
        scope: str = EVERY_SCOPE,
        http: httpx.Client | None = None,
    ) -> None:
        self.name, self.url = name, f"https://{name}.example/uss"
        self._http, self.headers = http or room.http, {"Authorization": f"Bearer {authority.token(name, scope)}"}

    def ask(self, method: str, path: str, **body: Any) -> httpx.Response:
        return self._http.request(method, path, json=body or None, headers=self.headers)

    def put(self, entity_id: str, *volumes: dict[str, Any], ovn: str = "", **more: Any) -> httpx.Response:
        """Set an operational intent."""
        body = {"extents": list(volumes), "uss_base_url": self.url, "state": "Accepted"} | more
        path = f"/dss/v1/operational_intent_references/{entity_id}" + (f"/{ovn}" if ovn else "")
        return self.ask("PUT", path, **body)

    def constrain(self, entity_id: str, *volumes: dict[str, Any], ovn: str = "", **more: Any) -> httpx.Response:
        body = {"extents": list(volumes), "uss_base_url": self.url} | more
        path = f"/dss/v1/constraint_references/{entity_id}" + (f"/{ovn}" if ovn else "")
        return self.ask("PUT", path, **body)

    def subscribe(
        self, subscription_id: str, extents: dict[str, Any], version: str = "", **more: Any
    ) -> httpx.Response:
        body = {"extents": extents, "uss_base_url": self.url, "notify_for_operational_intents": True} | more
        path = f"/dss/v1/subscriptions/{subscription_id}" + (f"/{version}" if version else "")
        return self.ask("PUT", path, **body)


def fresh() -> str:
    return str(uuid4())


def stamp(ahead_min: float) -> dict[str, str]:
    """A time so many minutes from now."""
    moment = datetime.now(UTC) + timedelta(minutes=ahead_min)
    return {"value": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"), "format": "RFC3339"}


def volume(
    lng: float = 7.0, lat: float = 47.0, radius_m: float = 500, low: float = 100, begins: float = 10, lasts: float = 60
) -> dict[str, Any]:
    """A circle, 100 m high."""
    height = {"reference": "W84", "units": "M"}
    return {
        "volume": {
            "outline_circle": {"center": {"lat": lat, "lng": lng}, "radius": {"value": radius_m, "units": "M"}},
            "altitude_lower": {"value": low} | height,
            "altitude_upper": {"value": low + 100} | height,
        },
        "time_start": stamp(begins),
        "time_end": stamp(begins + lasts),
    }


def settings(folder: Path, authority: Authority, **words: str) -> str:
    lines = [f'public_keys = ["{authority.path}"]', *(f'{name} = "{value}"' for name, value in words.items())]
    (folder / "w.toml").write_text("[f3548]\n" + "\n".join(lines) + "\n")
    return str(folder / "w.toml")


def read(answer: Any, kind: type[ImplicitDict], status: int) -> Any:
    """An answer, as the outside world's types read it."""
    assert answer.status_code == status, answer.text
    return ImplicitDict.parse(answer.json(), kind)


def long_ago(year: str) -> dict[str, Any]:
    return volume() | {"time_start": {"value": f"{year}-01-01T00:00:00Z", "format": "RFC3339"}}
