"""A feed that the room connects to over TCP, with backoff and jitter while it does not answer."""

import asyncio
import random
from typing import cast

import structlog

from watchfloor.app.room import Room
from watchfloor.base.units import US_PER_S
from watchfloor.edge.beat import until_beat
from watchfloor.edge.feeds.sources import Source

FIRST_WAIT_S, LONGEST_WAIT_S, CONNECT_S = 0.5, 30.0, 10.0
CHUNK_BYTES = 1 << 16
_log = structlog.get_logger()


async def stay_connected(room: Room, feed_id: str, source: Source) -> None:
    """Read a feed until the room ends; connect again whenever it goes, or says nothing for so long that it is lost.

    What went without a word (a receiver without power, a cable) is never told: only its silence is seen.
    """
    wait_s, silence_s = FIRST_WAIT_S, room.intakes[feed_id].setup.limits.lost_us / US_PER_S
    while not room.ending.is_set():
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await asyncio.open_connection(
                    source.host, source.port, ssl=source.tls, server_hostname=source.server_name or None
                )
        except (OSError, TimeoutError) as error:
            reason = str(error) or f"no answer in {CONNECT_S:g} s"
            _log.warning("feed does not answer", feed=feed_id, reason=reason)
        else:
            transport = cast("asyncio.Transport", writer.transport)
            try:
                while chunk := await _read(reader, silence_s):
                    wait_s = FIRST_WAIT_S
                    room.receive(feed_id, chunk)
                    if len(chunk) < CHUNK_BYTES:
                        transport.pause_reading()
                        await until_beat()
                        transport.resume_reading()
            except (OSError, TimeoutError) as error:
                reason = str(error) or f"silent for {silence_s:g} s"
                _log.warning("feed lost", feed=feed_id, reason=reason)
            finally:
                room.hung_up(feed_id)
                transport.abort()
        await asyncio.sleep(wait_s * random.uniform(0.5, 1.5))
        wait_s = min(wait_s * 2, LONGEST_WAIT_S)


async def _read(reader: asyncio.StreamReader, silence_s: float) -> bytes:
    """The next bytes; empty at the stream's end.

    **Raises**: TimeoutError, when none come for so long.
    """
    async with asyncio.timeout(silence_s):
        return await reader.read(CHUNK_BYTES)
