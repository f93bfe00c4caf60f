"""Frames to tracks beside bare rs1090, and how many of a real flight's positions are told.

Both sides get the same frames in the same chunks of 500 in the same run, seven rounds, in turn; ours starts from Beast
bytes and ends in the picture.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

import rs1090
from _figures import Figure, tell

from watchfloor.app.doctrine import picture_of
from watchfloor.app.intake import FeedSetup, Intake
from watchfloor.base.labels import label_for
from watchfloor.edge.feeds.recorded_files import read_frames
from watchfloor.edge.stores.packs import load_pack
from watchfloor.exercise.transmit import Transmitters
from watchfloor.messages.room import Context
from watchfloor.picture import step as picturing
from watchfloor.picture.state import FeedLimits
from watchfloor.wire import beast
from watchfloor.wire.adsb import TimedFrame
from watchfloor.wire.feeds import BUILT_IN

ROUNDS, CHUNK = 7, 500
AIRBORNE_CODES = frozenset((*range(9, 19), *range(20, 23)))
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
        FeedSetup(
            "TX",
            "TX",
            BUILT_IN["beast"],
            label_for(("ALD", "BVY")),
            LIMITS,
            Context.EXERCISE,
            counter_epoch_us=epoch_us,
        )
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


def positions(frames: list[tuple[int, bytes]]) -> Figure:
    """How many of the recorded flight's airborne position frames give a place."""
    intake = Intake(FeedSetup("TX", "TX", None, label_for(("OWN",)), LIMITS, Context.REPLAY))
    timed = [TimedFrame(toa_us, frame) for toa_us, frame in frames]
    airborne = 0
    for start in range(0, len(timed), CHUNK):
        chunk = timed[start : start + CHUNK]
        seen = intake.receive_frames(chunk, chunk[-1].toa_us).observations
        airborne += sum(one.lat_deg is not None and not one.on_ground for one in seen)
    sent = sum(frame[0] >> 3 in (17, 18) and frame[4] >> 3 in AIRBORNE_CODES for _, frame in frames if len(frame) == 14)
    load = f"{airborne} of {sent} airborne position frames, chunks of {CHUNK}"
    return Figure("airborne positions told", airborne / sent, None, None, "", "higher", 0.95, 1, load)


def main() -> int:
    """Measure and print; 1 when a goal is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    figures = [measure_frames("frames to tracks, exercise", exercise_frames(60_000))]
    recorded = recorded_frames()
    if recorded:
        figures += [measure_frames("frames to tracks, recorded flight", recorded), positions(recorded)]
    for figure in figures:
        tell(figure, as_json=as_json)
    return 0 if all(figure.holds() for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
