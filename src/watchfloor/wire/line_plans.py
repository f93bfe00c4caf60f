"""A file of flights that are meant to be made, for matching with another party's.

| field | unit | limits and why |
|---|---|---|
| `plans` | | at most 5,000, each `id` once |
| `points` of a plan | | 2 to 500, in order of time: a flight, straight between them |
| `lat_deg`, `lon_deg` | degrees, WGS 84 | -85 to 85 (no cell holds a pole), -180 to 180 |
| `level_ft` | feet by 1013.25 hPa | -2,000 to 60,000: the line speaks of pressure levels only |
| `at` | RFC 3339 with a zone | |
| `half_width_m`, `half_level_ft`, `half_time_s` | | how far it may be off: to 50,000, 5,000, 3,600 |
| or `volumes` of a plan | | as the line says them, where there is no one way; within the same latitudes |

JSON; what stands in no field is refused.
**Source**: own form; RFC 8259, RFC 3339.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from watchfloor.base.errors import InputError, WireError
from watchfloor.base.instants import us_from_rfc3339
from watchfloor.messages.line import LineVolume
from watchfloor.messages.matching import LinePlan, PlanId
from watchfloor.messages.volumes import Trajectory, TrajectoryPoint

MOST_PLANS, MOST_FILE_BYTES = 5_000, 32 << 20
LONGEST_US = 48 * 3_600_000_000
MOST_LAT_DEG = 85


class _Point(Struct, frozen=True, forbid_unknown_fields=True):
    lat_deg: Annotated[float, Meta(ge=-MOST_LAT_DEG, le=MOST_LAT_DEG)]
    lon_deg: Annotated[float, Meta(ge=-180, le=180)]
    level_ft: Annotated[int, Meta(ge=-2_000, le=60_000)]
    at: str


class _Plan(Struct, frozen=True, forbid_unknown_fields=True):
    id: PlanId
    points: Annotated[tuple[_Point, ...], Meta(max_length=500)] = ()
    half_width_m: Annotated[float, Meta(ge=0, le=50_000)] = 1_000.0
    half_level_ft: Annotated[int, Meta(ge=0, le=5_000)] = 0
    half_time_s: Annotated[int, Meta(ge=0, le=3_600)] = 0
    volumes: Annotated[tuple[LineVolume, ...], Meta(max_length=500)] = ()


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    plans: Annotated[tuple[_Plan, ...], Meta(max_length=MOST_PLANS)]


class ReadPlans(Struct, frozen=True):
    """What a file holds: flights as trajectories, whose heights are pressure levels [ft], and plans of volumes."""

    flights: tuple[Trajectory, ...]
    volumes: tuple[LinePlan, ...]


def read_plans(raw: bytes) -> ReadPlans:
    """The plans of a file.

    **Raises**: WireError, naming the plan and what is wrong with it.
    """
    if len(raw) > MOST_FILE_BYTES:
        raise WireError(f"over {MOST_FILE_BYTES >> 20} MiB of plans")
    try:
        held = msgspec.json.decode(raw, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"no plans: {error}") from error
    known: set[str] = set()
    for plan in held.plans:
        if plan.id in known:
            raise WireError(f"plan `{plan.id}` stands twice")
        known.add(plan.id)
        if bool(plan.points) == bool(plan.volumes) or len(plan.points) == 1:
            raise WireError(f"plan `{plan.id}` has either two `points` or more, or `volumes`")
        for place, volume in enumerate(plan.volumes, 1):
            fault = _fault_of(volume)
            if fault:
                raise WireError(f"plan `{plan.id}`, volume {place}: {fault}")
    flights = tuple(_flight(plan) for plan in held.plans if plan.points)
    return ReadPlans(flights, tuple(LinePlan(plan.id, plan.volumes) for plan in held.plans if plan.volumes))


def _fault_of(volume: LineVolume) -> str:
    """Why no aircraft can be in a volume, or no cell covers it; empty, when it can."""
    if volume.floor_ft > volume.ceiling_ft:
        return "its floor is above its ceiling"
    if volume.from_us >= volume.until_us:
        return "it ends before it begins"
    if any(abs(corner.lat_e7deg) > MOST_LAT_DEG * 10**7 for corner in volume.outline):
        return f"it is beyond {MOST_LAT_DEG} degrees of latitude"
    return ""


def _flight(plan: _Plan) -> Trajectory:
    points: list[TrajectoryPoint] = []
    for place, point in enumerate(plan.points, 1):
        try:
            at_us = us_from_rfc3339(point.at)
        except InputError as error:
            raise WireError(f"plan `{plan.id}`, point {place}: {error}") from error
        if points and at_us <= points[-1].at_us:
            raise WireError(f"plan `{plan.id}`, point {place}: it is not after the point before")
        points.append(TrajectoryPoint(point.lat_deg, point.lon_deg, float(point.level_ft), at_us))
    if points[-1].at_us - points[0].at_us > LONGEST_US:
        raise WireError(f"plan `{plan.id}` lasts over 48 hours")
    return Trajectory(
        plan.id, tuple(points), plan.half_width_m, float(plan.half_level_ft), plan.half_time_s * 1_000_000
    )
