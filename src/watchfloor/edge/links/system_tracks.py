"""ASTERIX system tracks to one UDP address, once a second."""

import asyncio
from ipaddress import ip_address

import structlog
from msgspec import Struct

from watchfloor.app.room import Room
from watchfloor.app.system_tracks import SystemTracks
from watchfloor.base.errors import InputError
from watchfloor.edge.utc import utc_us

EVERY_S = 1.0
_log = structlog.get_logger()


class SystemTracksPlan(Struct, frozen=True):
    """Where system tracks go, and as whose: SAC and SIC."""

    host: str
    port: int
    source: tuple[int, int]


class _Sender(asyncio.DatagramProtocol):
    """Notes once in the log that an address refuses; what is sent there is lost."""

    def __init__(self, to: str) -> None:
        self._to, self._refused = to, ""

    def error_received(self, exc: Exception) -> None:
        """The network says that nobody hears."""
        if str(exc) != self._refused:
            self._refused = str(exc)
            _log.warning("system tracks are not received", to=self._to, reason=self._refused)


async def send_system_tracks(room: Room, plan: SystemTracksPlan) -> None:
    """Send what moved until cancelled; an address that does not answer costs nothing but a line in the log."""
    tracks = SystemTracks(room, room.setup.everyone, plan.source)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Sender(f"{plan.host}:{plan.port}"), remote_addr=(plan.host, plan.port)
    )
    try:
        while True:
            for block in tracks.gather(utc_us()):
                transport.sendto(block)
            await asyncio.sleep(EVERY_S)
    finally:
        transport.close()


def system_tracks_plan(to: str, source: str, *, beyond_this_machine: bool = False) -> SystemTracksPlan | None:
    """The plan that a user's words make; None for no address.

    **Raises**: InputError, when the words are none, or name another machine without saying so twice.
    """
    if not to:
        return None
    host, _, port = to.rpartition(":")
    try:
        address = ip_address("127.0.0.1" if host == "localhost" else host)
        sac, _, sic = source.partition("/")
        plan = SystemTracksPlan(str(address), int(port), (int(sac), int(sic)))
    except ValueError as error:
        sentence = f"`{to}` as source `{source}`: system tracks go to `address:port` as `SAC/SIC`"
        raise InputError(sentence, field="system_tracks") from error
    if address.version != 4 or not 1 <= plan.port <= 65_535 or not all(0 <= part <= 255 for part in plan.source):
        raise InputError(f"`{to}` as source `{source}`: an IPv4 address, a port, two octets", field="system_tracks")
    if not address.is_loopback and not beyond_this_machine:
        sentence = f"`{to}` is another machine; say `beyond_this_machine = true` in the settings if you mean it"
        raise InputError(sentence, field="system_tracks")
    return plan
