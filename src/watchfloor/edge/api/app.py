"""HTTP: the wall's files, what the room is, seats, acts, tracks. Refuses by default.

Only requests to this machine's own names are answered (against DNS rebinding), only same-origin pages may post
(there are no cookies: a session is a bearer token of one tab), bodies are capped, and a strict content security
policy stands on every answer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from watchfloor import __version__
from watchfloor.app.brief import brief_digest, brief_of
from watchfloor.app.line_words import words_in
from watchfloor.app.room import Room
from watchfloor.app.seats import Seats
from watchfloor.app.sight import may_see
from watchfloor.base.errors import WatchfloorError
from watchfloor.base.labels import Audience
from watchfloor.edge.api import shown, sockets
from watchfloor.edge.api.login import LoginDoors
from watchfloor.edge.api.problems import on_error, problem
from watchfloor.edge.api.rules import RuleDoors, RuleOffice, rules_document
from watchfloor.edge.api.tracks import by_age, track_document, tracks_geojson, tracks_parquet
from watchfloor.edge.api.video_sockets import VideoViewer
from watchfloor.edge.login import Login
from watchfloor.messages.handover import BriefTold
from watchfloor.messages.pack import Pack

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)


class Doors(RuleDoors):
    """The HTTP handlers of one room. `pack` is None for a room fed from files."""

    def __init__(
        self,
        room: Room,
        seats: Seats | None,
        pack: Pack | None,
        rules: RuleOffice | None = None,
        login: Login | None = None,
    ) -> None:
        super().__init__(seats, room.writer, pack, rules, room.setup.room_id)
        self._room, self._login = room, login
        self._shows = shown.Shows(room)

    def routes(self, wall: Path) -> list[BaseRoute]:
        """All routes, the wall's files last."""
        found: list[BaseRoute] = [
            Route("/api/room", self.room),
            Route("/api/map", self.map),
            Route("/api/screen", self.screen),
            Route("/api/pulse", self.pulse),
            Route("/api/brief", self.brief),
            Route("/api/tracks", self.tracks),
            Route("/api/tracks.parquet", self.tracks_table),
            Route("/api/tracks/{number:int}", self.track),
            Route("/api/quarantine", self.quarantine),
            *self.rule_routes(),
            *(LoginDoors(self._login).routes() if self._login else ()),
            *self.seat_routes(),
            WebSocketRoute("/ws", self.socket),
            WebSocketRoute("/ws/video/{feed_id}", self.video),
            *wall_routes(wall),
        ]
        return found

    async def room(self, _: Request) -> Response:
        """What the room is: title, context, roles, kinds, areas, rules in force."""
        asked = self._seats is not None and self._seats.passkeys is not None
        document = room_document(self._room, self._pack, passkeys=asked)
        return JSONResponse(document | {"login": self._login.rule.host if self._login else ""})

    async def map(self, _: Request) -> Response:
        """The pack's map as it is drawn."""
        raw = self._pack.map_geojson if self._pack else b'{"type":"FeatureCollection","features":[]}'
        return Response(raw, media_type="application/geo+json")

    async def screen(self, request: Request) -> Response:
        """The viewer's screen now."""
        audience = self._audience(request)
        return _packed(shown.screen(self._room, audience))

    async def pulse(self, request: Request) -> Response:
        """Clock and feeds now."""
        audience = self._audience(request)
        return _packed(shown.pulse(self._room, audience))

    async def brief(self, request: Request) -> Response:
        """What somebody must know who takes the viewer's watch over, and the digest that they sign; only to seats."""
        session = self._session(request)
        if session is None:
            return problem(401, "session", "open a seat's link first")
        writer = self._room.writer
        brief = brief_of(writer.state, sockets.audience_of(self._room, self._seats, session), writer.room_now_us())
        return _packed(BriefTold(brief, brief_digest(brief)))

    async def tracks(self, request: Request) -> Response:
        """All visible tracks as GeoJSON."""
        audience = self._audience(request)
        return JSONResponse(tracks_geojson(self._room, audience), media_type="application/geo+json")

    async def tracks_table(self, request: Request) -> Response:
        """All visible tracks as Parquet."""
        audience = self._audience(request)
        raw = await asyncio.to_thread(tracks_parquet, by_age(self._room, audience), self._room.setup.context)
        return Response(raw, media_type="application/vnd.apache.parquet")

    async def track(self, request: Request) -> Response:
        """One visible track with its sources, their ages and its trail."""
        audience = self._audience(request)
        number = request.path_params["number"]
        view = self._room.views.of(audience)
        for track in view.picture.tracks.values():
            if track.number == number and may_see(track.label, audience):
                return JSONResponse(track_document(self._room, view, track))
        return problem(404, "unknown", f"no track {number}")

    async def quarantine(self, request: Request) -> Response:
        """What feeds sent that was refused; only to seats."""
        if self._session(request) is None and self._seats is not None:
            return problem(401, "session", "open a seat's link first")
        audience = self._audience(request)
        kept = {
            name: list(intake.quarantine)
            for name, intake in self._room.intakes.items()
            if may_see(intake.setup.label, audience)
        }
        return JSONResponse(msgspec.to_builtins(kept))

    def _audience(self, request: Request) -> Audience:
        """Whom an answer is for: the class of the viewer's seat or wall, else what all nations may see."""
        return sockets.audience_of(self._room, self._seats, self._wall(request) or self._session(request))

    async def socket(self, socket: WebSocket) -> None:
        """A screen's connection."""
        await sockets.Viewer(self._room, self._shows, self._seats, socket).serve()

    async def video(self, socket: WebSocket) -> None:
        """A screen's connection for one video."""
        await VideoViewer(self._room, self._seats, socket).serve()


def wall_routes(wall: Path) -> list[BaseRoute]:
    """The wall's own files, where it was built."""
    if not (wall / "index.html").is_file():
        return []
    return [Route("/", lambda _: FileResponse(wall / "index.html")), Mount("/", StaticFiles(directory=wall))]


def room_document(room: Room, pack: Pack | None, *, passkeys: bool) -> dict[str, Any]:
    """What the room is, for anybody who can reach it."""
    setup = room.setup
    document: dict[str, Any] = {
        "room_id": setup.room_id,
        "title": setup.title,
        "context": setup.context.value,
        "software": f"watchfloor {__version__}",
        "utc_offset_s": setup.utc_offset_s,
        "nations": list(setup.everyone.nations),
        "head": {"size_count": room.writer.size, "root": room.writer.root.hex()},
        "minima": msgspec.to_builtins(setup.minima),
        "passkeys": passkeys,
    }
    return document | rules_document(room.writer.state) | pack_document(pack)


def pack_document(pack: Pack | None) -> dict[str, Any]:
    """What a pack tells screens: roles, seats, kinds, areas, rules in force."""
    if pack is None:
        return {}
    return {
        "story": pack.header.story,
        "start_us": pack.start_us,
        "end_us": pack.end_us,
        "roles": {role.id: role.name for role in pack.header.roles},
        "seats": [
            {"seat_id": seat.id, "role": seat.role, "nation": seat.nation, "name": seat.name}
            for seat in pack.header.seats
            if not seat.simulated
        ],
        "kinds": [msgspec.to_builtins(kind) for kind in pack.header.kinds],
        "languages": {one.id: one.language for one in (*pack.header.nations, *pack.header.other_parties)},
        "line_words": words_in([one.language for one in (*pack.header.nations, *pack.header.other_parties)]),
        "notification_readers": pack.header.notification_readers,
        "groups": [
            {"id": group.id, "name": group.name, "note": group.note, "roles": list(group.roles)}
            for group in pack.header.need_to_know
        ],
        "areas": [
            {"area_id": area.id, "name": area.name, "feature": area.feature, "city": area.city} for area in pack.areas
        ],
        "crews": [
            {"seat_id": seat.id, "name": seat.name or seat.id}
            for seat in pack.header.seats
            if not seat.simulated and "report_use" in next(r.powers for r in pack.header.roles if r.id == seat.role)
        ],
    }


def _packed(document: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(document), media_type="application/json")


async def _on_text(_: Request, error: Exception) -> Response:
    return problem(400, "input", f"text with half a character: {error}")


async def _on_http(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else "fault"
    return problem(status, "http", detail)


class Gate:
    """Answers only to the room's own names, and sets the date and the security headers on every answer."""

    def __init__(self, inner: ASGIApp, hosts: frozenset[str]) -> None:
        self._inner, self._hosts = inner, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI door."""
        if scope["type"] not in ("http", "websocket"):
            await self._inner(scope, receive, send)
            return
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        origin = headers.get(b"origin", b"").decode("latin-1")
        own_page = not origin or origin.partition("://")[2] == host
        if host.rpartition(":")[0].strip("[]") not in self._hosts and host not in self._hosts:
            await self._refuse(scope, receive, send, f"`{host}` is not a name of this room")
        elif not own_page and (scope["type"] == "websocket" or scope["method"] != "GET"):
            await self._refuse(scope, receive, send, "another origin's page may not speak to this room")
        else:
            await self._inner(scope, receive, _with_headers(send))

    @staticmethod
    async def _refuse(scope: Scope, receive: Receive, send: Send, sentence: str) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4403, "reason": sentence[:100]})
            return
        await problem(403, "host", sentence)(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Send:
    async def headed(message: Any) -> None:
        if message["type"] == "http.response.start":
            date = formatdate(usegmt=True).encode()
            message["headers"] = [*message.get("headers", ()), (b"date", date), *_HEADERS]
        await send(message)

    return headed


def make_app(routes: list[BaseRoute], hosts: frozenset[str]) -> ASGIApp:
    """The whole HTTP side of a room."""
    handlers: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
        WatchfloorError: on_error,
        HTTPException: _on_http,
        UnicodeError: _on_text,
    }
    return Gate(Starlette(routes=routes, exception_handlers=handlers), hosts)
