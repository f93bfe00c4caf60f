"""Private matching: the time of a stage beside the bare library's, and how many cells two stages need beside one.

A stage is both directions, asked and answered by two processes that take turns, so that one core's time is compared.
The bare library does the same with the same elements in one process. Cells are of 1,000 flights a side for two hours
over 12 by 12 degrees; which pairs of flights share cells is held against geodesics flown in steps of 5 s.
"""

import argparse
import asyncio
import time
from collections import defaultdict
from random import Random

import numpy as np
import private_set_intersection.python as psi
from _figures import Figure, paired, tell

from watchfloor.app.line_plans import line_plans_of
from watchfloor.app.matching import cells_of
from watchfloor.base.geodesy import destination, rough_distances_m, track_and_length
from watchfloor.edge.matching import MatchProcess
from watchfloor.line.cells import Cell, coarse_of, element_of
from watchfloor.messages.line import MatchTerms
from watchfloor.messages.volumes import Trajectory, TrajectoryPoint
from watchfloor.wire.line_plans import ReadPlans

ELEMENTS, ROUNDS, GOAL_TIME = 4_096, 5, 1.1
FLIGHTS, GOAL_SHARE = 1_000, 0.4
US_PER_S, EPOCH_S, STEP_S = 1_000_000, 7_200, 5
TERMS = MatchTerms(
    from_us=0, until_us=EPOCH_S * US_PER_S, horizontal_m=9_260, vertical_ft=1_000, coarse_count=32_768,
    fine_count=32_768, most_of_flight_count=2_000, most_shown_permille=300, always_shown_count=50,
)  # fmt: skip


def flights(seed: int) -> list[Trajectory]:
    """Flights of 20 to 70 minutes, level, all within the epoch."""
    dice, found = Random(seed), []
    for number in range(FLIGHTS):
        lat, lon, course = 36 + 12 * dice.random(), 12 * dice.random(), 360 * dice.random()
        lasts_s = dice.randrange(20 * 60, 70 * 60)
        start_s = dice.randrange(0, EPOCH_S - lasts_s)
        end = destination(lat, lon, course, dice.choice((230, 420, 450, 470)) * 0.514444 * lasts_s)
        level = float(dice.randrange(8, 41) * 1_000)
        points = (
            TrajectoryPoint(lat, lon, level, start_s * US_PER_S),
            TrajectoryPoint(*end, level, (start_s + lasts_s) * US_PER_S),
        )
        found.append(Trajectory(f"{seed}-{number}", points, 1_000.0, 0.0, 0))
    return found


def plans(seed: int) -> dict[str, set[Cell]]:
    return cells_of(line_plans_of(ReadPlans(tuple(flights(seed)), ())), TERMS)


def sharing(ours: dict[str, set[Cell]], theirs: dict[str, set[Cell]], shared: set[Cell]) -> set[tuple[str, str]]:
    """Pairs of flights that have one of these cells in common."""
    by_cell: dict[Cell, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for side, held in enumerate((ours, theirs)):
        for name, cells in held.items():
            for cell in shared & cells:
                by_cell[cell][side].append(name)
    return {(one, other) for first, second in by_cell.values() for one in first for other in second}


def flown_too_near(ours: list[Trajectory], theirs: list[Trajectory]) -> set[tuple[str, str]]:
    """Pairs of level flights that are nearer than both minima at some step, flown one by one, without cells."""
    found = set()
    ways = [[_way(flight) for flight in side] for side in (ours, theirs)]
    for number in range(0, EPOCH_S, STEP_S):
        here, there = (_places(way, number) for way in ways)
        for level in np.unique(here[:, 2]):
            one, other = here[here[:, 2] == level], there[there[:, 2] == level]
            if len(one) and len(other):
                apart_m = rough_distances_m(one[:, None, 0], one[:, None, 1], other[None, :, 0], other[None, :, 1])
                found |= {(int(one[a, 3]), int(other[b, 3])) for a, b in np.argwhere(apart_m < 9_260)}
    return {(ours[one].plan_id, theirs[other].plan_id) for one, other in found}


def _way(flight: Trajectory) -> np.ndarray:
    """Places at each step of a flight; straight between points a minute apart on its geodesic."""
    one, other = flight.points
    count = max(2, (other.at_us - one.at_us) // (60 * US_PER_S) + 1)
    course, length_m = track_and_length(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
    places = np.array([destination(one.lat_deg, one.lon_deg, course, length_m * n / (count - 1)) for n in range(count)])
    at_s = np.linspace(one.at_us, other.at_us, count) / US_PER_S
    steps = np.arange(-(-one.at_us // (STEP_S * US_PER_S)) * STEP_S, other.at_us // US_PER_S + 1, STEP_S)
    return np.column_stack(
        (
            steps,
            np.interp(steps, at_s, places[:, 0]),
            np.interp(steps, at_s, places[:, 1]),
            np.full(len(steps), one.height_m),
        )
    )


def _places(ways: list[np.ndarray], at_s: int) -> np.ndarray:
    rows = []
    for place, way in enumerate(ways):
        index = (at_s - int(way[0, 0])) // STEP_S
        if 0 <= index < len(way):
            rows.append((way[index, 1], way[index, 2], way[index, 3], place))
    return np.array(rows).reshape(-1, 4)


async def ours_s(first: list[str], second: list[str]) -> tuple[float, int]:
    """Both directions of a stage by the product's two processes, one after the other."""
    one, other = MatchProcess(), MatchProcess()
    for ready in (one, other):
        await ready.begin(["warm"], 64, only_counts=False)
    began = time.perf_counter()
    told = [await one.begin(first, ELEMENTS, only_counts=False), await other.begin(second, ELEMENTS, only_counts=False)]
    answers = [await other.answer(told[0][1]), await one.answer(told[1][1])]
    found = [await one.finish(told[1][0], answers[0]), await other.finish(told[0][0], answers[1])]
    spent = time.perf_counter() - began
    for done in (one, other):
        await done.close()
    assert found[0] == found[1]
    return spent, len(found[0])


def peer_s(first: list[str], second: list[str]) -> tuple[float, int]:
    """The same by the bare library in one process."""
    began = time.perf_counter()
    clients = [psi.client.CreateWithNewKey(True), psi.client.CreateWithNewKey(True)]
    servers = [psi.server.CreateWithNewKey(True), psi.server.CreateWithNewKey(True)]
    sets = (first, second)
    raw = psi.DataStructure.RAW
    setups = [one.CreateSetupMessage(1e-9, ELEMENTS, held, raw) for one, held in zip(servers, sets, strict=True)]
    requests = [one.CreateRequest(held) for one, held in zip(clients, sets, strict=True)]
    answers = [servers[1].ProcessRequest(requests[0]), servers[0].ProcessRequest(requests[1])]
    found = [clients[0].GetIntersection(setups[1], answers[0]), clients[1].GetIntersection(setups[0], answers[1])]
    assert len(found[0]) == len(found[1])
    return time.perf_counter() - began, len(found[0])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    ours, theirs = plans(1), plans(2)
    one, other = (set().union(*held.values()) for held in (ours, theirs))
    first, second = (sorted(map(element_of, held))[:ELEMENTS] for held in (one, other))
    second = sorted({*second[: ELEMENTS - 400], *first[:400]})
    spent, peer = [], []
    for _ in range(ROUNDS):
        mine, count = asyncio.run(ours_s(first, second))
        bare, bare_count = peer_s(first, second)
        if count != bare_count:
            raise SystemExit(f"{count} shared elements, and {bare_count} by the bare library")
        spent.append(mine)
        peer.append(bare)
    load = f"both directions of {ELEMENTS} elements a side, one core"
    tell(paired("private matching", spent, peer, unit="s", better="lower", goal=GOAL_TIME, load=load), as_json=as_json)

    coarse = [{coarse_of(cell) for cell in held} for held in (one, other)]
    hit = coarse[0] & coarse[1]
    inside = [{cell for cell in held if coarse_of(cell) in hit} for held in (one, other)]
    single, double = one & other, inside[0] & inside[1]
    needed = sum(map(len, (*coarse, *coarse, *inside)))
    found, all_found = sharing(ours, theirs, double), sharing(ours, theirs, single)
    true = flown_too_near(flights(1), flights(2))
    words = {"unit": "elements", "better": "lower", "rounds": 1}
    load = f"{FLIGHTS} flights a side; coarse cells are put in twice, counted first"
    total = len(one) + len(other)
    tell(
        Figure("two stages beside one", needed, total, needed / total, goal=GOAL_SHARE, load=load, **words),
        as_json=as_json,
    )
    load = (
        f"{len(true)} true pairs; pairs beyond them: {len(found - true)} in two stages, {len(all_found - true)} in one"
    )
    words["unit"] = "pairs"
    tell(Figure("clashes missed", len(true - found), None, None, goal=0, load=load, **words), as_json=as_json)
    extra = len(found - true), len(all_found - true)
    tell(Figure("false pairs", *extra, extra[0] / max(extra[1], 1), goal=1.0, load=load, **words), as_json=as_json)


if __name__ == "__main__":
    main()
