"""Feed ports of an exercise: loopback TCP that admits only the simulator which the room itself started.

The simulator binds its local port first and names it over its pipe; a connection from any other port is
closed and counted. No other process can hold that port while the simulator does.
"""

import asyncio
import contextlib

import structlog

from watchfloor.app.room import Room

ANNOUNCE_WAIT_S = 1.0
CHUNK_BYTES = 1 << 16
_log = structlog.get_logger()


class AdmittedPort:
    """One feed's port."""

    def __init__(self, room: Room, feed_id: str) -> None:
        self._room, self._feed_id = room, feed_id
        self._announced: set[int] = set()
        self._news = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen on a free loopback port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def announce(self, port: int) -> None:
        """The simulator will connect from this port."""
        self._announced.add(port)
        self._news.set()

    def hang_up(self) -> None:
        """End what is connected: a new time context begins."""
        self._announced.clear()
        for writer in tuple(self._open):
            writer.transport.abort()

    async def close(self) -> None:
        """Stop listening."""
        self.hang_up()
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("peername")[1]
        if not await self._is_admitted(port):
            self._room.refuse(self._feed_id, "connection from outside the simulator", str(port).encode())
            _log.warning("feed connection refused", feed=self._feed_id, port=port)
            writer.transport.abort()
            return
        self._open.add(writer)
        generation = self._room.generation
        try:
            while chunk := await reader.read(CHUNK_BYTES):
                if generation != self._room.generation:
                    return
                self._room.receive(self._feed_id, chunk)
        except ConnectionError:
            return
        finally:
            self._open.discard(writer)
            if generation == self._room.generation:
                self._room.hung_up(self._feed_id)
            writer.transport.abort()

    async def _is_admitted(self, port: int) -> bool:
        """Whether the simulator named this port; its pipe may be a moment behind its socket."""
        deadline = asyncio.get_running_loop().time() + ANNOUNCE_WAIT_S
        while port not in self._announced:
            self._news.clear()
            left_s = deadline - asyncio.get_running_loop().time()
            if left_s <= 0:
                return False
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), left_s)
        self._announced.discard(port)
        return True
