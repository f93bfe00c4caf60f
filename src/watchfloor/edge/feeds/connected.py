"""A feed that the room connects to over TCP, with backoff and jitter while it does not answer."""

import asyncio
import random
from typing import cast

import structlog

from watchfloor.app.room import Room
from watchfloor.base.units import US_PER_S
from watchfloor.edge.beat import until_beat
from watchfloor.edge.feeds.sources import Source

FIRST_WAIT_S, LONGEST_WAIT_S, CONNECT_S, LAST_LOOK_S = 0.5, 30.0, 10.0, 0.001
CHUNK_BYTES = 1 << 16
_log = structlog.get_logger()


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def stay_connected(room: Room, feed_id: str, source: Source) -> None:
    """Read a feed until the room ends; connect again whenever it goes."""
    wait_s = FIRST_WAIT_S
    while not room.ending.is_set():
        try:
            line = await _opened(source)
        except (OSError, TimeoutError) as error:
            _log.warning("feed does not answer", feed=feed_id, reason=_reason(error))
        else:
            count = room.intakes[feed_id].counts.bytes_count
            try:
                await _read_on(room, feed_id, source, line)
            except (OSError, TimeoutError) as error:
                _log.warning("feed lost", feed=feed_id, reason=_reason(error))
            if room.intakes[feed_id].counts.bytes_count > count:
                wait_s = FIRST_WAIT_S
        await asyncio.sleep(wait_s * random.uniform(0.5, 1.5))
        wait_s = min(wait_s * 2, LONGEST_WAIT_S)


async def _read_on(room: Room, feed_id: str, source: Source, line: Line) -> None:
    """Read a line to its end.

    What went without a word (a receiver without power, a cable) is never told: only its silence is seen. Who says
    nothing until it is lost is connected to a second time, and heard there; so that nothing falls between the two.
    """
    silence_s = room.intakes[feed_id].setup.limits.lost_us / US_PER_S
    reader, writer = line
    try:
        while True:
            chunk = await _read(reader, silence_s)
            if chunk is None:
                _log.warning("feed silent: connecting anew", feed=feed_id, silent_s=silence_s)
                spare, chunk = await _second_line(source, reader)
                if chunk is None and spare is not None:
                    writer.transport.abort()
                    room.hung_up(feed_id)
                    reader, writer = spare
                if chunk is None:
                    continue
            if not chunk:
                return
            room.receive(feed_id, chunk)
            if len(chunk) < CHUNK_BYTES:
                transport = cast("asyncio.Transport", writer.transport)
                transport.pause_reading()
                await until_beat()
                transport.resume_reading()
    finally:
        room.hung_up(feed_id)
        writer.transport.abort()


async def _second_line(source: Source, reader: asyncio.StreamReader) -> tuple[Line | None, bytes | None]:
    """A second line to a silent source, and what the first one said meanwhile; not both.

    Where none is to be had, the first one is all there is.
    """
    try:
        spare = await _opened(source)
    except (OSError, TimeoutError):
        return None, None
    try:
        chunk = await _read(reader, LAST_LOOK_S)
    except BaseException:
        spare[1].transport.abort()
        raise
    if chunk is not None:
        spare[1].transport.abort()  # the old line spoke at last
        return None, chunk
    return spare, None


async def _opened(source: Source) -> Line:
    """A new connection.

    **Raises**: OSError, TimeoutError, when there is none to be had.
    """
    async with asyncio.timeout(CONNECT_S):
        return await asyncio.open_connection(
            source.host, source.port, ssl=source.tls, server_hostname=source.server_name or None
        )


async def _read(reader: asyncio.StreamReader, silence_s: float) -> bytes | None:
    """The next bytes, none at the stream's end; None, when nothing comes for so long."""
    try:
        async with asyncio.timeout(silence_s):
            return await reader.read(CHUNK_BYTES)
    except TimeoutError:
        return None


def _reason(error: Exception) -> str:
    return str(error) or f"no answer in {CONNECT_S:g} s"
