"""HTTP of a replay: what it is, its map, seats to look back from, facts about a request, the connection of screens."""

import re
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from watchfloor import __version__
from watchfloor.app.sight import audience_of_seat, may_see
from watchfloor.edge.api.app import pack_document, wall_routes
from watchfloor.edge.api.problems import problem
from watchfloor.edge.api.replay_position import Position, ReplayStage
from watchfloor.edge.api.replay_viewer import ReplayViewer
from watchfloor.edge.api.rules import rules_document
from watchfloor.edge.api.seats import SeatDoors
from watchfloor.messages.pack import Pack
from watchfloor.messages.screen import FactShown, HeldShown


class ReplayDoors(SeatDoors):
    """The handlers of one replay."""

    def __init__(self, stage: ReplayStage, pack: Pack | None) -> None:
        super().__init__(stage.seats, stage.writer, stage.recording.opened.room_id)
        self._stage, self._pack = stage, pack

    def routes(self, wall: Path) -> list[BaseRoute]:
        """All routes, the wall's files last."""
        return [
            Route("/api/room", self.room),
            Route("/api/map", self.map),
            Route("/api/tracks/{number:int}", self.track),
            Route("/api/replay/facts", self.facts),
            *self.seat_routes(),
            WebSocketRoute("/ws", self.socket),
            *wall_routes(wall),
        ]

    async def room(self, _: Request) -> Response:
        """What is replayed: title, context, roles, areas, the span of room time."""
        recording = self._stage.recording
        opened = recording.opened
        spans = [recording.span_us(number) for number in range(len(recording.stretches))]
        document: dict[str, Any] = {
            "room_id": opened.room_id,
            "title": opened.pack_id,
            "context": recording.context().value,
            "software": f"watchfloor {__version__}",
            "utc_offset_s": opened.utc_offset_s,
            "nations": list(self._stage.everyone.nations),
            **pack_document(self._pack),
            **rules_document(recording.states[-1]),
            "replay": True,
            "start_us": min(start for start, _ in spans),
            "end_us": max(end for _, end in spans),
        }
        return JSONResponse(document)

    async def map(self, _: Request) -> Response:
        """The pack's map as it is drawn."""
        raw = self._pack.map_geojson if self._pack else b'{"type":"FeatureCollection","features":[]}'
        return Response(raw, media_type="application/geo+json")

    async def track(self, request: Request) -> Response:
        """A replay shows tracks as the tape has them; the tape has no ages of single sources."""
        return JSONResponse({"title": f"no details of track {request.path_params['number']} in a replay"}, 404)

    async def facts(self, request: Request) -> Response:
        """When each seat first held each fact about a request, up to what this person may know."""
        session = self._session(request)
        if session is None:
            return problem(401, "session", "open a seat's link first")
        position = Position(self._stage)
        moment = request.query_params.get("moment_seq", "")
        if not re.fullmatch(r"[0-9]{1,15}", moment):
            return problem(400, "input", "say `moment_seq`, the entry up to which to look")
        audience = audience_of_seat(self._seats_or_refuse().seat_fact(session))
        position.audience = audience
        horizon = position.horizon(session.person_id)
        size = min(int(moment) + 1, len(self._stage.recording.entries), horizon.cause_seq if horizon else 1 << 60)
        found = [
            FactShown(one.seq, one.at_us, one.what, tuple(HeldShown(*pair) for pair in one.held), one.lacked)
            for one in self._stage.recording.facts_about(request.query_params.get("request_id", ""), size)
            if may_see(self._stage.recording.entries[one.seq].body.label, audience)
        ]
        return Response(msgspec.json.encode(found), media_type="application/json")

    async def socket(self, socket: WebSocket) -> None:
        """A screen's connection."""
        await ReplayViewer(self._stage, socket).serve()
