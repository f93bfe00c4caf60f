"""Ten thousand aircraft reported once a second, and seven hundred screens that show them, from one room's process.

The reports come as Mode S frames with position, velocity and identity of aircraft on straight tracks, through a Beast
feed. Screens only count what they are sent, and how old the room's time in it is; a few of them. CPU is the operating
system's accounting of the room's process alone.
"""

import argparse
import asyncio
import struct
import sys
import time

import numpy as np
from _figures import Figure, tell
from _rooms import served_room
from websockets.asyncio.client import ClientConnection, connect

from watchfloor.wire import adsb_encode, beast

AIRCRAFT, SCREENS, MEASURED_S, WARM_S = 10_000, 700, 20.0, 15.0
_HEAD = struct.Struct("<4sIqII")
STEPS = 50


def reports(turn: int, step: int) -> bytes:
    """One part of a second's reports: a position of each aircraft of this part, and now and then a velocity."""
    found = []
    for number in range(step, AIRCRAFT, STEPS):
        address = 0x3C0000 + number
        row, column = divmod(number, 100)
        lat, lon = 20 + row * 0.4, 0.5 + column * 0.4 + turn * 0.002
        level_ft = 10_000 + number % 25 * 1000
        found += [
            beast.encode(0, adsb_encode.position(address, lat, lon, level_ft, odd=odd))
            for odd in ((False, True) if turn < 3 else (bool(turn & 1),))
        ]
        if turn % 5 == number % 5:
            found.append(beast.encode(0, adsb_encode.velocity(address, 400.0, 90.0, 0, 0)))
    return b"".join(found)


async def fly(source: asyncio.StreamWriter) -> None:
    """Send each second's reports in parts, until it is cancelled."""
    loop = asyncio.get_running_loop()
    began, count = loop.time(), 0
    while True:
        turn, step = divmod(count, STEPS)
        source.write(READY[turn % len(READY)][step])
        await source.drain()
        count += 1
        await asyncio.sleep(max(began + count / STEPS - loop.time(), 0))


READY: list[list[bytes]] = []


async def look(screen: ClientConnection, ages_s: list[float] | None, counts: list[int]) -> None:
    """Count frames; where ages are asked for, note how old each is when it comes."""
    async for message in screen:
        if isinstance(message, bytes):
            counts[0] += 1
            counts[1] += len(message)
            if ages_s is not None:
                ages_s.append(time.time() - _HEAD.unpack_from(message)[2] / 1e6)
                counts[2] = _HEAD.unpack_from(message)[1]


async def measure() -> tuple[float, float, float, int]:
    """Cores that the room takes, the 99th part of a hundred of frames' ages [ms], MB/s sent, and tracks in a frame."""
    works: list[asyncio.Task[None]] = []
    async with served_room("beast") as room:
        try:
            works.append(asyncio.create_task(fly(room.source)))
            ages_s: list[float] = []
            counts = [0, 0, 0]
            address = f"ws://localhost:{room.started['http_port']}/ws"
            for number in range(SCREENS):
                screen = await connect(address, max_size=1 << 24, compression=None)
                await screen.send("{}")
                works.append(asyncio.create_task(look(screen, ages_s if number % 100 == 0 else None, counts)))
            await asyncio.sleep(WARM_S)
            before, begin_s = room.process.cpu_times(), time.perf_counter()
            ages_s.clear()
            counts[:2] = [0, 0]
            await asyncio.sleep(MEASURED_S)
            after, took_s = room.process.cpu_times(), time.perf_counter() - begin_s
            cores = (after.user + after.system - before.user - before.system) / took_s
            return cores, float(np.quantile(ages_s, 0.99)) * 1000, counts[1] / took_s / 1e6, counts[2]
        finally:
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)


def main() -> int:
    """Measure and print; 1 when a goal is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    READY.extend([reports(turn, step) for step in range(STEPS)] for turn in range(60))
    cores, age_ms, sent_mbps, tracks = asyncio.run(measure())
    load = (
        f"{AIRCRAFT} aircraft reported each second, {tracks} in a frame, {SCREENS} screens, {sent_mbps:.0f} MB/s sent"
    )
    figures = [
        Figure("CPU of the room", cores, None, None, "cores", "lower", 0.5, 1, load),
        Figure("age of what a screen gets, p99", age_ms, None, None, "ms", "lower", 100, 1, load),
    ]
    for figure in figures:
        tell(figure, as_json=as_json)
    return 0 if all(figure.holds() for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
