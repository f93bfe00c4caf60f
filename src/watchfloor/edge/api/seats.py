"""HTTP of seats and acts: the same for a running room and for looking back on a record."""

import json
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from watchfloor.app.identity import Enrolment
from watchfloor.app.seats import Seats, Session
from watchfloor.app.walls import Wall
from watchfloor.app.writer import Writer
from watchfloor.base.errors import InputError
from watchfloor.edge.api.problems import REFUSAL_STATUS, problem
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.passkeys import Assertion

MAX_BODY_BYTES = 64 << 10


class ActWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed act as a browser sends it."""

    document: str
    signature: str
    assertion: Assertion | None = None


class SeatDoors:
    """The handlers of seats. `seats` is None where nobody can sit down."""

    def __init__(self, seats: Seats | None, writer: Writer | None, room_id: str) -> None:
        self._seats, self._writer, self._room_id = seats, writer, room_id

    def seat_routes(self) -> list[BaseRoute]:
        """Routes of seats and acts."""
        return [
            Route("/api/link", self.link, methods=["POST"]),
            Route("/api/wall", self.wall),
            Route("/api/walls", self.open_wall, methods=["POST"]),
            Route("/api/walls/close", self.close_walls, methods=["POST"]),
            Route("/api/enter", self.enter, methods=["POST"]),
            Route("/api/seat", self.seat),
            Route("/api/acts", self.acts, methods=["POST"]),
        ]

    async def link(self, request: Request) -> Response:
        """Which seat a link opens, before anybody sits down."""
        body = await read_json(request)
        seats = self._seats_or_refuse()
        seat = seats.seat_of_link(str(body.get("token", "")))
        taken = seat.id in self._state_seats()
        return JSONResponse(
            {
                "seat_id": seat.id,
                "role": seat.role,
                "nation": seat.nation,
                "name": seat.name,
                "taken": taken,
                "has_walls": seats.walls is not None,
                "rp_id": seats.passkeys.rp_id if seats.passkeys is not None else "",
                "enrolled": seats.enrolled(),
            }
        )

    async def wall(self, request: Request) -> Response:
        """Whose wall a screen is that names one: it shows what that seat may see, and can do nothing."""
        wall = self._wall(request)
        if wall is None:
            return problem(401, "session", "name a wall")
        return JSONResponse({"role": wall.seat.role, "nation": wall.seat.nation, "name": wall.seat.name})

    async def open_wall(self, request: Request) -> Response:
        """Open a wall with a seat's link: answers the token that the screen names from then on."""
        body = await read_json(request)
        return JSONResponse({"wall": await self._seats_or_refuse().open_wall(str(body.get("token", "")))})

    async def close_walls(self, request: Request) -> Response:
        """Close a seat's walls, from that seat or from exercise control."""
        session = self._session(request)
        if session is None:
            return problem(401, "session", "open a seat's link first")
        body = await read_json(request)
        await self._seats_or_refuse().close_walls(session, str(body.get("seat_id", "")))
        return JSONResponse({})

    async def enter(self, request: Request) -> Response:
        """Sit down: a link's token and a key that the browser made."""
        wish = convert(await read_json(request), Enrolment)
        session = await self._seats_or_refuse().enter(wish)
        return JSONResponse(self._seat_document(session))

    async def seat(self, request: Request) -> Response:
        """Who the session's tab is."""
        session = self._session(request)
        if session is None:
            return problem(401, "session", "open a seat's link first")
        return JSONResponse(self._seat_document(session))

    def _seat_document(self, session: Session) -> dict[str, Any]:
        fact = self._seats_or_refuse().seat_fact(session)
        return {
            "session": session.token,
            "room_id": self._room_id,
            "person_id": fact.person_id,
            "seat_id": fact.seat_id,
            "role": fact.role,
            "nation": fact.nation,
            "powers": list(fact.powers),
            "level": int(fact.level),
            "need_to_know": list(fact.need_to_know),
            "key_id": fact.key_id,
            "passkey": fact.passkey.credential_id if fact.passkey is not None else "",
            "rp_id": fact.passkey.rp_id if fact.passkey is not None else "",
            "passkey_form": fact.passkey.form.value if fact.passkey is not None else "",
        }

    async def acts(self, request: Request) -> Response:
        """Enter a signed act; a refusal is an answer with its reason, not a fault."""
        session = self._session(request)
        if session is None:
            return problem(401, "session", "open a seat's link first")
        wish = convert(await read_json(request), ActWish)
        written = await self._seats_or_refuse().act(session, wish.document, wish.signature, wish.assertion)
        for entry in written.entries:
            if isinstance(entry.body, ActRefused):
                status = REFUSAL_STATUS.get(entry.body.code, 403)
                return problem(status, entry.body.code, entry.body.sentence, seq=entry.seq)
        return JSONResponse({"entries": [entry.seq for entry in written.entries]})

    def _session(self, request: Request) -> Session | None:
        token = _credential(request, "bearer")
        return self._seats.session(token) if token is not None and self._seats is not None else None

    def _wall(self, request: Request) -> Wall | None:
        token = _credential(request, "wall")
        return self._seats.wall(token) if token is not None and self._seats is not None else None

    def _seats_or_refuse(self) -> Seats:
        if self._seats is None:
            raise InputError("this room has no seats: it shows recorded or live data only", field="seat")
        return self._seats

    def _state_seats(self) -> Any:
        return {} if self._writer is None else self._writer.state.seats


def _credential(request: Request, scheme: str) -> str | None:
    """What a request's `Authorization` says in this scheme; None, where it is of another, or there is none."""
    said, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if said.lower() == scheme else None


async def read_json(request: Request) -> dict[str, Any]:
    """A request's body as a JSON object, within bounds."""
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > MAX_BODY_BYTES:
            raise HTTPException(413, f"the body is over {MAX_BODY_BYTES} bytes")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InputError("the body is not JSON", field="body") from error
    if not isinstance(body, dict):
        raise InputError("the body is not a JSON object", field="body")
    return body


def convert(body: dict[str, Any], kind: type[Any]) -> Any:
    """A body in the shape that is wanted; InputError, when it has another."""
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        raise InputError(str(error), field="body") from error
