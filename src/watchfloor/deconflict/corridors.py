"""A planned trajectory as a corridor of volumes: wherever its aircraft may be, at whatever time, is inside one of them.

Each leg is cut into pieces on its geodesic. A piece is a box along it, as wide as the aircraft may stray, from the
lower to the upper of its ends' heights, and from the earlier to the later of its ends' times, each with its own room.
Sides are straight in latitude and longitude; the box is wider by what such a side may leave out of a geodesic.
**Source**: own geometry; geodesics by geographiclib.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, radians, tan

from watchfloor.base.errors import TooLargeError
from watchfloor.base.geodesy import MEAN_RADIUS_M, destination, rough_distance_m, track_and_length
from watchfloor.messages.volumes import PlannedVolume, Trajectory, TrajectoryPoint

LONGEST_PIECE_M, MOST_PIECES = 20_000.0, 2_500
_SLACK_M, _SIDES_MISS, _ONE_PLACE_M = 1.0, 1.5, 0.01


def corridor_of(trajectory: Trajectory) -> list[PlannedVolume]:
    """The volumes of a trajectory, in its order.

    **Raises**: TooLargeError, when it is longer than MOST_PIECES of them.
    """
    length_m = sum(
        rough_distance_m(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
        for one, other in pairwise(trajectory.points)
    )
    if length_m > MOST_PIECES * LONGEST_PIECE_M:
        sentence = f"`{trajectory.plan_id}` is longer than {MOST_PIECES * LONGEST_PIECE_M / 1e6:,.0f},000 km"
        raise TooLargeError(sentence, field="points")
    pieces = [piece for one, other in pairwise(trajectory.points) for piece in _pieces(one, other)]
    return [_volume(trajectory, number, *piece) for number, piece in enumerate(pieces)]


def with_corridors(volumes: Sequence[PlannedVolume], trajectories: Sequence[Trajectory]) -> list[PlannedVolume]:
    """Volumes, and those of trajectories' corridors behind them.

    **Raises**: TooLargeError.
    """
    return [*volumes, *(volume for one in trajectories for volume in corridor_of(one))]


def _pieces(one: TrajectoryPoint, other: TrajectoryPoint) -> list[tuple[TrajectoryPoint, TrajectoryPoint]]:
    """A leg in pieces of at most LONGEST_PIECE_M, at constant speed and climb."""
    track_deg, length_m = track_and_length(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
    count = max(1, ceil(length_m / LONGEST_PIECE_M))
    points = [one]
    for number in range(1, count):
        share = number / count
        lat_deg, lon_deg = destination(one.lat_deg, one.lon_deg, track_deg, length_m * share)
        points.append(
            TrajectoryPoint(
                lat_deg,
                lon_deg,
                one.height_m + (other.height_m - one.height_m) * share,
                one.at_us + round((other.at_us - one.at_us) * share),
            )
        )
    return list(pairwise((*points, other)))


def _volume(trajectory: Trajectory, number: int, one: TrajectoryPoint, other: TrajectoryPoint) -> PlannedVolume:
    track_deg, length_m = track_and_length(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
    back_deg, _ = track_and_length(other.lat_deg, other.lon_deg, one.lat_deg, one.lon_deg)
    if length_m < _ONE_PLACE_M:
        back_deg = track_deg + 180.0  # who stays in one place has no way; the box then lies around it
    steepest = abs(tan(radians(max(abs(one.lat_deg), abs(other.lat_deg)))))
    side_m = length_m + 2 * trajectory.half_width_m
    missed_m = _SIDES_MISS * side_m**2 * steepest / (8 * MEAN_RADIUS_M) + _SLACK_M
    wide_m = trajectory.half_width_m + missed_m
    corners = []
    for point, outward_deg in ((one, track_deg + 180.0), (other, back_deg + 180.0)):
        end = destination(point.lat_deg, point.lon_deg, outward_deg, wide_m)
        corners += [destination(*end, outward_deg + turn, wide_m) for turn in (-90.0, 90.0)]
    return PlannedVolume(
        trajectory.plan_id,
        number,
        _unwrapped([(lon_deg, lat_deg) for lat_deg, lon_deg in corners]),
        (0.0, 0.0),
        0.0,
        min(one.height_m, other.height_m) - trajectory.half_height_m,
        max(one.height_m, other.height_m) + trajectory.half_height_m,
        one.at_us - trajectory.half_time_us,
        other.at_us + trajectory.half_time_us,
    )


def _unwrapped(ring: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Corners without a jump at the date line."""
    first = ring[0][0]
    return tuple((first + (lon - first + 180.0) % 360.0 - 180.0, lat) for lon, lat in ring)
