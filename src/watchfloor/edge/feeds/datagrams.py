"""A feed that comes as UDP datagrams: on a loopback port, or from a multicast group on a named interface."""

import asyncio
import socket

from watchfloor.app.room import Room
from watchfloor.app.settings import is_multicast
from watchfloor.base.errors import UnavailableError

DATAGRAMS_PER_S, DATAGRAMS_AT_ONCE = 5_000.0, 5_000.0
STORM = f"over {DATAGRAMS_PER_S:,.0f} datagrams a second"


class _Receiver(asyncio.DatagramProtocol):
    """Gives datagrams to the room; of a storm, only as many as leave it time for everything else."""

    def __init__(self, room: Room, feed_id: str) -> None:
        self._room, self._feed_id = room, feed_id
        self._left, self._looked_s = DATAGRAMS_AT_ONCE, 0.0

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002  # a sender is not known by it
        """One message or more, whole."""
        now_s = asyncio.get_running_loop().time()
        self._left = min(self._left + (now_s - self._looked_s) * DATAGRAMS_PER_S, DATAGRAMS_AT_ONCE)
        self._looked_s = now_s
        if self._left < 1:
            self._room.refuse(self._feed_id, STORM, data[:64])
            return
        self._left -= 1
        self._room.receive(self._feed_id, data, is_datagram=True)


async def listen(room: Room, feed_id: str, where: tuple[str, int], interface: str) -> asyncio.DatagramTransport:
    """Listen until the transport is closed.

    **Raises**: UnavailableError, when the port is taken, or the group cannot be heard on this interface.
    """
    loop = asyncio.get_running_loop()
    host, port = where
    try:
        if not is_multicast(host):
            transport, _ = await loop.create_datagram_endpoint(lambda: _Receiver(room, feed_id), local_addr=where)
            return transport
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Receiver(room, feed_id), sock=_member(host, port, interface)
        )
    except OSError as error:
        what = f"multicast {host}:{port} on {interface}" if interface else f"UDP port {port}"
        raise UnavailableError(f"{what} (feed `{feed_id}`) cannot be had: {error.strerror}") from error
    return transport


def _member(group: str, port: int, interface: str) -> socket.socket:
    """A socket that hears one group, on one interface only."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((group, port))
        membership = socket.inet_aton(group) + socket.inet_aton(interface)
        bound.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    except OSError:
        bound.close()
        raise
    return bound
