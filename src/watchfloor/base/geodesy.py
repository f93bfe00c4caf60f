"""Places on the WGS 84 ellipsoid: Earth-centred vectors, distances, areas, dead reckoning.

**Frame**: latitude and longitude in degrees, geodetic, WGS 84; `ecef` is Earth-centred, Earth-fixed,
metres. Nothing here has a special case for the date line or the poles.
**Source**: NGA.STND.0036 (WGS 84), table 3.1; geodesics by geographiclib (Karney 2013).
"""

from itertools import pairwise
from math import asin, atan2, cos, degrees, hypot, radians, sin, sqrt
from typing import NamedTuple

import numpy as np
from geographiclib.geodesic import Geodesic
from numpy.typing import NDArray

from watchfloor.base.units import Metres

Floats = NDArray[np.float64]

SEMI_MAJOR_M = 6_378_137.0
FLATTENING = 1.0 / 298.257223563
SEMI_MINOR_M = SEMI_MAJOR_M * (1.0 - FLATTENING)
_E2 = FLATTENING * (2.0 - FLATTENING)
_SECOND_E2 = _E2 / (1.0 - _E2)
MEAN_RADIUS_M = 6_371_008.8
LONGEST_DEGREE_M = 111_700.0
PATHS_DISTANCE_ERROR = 0.02
_TOUCHING_DEG = 1e-6


def ecef_from_wgs84(lat_deg: Floats, lon_deg: Floats) -> Floats:
    """Points of the ellipsoid's surface as Earth-centred vectors.

    **Args**: `lat_deg`, `lon_deg`: shape `(n,)` [deg]. **Returns**: shape `(n, 3)` [m].
    """
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    normal_m = SEMI_MAJOR_M / np.sqrt(1.0 - _E2 * np.sin(lat) ** 2)
    return _vectors(
        normal_m * np.cos(lat) * np.cos(lon),
        normal_m * np.cos(lat) * np.sin(lon),
        normal_m * (1.0 - _E2) * np.sin(lat),
    )


def wgs84_from_ecef(places: Floats) -> tuple[Floats, Floats]:
    """Latitudes and longitudes [deg] of Earth-centred vectors near the surface; exact on it.

    **Args**: `places`: shape `(n, 3)` [m]. **Returns**: shapes `(n,)`.
    """
    across = np.hypot(places[:, 0], places[:, 1])
    lat = np.arctan2(places[:, 2], (1.0 - _E2) * across)
    return np.degrees(lat), np.degrees(np.arctan2(places[:, 1], places[:, 0]))


def ecef_velocity(lat_deg: Floats, lon_deg: Floats, gs_mps: Floats, trk_deg: Floats) -> Floats:
    """Ground velocities as Earth-centred vectors, tangent to the ellipsoid.

    **Args**: shapes `(n,)` [deg, deg, m/s, deg true]. **Returns**: shape `(n, 3)` [m/s].
    """
    lat, lon, trk = np.radians(lat_deg), np.radians(lon_deg), np.radians(trk_deg)
    north, east = gs_mps * np.cos(trk), gs_mps * np.sin(trk)
    return _vectors(
        -np.sin(lon) * east - np.sin(lat) * np.cos(lon) * north,
        np.cos(lon) * east - np.sin(lat) * np.sin(lon) * north,
        np.cos(lat) * north,
    )


def _vectors(x: Floats, y: Floats, z: Floats) -> Floats:
    """Columns as rows of vectors, shape `(n, 3)`: as `np.stack` without its checks, which cost more than the work."""
    made = np.empty((*x.shape, 3))
    made[..., 0], made[..., 1], made[..., 2] = x, y, z
    return made


def along_ground(lat_deg: Floats, lon_deg: Floats, velocities: Floats) -> tuple[Floats, Floats]:
    """The east and north parts of Earth-centred velocities at these places [m/s].

    **Args**: shapes `(n,)` [deg], `(n, 3)` [m/s]. **Returns**: shapes `(n,)`.
    """
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    x, y, z = velocities.T
    east = np.cos(lon) * y - np.sin(lon) * x
    return east, np.cos(lat) * z - np.sin(lat) * (np.cos(lon) * x + np.sin(lon) * y)


def distance_m(lat1_deg: float, lon1_deg: float, lat2_deg: float, lon2_deg: float) -> Metres:
    """Length of the shortest path on the ellipsoid [m]; exact to nanometres."""
    return Metres(Geodesic.WGS84.Inverse(lat1_deg, lon1_deg, lat2_deg, lon2_deg, Geodesic.DISTANCE)["s12"])


def rough_distance_m(lat1_deg: float, lon1_deg: float, lat2_deg: float, lon2_deg: float) -> Metres:
    """Great-circle length on the mean sphere [m]; within 0.6 % of the ellipsoid, and fast."""
    lat1, lat2 = radians(lat1_deg), radians(lat2_deg)
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin(radians(lon2_deg - lon1_deg) / 2) ** 2
    return Metres(2 * MEAN_RADIUS_M * asin(sqrt(min(1.0, half))))


def rough_distances_m(lat1_deg: Floats, lon1_deg: Floats, lat2_deg: Floats, lon2_deg: Floats) -> Floats:
    """`rough_distance_m` of many pairs; shapes `(n,)`."""
    lat1, lat2 = np.radians(lat1_deg), np.radians(lat2_deg)
    half = np.sin((lat2 - lat1) / 2) ** 2
    half += np.cos(lat1) * np.cos(lat2) * np.sin(np.radians(lon2_deg - lon1_deg) / 2) ** 2
    distances: Floats = 2 * MEAN_RADIUS_M * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return distances


def within_m(lat1_deg: float, lon1_deg: float, lat2_deg: float, lon2_deg: float, limit_m: float) -> bool:
    """Whether two places are at most this far apart; places that plainly are cost no trigonometry."""
    if (abs(lat1_deg - lat2_deg) + abs(lon1_deg - lon2_deg)) * LONGEST_DEGREE_M <= limit_m:
        return True
    return rough_distance_m(lat1_deg, lon1_deg, lat2_deg, lon2_deg) <= limit_m


def destination(lat_deg: float, lon_deg: float, trk_deg: float, along_m: float) -> tuple[float, float]:
    """Where one arrives after `along_m` metres on a geodesic that starts on this track."""
    end = Geodesic.WGS84.Direct(lat_deg, lon_deg, trk_deg, along_m)
    return end["lat2"], end["lon2"]


class Radar(NamedTuple):
    """A radar's place, and what of it every echo needs: the place's angles, and radii of curvature [m]."""

    sin_lat: float
    cos_lat: float
    sin_lon: float
    cos_lon: float
    outward_m: float
    upward_m: float
    mean_m: float
    height_m: float


def radar_at(lat_deg: float, lon_deg: float, height_m: float) -> Radar:
    """A radar at this place, height above the ellipsoid."""
    lat, lon = radians(lat_deg), radians(lon_deg)
    shrunk = 1.0 - _E2 * sin(lat) ** 2
    normal_m = SEMI_MAJOR_M / sqrt(shrunk)
    mean_m = normal_m * sqrt((1.0 - _E2) / shrunk) + height_m
    upward_m = normal_m * (1.0 - _E2) + height_m
    return Radar(sin(lat), cos(lat), sin(lon), cos(lon), normal_m + height_m, upward_m, mean_m, height_m)


def place_of_echo(radar: Radar, azimuth_deg: float, slant_m: float, height_m: float) -> tuple[float, float]:
    """Latitude and longitude [deg] of what a radar sees at this azimuth [deg true], slant range and height [m].

    **Source**: law of cosines at the site's mean radius of curvature, for the elevation; Bowring 1976 for the latitude.
    Within 20 m to 450 km and 15 km up. **Doubt**: a range shorter than the difference of heights is straight up.
    """
    over_m = radar.mean_m + height_m - radar.height_m
    lift = (over_m * over_m - radar.mean_m * radar.mean_m - slant_m * slant_m) / (
        2.0 * radar.mean_m * max(slant_m, 1.0)
    )
    lift = max(-1.0, min(1.0, lift))
    azimuth, level_m, up_m = radians(azimuth_deg), slant_m * sqrt(1.0 - lift * lift), slant_m * lift
    east_m, north_m = level_m * sin(azimuth), level_m * cos(azimuth)
    outward_m = (radar.outward_m + up_m) * radar.cos_lat - north_m * radar.sin_lat
    x = outward_m * radar.cos_lon - east_m * radar.sin_lon
    y = outward_m * radar.sin_lon + east_m * radar.cos_lon
    z = (radar.upward_m + up_m) * radar.sin_lat + north_m * radar.cos_lat
    across_m = hypot(x, y)
    steep = hypot(z, across_m * (1.0 - FLATTENING))
    sine, cosine = z / steep, across_m * (1.0 - FLATTENING) / steep
    rise, run = z + _SECOND_E2 * SEMI_MINOR_M * sine**3, across_m - _E2 * SEMI_MAJOR_M * cosine**3
    return degrees(atan2(rise, run)), degrees(atan2(y, x))


def track_and_length(lat1_deg: float, lon1_deg: float, lat2_deg: float, lon2_deg: float) -> tuple[float, Metres]:
    """Initial track [deg true, 0 to 360) and length [m] of the geodesic between two places."""
    line = Geodesic.WGS84.Inverse(lat1_deg, lon1_deg, lat2_deg, lon2_deg)
    return line["azi1"] % 360.0, Metres(line["s12"])


def area_km2(ring: tuple[tuple[float, float], ...]) -> float:
    """Area of a simple polygon on the ellipsoid [km2], whichever way round it runs.

    **Args**: `ring`: vertices as (longitude, latitude) [deg], closed or not.
    """
    polygon = Geodesic.WGS84.Polygon()
    vertices = ring[:-1] if ring[0] == ring[-1] else ring
    for lon_deg, lat_deg in vertices:
        polygon.AddPoint(lat_deg, lon_deg)
    _, _, area_m2 = polygon.Compute()
    return abs(float(area_m2)) / 1e6


def paths_distance_m(first: tuple[tuple[float, float], ...], second: tuple[tuple[float, float], ...]) -> Metres:
    """Shortest distance [m] between two paths of at most a few degrees; 0 where they cross.

    Reckoned on a plane at their mean latitude: within 2 % (`PATHS_DISTANCE_ERROR`) below 60 degrees and 500 km.

    **Args**: vertices as (longitude, latitude) [deg].
    """
    lats = [lat for path in (first, second) for _, lat in path]
    scale = cos(radians(sum(lats) / len(lats)))
    flat = [[(lon * scale * LONGEST_DEGREE_M, lat * LONGEST_DEGREE_M) for lon, lat in path] for path in (first, second)]
    edges = [list(pairwise(path)) for path in flat]
    return Metres(min(_edges_distance(one, other) for one in edges[0] for other in edges[1]))


def areas_overlap(first: tuple[tuple[float, float], ...], second: tuple[tuple[float, float], ...]) -> bool:
    """Whether two simple polygons share ground; neighbours that only touch do not.

    **Args**: closed rings as (longitude, latitude) [deg]; areas of at most a few degrees, reckoned as if flat.
    """
    crossing = any(
        _sides(*one, *other) and _sides(*other, *one) for one in pairwise(first) for other in pairwise(second)
    )
    return crossing or _any_within(first, second) or _any_within(second, first)


def _any_within(ring: tuple[tuple[float, float], ...], around: tuple[tuple[float, float], ...]) -> bool:
    """Whether the middle of a ring, or of one of its edges, lies inside another ring and off its border."""
    middle = (sum(lon for lon, _ in ring[:-1]) / (len(ring) - 1), sum(lat for _, lat in ring[:-1]) / (len(ring) - 1))
    halves = [((x1 + x2) / 2, (y1 + y2) / 2) for (x1, y1), (x2, y2) in pairwise(ring)]
    return any(is_inside(point, around) for point in (middle, *halves))


def is_inside(point: tuple[float, float], ring: tuple[tuple[float, float], ...]) -> bool:
    """Whether a point lies inside a simple polygon and off its border.

    **Args**: the point and the closed ring as (longitude, latitude) [deg], reckoned as if flat.
    """
    if min(_to_edge(point, edge) for edge in pairwise(ring)) < _TOUCHING_DEG:
        return False
    inside = False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > point[1]) != (y2 > point[1]) and point[0] < (x2 - x1) * (point[1] - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


_Point = tuple[float, float]


def _edges_distance(one: tuple[_Point, _Point], other: tuple[_Point, _Point]) -> float:
    if _sides(*one, *other) and _sides(*other, *one):
        return 0.0
    return min(
        *(_to_edge(point, other) for point in one),
        *(_to_edge(point, one) for point in other),
    )


def _sides(start: _Point, end: _Point, left: _Point, right: _Point) -> bool:
    """Whether two points lie on different sides of a line."""
    turns = [
        (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])
        for point in (left, right)
    ]
    return turns[0] * turns[1] < 0


def _to_edge(point: _Point, edge: tuple[_Point, _Point]) -> float:
    (x, y), ((x1, y1), (x2, y2)) = point, edge
    length2 = (x2 - x1) ** 2 + (y2 - y1) ** 2
    along = 0.0 if length2 == 0 else max(0.0, min(1.0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length2))
    return sqrt((x - x1 - along * (x2 - x1)) ** 2 + (y - y1 - along * (y2 - y1)) ** 2)
