"""Planned volumes as columns: boxes in longitude, latitude, height and time, and the outlines on the ground.

Polygons are compared in latitude and longitude, as their edges are drawn; a circle on the plane at its centre. What
only touches does not share ground.
**Source**: outlines by GEOS.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from watchfloor.base.geodesy import FLATTENING, SEMI_MAJOR_M, Floats, distance_m, rough_distances_m
from watchfloor.messages.volumes import PlannedVolume

Places = NDArray[np.int64]
_DEGREE_M = SEMI_MAJOR_M * np.pi / 180.0
_LEAST_DEGREE_M = 110_500.0
_SAME_M, _SPHERE_IS_OFF, _PLANE_IS_OFF = 0.01, 0.007, 0.05
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


def columns_of(volumes: Sequence[PlannedVolume], since_us: int | None = None) -> Volumes:
    """Volumes as columns; their times since an instant, the first one's begin where none is given."""
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
    began_us = min((one.begin_us for one in volumes), default=0) if since_us is None else since_us
    times = np.array([(one.begin_us - began_us, one.end_us - began_us) for one in volumes]).reshape(count, 2) / 1e6
    heights = np.array([(one.low_m, one.high_m) for one in volumes], dtype=np.float64).reshape(count, 2)
    low = (bounds[:, 0] - across_deg, bounds[:, 1] - wider_deg, heights[:, 0], times[:, 0])
    high = (bounds[:, 2] + across_deg, bounds[:, 3] + wider_deg, heights[:, 1], times[:, 1])
    return Volumes(plan, np.column_stack((*low, *high)), shape, radius_m)


def share_ground(volumes: Volumes, first: Places, second: Places, turn: Floats) -> NDArray[np.bool_]:
    """Whether outlines share ground; `turn`: how far east the second of a pair is to be seen [deg]."""
    round_first, round_second = volumes.radius_m[first] > 0, volumes.radius_m[second] > 0
    if (round_first & round_second).all():
        return _circles_meet(volumes, first, second)
    inside = np.zeros(len(first), np.bool_)
    flat = np.flatnonzero(~round_first & ~round_second & (turn == 0))
    ours, theirs = volumes.shape[first[flat]], volumes.shape[second[flat]]
    shapely.prepare(ours)
    meets = shapely.intersects(ours, theirs)
    meets[meets] = ~shapely.touches(ours[meets], theirs[meets])
    inside[flat] = meets
    for pair in np.flatnonzero(~round_first & ~round_second & (turn != 0)):
        moved = shapely.transform(
            volumes.shape[second[pair]], lambda places, by=turn[pair]: places + np.array((by, 0.0))
        )
        inside[pair] = shapely.relate_pattern(volumes.shape[first[pair]], moved, "T********")
    both = np.flatnonzero(round_first & round_second)
    inside[both] = _circles_meet(volumes, first[both], second[both])
    for circle, ring, way in ((first, second, 1.0), (second, first, -1.0)):
        mixed = np.flatnonzero((volumes.radius_m[circle] > 0) & (volumes.radius_m[ring] == 0))
        shapes, middles = volumes.shape[ring[mixed]], volumes.shape[circle[mixed]]
        inside[mixed] = _circles_meet_rings(shapes, middles, volumes.radius_m[circle[mixed]], way * turn[mixed])
    return inside


def _circles_meet(volumes: Volumes, first: Places, second: Places) -> NDArray[np.bool_]:
    """Whether circles come closer than their radii; on a sphere where that tells for sure, else by geodesics."""
    here, there = (shapely.get_coordinates(volumes.shape[places]) for places in (first, second))
    reach_m = volumes.radius_m[first] + volumes.radius_m[second]
    apart_m = rough_distances_m(here[:, 1], here[:, 0], there[:, 1], there[:, 0])
    meets: NDArray[np.bool_] = apart_m < reach_m
    for pair in np.flatnonzero(np.abs(apart_m - reach_m) <= _SPHERE_IS_OFF * apart_m):
        meets[pair] = distance_m(here[pair, 1], here[pair, 0], there[pair, 1], there[pair, 0]) < reach_m[pair]
    return meets


def _circles_meet_rings(
    rings: NDArray[np.object_], middles: NDArray[np.object_], radius_m: Floats, turn: Floats
) -> NDArray[np.bool_]:
    """Whether polygons come closer to circles' middles than their radii; near the border by geodesics.

    On the plane at a middle, distances over 50 km or far north are off by up to a kilometre.
    """
    if not len(rings):
        return np.zeros(0, np.bool_)
    places, whose = shapely.get_coordinates(rings, return_index=True)
    middle = shapely.get_coordinates(middles)
    scale = _scale(middle[:, 1])
    offset = np.column_stack((turn - middle[:, 0], -middle[:, 1]))
    flat = shapely.set_coordinates(rings.copy(), (places + offset[whose]) * scale[whose])
    origin = shapely.Point(0, 0)
    apart_m = shapely.distance(flat, origin)
    meets: NDArray[np.bool_] = apart_m < radius_m
    near = np.abs(apart_m - radius_m) <= _PLANE_IS_OFF * radius_m
    for pair in np.flatnonzero(near):
        x, y = shapely.get_coordinates(shapely.shortest_line(flat[pair], origin))[0] / scale[pair]
        nearest = y - offset[pair, 1], x - offset[pair, 0]
        meets[pair] = distance_m(middle[pair, 1], middle[pair, 0], *nearest) < radius_m[pair]
    return meets


def _scale(lat_deg: Floats) -> Floats:
    """Metres a degree east and a degree north on the ellipsoid at these latitudes, shape `(n, 2)`."""
    lat = np.radians(lat_deg)
    shrunk = 1 - _E2 * np.sin(lat) ** 2
    return np.column_stack((np.cos(lat) / np.sqrt(shrunk), (1 - _E2) / shrunk**1.5)) * _DEGREE_M


def _on_plane(ring: shapely.Polygon, middle: shapely.Point, turn: float) -> shapely.Polygon:
    """A polygon on the ellipsoid's plane at a point [m], seen that many degrees further east."""
    scale, offset = _scale(np.array([middle.y])), np.array((turn - middle.x, -middle.y))
    return shapely.transform(ring, lambda places: (places + offset) * scale)


def covers_ground(outer: PlannedVolume, inner: PlannedVolume) -> bool:
    """Whether one volume's outline holds all of another's; equal outlines do.

    A circle is held against a polygon on the ellipsoid's plane at its centre.
    """
    if inner.radius_m > 0 and outer.radius_m > 0:
        apart_m = distance_m(outer.center[1], outer.center[0], inner.center[1], inner.center[0])
        return apart_m + inner.radius_m <= outer.radius_m + _SAME_M
    if outer.radius_m > 0:
        lng, lat = outer.center
        return all(distance_m(lat, lng, y, x) <= outer.radius_m + _SAME_M for x, y in inner.ring)
    held = shapely.Polygon(outer.ring)
    seen = shapely.Point(inner.center) if inner.radius_m > 0 else shapely.Polygon(inner.ring)
    turn = 360.0 * round((held.centroid.x - seen.centroid.x) / 360.0)
    if inner.radius_m == 0:
        moved = shapely.transform(seen, lambda places: places + np.array((turn, 0.0)))
        return bool(shapely.covers(held, moved))
    border = _on_plane(held, seen, -turn)
    middle = shapely.Point(0, 0)
    return bool(shapely.covers(border, middle)) and bool(
        shapely.distance(border.exterior, middle) >= inner.radius_m - _SAME_M
    )
