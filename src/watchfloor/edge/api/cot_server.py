"""CoT over TCP for TAK clients: every track of one audience, each event serialised once, newest only.

A tick gathers what changed and writes it to every client whose buffer is nearly empty; a client that does not read
is skipped, and when it reads again it gets each track's newest state. Times on this port are real UTC.
"""

import asyncio
import socket
from typing import cast

import structlog

from watchfloor.app.intake import Intake
from watchfloor.app.room import Room
from watchfloor.app.sight import may_see
from watchfloor.base.labels import Audience
from watchfloor.edge.utc import utc_us
from watchfloor.messages.air import Rejected, Track
from watchfloor.messages.room import FeedState
from watchfloor.picture.step import state_of
from watchfloor.wire import cot
from watchfloor.wire.cot_stream import OVERSIZED, StreamState

TICK_S = 0.05
STALE_AFTER_S = 30
BUFFER_LIMIT_BYTES = 256 << 10
BAD_LIMIT = 100
CHUNK_BYTES = 1 << 16
_PING, _PONG = "t-x-c-t", "t-x-c-t-r"
_log = structlog.get_logger()


class CotClient(asyncio.Protocol):
    """One TAK client."""

    def __init__(self, server: "CotServer") -> None:
        self._server = server
        self._state = StreamState()
        self.behind: dict[str, bytes] = {}
        self.bad_count = 0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came: it gets the picture at once."""
        self.transport = cast("asyncio.Transport", transport)
        self._server.joined(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio names it
        """A client went; what it had begun and not ended is refused."""
        if self._state.rest:
            self._server.heard(self, Rejected(reason="ended inside an event", sample=self._state.rest))
        self._server.left(self)

    def data_received(self, data: bytes) -> None:
        """Events of the client: its own position, or a ping."""
        self._state, events = cot.step(self._state, data)
        for event in events:
            self._server.heard(self, event)

    def send(self, events: dict[str, bytes], joined: bytes) -> None:
        """Write what changed, or remember it while the client does not read."""
        if self.transport is None or self.transport.is_closing():
            return
        if self.transport.get_write_buffer_size() > BUFFER_LIMIT_BYTES:
            self.behind.update(events)
            return
        if self.behind:
            self.behind.update(events)
            joined = b"".join(self.behind.values())
            self.behind = {}
        self.transport.write(joined)


class CotServer:
    """The port for one audience."""

    def __init__(self, room: Room, audience: Audience, intake: Intake) -> None:
        self._room, self._audience, self._intake = room, audience, intake
        self._clients: set[CotClient] = set()
        self._sent_toa: dict[str, int] = {}
        self._told_guests: dict[str, int] = {}
        self._newest: dict[str, bytes] = {}
        self._server: asyncio.Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.delivery_count = 0
        room.on_jump(self._forget)

    async def start(self, bound: socket.socket) -> int:
        """Listen on a bound socket; answers its port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: CotClient(self), sock=bound)
        self._task = asyncio.create_task(self._run(), name="cot")
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and let clients go."""
        if self._task is not None:
            self._task.cancel()
        if self._server is not None:
            self._server.close()
        for client in tuple(self._clients):
            if client.transport is not None:
                client.transport.abort()

    def joined(self, client: CotClient) -> None:
        """A client came."""
        self._clients.add(client)
        if self._newest:
            client.send(dict(self._newest), b"".join(self._newest.values()))
            self.delivery_count += len(self._newest)

    def left(self, client: CotClient) -> None:
        """A client went; its own position goes with it."""
        self._clients.discard(client)
        if not self._clients:
            self._intake.newest_toa_us, self._intake.state = None, FeedState.WAITING
        uid = self._room.guests.leave(id(client))
        self._newest.pop(f"guest:{uid}", None)
        self._told_guests.pop(f"guest:{uid}", None)

    def heard(self, client: CotClient, event: cot.CotEvent | Rejected) -> None:
        """An event of a client."""
        self._intake.counts.message_count += 1
        if isinstance(event, cot.CotEvent):
            if event.type == _PING:
                self._answer_ping(client)
                return
            if event.type.startswith("t-"):
                return
            refused = self._impostor(event) or self._room.guests.accept(id(client), event, utc_us())
            if refused is None:
                self._intake.counts.position_count += 1
                self._intake.accepted(self._room.writer.room_now_us())
                return
            event = refused
        self._intake.refuse(event, self._room.writer.room_now_us())
        client.bad_count += 1
        if client.bad_count > BAD_LIMIT or event.reason == OVERSIZED:
            _log.warning("TAK client cut off", reason=event.reason)
            if client.transport is not None:
                client.transport.abort()

    def _impostor(self, event: cot.CotEvent) -> Rejected | None:
        """A client may not speak as an aircraft of the picture, nor as an exercise where there is none."""
        if event.is_exercise() and not self._room.setup.exercise:
            return Rejected(reason="marked as exercise in a room that is none", sample=event.uid.encode())
        if any(cot.uid_of(identity) == event.uid for identity in self._room.picture.tracks):
            return Rejected(reason="the uid is that of a track", sample=event.uid.encode())
        return None

    def _answer_ping(self, client: CotClient) -> None:
        if client.transport is not None and client.transport.get_write_buffer_size() < BUFFER_LIMIT_BYTES:
            now_us = utc_us()
            client.transport.write(cot.encode_pong(_PONG, now_us, now_us + 20_000_000))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            events = self._changed()
            if not events:
                continue
            self._newest.update(events)
            joined = b"".join(events.values())
            for client in tuple(self._clients):
                client.send(events, joined)
            self.delivery_count += len(events) * len(self._clients)

    def _changed(self) -> dict[str, bytes]:
        """Events of tracks that moved since the last tick, and of clients' own positions."""
        real_us, room_us = utc_us(), self._room.writer.room_now_us()
        clock = self._room.writer.state.clock
        rate = clock.rate_permille / 1000 if clock and clock.rate_permille else 1.0
        events: dict[str, bytes] = {}
        tracks = self._room.picture.tracks
        for identity, track in tracks.items():
            if self._sent_toa.get(identity) == track.toa_us or not may_see(track.label, self._audience):
                continue
            if state_of(track, self._room.picture.limits, room_us) is not FeedState.FRESH:
                continue
            self._sent_toa[identity] = track.toa_us
            age_us = round(max(room_us - track.toa_us, 0) / rate)
            events[identity] = self._encode(track, real_us - age_us, real_us)
        for gone in self._sent_toa.keys() - tracks.keys():
            del self._sent_toa[gone]
            self._newest.pop(gone, None)
        for guest in self._room.guests.shown(real_us):
            key = f"guest:{guest.uid}"
            if self._told_guests.get(key) != guest.real_us:
                self._told_guests[key] = guest.real_us
                events[key] = cot.encode_relayed(
                    guest.event, real_us + STALE_AFTER_S * 1_000_000, exercise=self._room.setup.exercise
                )
        return events

    def _encode(self, track: Track, time_us: int, real_us: int) -> bytes:
        return cot.encode_track(
            track,
            time_us=time_us,
            stale_us=real_us + STALE_AFTER_S * 1_000_000,
            exercise=self._room.setup.exercise,
        )

    def _forget(self) -> None:
        self._sent_toa, self._newest = {}, {}
        for client in self._clients:
            client.behind = {}
