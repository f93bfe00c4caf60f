"""All pairs of planned volumes that overlap, beside Shapely's own tree with filters, on the same volumes."""

import argparse
import sys
import time

import numpy as np
import shapely
from _figures import paired, tell

from watchfloor.deconflict.outlines import Volumes
from watchfloor.deconflict.volumes import overlapping

COUNT, ROUNDS, GOAL = 100_000, 5, 2


def scene(count: int, seed: int) -> Volumes:
    """Polygons of 4 to 8 corners, 4 to 30 km wide, over 20 x 20 degrees, 300 m high, half an hour to three long."""
    random = np.random.default_rng(seed)
    shapes = np.empty(count, dtype=object)
    for place in range(count):
        corners = random.integers(4, 9)
        angles = np.sort(random.uniform(0, 2 * np.pi, corners))
        reach = random.uniform(0.02, 0.15) * random.uniform(0.6, 1.0, corners)
        middle = random.uniform((0, 35), (20, 55))
        shapes[place] = shapely.Polygon(middle + np.column_stack((np.cos(angles), np.sin(angles))) * reach[:, None])
    low_m = random.uniform(0, 3_000, count)
    begin_s = random.uniform(0, 86_400, count)
    bounds = shapely.bounds(shapes)
    box = np.column_stack(
        (bounds[:, :2], low_m, begin_s, bounds[:, 2:], low_m + 300, begin_s + random.uniform(1_800, 10_800, count))
    )
    return Volumes(np.arange(count), box, shapes, np.zeros(count))


def fresh(volumes: Volumes) -> Volumes:
    """The same volumes with outlines that nobody has prepared yet."""
    return volumes._replace(shape=shapely.from_wkb(shapely.to_wkb(volumes.shape)))


def by_tree(volumes: Volumes) -> set[tuple[int, int]]:
    """The peer: every pair of outlines that meet, then heights, then times."""
    tree = shapely.STRtree(volumes.shape)
    one, other = tree.query(volumes.shape, predicate="intersects")
    one, other = one[one < other], other[one < other]
    box = volumes.box
    for axis in (2, 3):
        share = (box[one, axis] < box[other, axis + 4]) & (box[other, axis] < box[one, axis + 4])
        one, other = one[share], other[share]
    return set(zip(one.tolist(), other.tolist(), strict=True))


def by_sweep(volumes: Volumes) -> set[tuple[int, int]]:
    """Ours."""
    return set(zip(*(part.tolist() for part in overlapping(volumes)), strict=True))


def main() -> int:
    """Print the figure; exit code 1, when the pairs are not the same."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    by_sweep(scene(100, 0))
    volumes = scene(COUNT, 1)
    ours, peer, count = [], [], 0
    for _ in range(ROUNDS):
        times = []
        found = []
        for way in (by_sweep, by_tree):
            held = fresh(volumes)
            begin = time.perf_counter()
            found.append(way(held))
            times.append(1 / (time.perf_counter() - begin))
        if found[0] != found[1]:
            print(f"{len(found[0] ^ found[1])} pairs differ", file=sys.stderr)
            return 1
        ours.append(times[0])
        peer.append(times[1])
        count = len(found[0])
    load = f"{COUNT:,} volumes, {count:,} pairs, identical"
    words = {"unit": "1/s", "better": "higher", "goal": GOAL, "load": load}
    tell(paired("all pairs of planned volumes beside STRtree with filters", ours, peer, **words), as_json=as_json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
