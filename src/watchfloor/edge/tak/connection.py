"""One TAK client's connection: what it says, in XML or protobuf, and how far it has been told."""

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol, cast

import structlog
from msgspec import Struct

from watchfloor.app.newest import ENCODERS, Form
from watchfloor.base.labels import Audience, Label
from watchfloor.edge.tak.crowd import Crowd, Reader
from watchfloor.edge.utc import utc_us
from watchfloor.messages.air import Rejected
from watchfloor.wire import cot, tak
from watchfloor.wire.cot_event import CotEvent
from watchfloor.wire.cot_stream import OVERSIZED

BUFFER_LIMIT_BYTES = 1 << 18
BAD_LIMIT = 100
JUNK_LIMIT_BYTES = 1 << 20
EVENTS_PER_S, EVENTS_AT_ONCE = 50.0, 500.0
BYTES_PER_S, BYTES_AT_ONCE = float(1 << 17), float(1 << 21)
_PING, _PONG = "t-x-c-t", "t-x-c-t-r"
_PONG_STALE_US = 20_000_000
_log = structlog.get_logger()


class Admitted(Struct, frozen=True):
    """Whose view a client gets, and by which certificate; `label`: whom its own position may be shown to."""

    audience: Audience
    label: Label
    fingerprint: str = ""


Door = Callable[[asyncio.Transport], Admitted | str]


class Host(Protocol):
    """What a client's connection asks of its server."""

    def joined(self, client: "CotClient") -> None:
        """A client came."""

    def crowd(self, admitted: Admitted, form: Form) -> Crowd:
        """Those who see the same, and read it in this form."""

    def left(self, client: "CotClient") -> None:
        """A client went."""

    def came(self, byte_count: int) -> None:
        """So many bytes of a client came."""

    def heard(self, client: "CotClient", event: CotEvent | Rejected) -> None:
        """An event of a client, or what is none."""


class CotClient(asyncio.Protocol):
    """One connection; it never holds what the client has not read."""

    def __init__(self, host: Host, door: Door) -> None:
        self._host, self._door = host, door
        self.admitted: Admitted | None = None
        self._transport: asyncio.Transport | None = None
        self._reading = tak.Reading()
        self._writes: Form = "xml"
        self._reader: Reader | None = None
        self._bad_count = self._junk_bytes = 0
        self._left, self._left_bytes, self._looked_s = EVENTS_AT_ONCE, BYTES_AT_ONCE, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came: it hears what the room speaks, and gets the picture at once."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=BUFFER_LIMIT_BYTES)
        raw = self._transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_LIMIT_BYTES)
        self._looked_s = asyncio.get_running_loop().time()
        admitted = self._door(self._transport)
        if isinstance(admitted, str):
            self.cut_off(admitted)
            return
        self.admitted = admitted
        self._transport.write(tak.offer(utc_us()))
        self._host.joined(self)
        self._reader = Reader(self._host.crowd(admitted, self._writes), self._transport.write)
        self._reader.catch_up()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio names it
        """A client went; what it had begun and not ended is refused."""
        if self.admitted is None:
            return
        self.pause_writing()
        rest = self._reading.unread()
        if rest:
            self._host.heard(self, Rejected(reason="ended inside an event", sample=rest[:256]))
        self._host.left(self)

    def pause_writing(self) -> None:
        """The client does not read: more than `BUFFER_LIMIT_BYTES` wait for it."""
        if self._reader is not None:
            self._reader.pause()

    def resume_writing(self) -> None:
        """The client reads again."""
        if self._reader is not None:
            self._reader.resume()

    def data_received(self, data: bytes) -> None:
        """Events of the client: its own position, a ping, or which protocol it wants."""
        if self.admitted is None:
            return
        self._host.came(len(data))
        self._reading, events = tak.read(self._reading, data)
        if events and all(isinstance(event, Rejected) for event in events):
            self._junk_bytes += len(data)
        for event in events:
            if isinstance(event, Rejected):
                self._bad(event)
            elif not self._answered(event):
                self._host.heard(self, event)
        self._cut_if_too_much(len(events), len(data))

    def _answered(self, event: CotEvent) -> bool:
        """Whether an event is one of the connection's own, which nobody else hears of."""
        if event.type == tak.ASKED and event.asked_version and self._transport is not None:
            agreed = event.asked_version == tak.VERSION
            self._transport.write(tak.answer(utc_us(), agreed=agreed))
            if agreed and self.admitted is not None and self._reader is not None:
                self._writes = "protobuf"
                self._reading = tak.Reading(is_protobuf=True)
                self._reader.turn_to(self._host.crowd(self.admitted, self._writes))
        elif event.type == _PING and self._transport is not None:
            now_us = utc_us()
            pong = cot.pong_event(_PONG, now_us, now_us + _PONG_STALE_US)
            if self._transport.get_write_buffer_size() <= BUFFER_LIMIT_BYTES:
                self._transport.write(ENCODERS[self._writes](pong))
        return event.type.startswith(tak.BETWEEN)

    def _bad(self, event: Rejected) -> None:
        self._host.heard(self, event)
        self._bad_count += 1
        if self._bad_count > BAD_LIMIT or event.reason in (OVERSIZED, tak.OVERSIZED):
            self.cut_off(event.reason)

    def _cut_if_too_much(self, count: int, byte_count: int) -> None:
        now_s = asyncio.get_running_loop().time()
        passed_s, self._looked_s = now_s - self._looked_s, now_s
        self._left = min(self._left + passed_s * EVENTS_PER_S, EVENTS_AT_ONCE) - count
        self._left_bytes = min(self._left_bytes + passed_s * BYTES_PER_S, BYTES_AT_ONCE) - byte_count
        if self._left < 0:
            self.cut_off(f"over {EVENTS_PER_S:g} events a second")
        elif self._left_bytes < 0:
            self.cut_off(f"over {BYTES_PER_S / 1024:g} KiB a second")
        elif self._junk_bytes > JUNK_LIMIT_BYTES:
            self.cut_off("over 1 MiB that is no event")

    def cut_off(self, reason: str) -> None:
        """End the connection, and say why in the log."""
        if self._transport is not None and not self._transport.is_closing():
            _log.warning("TAK client cut off", reason=reason)
            self.close()

    def close(self) -> None:
        """End the connection."""
        self.pause_writing()
        if self._transport is not None:
            self._transport.abort()
