"""CoT for TAK clients: every track that a client's class of viewers may see, newest only.

The plain port shows what the pack says, else what all may see. The TLS port asks for a certificate, and shows what the
seat sees that it was given to. A tick gathers what moved; each event is encoded once in each form that somebody reads,
and a client that does not read is passed by until it reads again.
"""

import asyncio
import socket
import ssl
from hashlib import sha256

from watchfloor.app.cot_picture import CotPicture
from watchfloor.app.intake import Intake
from watchfloor.app.newest import Form
from watchfloor.app.room import Room, Tick
from watchfloor.base.labels import Audience, label_for
from watchfloor.edge.beat import BEAT_S
from watchfloor.edge.tak.certificates import TakClients, utc_now
from watchfloor.edge.tak.connection import Admitted, CotClient, Door
from watchfloor.edge.tak.crowd import Crowd
from watchfloor.edge.utc import utc_us
from watchfloor.messages.air import Rejected
from watchfloor.messages.room import FeedState
from watchfloor.wire.cot_event import CotEvent

BACKLOG = 1024  # a crowd that comes back at once; whom a full queue turns away asks again a second later
_SOONEST_S = 0.9 * BEAT_S


class CotServer:
    """The ports of one room."""

    def __init__(self, room: Room, intake: Intake) -> None:
        self._room, self._intake = room, intake
        self._pictures: dict[Audience, CotPicture] = {}
        self._crowds: dict[tuple[Audience, Form], Crowd] = {}
        self._is_due, self._told_s = False, 0.0
        self._timer: asyncio.Handle | None = None
        self._clients: set[CotClient] = set()
        self._certificates: TakClients | None = None
        self._servers: list[asyncio.Server] = []
        room.on_jump(self._forget)
        room.add_watcher(self)

    async def start(self, bound: socket.socket) -> int:
        """Listen on a bound socket; answers its port."""
        audience = self._room.setup.plain_port
        anybody = Admitted(audience, label_for(audience.nations))
        return await self._listen(bound, lambda _: anybody, None)

    async def start_tls(self, bound: socket.socket, certificates: TakClients) -> int:
        """Listen for clients with certificates; answers the port.

        **Raises**: InputError, when there is no authority yet.
        """
        self._certificates = certificates
        return await self._listen(bound, self._admit, certificates.context())

    async def _listen(self, bound: socket.socket, door: Door, context: ssl.SSLContext | None) -> int:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: CotClient(self, door), sock=bound, ssl=context, backlog=BACKLOG)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and let clients go."""
        self._room.remove_watcher(self)
        if self._timer is not None:
            self._timer.cancel()
        for server in self._servers:
            server.close()
        for client in tuple(self._clients):
            client.close()

    def _admit(self, transport: asyncio.Transport) -> Admitted | str:
        """Whose view a certificate opens, or why none."""
        session = transport.get_extra_info("ssl_object")
        raw = session.getpeercert(binary_form=True) if session is not None else None
        fingerprint = sha256(raw or b"").hexdigest()
        client = self._certificates.find(fingerprint, utc_now()) if self._certificates else None
        if client is None:
            return "its certificate is not listed, was revoked, or has run out"
        if not client.seat_id:
            return Admitted(self._room.setup.everyone, self._room.setup.label, fingerprint)
        audience = self._room.setup.seats.get(client.seat_id)
        if audience is None:
            return f"its certificate is for the seat `{client.seat_id}`, which this room has not"
        return Admitted(audience, label_for(audience.nations), fingerprint)

    def joined(self, client: CotClient) -> None:
        """A client came."""
        self._clients.add(client)

    def crowd(self, admitted: Admitted, form: Form) -> Crowd:
        """Those who see the same, and read it in this form."""
        audience = admitted.audience
        crowd = self._crowds.get((audience, form))
        if crowd is None:
            picture = self._pictures.get(audience)
            if picture is None:
                picture = self._pictures[audience] = CotPicture(self._room, audience, self._tell_soon)
                picture.gather(utc_us())
            crowd = self._crowds[audience, form] = Crowd(picture.newest, form)
        return crowd

    def left(self, client: CotClient) -> None:
        """A client went; its own position goes with it."""
        self._clients.discard(client)
        if not self._clients:
            self._intake.newest_toa_us, self._intake.state = None, FeedState.WAITING
        uid = self._room.guests.leave(id(client))
        if uid is not None:
            for picture in self._pictures.values():
                picture.guest_left(uid)

    def came(self, byte_count: int) -> None:
        """So many bytes of a client came."""
        self._intake.counts.bytes_count += byte_count

    def heard(self, client: CotClient, event: CotEvent | Rejected) -> None:
        """An event of a client, or what is none."""
        self._intake.counts.message_count += 1
        self._intake.counts.dropped_count += 0 if isinstance(event, Rejected) else event.dropped_count
        refused = event if isinstance(event, Rejected) else self._refused(client, event)
        if refused is not None:
            self._intake.refuse(refused, self._room.writer.room_now_us())
            return
        self._intake.counts.position_count += 1
        self._intake.accepted(self._room.writer.room_now_us())
        self._tell_soon()

    def ticked(self, tick: Tick) -> None:  # noqa: ARG002  # of the picture it keeps its own account
        """Forget who is gone."""
        for picture in self._pictures.values():
            picture.drop_gone()
        self._cut_revoked()

    def changed(self) -> None:
        """The board is not told here."""

    def _refused(self, client: CotClient, event: CotEvent) -> Rejected | None:
        """A client may not speak as an aircraft of the picture, nor as an exercise where there is none."""
        if event.is_exercise() and not self._room.setup.exercise:
            return Rejected(reason="marked as exercise in a room that is none", sample=event.uid.encode())
        if client.admitted and self._pictures[client.admitted.audience].has_track(event.uid):
            return Rejected(reason="the uid is that of a track", sample=event.uid.encode())
        label = client.admitted.label if client.admitted else self._room.setup.label
        return self._room.guests.accept(id(client), event, utc_us(), label)

    def _cut_revoked(self) -> None:
        now = utc_now()
        for client in tuple(self._clients):
            fingerprint = client.admitted.fingerprint if client.admitted else ""
            if fingerprint and self._certificates and self._certificates.find(fingerprint, now) is None:
                client.cut_off("its certificate was revoked, or has run out")

    def _tell_soon(self) -> None:
        """Tell clients what is new, once a beat, after what else comes in it."""
        if not self._is_due:
            self._is_due = True
            loop = asyncio.get_running_loop()
            wait_s = self._told_s + _SOONEST_S - loop.time()
            if wait_s > 0:
                self._timer = loop.call_later(wait_s, self._tell)
            else:
                self._timer = loop.call_soon(self._tell)  # other feeds are read in the same turn of the loop

    def _tell(self) -> None:
        self._is_due, self._told_s = False, asyncio.get_running_loop().time()
        now_us = utc_us()
        for picture in self._pictures.values():
            picture.gather(now_us)
        for crowd in self._crowds.values():
            crowd.tell()

    def _forget(self) -> None:
        for picture in self._pictures.values():
            picture.forget()
