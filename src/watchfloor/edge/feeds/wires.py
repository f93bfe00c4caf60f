"""A TCP connection to a source, plain or over TLS, that is read when we choose to: no loop wakes for what comes."""

import asyncio
import selectors
import socket
import ssl
from collections.abc import Callable

from watchfloor.edge.beat import until_beat, wait_s
from watchfloor.edge.feeds.sources import Source

CHUNK_BYTES, CONNECT_S = 1 << 16, 10.0
_NOT_YET = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Wire:
    """An open connection."""

    def __init__(self, bound: socket.socket) -> None:
        self._socket = bound
        self._is_tls = isinstance(bound, ssl.SSLSocket)

    def read(self) -> bytes | None:
        """What came, about CHUNK_BYTES at most, none at the stream's end; None, when nothing did.

        **Raises**: OSError, when the connection broke and nothing came before that.
        """
        try:
            said = self._socket.recv(CHUNK_BYTES)
        except _NOT_YET:
            return None
        return said + self._other_records(CHUNK_BYTES - len(said)) if said and self._is_tls else said

    def _other_records(self, most_bytes: int) -> bytes:
        """What came in further records of TLS, which is read one record at a time. An end or a fault comes again."""
        said: list[bytes] = []
        while most_bytes > 0:
            try:
                record = self._socket.recv(CHUNK_BYTES)
            except OSError:
                break
            if not record:
                break
            said.append(record)
            most_bytes -= len(record)
        return b"".join(said)

    async def follow(self, take: Callable[[bytes], None], quiet_s: float) -> bool:
        """Give on what comes, at every beat, until nothing did for so long; False, when the stream ended.

        **Raises**: OSError, when the connection broke.
        """
        loop = asyncio.get_running_loop()
        over: asyncio.Future[bool] = loop.create_future()
        spoke_s = loop.time()
        next_look: asyncio.Handle

        def look() -> None:
            nonlocal spoke_s, next_look
            if over.done():
                return
            try:
                chunk = self.read()
                if chunk:
                    take(chunk)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is raised where the stream is awaited
                over.set_exception(error)
                return
            now_s = loop.time()
            if chunk:
                spoke_s = now_s
            if chunk == b"" or now_s - spoke_s >= quiet_s:
                over.set_result(chunk is None)
            elif chunk and len(chunk) >= CHUNK_BYTES:
                next_look = loop.call_soon(look)
            else:
                next_look = loop.call_later(wait_s(now_s), look)

        next_look = loop.call_soon(look)
        try:
            return await over
        finally:
            next_look.cancel()

    def has_news(self) -> bool:
        """Whether something came, or the stream ended, and was not read yet."""
        with selectors.DefaultSelector() as looking:
            looking.register(self._socket, selectors.EVENT_READ)
            return bool(looking.select(0))

    async def until_heard(self, longest_s: float) -> bool:
        """Wait until something comes; False, when nothing did for so long."""
        loop = asyncio.get_running_loop()
        heard = asyncio.Event()
        try:
            loop.add_reader(self._socket, heard.set)
        except NotImplementedError:  # the loop of Windows watches no sockets that it does not own
            return await self._look_for_news(longest_s)
        try:
            async with asyncio.timeout(longest_s):
                await heard.wait()
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(self._socket)
        return True

    async def _look_for_news(self, longest_s: float) -> bool:
        now_s = asyncio.get_running_loop().time
        end_s = now_s() + longest_s
        while not self.has_news() and now_s() < end_s:
            await until_beat()
        return self.has_news()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


async def open_wire(source: Source) -> Wire:
    """A new connection.

    **Raises**: OSError, TimeoutError, when there is none to be had in CONNECT_S.
    """
    async with asyncio.timeout(CONNECT_S):
        plain = await _connected(source)
        if source.tls is None:
            return Wire(plain)
        try:
            secured = source.tls.wrap_socket(
                plain, server_hostname=source.server_name or source.host, do_handshake_on_connect=False
            )
        except BaseException:
            plain.close()
            raise
        try:
            await _shake_hands(secured)
        except BaseException:
            secured.close()
            raise
        return Wire(secured)


async def _connected(source: Source) -> socket.socket:
    """A connection to the first of the source's addresses that answers."""
    loop = asyncio.get_running_loop()
    failed: OSError | None = None
    for family, kind, protocol, _, address in await loop.getaddrinfo(source.host, source.port, type=socket.SOCK_STREAM):
        fresh = socket.socket(family, kind, protocol)
        try:
            fresh.setblocking(False)
            await loop.sock_connect(fresh, address)
        except OSError as error:
            fresh.close()
            failed = error
        except BaseException:
            fresh.close()
            raise
        else:
            return fresh
    raise failed or OSError(f"`{source.host}` has no address")


async def _shake_hands(secured: ssl.SSLSocket) -> None:
    while True:
        try:
            secured.do_handshake()
        except _NOT_YET:
            await until_beat()
        else:
            return
