"""CoT over TCP for TAK clients: every track of one audience, newest only.

A tick gathers what moved; each event is encoded once in each form that somebody reads, and a client that does not read
is passed by until it reads again.
"""

import asyncio
import socket

from watchfloor.app.cot_picture import CotPicture
from watchfloor.app.intake import Intake
from watchfloor.app.room import Room, Tick
from watchfloor.base.labels import Audience
from watchfloor.edge.api.cot_client import CotClient
from watchfloor.edge.utc import utc_us
from watchfloor.messages.air import Rejected
from watchfloor.messages.room import FeedState
from watchfloor.wire import cot

TICK_S = 0.02


class CotServer:
    """The port for one audience."""

    def __init__(self, room: Room, audience: Audience, intake: Intake) -> None:
        self._room, self._intake = room, intake
        self._picture = CotPicture(room, audience)
        self._uids = {cot.uid_of(identity) for identity in room.views.own.picture.tracks}
        self._clients: set[CotClient] = set()
        self._server: asyncio.Server | None = None
        self._task: asyncio.Task[None] | None = None
        room.on_jump(self._forget)
        room.views.own.on_moved(lambda identity: self._uids.add(cot.uid_of(identity)))
        room.add_watcher(self)

    async def start(self, bound: socket.socket) -> int:
        """Listen on a bound socket; answers its port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: CotClient(self, self._picture.newest), sock=bound)
        self._task = asyncio.create_task(self._run(), name="cot")
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and let clients go."""
        self._room.remove_watcher(self)
        if self._task is not None:
            self._task.cancel()
        if self._server is not None:
            self._server.close()
        for client in tuple(self._clients):
            client.close()

    def joined(self, client: CotClient) -> None:
        """A client came."""
        self._clients.add(client)

    def left(self, client: CotClient) -> None:
        """A client went; its own position goes with it."""
        self._clients.discard(client)
        if not self._clients:
            self._intake.newest_toa_us, self._intake.state = None, FeedState.WAITING
        uid = self._room.guests.leave(id(client))
        if uid is not None:
            self._picture.guest_left(uid)

    def heard(self, client: CotClient, event: cot.CotEvent | Rejected) -> None:
        """An event of a client, or what is none."""
        self._intake.counts.message_count += 1
        refused = event if isinstance(event, Rejected) else self._refused(client, event)
        if refused is not None:
            self._intake.refuse(refused, self._room.writer.room_now_us())
            return
        self._intake.counts.position_count += 1
        self._intake.accepted(self._room.writer.room_now_us())
        self._picture.has_news.set()

    def ticked(self, tick: Tick) -> None:
        """Forget who is gone."""
        self._picture.ticked(tick)
        self._uids = {cot.uid_of(track.identity) for track in tick.whole().tracks}

    def changed(self) -> None:
        """The board is not told here."""

    def _refused(self, client: CotClient, event: cot.CotEvent) -> Rejected | None:
        """A client may not speak as an aircraft of the picture, nor as an exercise where there is none."""
        if event.is_exercise() and not self._room.setup.exercise:
            return Rejected(reason="marked as exercise in a room that is none", sample=event.uid.encode())
        if event.uid in self._uids:
            return Rejected(reason="the uid is that of a track", sample=event.uid.encode())
        return self._room.guests.accept(id(client), event, utc_us())

    async def _run(self) -> None:
        while True:
            await self._picture.has_news.wait()
            self._picture.has_news.clear()
            self._picture.gather(utc_us())
            for client in tuple(self._clients):
                client.catch_up()
            await asyncio.sleep(TICK_S)

    def _forget(self) -> None:
        self._picture.forget()
        self._uids = set()
