"""A feed that the room connects to over TCP, with backoff and jitter while it does not answer."""

import asyncio
import random
from functools import partial

import structlog

from watchfloor.app.room import Room
from watchfloor.base.units import US_PER_S
from watchfloor.edge.beat import BEAT_S
from watchfloor.edge.feeds.sources import Source
from watchfloor.edge.feeds.wires import CONNECT_S, Wire, open_wire

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
QUIET_S = 3 * BEAT_S  # who says nothing for so long is not looked at any more, but listened for
_log = structlog.get_logger()


async def stay_connected(room: Room, feed_id: str, source: Source) -> None:
    """Read a feed until the room ends; connect again whenever it goes."""
    wait_s = FIRST_WAIT_S
    while not room.ending.is_set():
        try:
            wire = await open_wire(source)
        except (OSError, TimeoutError) as error:
            _log.warning("feed does not answer", feed=feed_id, reason=_reason(error))
        else:
            count = room.intakes[feed_id].counts.bytes_count
            try:
                await _read_on(room, feed_id, source, wire)
            except (OSError, TimeoutError) as error:
                _log.warning("feed lost", feed=feed_id, reason=_reason(error))
            if room.intakes[feed_id].counts.bytes_count > count:
                wait_s = FIRST_WAIT_S
        await asyncio.sleep(wait_s * random.uniform(0.5, 1.5))
        wait_s = min(wait_s * 2, LONGEST_WAIT_S)


async def _read_on(room: Room, feed_id: str, source: Source, wire: Wire) -> None:
    """Read a wire to its end, at every beat.

    What went without a word (a receiver without power, a cable) is never told: only its silence is seen. Who says
    nothing until it is lost is connected to a second time, and heard there; so that nothing falls between the two.
    """
    silence_s = room.intakes[feed_id].setup.limits.lost_us / US_PER_S
    try:
        while await wire.follow(partial(room.receive, feed_id), QUIET_S):
            if await wire.until_heard(max(silence_s - QUIET_S, 0.0)):
                continue
            _log.warning("feed silent: connecting anew", feed=feed_id, silent_s=silence_s)
            spare = await _second_wire(source)
            if spare is not None and wire.has_news():
                spare.close()
            elif spare is not None:
                wire.close()
                room.hung_up(feed_id)
                wire = spare
    finally:
        room.hung_up(feed_id)
        wire.close()


async def _second_wire(source: Source) -> Wire | None:
    """A second connection to a silent source; None, where none is to be had."""
    try:
        return await open_wire(source)
    except (OSError, TimeoutError):
        return None


def _reason(error: Exception) -> str:
    return str(error) or f"no answer in {CONNECT_S:g} s"
