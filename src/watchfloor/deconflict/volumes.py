"""All pairs of planned volumes that share space and time: a sweep along the most telling axis, then exact outlines.

Volumes are boxes first: longitudes, latitudes, heights, instants. Sorted along the axis on which boxes are shortest
against the whole, each is compared with those that begin before it ends; only boxes that share all four are held
against each other by their outlines. Polygons are compared in latitude and longitude, as their edges are drawn; a
circle on the plane at its centre. What only touches does not overlap.
**Source**: ASTM F3548-21, 4.4 (conflicts between operational intents); outlines by GEOS.
**Cost**: n log n and the number of boxes that share the chosen axis.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from watchfloor.base.geodesy import FLATTENING, SEMI_MAJOR_M, Floats, distance_m
from watchfloor.deconflict.compiling import compiled
from watchfloor.messages.volumes import PlannedVolume

Places = NDArray[np.int64]
_DEGREE_M = SEMI_MAJOR_M * np.pi / 180.0
_LEAST_DEGREE_M = 110_500.0
_ROOM = 1 << 14
_E2 = FLATTENING * (2.0 - FLATTENING)


class Volumes(NamedTuple):
    """Volumes in columns, shape `(n,)` each; `box` is `(n, 8)`: west, south, low, begin, and then the upper ends.

    `shape` is a polygon, or for a circle its middle; `radius_m` is 0 for a polygon. Instants are seconds after the
    first one in the file, which floats tell apart to a microsecond over a century.
    """

    plan: Places
    box: Floats
    shape: NDArray[np.object_]
    radius_m: Floats


def columns_of(volumes: Sequence[PlannedVolume]) -> Volumes:
    """Volumes as columns."""
    count = len(volumes)
    numbers: dict[str, int] = {}
    plan = np.fromiter((numbers.setdefault(one.plan_id, len(numbers)) for one in volumes), np.int64, count)
    radius_m = np.fromiter((one.radius_m for one in volumes), np.float64, count)
    shape = np.array(
        [shapely.Polygon(one.ring) if one.ring else shapely.Point(one.center) for one in volumes], dtype=object
    )
    bounds = shapely.bounds(shape).reshape(count, 4)
    wider_deg = radius_m / _LEAST_DEGREE_M
    across_deg = wider_deg / np.cos(np.radians(np.minimum(np.abs(bounds[:, 1]) + wider_deg, 89.0)))
    began_us = min((one.begin_us for one in volumes), default=0)
    times = np.array([(one.begin_us - began_us, one.end_us - began_us) for one in volumes]).reshape(count, 2) / 1e6
    heights = np.array([(one.low_m, one.high_m) for one in volumes], dtype=np.float64).reshape(count, 2)
    low = (bounds[:, 0] - across_deg, bounds[:, 1] - wider_deg, heights[:, 0], times[:, 0])
    high = (bounds[:, 2] + across_deg, bounds[:, 3] + wider_deg, heights[:, 1], times[:, 1])
    return Volumes(plan, np.column_stack((*low, *high)), shape, radius_m)


def overlapping(volumes: Volumes) -> tuple[Places, Places]:
    """Pairs of volumes of different plans that share space and time, the first one earlier in the file."""
    place, box = np.arange(len(volumes.plan)), volumes.box
    around = np.flatnonzero((box[:, 0] < -180) | (box[:, 4] > 180))
    turn = np.where(box[around, 4] > 180, -360.0, 360.0)
    again = box[around].copy()
    again[:, 0] += turn
    again[:, 4] += turn
    first, second = _sharing(np.concatenate((box, again)), volumes.plan[np.concatenate((place, around))])
    turns = np.concatenate((np.zeros(len(place)), turn))
    whose = np.concatenate((place, around))
    exact = share_ground(volumes, whose[first], whose[second], turns[second] - turns[first])
    pairs = np.unique(np.sort(np.column_stack((whose[first[exact]], whose[second[exact]])), axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _sharing(box: Floats, plan: Places) -> tuple[Places, Places]:
    """Pairs of boxes of different plans that share all four axes."""
    if len(box) < 2:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    low = box[:, :4]
    finite = np.where(np.isfinite(box), box, 0.0)
    whole = finite[:, 4:].max(axis=0) - finite[:, :4].min(axis=0)
    share = (finite[:, 4:] - finite[:, :4]).mean(axis=0) / np.where(whole > 0, whole, 1.0)
    share[~np.isfinite(box).reshape(len(box), 2, 4).all(axis=(0, 1)) | (whole <= 0)] = 1.0
    axis = int(share.argmin())
    order = np.argsort(low[:, axis], kind="stable")
    sorted_box, sorted_plan = box[order], plan[order]
    pairs = np.empty((_ROOM, 2), np.int64)
    count = _swept(sorted_box, sorted_plan, axis, pairs)
    if count > len(pairs):
        pairs = np.empty((count, 2), np.int64)
        _swept(sorted_box, sorted_plan, axis, pairs)
    return order[pairs[:count, 0]], order[pairs[:count, 1]]


@compiled
def _swept(box: Floats, plan: Places, axis: int, pairs: Places) -> int:
    """Boxes sorted along an axis: how many pairs share all axes, of which as many are in `pairs` as it holds."""
    count = 0
    for one in range(len(box)):
        end = box[one, axis + 4]
        for other in range(one + 1, len(box)):
            if box[other, axis] >= end:
                break
            if (
                plan[one] != plan[other]
                and box[one, 0] < box[other, 4]
                and box[other, 0] < box[one, 4]
                and box[one, 1] < box[other, 5]
                and box[other, 1] < box[one, 5]
                and box[one, 2] < box[other, 6]
                and box[other, 2] < box[one, 6]
                and box[one, 3] < box[other, 7]
                and box[other, 3] < box[one, 7]
            ):
                if count < len(pairs):
                    pairs[count, 0], pairs[count, 1] = one, other
                count += 1
    return count


def share_ground(volumes: Volumes, first: Places, second: Places, turn: Floats) -> NDArray[np.bool_]:
    """Whether outlines share ground; `turn`: how far east the second of a pair is to be seen [deg]."""
    inside = np.zeros(len(first), np.bool_)
    is_round = (volumes.radius_m[first] > 0) | (volumes.radius_m[second] > 0)
    flat = np.flatnonzero(~is_round & (turn == 0))
    ours, theirs = volumes.shape[first[flat]], volumes.shape[second[flat]]
    shapely.prepare(ours)
    meets = shapely.intersects(ours, theirs)
    meets[meets] = ~shapely.touches(ours[meets], theirs[meets])
    inside[flat] = meets
    for pair in np.flatnonzero(is_round | (turn != 0)):
        inside[pair] = _meet(volumes, int(first[pair]), int(second[pair]), float(turn[pair]))
    return inside


def _meet(volumes: Volumes, one: int, other: int, turn: float) -> bool:
    if volumes.radius_m[one] > 0 and volumes.radius_m[other] > 0:
        here, there = volumes.shape[one], volumes.shape[other]
        return distance_m(here.y, here.x, there.y, there.x) < float(volumes.radius_m[one] + volumes.radius_m[other])
    if volumes.radius_m[one] == 0 and volumes.radius_m[other] == 0:
        moved = shapely.transform(volumes.shape[other], lambda places: places + np.array((turn, 0.0)))
        return bool(shapely.relate_pattern(volumes.shape[one], moved, "T********"))
    if volumes.radius_m[other] > 0:
        one, other, turn = other, one, -turn
    return _circle_meets(volumes.shape[one], float(volumes.radius_m[one]), volumes.shape[other], turn)


def _circle_meets(middle: shapely.Point, radius_m: float, ring: shapely.Polygon, turn: float) -> bool:
    """Whether a polygon comes closer to a circle's middle than its radius, on the ellipsoid's plane there."""
    lat = np.radians(middle.y)
    shrunk = 1 - _E2 * np.sin(lat) ** 2
    scale = np.array([np.cos(lat) / np.sqrt(shrunk), (1 - _E2) / shrunk**1.5]) * _DEGREE_M
    offset = np.array((turn - middle.x, -middle.y))
    flat = shapely.transform(ring, lambda places: (places + offset) * scale)
    return bool(shapely.distance(flat, shapely.Point(0, 0)) < radius_m)
