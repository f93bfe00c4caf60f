"""A line's connection: TCP with TLS 1.3, both certificates pinned; the party that invited listens, the other connects.

It stays up while it can: whoever connects tries again with backoff and jitter. What the other room sends is bounded,
and the first frame that cannot be taken ends the connection, with its reason on record.
"""

import asyncio
import contextlib
import random
import socket
import ssl
from collections.abc import Callable

import msgspec
import structlog

from watchfloor.app.line_end import BEAT_EVERY_S, DEAD_AFTER_S, LineEnd
from watchfloor.base.errors import UnavailableError, WireError
from watchfloor.edge.work import begin
from watchfloor.messages.line_frames import MOST_FRAME_BYTES, AnyLineFrame

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 8.0
HANDSHAKE_S = 10.0
MOST_WAITING_BYTES = 4 << 20
MOST_ARRIVALS = 8
BURST_FRAMES, FRAMES_A_S = 4_000, 100
OTHER_KEY = "its connection does not hold the key that was exchanged"
_HEAD_BYTES = 4
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyLineFrame] = msgspec.json.Decoder(AnyLineFrame)
_log = structlog.get_logger()


def frame_bytes(frame: AnyLineFrame) -> bytes:
    """A frame as it goes over the connection."""
    raw = _encoder.encode(frame)
    return len(raw).to_bytes(_HEAD_BYTES, "big") + raw


class LineConnection:
    """Keeps one line's connection. Of several, the newest counts."""

    def __init__(self, end: LineEnd, context: ssl.SSLContext, pinned: bytes) -> None:
        self._end, self._context, self._pinned = end, context, pinned
        self._writer: asyncio.StreamWriter | None = None

    async def listen(self, held: socket.socket) -> None:
        """Take the other room's connections on a listening socket, until cancelled."""
        loop = asyncio.get_running_loop()
        held.setblocking(False)
        arrivals: set[asyncio.Task[None]] = set()
        try:
            while True:
                while len(arrivals) >= MOST_ARRIVALS:
                    await asyncio.wait(arrivals, return_when=asyncio.FIRST_COMPLETED)
                try:
                    arrived, _ = await loop.sock_accept(held)
                except OSError as error:
                    _log.warning("the line cannot take a connection now", reason=str(error))
                    await asyncio.sleep(FIRST_WAIT_S)
                    continue
                task = begin(self._arrived(arrived))
                arrivals.add(task)
                task.add_done_callback(arrivals.discard)
        finally:
            held.close()
            for task in arrivals:
                task.cancel()

    async def stay_connected(self, host: str, port: int) -> None:
        """Connect to the other room, again and again, until cancelled."""
        wait_s = FIRST_WAIT_S
        while True:
            try:
                async with asyncio.timeout(HANDSHAKE_S):
                    reader, writer = await asyncio.open_connection(host, port, ssl=self._context, server_hostname="")
            except ssl.SSLError as error:
                self._end.refuse(OTHER_KEY, str(error).encode())
            except (OSError, TimeoutError) as error:
                _log.info("the line does not answer", line=self._end.opened.line_id, reason=str(error))
            else:
                if await self._talk(reader, writer):
                    wait_s = FIRST_WAIT_S
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.5))
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def keep_beating(self) -> None:
        """Tell the other room that we are there, and notice when it is not, until cancelled."""
        while True:
            self._end.beat()
            self._end.measure()
            await asyncio.sleep(BEAT_EVERY_S)

    def close(self) -> None:
        """Let the connection go."""
        if self._writer is not None:
            self._writer.transport.abort()

    async def _arrived(self, arrived: socket.socket) -> None:
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol, arrived, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_S
            )
        except ssl.SSLError as error:
            self._end.refuse(OTHER_KEY, str(error).encode())
            arrived.close()
        except (OSError, TimeoutError):
            arrived.close()
        else:
            await self._talk(reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Talk until the connection ends; answers whether the other room said who it is."""
        tls = writer.get_extra_info("ssl_object")
        if tls is None or tls.getpeercert(binary_form=True) != self._pinned:
            self._end.refuse(OTHER_KEY, b"")
            writer.transport.abort()
            return False
        self.close()
        self._writer = writer
        send = _sender(writer)
        raw, is_met, pace, loop = b"", False, Pace(), asyncio.get_running_loop()
        try:
            self._end.meet(send)
            while True:
                async with asyncio.timeout(DEAD_AFTER_S):
                    raw = await _next_frame(reader)
                await self._end.take(_decoder.decode(raw))
                is_met = True
                await asyncio.sleep(pace.wait_s(loop.time()))
        except WireError as error:
            self._end.refuse(error.sentence, raw)
        except msgspec.MsgspecError as error:
            self._end.refuse(f"no frame of the line: {error}", raw)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, UnavailableError) as error:
            _log.info("the line's connection went", line=self._end.opened.line_id, reason=str(error))
        finally:
            self._end.part(send)
            writer.transport.abort()
        return is_met


class Pace:
    """How fast frames are taken: some at once, then so many a second; who sends more waits, and nothing is lost."""

    def __init__(self) -> None:
        self._left, self._at_s = float(BURST_FRAMES), -1.0

    def wait_s(self, now_s: float) -> float:
        """How long to wait after a frame [s]."""
        if self._at_s >= 0:
            self._left = min(self._left + (now_s - self._at_s) * FRAMES_A_S, float(BURST_FRAMES))
        self._at_s = now_s
        self._left -= 1
        return max(-self._left, 0.0) / FRAMES_A_S


def _sender(writer: asyncio.StreamWriter) -> Callable[[AnyLineFrame], None]:
    def send(frame: AnyLineFrame) -> None:
        transport = writer.transport
        if transport.is_closing():
            return
        if transport.get_write_buffer_size() > MOST_WAITING_BYTES:
            transport.abort()  # it does not read; what it has no receipt for is sent again on the next connection
            return
        with contextlib.suppress(ConnectionError):
            writer.write(frame_bytes(frame))

    return send


async def _next_frame(reader: asyncio.StreamReader) -> bytes:
    size = int.from_bytes(await reader.readexactly(_HEAD_BYTES), "big")
    if size > MOST_FRAME_BYTES:
        raise WireError(f"a frame of over {MOST_FRAME_BYTES >> 10} KiB")
    return await reader.readexactly(size)
