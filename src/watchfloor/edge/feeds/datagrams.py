"""A feed that comes as UDP datagrams on a loopback port."""

import asyncio

from watchfloor.app.room import Room
from watchfloor.base.errors import UnavailableError


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, room: Room, feed_id: str) -> None:
        self._room, self._feed_id = room, feed_id

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002  # all are loopback
        """One message or more, whole."""
        self._room.receive(self._feed_id, data, is_datagram=True)


async def listen(room: Room, feed_id: str, host: str, port: int) -> asyncio.DatagramTransport:
    """Listen until the transport is closed.

    **Raises**: UnavailableError, when the port is taken.
    """
    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.create_datagram_endpoint(lambda: _Receiver(room, feed_id), local_addr=(host, port))
    except OSError as error:
        raise UnavailableError(f"UDP port {port} (feed `{feed_id}`) cannot be had: {error.strerror}") from error
    return transport
