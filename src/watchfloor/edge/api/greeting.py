"""How a screen's connection begins, and how it is told names: the same for a running room and a replay."""

import asyncio
import contextlib
import json
from collections.abc import Iterable

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from watchfloor.app.seats import Seats, Session
from watchfloor.app.walls import Wall
from watchfloor.base.errors import InputError
from watchfloor.messages.air import Track
from watchfloor.messages.screen import NamesTold, NameTold

HELLO_WAIT_S, SEND_WAIT_S = 5.0, 10.0


class GoneError(Exception):
    """The screen went, or said no hello, or its session has ended; the connection is closed."""


async def greeted(socket: WebSocket, seats: Seats | None) -> Session | None:
    """Accept a connection and hear its hello; answers its session, None for a wall without one.

    **Raises**: GoneError, when there is nobody to speak to.
    """
    viewer = await greeted_viewer(socket, seats, takes_walls=False)
    return viewer if isinstance(viewer, Session) else None


async def greeted_viewer(socket: WebSocket, seats: Seats | None, *, takes_walls: bool = True) -> Session | Wall | None:
    """As `greeted`; a hello may also name the wall of a seat."""
    await socket.accept()
    try:
        hello = json.loads(await asyncio.wait_for(socket.receive_text(), HELLO_WAIT_S))
        token = str(hello.get("session", "")) if isinstance(hello, dict) else ""
        wall = str(hello.get("wall", "")) if isinstance(hello, dict) and takes_walls else ""
        if seats is None or not (token or wall):
            return None
        return seats.wall(wall) if wall else seats.session(token)
    except InputError as error:
        await socket.close(4401, reason=str(error)[:100])
        raise GoneError from error
    except (TimeoutError, ValueError, KeyError, WebSocketDisconnect) as error:
        if socket.client_state is WebSocketState.CONNECTED:
            await socket.close(4400, reason="say hello first")
        raise GoneError from error


async def until_one_ends(*works: "asyncio.Task[None]") -> None:
    """Wait for the first of these to end, or for the room's end, then end all of them."""
    try:
        with contextlib.suppress(asyncio.CancelledError):  # the room ends; its server would call it a fault
            await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)


def name_of(track: Track) -> NameTold:
    """What a screen is told of a track beside its place."""
    return NameTold(track.number, track.callsign, track.squawk, track.identity, _sources(track), track.oddity)


def is_called(track: Track, name: NameTold) -> bool:
    """Whether this is the track's name still."""
    return (
        track.callsign == name.callsign
        and track.squawk == name.squawk
        and track.identity == name.identity
        and track.oddity is name.oddity
        and _sources(track) == name.sources
    )


def _sources(track: Track) -> str:
    return track.sources[0].feed_id if len(track.sources) == 1 else ",".join(one.feed_id for one in track.sources)


class TracksNamed:
    """Which names a screen was told already."""

    def __init__(self) -> None:
        self._told: dict[int, NameTold] = {}

    def news(self, tracks: Iterable[Track]) -> NamesTold | None:
        """Names of tracks that this screen does not have yet; None, when it has all."""
        fresh = []
        for track in tracks:
            name = name_of(track)
            if self._told.get(track.number) != name:
                self._told[track.number] = name
                fresh.append(name)
        return NamesTold(tuple(fresh)) if fresh else None
