"""All pairs in conflict beside BlueSky's compiled detector, on the same scenes in the same run; and how time grows."""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from _figures import absolute, calibration_s, paired, peer_python, tell
from _fire import RING, alerts_in_an_hour

from watchfloor.deconflict import probe as probing
from watchfloor.deconflict.probe import Candidate
from watchfloor.deconflict.sweep import Losses, Traffic, losses
from watchfloor.messages.alerts import Minima, ProbedState

MINIMA = Minima(horizontal_m=9260, vertical_ft=1000, lookahead_us=300_000_000)
GOALS = {10_000: 150, 20_000: 250}
ROUNDS, REPEATS = 3, 9
WORLD = (5_000, 15_000, 40_000, 70_000, 100_000)
NEAR_M, NEAR_FT = 93, 50
PROBED, NOW_US = 3_000, 1_931_270_400_000_000


def scene(count: int, box: tuple[float, float, float, float], seed: int) -> Traffic:
    """Airliners strewn over a box, six in ten of them level."""
    random = np.random.default_rng(seed)
    climbs = np.where(random.random(count) < 0.6, 0, random.integers(-25, 25, count) * 100).astype(np.float64)
    return Traffic(
        random.uniform(box[0], box[1], count),
        random.uniform(box[2], box[3], count),
        np.rint(random.uniform(5_000, 40_000, count)),
        random.uniform(250, 500, count),
        random.uniform(0, 360, count),
        climbs,
    )


def ours_s(traffic: Traffic, repeats: int) -> tuple[float, Losses]:
    """The median time of a detection [s], and what it found."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        found = losses(traffic, MINIMA)
        times.append(time.perf_counter() - begin)
    return float(np.median(times)), found


def peer_told(traffic: Traffic, folder: Path) -> dict[str, Any]:
    """What the peer tells of a scene, and how long its detection alone took."""
    name = folder / "scene.npz"
    np.savez(name, minima=np.array([9260, 1000, 300.0]), **traffic._asdict())
    program = [peer_python("bluesky"), Path(__file__).parent / "peers" / "bluesky_detect.py", name]
    told: dict[str, Any] = json.loads(subprocess.run(program, check=True, capture_output=True, text=True).stdout)
    return told


def differing(traffic: Traffic, found: Losses, told: dict[str, Any]) -> tuple[int, int, int]:
    """Pairs of both; those of one that lie within 1 % or 50 ft of a minimum; and others of one."""
    ours = {(int(a), int(b)): float(m) for a, b, m in zip(found.first, found.second, found.cpa_m, strict=True)}
    theirs = {(a, b): closest_m for a, b, closest_m, _, _ in told["pairs"]}
    near = other = 0
    for a, b in ours.keys() ^ theirs.keys():
        closest_m = ours.get((a, b), theirs.get((a, b), 0.0))
        climb = (traffic.vs_fpm[a] - traffic.vs_fpm[b]) * 5
        level = traffic.alt_ft[a] - traffic.alt_ft[b]
        is_near = abs(closest_m - 9260) < NEAR_M or any(abs(abs(h) - 1000) < NEAR_FT for h in (level, level + climb))
        near, other = near + is_near, other + (not is_near)
    return len(ours.keys() & theirs.keys()), near, other


def main() -> int:
    """Print the figures; exit code 1, when the pairs are not the same."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    ours_s(scene(100, (40, 41, 0, 1), 0), 1)
    for count, goal in GOALS.items():
        ours, peer, load = [], [], ""
        for number in range(ROUNDS):
            traffic = scene(count, (35, 55, 0, 20), number)
            took_s, found = ours_s(traffic, REPEATS)
            with TemporaryDirectory() as folder:
                told = peer_told(traffic, Path(folder))
            same, near, other = differing(traffic, found, told)
            if other or near > same / 100:
                print(f"{other} pairs differ, {near} more lie at a minimum", file=sys.stderr)
                return 1
            ours.append(1 / took_s)
            peer.append(1 / told["took_s"])
            load = f"{count:,} aircraft in 20 x 20 degrees, {same:,} pairs of both, {near} at a minimum left out"
        name = f"detections of {count:,} aircraft beside BlueSky's"
        tell(paired(name, ours, peer, unit="1/s", better="higher", goal=goal, load=load), as_json=as_json)
    growth(as_json=as_json)
    fire(as_json=as_json)
    return 0 if alerts(as_json=as_json) else 1


def alerts(*, as_json: bool) -> bool:
    """The probe behind the room's alerts, among many and judging every pair; whether both found the same."""
    traffic = scene(PROBED, (35, 55, 0, 20), 0)
    held = [
        Candidate(
            ProbedState(
                f"T{number}",
                NOW_US,
                round(lat * 1e7),
                round(lon * 1e7),
                int(alt),
                round(gs * 10),
                round(trk * 100),
                int(vs),
            ),
            int(alt),
        )
        for number, (lat, lon, alt, gs, trk, vs) in enumerate(zip(*traffic, strict=True))
    ]
    times: dict[int, list[float]] = {probing.FEW: [], PROBED: []}
    found = {}
    for _ in range(ROUNDS):
        for few, taken in times.items():
            probing.FEW = few
            begin = time.perf_counter()
            found[few] = probing.probe(held, MINIMA, NOW_US)
            taken.append(1 / (time.perf_counter() - begin))
    near, every = times.values()
    load = f"{PROBED:,} aircraft, {len(found[PROBED])} encounters, the same"
    words: dict[str, Any] = {"unit": "1/s", "better": "higher", "goal": 20, "load": load}
    tell(paired("the alerts' probe beside judging every pair", near, every, **words), as_json=as_json)
    return len({tuple(hits) for hits in found.values()}) == 1


def fire(*, as_json: bool) -> None:
    """An hour at a fire: alerts by the ring's minima beside those by the room's; and how many were for nothing."""
    (room, false_room), (ring, false_ring) = (alerts_in_an_hour(regimes) for regimes in ((), (RING,)))
    load = f"an hour, 13 aircraft; false alerts: {false_ring} of {ring} by the ring's minima, {false_room} of {room}"
    words: dict[str, Any] = {"unit": "alerts an hour", "better": "lower", "goal": 0.25, "load": load}
    tell(paired("alerts at one fire, by the ring's minima", [ring], [room], **words), as_json=as_json)


def growth(*, as_json: bool) -> None:
    """The time of a worldwide scene, and the power of n in a fit of t / log n over five sizes."""
    times: dict[int, list[float]] = {count: [] for count in WORLD}
    calibrations = []
    for number in range(ROUNDS):
        calibrations.append(calibration_s())
        for count in WORLD:
            times[count].append(ours_s(scene(count, (-70, 70, -180, 180), number), 3)[0])
    words: dict[str, Any] = {
        "unit": "s",
        "better": "lower",
        "goal": 0.2,
        "load": "100,000 aircraft worldwide, one thread",
    }
    tell(absolute("worldwide detection", times[100_000], calibrations, **words), as_json=as_json)
    medians = np.array([float(np.median(times[count])) for count in WORLD])
    sizes = np.array(WORLD, dtype=np.float64)
    power = float(np.polyfit(np.log(sizes), np.log(medians / np.log(sizes)), 1)[0])
    shown = ", ".join(f"{count:,}: {seconds * 1e3:.1f} ms" for count, seconds in zip(WORLD, medians, strict=True))
    words = {"unit": "power of n", "better": "lower", "goal": 1.1, "load": shown}
    tell(absolute("growth of t / log n over five sizes", [power] * ROUNDS, calibrations, **words), as_json=as_json)


if __name__ == "__main__":
    sys.exit(main())
