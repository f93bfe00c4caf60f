"""A planned volume, as it is compared."""

from msgspec import Struct


class PlannedVolume(Struct, frozen=True):
    """One volume as it is compared: its plan and its number there, an outline, heights [m] and instants.

    `ring` are corners as (longitude, latitude) [deg], longitudes without a jump, the first one from -180 to 180; empty
    for a circle, which has `center` and `radius_m`.
    """

    plan_id: str
    number: int
    ring: tuple[tuple[float, float], ...]
    center: tuple[float, float]
    radius_m: float
    low_m: float
    high_m: float
    begin_us: int
    end_us: int


class TrajectoryPoint(Struct, frozen=True):
    """Where an aircraft means to be when: WGS 84, height above the ellipsoid [m]."""

    lat_deg: float
    lon_deg: float
    height_m: float
    at_us: int


class Trajectory(Struct, frozen=True):
    """A plan as points in order of time, flown straight between them; and how far the aircraft may be off."""

    plan_id: str
    points: tuple[TrajectoryPoint, ...]
    half_width_m: float
    half_height_m: float
    half_time_us: int
