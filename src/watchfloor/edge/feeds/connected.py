"""A feed that the room connects to over TCP, with backoff and jitter while it does not answer."""

import asyncio
import random
from typing import cast

import structlog

from watchfloor.app.room import Room
from watchfloor.edge.beat import until_beat

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
CHUNK_BYTES = 1 << 16
_log = structlog.get_logger()


async def stay_connected(room: Room, feed_id: str, host: str, port: int) -> None:
    """Read a feed until the room ends; connect again whenever it goes."""
    wait_s = FIRST_WAIT_S
    while not room.ending.is_set():
        try:
            reader, writer = await asyncio.open_connection(host, port)
        except OSError as error:
            _log.warning("feed does not answer", feed=feed_id, reason=str(error))
        else:
            transport = cast("asyncio.Transport", writer.transport)
            try:
                while chunk := await reader.read(CHUNK_BYTES):
                    wait_s = FIRST_WAIT_S
                    room.receive(feed_id, chunk)
                    if len(chunk) < CHUNK_BYTES:
                        transport.pause_reading()
                        await until_beat()
                        transport.resume_reading()
            except OSError as error:
                _log.warning("feed lost", feed=feed_id, reason=str(error))
            finally:
                room.hung_up(feed_id)
                transport.abort()
        await asyncio.sleep(wait_s * random.uniform(0.5, 1.5))
        wait_s = min(wait_s * 2, LONGEST_WAIT_S)
