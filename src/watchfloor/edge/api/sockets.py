"""Screens over WebSocket: tracks as binary frames, everything else as JSON, newest only.

Each viewer has one slot, not a queue: a slow viewer skips, it never holds anybody up, and its buffer is bounded
by one frame and one document.
"""

import asyncio

import msgspec
from starlette.websockets import WebSocket

from watchfloor.app.room import Room, Tick
from watchfloor.app.screens import screen_digest, screen_document
from watchfloor.app.seats import Seats, Session
from watchfloor.app.sight import audience_of_seat, may_see
from watchfloor.base.errors import InputError
from watchfloor.base.labels import Audience
from watchfloor.edge.api import frames
from watchfloor.edge.api.greeting import SEND_WAIT_S, GoneError, TracksNamed, greeted, until_one_ends
from watchfloor.edge.utc import utc_us
from watchfloor.messages.acts import LogHead
from watchfloor.messages.screen import FeedShown, GuestShown, NamesTold, PulseTold, ScreenTold


def audience_of(room: Room, seats: Seats | None, session: Session | None) -> Audience:
    """Whom a screen shows to: a seat's class of viewers, or for the open wall what all nations may see."""
    if session is None or seats is None:
        return room.setup.everyone
    return audience_of_seat(seats.seat_fact(session))


def pulse(room: Room, audience: Audience) -> PulseTold:
    """Clock, feeds and clients now; small, sent with every tick."""
    clock = room.writer.state.clock
    return PulseTold(
        room_us=room.writer.room_now_us(),
        rate_permille=clock.rate_permille if clock else 1000,
        paused=clock.paused if clock else False,
        failed=room.writer.trouble,
        tape_failed=room.taping.failed,
        witness_failed=room.witnessing.trouble if room.witnessing else None,
        feeds=tuple(
            FeedShown(
                feed_id=intake.setup.feed_id,
                name=intake.setup.name,
                state=intake.state,
                newest_us=intake.newest_toa_us,
                message_count=intake.counts.message_count,
                position_count=intake.counts.position_count,
                bad_count=intake.counts.bad_count,
                dropped_count=intake.counts.dropped_count,
                reasons=dict(intake.reasons),
            )
            for intake in room.intakes.values()
            if may_see(intake.setup.label, audience)
        ),
        guests=tuple(
            GuestShown(guest.uid, guest.callsign, round(guest.lat_deg * 1e7), round(guest.lon_deg * 1e7))
            for guest in room.guests.shown(utc_us())
        ),
    )


def screen(room: Room, audience: Audience) -> ScreenTold:
    """The screen document with its hash and the log's head."""
    document = screen_document(room.writer.state, audience, room.writer.room_now_us())
    head = LogHead(room.writer.size, room.writer.root.hex())
    return ScreenTold(room.setup.context, screen_digest(document), head, document)


class Viewer:
    """One screen's connection."""

    def __init__(self, room: Room, seats: Seats | None, socket: WebSocket) -> None:
        self._room, self._seats, self._socket = room, seats, socket
        self._tick: Tick | None = None
        self._dirty = True
        self._wake = asyncio.Event()
        self._named = TracksNamed()
        self._session: Session | None = None

    def ticked(self, tick: Tick) -> None:
        """Keep the newest picture only."""
        self._tick = tick
        self._wake.set()

    def changed(self) -> None:
        """Remember that the document changed."""
        self._dirty = True
        self._wake.set()

    async def serve(self) -> None:
        """Speak to the screen until it goes."""
        try:
            self._session = await greeted(self._socket, self._seats)
        except GoneError:
            return
        self._room.add_watcher(self)
        try:
            await until_one_ends(asyncio.create_task(self._drain()), asyncio.create_task(self._send()))
        finally:
            self._room.remove_watcher(self)

    async def _drain(self) -> None:
        """Screens say nothing after hello; what they send is passed over until they go."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return

    async def _send(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._session is not None and self._seats is not None:
                try:
                    self._seats.session(self._session.token)
                except InputError as error:
                    await self._socket.close(4401, reason=str(error)[:100])
                    return
            audience = audience_of(self._room, self._seats, self._session)
            tick, self._tick = self._tick, None
            if tick is not None:
                await self._send_tick(tick, audience)
            if self._dirty:
                self._dirty = False
                await self._text(pulse(self._room, audience))
                await self._text(screen(self._room, audience))

    async def _send_tick(self, tick: Tick, audience: Audience) -> None:
        seen = frames.visible(tick.seen_by(audience), audience)
        news = self._named.news(seen.tracks)
        if news is not None:
            await self._text(news)
        await asyncio.wait_for(self._socket.send_bytes(frames.encode(seen, tick.generation)), SEND_WAIT_S)
        await self._text(pulse(self._room, audience))

    async def _text(self, document: PulseTold | ScreenTold | NamesTold) -> None:
        text = msgspec.json.encode(document).decode()
        await asyncio.wait_for(self._socket.send_text(text), SEND_WAIT_S)
