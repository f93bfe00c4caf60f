"""Planned volumes as ASTM F3548-21 writes them; nothing is taken where one value is out of place.

| member | values |
|---|---|
| `volume.outline_polygon.vertices` | 3 to 1,000 of `lat`, `lng` [deg], WGS 84; straight edges in these |
| `volume.outline_circle` | `center`, and `radius` with `units` `M` |
| `volume.altitude_lower`, `altitude_upper` | metres above the ellipsoid (`W84`, `M`); absent: no limit |
| `time_start`, `time_end` | RFC 3339 with a zone, `format` `RFC3339`; both are needed |

**Source**: ASTM F3548-21 annex A2, as published in the open API of interuss/astm-utm-protocol.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import cos, inf, pi, radians
from typing import Any, NamedTuple

import msgspec
import shapely
from msgspec import Struct

from watchfloor.base.errors import InputError, TooLargeError, WatchfloorError
from watchfloor.base.instants import us_from_rfc3339
from watchfloor.base.units import US_PER_S
from watchfloor.messages.volumes import PlannedVolume, Trajectory, TrajectoryPoint

MOST_AREA_KM2 = 10_000.0
MOST_VERTICES, MOST_VOLUMES, MOST_POINTS, MOST_BYTES = 1_000, 500_000, 10_000, 200_000_000
_FURTHEST_DEG, _DEGREE_KM = 85.0, 111.2
_LATEST_US = 7_258_118_400_000_000
_LEAST_RADIUS_M, _PLACE_DECIMALS = 1.0, 7


class LatLng(Struct, frozen=True, forbid_unknown_fields=True):
    """A place [deg]."""

    lat: float
    lng: float


class Radius(Struct, frozen=True, forbid_unknown_fields=True):
    """A length; `units` is M."""

    value: float
    units: str


class Altitude(Struct, frozen=True, forbid_unknown_fields=True):
    """A height; `reference` is W84, `units` M."""

    value: float
    reference: str
    units: str


class Polygon(Struct, frozen=True, forbid_unknown_fields=True):
    """An outline by its corners, not closed."""

    vertices: tuple[LatLng, ...]


class Circle(Struct, frozen=True, forbid_unknown_fields=True):
    """An outline by centre and radius."""

    center: LatLng
    radius: Radius


class Volume3D(Struct, frozen=True, forbid_unknown_fields=True):
    """An outline, and between which heights."""

    outline_polygon: Polygon | None = None
    outline_circle: Circle | None = None
    altitude_lower: Altitude | None = None
    altitude_upper: Altitude | None = None


class Time(Struct, frozen=True, forbid_unknown_fields=True):
    """An instant; `format` is RFC3339."""

    value: str
    format: str


class Volume4D(Struct, frozen=True, forbid_unknown_fields=True):
    """A volume, and from when to when."""

    volume: Volume3D
    time_start: Time | None = None
    time_end: Time | None = None


class Point4D(Struct, frozen=True, forbid_unknown_fields=True):
    """Where an aircraft means to be when."""

    lat: float
    lng: float
    altitude: Altitude
    time: Time


class Flown(Struct, frozen=True, forbid_unknown_fields=True):
    """A trajectory, and how far the aircraft may be off it: to each side, up and down [m], early and late [s]."""

    points: tuple[Point4D, ...]
    half_width_m: float
    half_height_m: float
    half_time_s: float


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody's plan: all its volumes, or its trajectory."""

    id: str
    volumes: tuple[Volume4D, ...] = ()
    trajectory: Flown | None = None


class Plans(NamedTuple):
    """What a file of plans holds."""

    volumes: list[PlannedVolume]
    trajectories: list[Trajectory]


def read_plans(raw: bytes) -> Plans:
    """All volumes and trajectories of all plans; a plan has the ones or the other.

    **Raises**: InputError, naming the plan, the volume and the member, at the first thing that is wrong.
    """
    if len(raw) > MOST_BYTES:
        raise InputError(f"a file of plans has at most {MOST_BYTES:,} bytes; split it", field="file")
    try:
        plans = _DECODER.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InputError(f"no list of plans: {error}", field=_path_of(error)) from error
    known: dict[str, int] = {}
    found: list[PlannedVolume] = []
    flown: list[Trajectory] = []
    for place, plan in enumerate(plans):
        where = f"plan {place + 1}"
        if not plan.id or plan.id in known or not plan.id.isprintable():
            says = (
                f"`{plan.id}` is plan {known[plan.id] + 1} already" if plan.id in known else "a printable id is needed"
            )
            raise InputError(f"{where}: {says}", field="id")
        known[plan.id] = place
        if (not plan.volumes) == (plan.trajectory is None):
            raise InputError(f"{where}, `{plan.id}`: a plan has a volume, or a trajectory", field="volumes")
        if plan.trajectory is not None:
            flown.append(_trajectory(f"{where}, `{plan.id}`", plan.id, plan.trajectory))
        for number, volume in enumerate(plan.volumes):
            if len(found) == MOST_VOLUMES:
                raise InputError(f"a file holds at most {MOST_VOLUMES:,} volumes; split it", field="volumes")
            try:
                found.append(planned_volume(plan.id, number, volume))
            except WatchfloorError as error:
                field = str(error.fields.get("field", "volumes"))
                raise InputError(f"{where}, `{plan.id}`, volume {number + 1}: {error}", field=field) from error
    return Plans(found, flown)


_DECODER = msgspec.json.Decoder(tuple[Plan, ...])


def volume_struct(document: Any) -> Volume4D:
    """A Volume4D of plain values.

    **Raises**: InputError, naming the member.
    """
    try:
        return msgspec.convert(document, Volume4D)
    except msgspec.ValidationError as error:
        raise InputError(str(error), field=_path_of(error)) from error


def _trajectory(where: str, plan_id: str, given: Flown) -> Trajectory:
    if not 2 <= len(given.points) <= MOST_POINTS:
        raise InputError(f"{where}: a trajectory has 2 to {MOST_POINTS:,} points", field="points")
    for name, value, most in (
        ("half_width_m", given.half_width_m, 100_000),
        ("half_height_m", given.half_height_m, 20_000),
        ("half_time_s", given.half_time_s, 86_400),
    ):
        if not 0 < value <= most:
            raise InputError(f"{where}: `{name}` is above 0 and at most {most:,}", field=name)
    points: list[TrajectoryPoint] = []
    for number, point in enumerate(given.points):
        try:
            lng, lat = _place(LatLng(point.lat, point.lng), "points")
            height_m, at_us = _height_m(point.altitude, "altitude"), _instant_us(point.time, "time", None)
            if points and at_us <= points[-1].at_us:
                raise InputError("it is not later than the one before", field="time")
        except WatchfloorError as error:
            field = str(error.fields.get("field", "points"))
            raise InputError(f"{where}, point {number + 1}: {error}", field=field) from error
        points.append(TrajectoryPoint(lat, lng, height_m, at_us))
    return Trajectory(
        plan_id, tuple(points), given.half_width_m, given.half_height_m, round(given.half_time_s * US_PER_S)
    )


def _path_of(error: Exception) -> str:
    return str(error).rpartition("`$")[2].rstrip("`") or "file"


def planned_volume(
    plan_id: str, number: int, given: Volume4D, otherwise_us: tuple[int | None, int | None] = (None, None)
) -> PlannedVolume:
    """One volume. **Args**: `otherwise_us`: its begin and end where it gives none; None: it must.

    **Raises**: InputError naming the member; TooLargeError.
    """
    outline = given.volume
    low_m = -inf if outline.altitude_lower is None else _height_m(outline.altitude_lower, "altitude_lower")
    high_m = inf if outline.altitude_upper is None else _height_m(outline.altitude_upper, "altitude_upper")
    begin_us = _instant_us(given.time_start, "time_start", otherwise_us[0])
    end_us = _instant_us(given.time_end, "time_end", otherwise_us[1])
    if not low_m < high_m:
        raise InputError("its upper limit is not above its lower one", field="altitude_upper")
    if not begin_us < end_us:
        raise InputError("its end is not after its start", field="time_end")
    if (outline.outline_polygon is None) == (outline.outline_circle is None):
        raise InputError("it has either a polygon or a circle", field="outline_polygon")
    ring: tuple[tuple[float, float], ...] = ()
    center, radius_m = (0.0, 0.0), 0.0
    if outline.outline_polygon is not None:
        ring = _ring(outline.outline_polygon.vertices)
    elif outline.outline_circle is not None:
        center, radius_m = _circle(outline.outline_circle)
    return PlannedVolume(plan_id, number, ring, center, radius_m, low_m, high_m, begin_us, end_us)


def _height_m(given: Altitude, field: str) -> float:
    if given.reference != "W84" or given.units != "M":
        raise InputError(f"`{field}` is in `{given.units}` above `{given.reference}`; M above W84 is read", field=field)
    if not -8_000 <= given.value <= 100_000:
        raise InputError(f"`{field}` is {given.value:g}; from -8,000 to 100,000 m is needed", field=field)
    return given.value


def _instant_us(given: Time | None, field: str, otherwise_us: int | None) -> int:
    if given is None and otherwise_us is not None:
        return otherwise_us
    if given is None:
        raise InputError(f"`{field}` is missing; a planned volume has a start and an end", field=field)
    if given.format != "RFC3339":
        raise InputError(f"`{field}` has the format `{given.format}`; RFC3339 is read", field=field)
    try:
        instant_us = us_from_rfc3339(given.value)
    except WatchfloorError as error:
        raise InputError(f"`{field}`: {error}", field=field) from error
    if not 0 <= instant_us < _LATEST_US:
        raise InputError(f"`{field}` is {given.value}; from 1970 to 2199 is read", field=field)
    return instant_us


def _place(given: LatLng, field: str) -> tuple[float, float]:
    if not (abs(given.lat) <= _FURTHEST_DEG and abs(given.lng) <= 180):
        raise InputError(
            f"`{field}` is {given.lat:g}, {given.lng:g}; latitudes to {_FURTHEST_DEG:g} and longitudes to 180 are read",
            field=field,
        )
    return round(given.lng, _PLACE_DECIMALS), round(given.lat, _PLACE_DECIMALS)


def _circle(given: Circle) -> tuple[tuple[float, float], float]:
    center, radius_m = _place(given.center, "center"), given.radius.value
    if given.radius.units != "M" or not radius_m >= _LEAST_RADIUS_M:
        raise InputError("`radius` is a number of M, 1 or more", field="radius")
    if not pi * (radius_m / 1_000) ** 2 <= MOST_AREA_KM2:
        raise TooLargeError(f"it covers more than {MOST_AREA_KM2:,.0f} km2", field="radius")
    return center, radius_m


def _ring(vertices: Sequence[LatLng]) -> tuple[tuple[float, float], ...]:
    if not 3 <= len(vertices) <= MOST_VERTICES:
        raise InputError(f"a polygon has 3 to {MOST_VERTICES:,} corners", field="vertices")
    places = [_place(vertex, "vertices") for vertex in vertices]
    if places[0] == places[-1]:
        places.pop()
    ring, turn = [places[0]], 0.0
    for (before, _), (lng, lat) in pairwise(places):
        if abs(lng - before) > 180:
            turn += 360.0 if lng < before else -360.0
        ring.append((lng + turn, lat))
    wide = max(lng for lng, _ in ring) - min(lng for lng, _ in ring)
    if len(set(ring)) < 3 or wide > 90:
        raise InputError("its corners span no area, or more than a quarter of the world", field="vertices")
    shape = shapely.Polygon(ring)
    if not shape.is_valid:
        raise InputError(f"its edges cross or touch: {shapely.is_valid_reason(shape)}", field="vertices")
    middle = sum(lat for _, lat in ring) / len(ring)
    size_km2 = shape.area * cos(radians(middle)) * _DEGREE_KM**2
    if not size_km2 > 0:
        raise InputError("it covers nothing", field="vertices")
    if not size_km2 <= MOST_AREA_KM2:
        raise TooLargeError(f"it covers more than {MOST_AREA_KM2:,.0f} km2", field="vertices")
    return tuple(ring)
