"""Frames to tracks beside bare rs1090, and CPU per CoT delivery beside taky.

Frames: both sides get the same frames in the same chunks of 500 in the same run, seven rounds, in turn; ours starts
from Beast bytes and ends in the picture. CoT: the same load (50 viewers, 200 events/s of 20 aircraft) on the room's own
process and on taky's, CPU by the operating system's accounting of that process alone; the load generator is left out.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import rs1090
from _figures import Figure, peer_python, tell

from watchfloor.app.doctrine import picture_of
from watchfloor.app.intake import FeedSetup, Intake
from watchfloor.base.labels import label_for
from watchfloor.edge.feeds.recorded import read_frames
from watchfloor.edge.stores.packs import load_pack
from watchfloor.exercise.transmit import Transmitters
from watchfloor.messages.room import Context
from watchfloor.picture import step as picturing
from watchfloor.picture.step import FeedLimits
from watchfloor.wire import beast

ROUNDS, CHUNK = 7, 500
VIEWERS, EVENTS_PER_S, AIRCRAFT, LOAD_S = 50, 200, 20, 6.0
WATCHFLOOR = str(Path(sys.executable).with_name("watchfloor"))
LIMITS = FeedLimits(60_000_000, 600_000_000)


def exercise_frames(count: int) -> list[tuple[int, bytes]]:
    """Frames that the exercise's transponders send, with their room times."""
    pack = load_pack("eight-thirty")
    start_us = pack.start_us + 480_000_000
    frames: list[tuple[int, bytes]] = []
    state = beast.BeastState()
    for feed, raw in Transmitters(pack, start_us).until(start_us + 300_000_000):
        if feed == "TX":
            state, found = beast.step(state, raw)
            frames += [
                (pack.epoch_us + one.counter // 12, one.frame) for one in found if isinstance(one, beast.BeastFrame)
            ]
        if len(frames) >= count:
            break
    return frames


def recorded_frames() -> list[tuple[int, bytes]]:
    """Frames of a real flight, where the test data is at hand."""
    folder = os.environ.get("WATCHFLOOR_TEST_DATA")
    path = Path(folder or "/nonexistent") / "modes" / "one-flight.csv"
    return [(timed.toa_us, timed.frame) for timed in read_frames(path)] if path.is_file() else []


def ours_s(chunks: list[tuple[int, bytes]], epoch_us: int) -> float:
    """Seconds from Beast bytes to tracks."""
    pack = load_pack("eight-thirty")
    intake = Intake(
        FeedSetup("TX", "TX", "beast", label_for(("ALD", "BVY")), LIMITS, Context.EXERCISE, counter_epoch_us=epoch_us)
    )
    picture = picture_of(pack)
    began = time.perf_counter()
    for room_us, raw in chunks:
        batch = intake.receive(raw, room_us)
        picture, _ = picturing.step(picture, batch, room_us)
    spent = time.perf_counter() - began
    assert picture.tracks
    return spent


def bare_s(chunks: list[tuple[list[str], list[float]]]) -> float:
    """Seconds of rs1090 alone."""
    began = time.perf_counter()
    for frames, times in chunks:
        rs1090.decode(frames, times)
    return time.perf_counter() - began


def measure_frames(name: str, frames: list[tuple[int, bytes]]) -> Figure:
    """The paired figure over some frames."""
    epoch_us = frames[0][0]
    parts = [frames[start : start + CHUNK] for start in range(0, len(frames), CHUNK)]
    wire = [
        (part[-1][0], b"".join(beast.encode((toa_us - epoch_us) * 12, frame) for toa_us, frame in part))
        for part in parts
    ]
    bare = [([frame.hex() for _, frame in part], [toa_us / 1e6 for toa_us, _ in part]) for part in parts]
    pairs = [(ours_s(wire, epoch_us), bare_s(bare)) for _ in range(ROUNDS)]
    ours = statistics.median(len(frames) / one for one, _ in pairs)
    peer = statistics.median(len(frames) / other for _, other in pairs)
    ratio = statistics.median(other / one for one, other in pairs)
    load = f"{len(frames)} frames, chunks of {CHUNK}"
    return Figure(name, ours, peer, ratio, "frames/s", "higher", 0.5, ROUNDS, load)


def event(number: int, turn: int) -> bytes:
    """One CoT event of the load."""
    now = datetime.now(UTC)
    stale = now + timedelta(seconds=30)
    stamp = "%Y-%m-%dT%H:%M:%S.%fZ"
    return (
        f'<event version="2.0" uid="BENCH-{number}" type="a-f-A-M-F" time="{now.strftime(stamp)}" '
        f'start="{now.strftime(stamp)}" stale="{stale.strftime(stamp)}" how="m-g">'
        f'<point lat="{10 + number * 0.2 + turn * 1e-5:.6f}" lon="20.0" hae="{1000 + number * 500}" ce="10" le="10"/>'
        f'<detail><contact callsign="B{number}"/><track speed="100.0" course="0.0"/></detail></event>'
    ).encode()


async def send_load(writer: asyncio.StreamWriter) -> None:
    """The load, evenly spread."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for sent in range(int(EVENTS_PER_S * LOAD_S)):
        writer.write(event(sent % AIRCRAFT, sent // AIRCRAFT))
        await asyncio.sleep(max(began + (sent + 1) / EVENTS_PER_S - loop.time(), 0))


async def count_events(port: int, counts: list[int], place: int) -> None:
    """One viewer: counts what it is sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while chunk := await reader.read(1 << 16):
            counts[place] += chunk.count(b"</event>")
    finally:
        writer.close()


async def deliver(cot_port: int, pid: int, source: asyncio.StreamWriter) -> float:
    """Microseconds of the server's CPU per delivery, under the load."""
    counts = [0] * VIEWERS
    viewers = [asyncio.create_task(count_events(cot_port, counts, place)) for place in range(VIEWERS)]
    await asyncio.sleep(1.0)
    process = psutil.Process(pid)
    before, counts[:] = process.cpu_times(), [0] * VIEWERS
    await send_load(source)
    await asyncio.sleep(0.3)
    after, delivered = process.cpu_times(), sum(counts)
    for viewer in viewers:
        viewer.cancel()
    await asyncio.gather(*viewers, return_exceptions=True)
    cpu_s = after.user + after.system - before.user - before.system
    return cpu_s / delivered * 1e6


async def ours_us() -> float:
    """The room: its feed connects to the load, its viewers to the CoT port."""
    arrived: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda _, writer: arrived.set_result(writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "watchfloor.toml"
        config.write_text(f'[[feeds]]\nid = "LOAD"\nformat = "cot"\nconnect = "127.0.0.1:{port}"\n')
        words = [WATCHFLOOR, "serve", "--config", str(config), "--data", folder + "/room"]
        words += ["--port", "0", "--cot-port", "0", "--headless", "--json"]
        room = subprocess.Popen(words, stdout=subprocess.PIPE)
        assert room.stdout is not None
        try:
            started = json.loads(await asyncio.to_thread(room.stdout.readline))
            return await deliver(started["cot_port"], room.pid, await asyncio.wait_for(arrived, 10))
        finally:
            room.send_signal(signal.SIGINT)
            room.wait(10)
            server.close()


async def taky_us(python: Path) -> float:
    """taky, from its throwaway environment, with the same load."""
    with tempfile.TemporaryDirectory() as folder:
        async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as probe:
            port = probe.sockets[0].getsockname()[1]
        config = Path(folder) / "taky.conf"
        config.write_text(
            f"[taky]\nhostname = localhost\nbind_ip = 127.0.0.1\nroot_dir = .\n[cot_server]\nport = {port}\n"
            "[dp_server]\nupload_path = ./dp-user\n[ssl]\nenabled = false\n"
        )
        server = subprocess.Popen([python.with_name("taky"), "-l", "warning", "-c", str(config)], cwd=folder)
        try:
            for _ in range(100):
                try:
                    _, source = await asyncio.open_connection("127.0.0.1", port)
                    break
                except OSError:
                    await asyncio.sleep(0.1)
            else:
                raise RuntimeError("taky did not start")
            return await deliver(port, server.pid, source)
        finally:
            server.terminate()
            server.wait(10)


def main() -> int:
    """Measure and print; 1 when a goal is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    figures = [measure_frames("frames to tracks, exercise", exercise_frames(60_000))]
    recorded = recorded_frames()
    if recorded:
        figures.append(measure_frames("frames to tracks, recorded flight", recorded))
    for figure in figures:
        tell(figure, as_json=as_json)
    python = peer_python("taky")
    pairs = [(asyncio.run(ours_us()), asyncio.run(taky_us(python))) for _ in range(3)]
    ours, peer = (statistics.median(values) for values in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    load = f"{VIEWERS} viewers, {EVENTS_PER_S} events/s of {AIRCRAFT} aircraft, {LOAD_S:g} s"
    cot = Figure("CPU per CoT delivery", ours, peer, ratio, "us", "lower", 0.25, len(pairs), load)
    tell(cot, as_json=as_json)
    return 0 if all(figure.holds() for figure in [*figures, cot]) else 1


if __name__ == "__main__":
    sys.exit(main())
