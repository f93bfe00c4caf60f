"""The opening record, entered through the front door: simulated seats, a key made for this run, signed acts.

The room marks these seats `simulated`; they never count as persons and never as required advice.
"""

import json
import secrets
from collections.abc import Mapping
from hashlib import sha256
from http.client import HTTPConnection
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchfloor.base.errors import UnavailableError
from watchfloor.base.instants import us_from_hms
from watchfloor.base.labels import label_for
from watchfloor.messages.acts import AdviceGiven, Answer, DecisionSigned, FactStated, LogHead, RequestWritten
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.pack import OpeningAct, OpeningAdvice, OpeningRefusal, OpeningRequest, Pack
from watchfloor.messages.signed import AnyAct

ENROL_TEXT = "watchfloor: take a seat\n{room}\n{token}\n{key}\n"


class OpeningWriter:
    """Enters a pack's opening acts over HTTP, each from its simulated seat."""

    def __init__(self, pack: Pack, port: int, room_id: str, links: Mapping[str, str]) -> None:
        self._pack, self._port, self._room_id, self._links = pack, port, room_id, links
        self._key = Ed25519PrivateKey.generate()
        self._seats: dict[str, dict[str, Any]] = {}
        self._rules_digest = ""

    def enter_last(self, count: int) -> None:
        """Enter the last so many opening acts; those before stand already.

        **Raises**: UnavailableError, when the room refuses one.
        """
        self._rules_digest = str(self._ask("GET", "/api/room", None, "")["rules_digest"])
        for act in self._pack.opening[-count:]:
            seat = self._seat(act.seat)
            common = {
                "act_id": secrets.token_hex(16),
                "room_id": self._room_id,
                "person_id": seat["person_id"],
                "seat_id": act.seat,
                "at_us": self._us(act.at),
                "head": LogHead(0, "0" * 64),
            }
            self._send(seat, self._signed(act, common))

    def _us(self, clock: str) -> int:
        return self._pack.epoch_us + us_from_hms(clock)

    def _signed(self, act: OpeningAct, common: dict[str, Any]) -> AnyAct:
        if isinstance(act, OpeningRequest):
            return self._request(act, common)
        if isinstance(act, OpeningAdvice):
            return AdviceGiven(request_id=act.request_id, version=1, verdict=act.verdict, words=act.words, **common)
        if isinstance(act, OpeningRefusal):
            return DecisionSigned(
                request_id=act.request_id,
                version=1,
                answer=Answer.NO,
                lawful_and_valid=act.lawful_and_valid,
                expected_advantage=act.expected_advantage,
                remaining_doubt=act.remaining_doubt,
                cited=(),
                screen_digest="0" * 64,
                **common,
            )
        return FactStated(
            fact=act.fact,
            about=act.about,
            value=act.value,
            as_of_us=self._us(act.as_of),
            until_us=self._us(act.until) if act.until else 0,
            words=act.words,
            label=label_for(tuple(nation.id for nation in self._pack.header.nations)),
            **common,
        )

    def _request(self, act: OpeningRequest, common: dict[str, Any]) -> RequestWritten:
        return RequestWritten(
            request_id=act.request_id,
            kind=act.kind,
            acting_nation=act.acting_nation,
            what=act.what,
            why=act.why,
            hoped_for=act.hoped_for,
            could_go_wrong=act.could_go_wrong,
            alternatives=act.alternatives,
            area_id=act.area,
            from_us=self._us(act.window_from),
            until_us=self._us(act.window_until),
            label=label_for(act.nations),
            rules_digest=self._rules_digest,
            **common,
        )

    def _seat(self, seat_id: str) -> dict[str, Any]:
        if seat_id not in self._seats:
            token = self._links[seat_id]
            public = self._key.public_key().public_bytes_raw().hex()
            hashed = sha256(token.encode()).hexdigest()
            text = ENROL_TEXT.format(room=self._room_id, token=hashed, key=public).encode()
            wish = {"token": token, "public_key": public, "proof": self._key.sign(text).hex()}
            self._seats[seat_id] = self._post("/api/enter", wish, "")
        return self._seats[seat_id]

    def _send(self, seat: dict[str, Any], act: AnyAct) -> None:
        document = canonical_bytes(act)
        body = {"document": document.decode(), "signature": self._key.sign(document).hex()}
        self._post("/api/acts", body, seat["session"])

    def _post(self, path: str, body: dict[str, Any], session: str) -> dict[str, Any]:
        return self._ask("POST", path, body, session)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None, session: str) -> dict[str, Any]:
        connection = HTTPConnection("localhost", self._port, timeout=10)
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
            raise UnavailableError(f"the room refused an opening act: {raw[:300].decode(errors='replace')}")
        document: dict[str, Any] = json.loads(raw)
        return document
