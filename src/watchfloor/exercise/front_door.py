"""The room's front door, as simulated seats use it: a key made for this run, a session a seat, signed acts over HTTP.

The room marks these seats `simulated`; they never count as persons.
"""

import json
import secrets
from collections.abc import Mapping
from hashlib import sha256
from http.client import HTTPConnection
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchfloor.base.errors import UnavailableError
from watchfloor.messages.acts import LogHead
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.signed import AnyAct

ENROL_TEXT = "watchfloor: take a seat\n{room}\n{token}\n{key}\n"
WAIT_S = 10.0


class FrontDoor:
    """One room's HTTP, for the links of simulated seats."""

    def __init__(self, port: int, room_id: str, links: Mapping[str, str]) -> None:
        self._port, self._room_id, self._links = port, room_id, links
        self._key = Ed25519PrivateKey.generate()
        self._seats: dict[str, dict[str, Any]] = {}

    def envelope(self, seat_id: str, at_us: int) -> dict[str, Any]:
        """What every act of a seat says of itself.

        **Raises**: UnavailableError, when the room does not let the seat in.
        """
        return {
            "act_id": secrets.token_hex(16),
            "room_id": self._room_id,
            "person_id": self._seat(seat_id)["person_id"],
            "seat_id": seat_id,
            "at_us": at_us,
            "head": LogHead(0, "0" * 64),
        }

    def act(self, seat_id: str, act: AnyAct) -> None:
        """Sign an act and enter it.

        **Raises**: UnavailableError, when the room refuses it.
        """
        document = canonical_bytes(act)
        body = {"document": document.decode(), "signature": self._key.sign(document).hex()}
        self._ask("POST", "/api/acts", body, self._seat(seat_id)["session"])

    def ask(self, path: str, seat_id: str = "") -> dict[str, Any]:
        """What the room answers to anybody, or to a seat.

        **Raises**: UnavailableError, when it does not.
        """
        return self._ask("GET", path, None, self._seat(seat_id)["session"] if seat_id else "")

    def put(self, path: str, body: dict[str, Any], seat_id: str) -> dict[str, Any]:
        """What the room answers to something that a seat asks it to do.

        **Raises**: UnavailableError, when it does not.
        """
        return self._ask("POST", path, body, self._seat(seat_id)["session"])

    def _seat(self, seat_id: str) -> dict[str, Any]:
        if seat_id not in self._seats:
            token = self._links[seat_id]
            public = self._key.public_key().public_bytes_raw().hex()
            hashed = sha256(token.encode()).hexdigest()
            text = ENROL_TEXT.format(room=self._room_id, token=hashed, key=public).encode()
            wish = {"token": token, "public_key": public, "proof": self._key.sign(text).hex()}
            self._seats[seat_id] = self._ask("POST", "/api/enter", wish, "")
        return self._seats[seat_id]

    def _ask(self, method: str, path: str, body: dict[str, Any] | None, session: str) -> dict[str, Any]:
        connection = HTTPConnection("localhost", self._port, timeout=WAIT_S)
        headers = {"content-type": "application/json"}
        if session:
            headers["authorization"] = f"Bearer {session}"
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            raw = answer.read()
        except OSError as error:
            raise UnavailableError(f"the room does not answer: {error}") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise UnavailableError(f"the room refused a simulated seat: {raw[:300].decode(errors='replace')}")
        document: dict[str, Any] = json.loads(raw)
        return document
