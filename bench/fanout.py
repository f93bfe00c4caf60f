"""The picture to many TAK clients beside taky, with the same loads on both servers' own processes, in turn.

Each server gets the same events from one source and has the same clients, which only count. CPU is the operating
system's accounting of the server's process alone. taky comes from a throwaway environment.
"""

import argparse
import asyncio
import contextlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
from _figures import Figure, paired, peer_python, tell
from _rooms import served_room

ROUNDS = 3
WARM_S = 6.0  # a room compiles in its first seconds
VIEWERS, EVENTS_PER_S, AIRCRAFT, LOAD_S = 50, 200, 20, 6.0
CPU_LOAD_S = 12.0  # the accounting counts in hundredths of a second, of which ours takes three a second
FLOOD_TRACKS, FLOOD_PER_S, FLOOD_S = 4_000, 8_000, 5.0
LIVE, STALLED = 10, 20
JOINING, STANDING = 200, 500
TICK_MS = 20.0
_UID = re.compile(rb' uid="(BENCH-\d+)"')
_TIME = re.compile(rb' uid="BENCH-(\d+)"[^>]*? time="([^"]+)"')


class Served(NamedTuple):
    """A running server: its port for clients, its process, and where its source writes."""

    port: int
    process: psutil.Process
    source: asyncio.StreamWriter


Server = Callable[[], contextlib.AbstractAsyncContextManager[Served]]


@asynccontextmanager
async def watchfloor() -> AsyncIterator[Served]:
    """A room whose feed connects to the source."""
    async with served_room("cot") as room:
        await asyncio.sleep(WARM_S)
        yield Served(room.started["cot_port"], room.process, room.source)


@asynccontextmanager
async def taky() -> AsyncIterator[Served]:
    """taky, to which the source is a client as all others are."""
    with tempfile.TemporaryDirectory() as folder:
        async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as probe:
            port = probe.sockets[0].getsockname()[1]
        config = Path(folder) / "taky.conf"
        config.write_text(
            f"[taky]\nhostname = localhost\nbind_ip = 127.0.0.1\nroot_dir = .\n[cot_server]\nport = {port}\n"
            "[dp_server]\nupload_path = ./dp-user\n[ssl]\nenabled = false\n"
        )
        program = peer_python("taky").with_name("taky")
        server = subprocess.Popen([program, "-l", "error", "-c", str(config)], cwd=folder, stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                with contextlib.suppress(OSError):
                    _, source = await asyncio.open_connection("127.0.0.1", port)
                    break
                await asyncio.sleep(0.1)
            else:
                raise RuntimeError("taky did not start")
            yield Served(port, psutil.Process(server.pid), source)
        finally:
            server.terminate()
            await asyncio.to_thread(server.wait, 20)


class Viewer(asyncio.Protocol):
    """A client that counts events, and measures how old they are where it is asked to."""

    def __init__(self, *, measures: bool = False) -> None:
        self.count = 0
        self.ages_s: list[float] = []
        self.uids: set[bytes] = set()
        self._measures, self._rest = measures, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Count what came."""
        self.count += data.count(b"</event>")
        if not self._measures:
            return
        now_s = time.time()
        *whole, self._rest = (self._rest + data).split(b"</event>")
        for event in whole:
            found = _TIME.search(event)
            if found is not None:
                self.uids.add(found[1])
                self.ages_s.append(now_s - datetime.fromisoformat(found[2].decode()).timestamp())


class Comer(asyncio.Protocol):
    """A client that waits for the whole standing picture; it looks for aircraft once events enough have come."""

    def __init__(self) -> None:
        self.has_all: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._pieces: list[bytes] = []
        self._count = 0

    def data_received(self, data: bytes) -> None:
        """Note when the last aircraft came."""
        self._pieces.append(data)
        self._count += data.count(b"</event>")
        may_have_all = self._count + len(self._pieces) >= STANDING  # an end may lie across two pieces
        if may_have_all and not self.has_all.done() and len(set(_UID.findall(b"".join(self._pieces)))) == STANDING:
            self.has_all.set_result(time.perf_counter())


async def joined(served: Served, count: int, *, measures: bool = False) -> list[Viewer]:
    """Clients that are connected."""
    loop = asyncio.get_running_loop()
    found = [Viewer(measures=measures) for _ in range(count)]
    for viewer in found:
        await loop.create_connection(lambda viewer=viewer: viewer, "127.0.0.1", served.port)
    return found


def event(number: int, turn: int) -> bytes:
    """One report of the load."""
    now = datetime.now(UTC)
    stamp = "%Y-%m-%dT%H:%M:%S.%fZ"
    row, column = divmod(number, 70)
    return (
        f'<event version="2.0" uid="BENCH-{number}" type="a-f-A-M-F" time="{now.strftime(stamp)}" '
        f'start="{now.strftime(stamp)}" stale="{(now + timedelta(seconds=30)).strftime(stamp)}" how="m-g">'
        f'<point lat="{-30 + row:.6f}" lon="{-100 + column * 2 + turn % 100 * 1e-5:.6f}" '
        f'hae="{1000 + number % 90 * 500}" ce="10" le="10"/>'
        f'<detail><contact callsign="B{number}"/><track speed="100.0" course="90.0"/></detail></event>'
    ).encode()


async def send(served: Served, per_s: int, tracks: int, seconds: float) -> None:
    """The load, evenly spread in steps of 5 ms."""
    loop = asyncio.get_running_loop()
    began, sent = loop.time(), 0
    while sent < per_s * seconds:
        due = min(int((loop.time() - began) * per_s) + 1, int(per_s * seconds))
        served.source.write(b"".join(event(number % tracks, number // tracks) for number in range(sent, due)))
        await served.source.drain()
        sent = max(sent, due)
        await asyncio.sleep(0.005)


async def cpu_us(server: Server) -> float:
    """Microseconds of the server's CPU per delivery."""
    async with server() as served:
        viewers = await joined(served, VIEWERS)
        await send(served, EVENTS_PER_S, AIRCRAFT, 1.0)
        before, counted = served.process.cpu_times(), sum(viewer.count for viewer in viewers)
        await send(served, EVENTS_PER_S, AIRCRAFT, CPU_LOAD_S)
        await asyncio.sleep(0.3)
        after = served.process.cpu_times()
        delivered = sum(viewer.count for viewer in viewers) - counted
        return (after.user + after.system - before.user - before.system) / delivered * 1e6


async def most_per_s(server: Server) -> float:
    """Deliveries a second while more is sent than there is time for."""
    async with server() as served:
        viewers = await joined(served, VIEWERS)
        load = asyncio.create_task(send(served, FLOOD_PER_S, FLOOD_TRACKS, FLOOD_S + 2))
        await asyncio.sleep(2.0)
        began, counted = time.perf_counter(), sum(viewer.count for viewer in viewers)
        await asyncio.sleep(FLOOD_S)
        rate = (sum(viewer.count for viewer in viewers) - counted) / (time.perf_counter() - began)
        load.cancel()
        await asyncio.gather(load, return_exceptions=True)
        return rate


async def age_p99_ms(server: Server, viewers: int, stalled: int = 0) -> tuple[float, float, int]:
    """How old is what a live client reads; the server's memory for each stalled one [KiB]; what live ones lack."""
    async with server() as served:
        measuring = await joined(served, 10, measures=True)
        await joined(served, viewers - len(measuring))
        await send(served, EVENTS_PER_S, AIRCRAFT, 1.0)
        before = served.process.memory_info().rss
        asleep = await joined(served, stalled)
        for viewer in asleep:
            viewer.transport.pause_reading()
        for viewer in measuring:
            viewer.ages_s.clear()
        await send(served, EVENTS_PER_S, AIRCRAFT, LOAD_S * (3 if stalled else 1))
        await asyncio.sleep(0.3)
        grown_kib = (served.process.memory_info().rss - before) / 1024 / max(stalled, 1)
        ages_s = np.array([age for viewer in measuring for age in viewer.ages_s])
        lost = sum(AIRCRAFT - len(viewer.uids) for viewer in measuring)
        return float(np.quantile(ages_s, 0.99)) * 1000, grown_kib, lost


async def joining_s(server: Server) -> float:
    """From the first of many clients' connecting until each has the whole standing picture."""
    async with server() as served:
        await send(served, STANDING, STANDING, 1.0)
        await asyncio.sleep(1.0)
        loop = asyncio.get_running_loop()
        began = time.perf_counter()
        comers = [Comer() for _ in range(JOINING)]
        connecting = [loop.create_connection(lambda comer=comer: comer, "127.0.0.1", served.port) for comer in comers]
        await asyncio.gather(*connecting)
        ended = await asyncio.wait_for(asyncio.gather(*(comer.has_all for comer in comers)), 120)
        return max(ended) - began


async def both(measure: Callable[[Server], Awaitable[float]], rounds: int) -> tuple[list[float], list[float]]:
    """Ours and taky's, in turn."""
    ours, peer = [], []
    for _ in range(rounds):
        ours.append(await measure(watchfloor))
        peer.append(await measure(taky))
    return ours, peer


async def measure(*, as_json: bool) -> bool:
    """Measure and print; whether every goal is met."""
    load = f"{VIEWERS} viewers, {EVENTS_PER_S} events/s of {AIRCRAFT} aircraft"
    figures: list[Figure] = []

    def told(figure: Figure) -> None:
        figures.append(figure)
        tell(figure, as_json=as_json)

    ours, peer = await both(cpu_us, ROUNDS)
    for_long = f"{load}, {CPU_LOAD_S:g} s"
    told(paired("CPU per CoT delivery", ours, peer, unit="us", better="lower", goal=0.125, load=for_long))
    ours, peer = await both(most_per_s, ROUNDS)
    flood = f"{VIEWERS} viewers, {FLOOD_PER_S} events/s of {FLOOD_TRACKS} aircraft"
    told(paired("CoT deliveries", ours, peer, unit="1/s", better="higher", goal=5, load=flood))
    alone = [await age_p99_ms(watchfloor, VIEWERS) for _ in range(ROUNDS)]
    age = float(np.median([one[0] for one in alone]))
    told(Figure("age of what a viewer reads, p99", age, None, None, "ms", "lower", 2 * TICK_MS, ROUNDS, load))
    pairs = [(await age_p99_ms(watchfloor, LIVE, STALLED), await age_p99_ms(watchfloor, LIVE)) for _ in range(ROUNDS)]
    beside = f"{STALLED} stalled among {LIVE} live viewers, beside the same without them"
    words = {"unit": "ms", "better": "lower", "goal": 1.5, "load": beside}
    told(
        paired(
            "age of what live viewers read, p99", [one[0] for one, _ in pairs], [two[0] for _, two in pairs], **words
        )
    )
    each = float(np.median([one[1] for one, _ in pairs]))
    told(Figure("memory of a stalled viewer", each, None, None, "KiB", "lower", 1024, ROUNDS, beside))
    lost = float(sum(one[2] for one, _ in pairs))
    told(Figure("aircraft that a live viewer lacks", lost, None, None, "", "lower", 0, ROUNDS, beside))
    ours, peer = await both(joining_s, ROUNDS)
    crowd = f"{JOINING} viewers join with {STANDING} tracks"
    told(paired("until all joined", ours, peer, unit="s", better="lower", goal=0.5, load=crowd))
    return all(figure.holds() for figure in figures)


def main() -> int:
    """Measure and print; 1 when a goal is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    return 0 if asyncio.run(measure(as_json=parser.parse_args().json)) else 1


if __name__ == "__main__":
    sys.exit(main())
