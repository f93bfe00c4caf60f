"""HTTP of private matching: what we would put in, kept and committed to, before a person signs it."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from watchfloor.app.matching import Matching
from watchfloor.app.room import Room
from watchfloor.app.seats import Seats
from watchfloor.edge.api.problems import problem
from watchfloor.edge.api.seats import SeatDoors, convert, read_json
from watchfloor.messages.acts import Whole


class MatchWish(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An epoch to propose, or the digest of what they proposed."""

    from_us: Whole = 0
    until_us: Whole = 0
    about: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$")] = ""


class MatchDoors(SeatDoors):
    """The handlers of matching; for seats with the power `call`."""

    def __init__(self, seats: Seats | None, room: Room, matchings: Mapping[str, Matching]) -> None:
        super().__init__(seats, room.writer, room.setup.room_id)
        self._minima, self._matchings = room.setup.minima, matchings

    def routes(self) -> list[BaseRoute]:
        """Routes of matching."""
        return [Route("/api/lines/{line_id}/match", self.prepare, methods=["POST"])]

    async def prepare(self, request: Request) -> Response:
        """Commit to our plans of an epoch, or of the match that they proposed; nothing is said on the line by this."""
        session = self._session(request)
        if session is None or self._seats is None:
            return problem(401, "session", "open a seat's link first")
        if "call" not in self._seats.seat_fact(session).powers:
            return problem(403, "refused", "this seat does not hold the power `call`")
        matching = self._matchings.get(request.path_params["line_id"])
        if matching is None:
            return problem(404, "unknown", "this room has no such line open")
        wish = convert(await read_json(request), MatchWish)
        minima = self._minima
        if wish.about:
            prepared = await matching.accept(wish.about, minima.horizontal_m, minima.vertical_ft)
        else:
            prepared = await matching.propose(wish.from_us, wish.until_us, minima.horizontal_m, minima.vertical_ft)
        return JSONResponse(msgspec.to_builtins(prepared))
