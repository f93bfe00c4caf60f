"""Screens over WebSocket: tracks as binary frames, everything else as JSON, newest only.

Each viewer has one slot, not a queue: a slow viewer skips, it never holds anybody up, and its buffer is bounded
by one frame and one document.
"""

import asyncio
from collections import Counter

import msgspec
from starlette.websockets import WebSocket

from watchfloor.app.room import Room, Tick
from watchfloor.app.seats import Seats, Session
from watchfloor.app.sight import audience_of_seat
from watchfloor.app.walls import Wall
from watchfloor.base.errors import InputError
from watchfloor.base.labels import Audience
from watchfloor.edge.api import frames
from watchfloor.edge.api.framed import send_framed
from watchfloor.edge.api.frames import View
from watchfloor.edge.api.greeting import SEND_WAIT_S, GoneError, greeted_viewer, until_one_ends
from watchfloor.edge.api.shown import Shown, Shows


def audience_of(room: Room, seats: Seats | None, viewer: Session | Wall | None) -> Audience:
    """Whom a screen shows to: a seat's class of viewers, or for the open wall what all nations may see."""
    if viewer is None or seats is None:
        return room.setup.everyone
    return viewer.audience if isinstance(viewer, Wall) else audience_of_seat(seats.seat_fact(viewer))


class _Looks(msgspec.Struct, forbid_unknown_fields=True):
    """What a screen may say after its hello."""

    view: View | None


class Viewer:
    """One screen's connection."""

    def __init__(self, room: Room, shows: Shows, seats: Seats | None, socket: WebSocket) -> None:
        self._room, self._shows, self._seats, self._socket = room, shows, seats, socket
        self._tick: Tick | None = None
        self._is_dirty, self._told_size = True, 0
        self._wake = asyncio.Event()
        self._shown: Shown | None = None
        self._named, self._turn = 0, -1
        self._view: View | None = None
        self._here = frames.NO_TRACKS
        self._viewer: Session | Wall | None = None

    def ticked(self, tick: Tick) -> None:
        """Keep the newest picture only."""
        self._tick = tick
        self._wake.set()

    def changed(self) -> None:
        """Remember that the document changed."""
        self._is_dirty = True
        self._wake.set()

    async def serve(self) -> None:
        """Speak to the screen until it goes."""
        try:
            self._viewer = await greeted_viewer(self._socket, self._seats)
        except GoneError:
            return
        walls = [self._viewer.audience] if isinstance(self._viewer, Wall) else []
        self._room.open_walls.update(walls)
        self._room.add_watcher(self)
        try:
            await until_one_ends(asyncio.create_task(self._drain()), asyncio.create_task(self._send()))
        finally:
            self._room.remove_watcher(self)
            self._room.open_walls -= Counter(walls)  # which leaves out those of which none is open

    async def _drain(self) -> None:
        """After its hello a screen says which part of the world it looks at; anything else ends it."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            try:
                self._view = msgspec.json.decode(message.get("text") or "", type=_Looks).view
            except (msgspec.MsgspecError, UnicodeError, RecursionError):
                await self._socket.close(4400, reason="after its hello a screen says its view, or nothing")
                return
            self._turn, self._here = -1, frames.NO_TRACKS

    async def _send(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._viewer is not None and self._seats is not None:
                try:
                    self._seats.require(self._viewer)
                except InputError as error:
                    await self._socket.close(4401, reason=str(error)[:100])
                    return
            shown = self._shows.to(audience_of(self._room, self._seats, self._viewer))
            if shown is not self._shown:
                self._shown, self._named, self._turn = shown, 0, -1
            async with asyncio.timeout(SEND_WAIT_S):
                await self._tell(shown)

    async def _tell(self, shown: Shown) -> None:
        tick, self._tick = self._tick, None
        if tick is not None:
            shown.look(tick)
            names, self._named = shown.names_since(self._named)
            if names:
                await self._socket.send_text(names)
            if self._view is None:
                raw = shown.picture_after(self._turn)
            else:
                raw, self._here = shown.picture_in(self._view, self._here, self._turn)
            self._turn = shown.turns.turn
            await send_framed(self._socket, raw)
        size = self._room.writer.size
        if self._is_dirty or size != self._told_size:
            self._is_dirty, self._told_size = False, size
            await send_framed(self._socket, shown.screen())
