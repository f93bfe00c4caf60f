"""Ten thousand aircraft reported once a second, and seven hundred screens that show them, from one room's process.

The reports come as Mode S frames with position, velocity and identity of aircraft on straight tracks, through a Beast
feed. Screens only count what they are sent, and look at the room's time in it; they pass over the rest of each message
unread, so that the machine's other core carries all of them. CPU is the operating system's accounting of the room's
process alone.
"""

import argparse
import asyncio
import struct
import sys
import time
from functools import partial
from typing import cast

import numpy as np
import uvloop
from _figures import Figure, tell
from _rooms import served_room
from websockets.frames import Frame, Opcode

from watchfloor.wire import adsb_encode, beast

AIRCRAFT, SCREENS, MEASURED_S, WARM_S = 10_000, 700, 20.0, 15.0
_HEAD = struct.Struct("<4sIqII")
STEPS = 50


def reports(turn: int, step: int) -> bytes:
    """One part of a second's reports: a position of each aircraft of this part, and now and then a velocity."""
    found = []
    counter = round((turn + step / STEPS) * beast.COUNTER_HZ)
    for number in range(step, AIRCRAFT, STEPS):
        address = 0x3C0000 + number
        row, column = divmod(number, 100)
        lat, lon = 20 + row * 0.4, 0.5 + column * 0.4 + turn * 0.002
        level_ft = 10_000 + number % 25 * 1000
        found += [
            beast.encode(counter, adsb_encode.position(address, lat, lon, level_ft, odd=odd))
            for odd in ((False, True) if turn < 3 else (bool(turn & 1),))
        ]
        if turn % 5 == number % 5:
            found.append(beast.encode(counter, adsb_encode.velocity(address, 400.0, 90.0, 0, 0)))
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


class Counted:
    """What all screens were sent, and how old the room's time was in each frame when its last byte came."""

    def __init__(self) -> None:
        self.bytes_count, self.track_count = 0, 0
        self.ages_s: list[float] = []
        self.buffer = memoryview(bytearray(1 << 18))  # one for all: each piece is looked at before the next is read


class Screen(asyncio.BufferedProtocol):
    """A screen that says hello, and then looks at the heads of messages alone."""

    def __init__(self, counted: Counted, host: str) -> None:
        self._counted, self._host = counted, host
        self.is_open = False
        self._held, self._passing = b"", 0
        self._room_us = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the WebSocket."""
        self._transport = transport = cast("asyncio.Transport", transport)
        key = "AAAAAAAAAAAAAAAAAAAAAA=="
        transport.write(
            f"GET /ws HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def get_buffer(self, _: int) -> memoryview:
        """Where the next bytes go."""
        return self._counted.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes came: the rest of a message is passed over, and what follows is looked at."""
        self._counted.bytes_count += nbytes
        passed = min(self._passing, nbytes)
        self._passing -= passed
        self._note_whole()
        if passed < nbytes:
            self._held += self._counted.buffer[passed:nbytes].tobytes()
            while self._held and not self._passing and self._looked():
                self._note_whole()

    def _looked(self) -> bool:
        """Take the next message's head; False, while it has not come."""
        held = self._held
        if not self.is_open:
            self._open(held)
            return True
        head = _message_in(held)
        if head is None:
            return False
        begin, length, is_binary = head
        if is_binary:
            if len(held) < begin + _HEAD.size:
                return False
            _, self._counted.track_count, self._room_us, _, _ = _HEAD.unpack_from(held, begin)
        self._passing = max(begin + length - len(held), 0)
        self._held = held[begin + length :]
        return True

    def _note_whole(self) -> None:
        """Note a frame's age, once all of it is here."""
        if self._room_us and not self._passing:
            self._counted.ages_s.append(time.time() - self._room_us / 1e6)
            self._room_us = 0

    def _open(self, held: bytes) -> None:
        head, end, rest = held.partition(b"\r\n\r\n")
        if not end or b" 101 " not in head:
            raise RuntimeError(f"no WebSocket: {held[:80]!r}")
        self.is_open, self._held = True, rest
        self._transport.write(Frame(Opcode.TEXT, b"{}").serialize(mask=True))


def _message_in(held: bytes) -> tuple[int, int, bool] | None:
    """Where a message's bytes begin, how many they are, and whether it is binary; None, while that is untold."""
    if len(held) < 2:
        return None
    length, begin = held[1] & 0x7F, 2
    if length >= 126:
        form = ">H" if length == 126 else ">Q"
        begin += struct.calcsize(form)
        if len(held) < begin:
            return None
        length = struct.unpack_from(form, held, 2)[0]
    return begin, length, held[0] & 0x0F == Opcode.BINARY


async def measure() -> tuple[float, float, float, int, float]:
    """Cores that the room takes, frames' ages [ms] (99th percentile), MB/s sent, tracks in a frame, frames a second."""
    works: list[asyncio.Task[None]] = []
    async with served_room("beast") as room:
        try:
            works.append(asyncio.create_task(fly(room.source)))
            counted, loop = Counted(), asyncio.get_running_loop()
            port = room.started["http_port"]
            for _ in range(SCREENS):
                await loop.create_connection(partial(Screen, counted, f"localhost:{port}"), "127.0.0.1", port)
            await asyncio.sleep(WARM_S)
            before, begin_s = room.process.cpu_times(), time.perf_counter()
            counted.ages_s.clear()
            counted.bytes_count = 0
            await asyncio.sleep(MEASURED_S)
            after, took_s = room.process.cpu_times(), time.perf_counter() - begin_s
            cores = (after.user + after.system - before.user - before.system) / took_s
            age_ms = float(np.quantile(counted.ages_s, 0.99)) * 1000
            frames_per_s = len(counted.ages_s) / took_s
            return cores, age_ms, counted.bytes_count / took_s / 1e6, counted.track_count, frames_per_s
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
    cores, age_ms, sent_mbps, tracks, frames_per_s = uvloop.run(measure())
    load = (
        f"{AIRCRAFT} aircraft reported each second, {SCREENS} screens, {frames_per_s:.0f} frames/s, "
        f"{tracks} tracks in one, {sent_mbps:.0f} MB/s sent"
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
