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
from typing import Any

import msgspec
import structlog

from watchfloor.app.line_end import BEAT_EVERY_S, DEAD_AFTER_S, LineEnd
from watchfloor.base.errors import UnavailableError, WireError
from watchfloor.edge.work import begin
from watchfloor.messages.line_frames import MOST_FRAME_BYTES, AnyLineFrame, AnyMatchFrame

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 8.0
HANDSHAKE_S = 10.0
MOST_WAITING_BYTES = 4 << 20
MOST_ARRIVALS = 8
BURST_FRAMES, FRAMES_A_S = 8_000, 50
BURST_BYTES, BYTES_A_S = 16 << 20, 32 << 10
LONG_WAIT_S = 1.0
TOO_MUCH = "it sends more than is taken; what waits is taken later"
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
        self._pace = Pace()
        self._shaking: dict[asyncio.Task[Any], None] = {}

    async def listen(self, held: socket.socket) -> None:
        """Take the other room's connections on a listening socket, until cancelled."""
        loop = asyncio.get_running_loop()
        held.setblocking(False)
        arrivals: set[asyncio.Task[None]] = set()
        try:
            while True:
                if len(self._shaking) >= MOST_ARRIVALS:
                    oldest = next(iter(self._shaking))  # who shows no key must not keep out who has it
                    self._shaking.pop(oldest)
                    oldest.cancel()
                    await asyncio.sleep(0)
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
                if await self._talk(reader, writer):
                    wait_s = FIRST_WAIT_S
            except ssl.SSLError as error:
                self._end.refuse(OTHER_KEY, str(error).encode())
            except (OSError, TimeoutError) as error:
                _log.info("the line does not answer", line=self._end.opened.line_id, reason=str(error))
            except Exception:  # noqa: BLE001  # a fault of one connection must not end the line
                _log.exception("line at fault", line=self._end.opened.line_id)
                self._end.refuse("a fault in this room's own line; its log says more", b"")
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
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None, "it is begun as one"
        self._shaking[task] = None
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol, arrived, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_S
            )
        except ssl.SSLError as error:
            self._end.refuse(OTHER_KEY, str(error).encode())
            arrived.close()
        except (OSError, TimeoutError, asyncio.CancelledError):
            arrived.close()
        else:
            self._shaking.pop(task, None)
            await self._talk(reader, asyncio.StreamWriter(transport, protocol, reader, loop))
        finally:
            self._shaking.pop(task, None)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Talk until the connection ends; answers whether the other room said who it is."""
        tls = writer.get_extra_info("ssl_object")
        if tls is None or tls.getpeercert(binary_form=True) != self._pinned:
            self._end.refuse(OTHER_KEY, b"")
            writer.transport.abort()
            return False
        self.close()
        self._writer = writer
        raw, loop = b"", asyncio.get_running_loop()
        link = self._end.meet(_sender(writer))
        try:
            while True:
                async with asyncio.timeout(DEAD_AFTER_S):
                    raw = await _next_frame(reader)
                frame = _read(raw)
                await self._end.take(frame, link)
                # A match is bounded by what was agreed; everything else stays in the record for ever.
                wait_s = self._pace.wait_s(loop.time(), 0 if isinstance(frame, AnyMatchFrame) else len(raw))
                if wait_s > LONG_WAIT_S:
                    self._end.refuse(TOO_MUCH, raw)
                await asyncio.sleep(wait_s)
        except WireError as error:
            self._end.refuse(error.sentence, raw)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, UnavailableError) as error:
            _log.info("the line's connection went", line=self._end.opened.line_id, reason=str(error))
        finally:
            self._end.part(link)
            writer.transport.abort()
        return link.is_met


class Pace:
    """How fast a line's frames are taken, over all its connections: some at once, then so many, and so much, a second.

    Who sends more waits, and nothing is lost.
    """

    def __init__(self) -> None:
        self._frames, self._bytes = Bucket(BURST_FRAMES, FRAMES_A_S), Bucket(BURST_BYTES, BYTES_A_S)

    def wait_s(self, now_s: float, size_bytes: int) -> float:
        """How long to wait after a frame [s]."""
        return max(self._frames.wait_s(now_s, 1), self._bytes.wait_s(now_s, size_bytes))


class Bucket:
    """What may be taken at once, filled up at a rate."""

    def __init__(self, most: float, rate_a_s: float) -> None:
        self._most, self._rate_a_s, self._left, self._at_s = most, rate_a_s, most, -1.0

    def wait_s(self, now_s: float, taken: float) -> float:
        """How long until what was taken is made good [s]."""
        if self._at_s >= 0:
            self._left = min(self._left + (now_s - self._at_s) * self._rate_a_s, self._most)
        self._at_s = now_s
        self._left -= taken
        return max(-self._left, 0.0) / self._rate_a_s


def _read(raw: bytes) -> AnyLineFrame:
    try:
        return _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WireError("no frame of the line") from error


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
