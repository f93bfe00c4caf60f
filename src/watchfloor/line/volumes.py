"""What cannot be so in a volume as it was said: a machine checks the figures before people agree on them.

A volume is air to keep clear of, never a point: none is smaller than the finest area of a request (SCOPE limit 6).
**Frame**: corners in 1e-7 degrees, joined by straight lines in these; across the date line by the shorter way.
**Source**: own reasoning; integers and exact comparison, so that both sides find the same.
"""

from collections.abc import Sequence
from itertools import combinations

from watchfloor.base.geodesy import area_km2
from watchfloor.base.units import US_PER_S
from watchfloor.messages.line import LinePlace, LineVolume

SMALLEST_KM2, LARGEST_KM2 = 25, 100_000
LONGEST_US = 48 * 3_600_000_000
_HALF_E7DEG, _WHOLE_E7DEG = 1_800_000_000, 3_600_000_000
_POLE_E7DEG = 900_000_000

_Point = tuple[int, int]


def faults_of(volume: LineVolume) -> tuple[str, ...]:
    """What cannot be so, in words; nothing, where a volume is possible."""
    found = []
    if volume.floor_ft >= volume.ceiling_ft:
        found.append("its floor is not below its ceiling")
    if volume.from_us >= volume.until_us:
        found.append("it ends before it begins")
    elif volume.until_us - volume.from_us > LONGEST_US:
        found.append("it lasts over 48 hours")
    if volume.from_us % US_PER_S or volume.until_us % US_PER_S:
        found.append("its times are not on whole seconds, as they are read back")
    corners = unrolled(volume.outline)
    if any(abs(lat) > _POLE_E7DEG for lat, _ in corners):
        found.append("a corner is beyond a pole")
    elif _crosses_itself(corners):
        found.append("its outline crosses or touches itself")
    else:
        size_km2 = area_km2(tuple((lon / 1e7, lat / 1e7) for lat, lon in corners))
        if size_km2 > LARGEST_KM2:
            found.append("it is over 100,000 km² large")
        elif size_km2 < SMALLEST_KM2:
            found.append("it is smaller than a 5 km cell (25 km²)")
    return tuple(found)


def within_e7deg(lon_e7deg: int) -> int:
    """A longitude as the line says it, from -180 to under 180 degrees."""
    return (lon_e7deg + _HALF_E7DEG) % _WHOLE_E7DEG - _HALF_E7DEG


def unrolled(outline: Sequence[LinePlace]) -> tuple[_Point, ...]:
    """The corners as (latitude, longitude) [1e-7 deg], with longitudes that do not jump at the date line."""
    corners: list[_Point] = []
    before = outline[0].lon_e7deg
    for place in outline:
        before += within_e7deg(place.lon_e7deg - before)
        corners.append((place.lat_e7deg, before))
    return tuple(corners)


def _crosses_itself(corners: tuple[_Point, ...]) -> bool:
    count = len(corners)
    edges = [(corners[place], corners[(place + 1) % count]) for place in range(count)]
    if any(start == end for start, end in edges):
        return True
    return any(
        _touch(edges[one], edges[other])
        if other - one not in (1, count - 1)
        else _folds_back(edges[one], edges[other], is_before=other - one == 1)
        for one, other in combinations(range(count), 2)
    )


def _folds_back(first: tuple[_Point, _Point], second: tuple[_Point, _Point], *, is_before: bool) -> bool:
    """Whether two edges that share a corner run back over each other."""
    here, corner, there = (first[0], first[1], second[1]) if is_before else (second[0], first[0], first[1])
    back = (here[0] - corner[0], here[1] - corner[1])
    on = (there[0] - corner[0], there[1] - corner[1])
    return _turn(here, corner, there) == 0 and back[0] * on[0] + back[1] * on[1] > 0


def _touch(first: tuple[_Point, _Point], second: tuple[_Point, _Point]) -> bool:
    turns = [_turn(*first, second[0]), _turn(*first, second[1]), _turn(*second, first[0]), _turn(*second, first[1])]
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    ends = ((first, second[0]), (first, second[1]), (second, first[0]), (second, first[1]))
    return any(turn == 0 and _is_between(edge, point) for turn, (edge, point) in zip(turns, ends, strict=True))


def _turn(start: _Point, end: _Point, point: _Point) -> int:
    return (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])


def _is_between(edge: tuple[_Point, _Point], point: _Point) -> bool:
    return all(min(a, b) <= p <= max(a, b) for a, b, p in zip(edge[0], edge[1], point, strict=True))
