"""The flights that a room means to make, as volumes on the line: corridors of the planned probe, by pressure levels."""

from math import ceil, floor

from watchfloor.base.errors import InputError
from watchfloor.deconflict.corridors import corridor_of
from watchfloor.line.volumes import within_e7deg
from watchfloor.messages.line import LinePlace, LineVolume
from watchfloor.messages.matching import LinePlan
from watchfloor.messages.volumes import PlannedVolume
from watchfloor.wire.line_plans import ReadPlans

MOST_LAT_E7DEG = 860_000_000


def line_plans_of(read: ReadPlans) -> tuple[LinePlan, ...]:
    """A file's plans, each as volumes that hold its aircraft at every time.

    **Raises**: InputError, when a flight is too long for a corridor, or leads over a pole, which no cell holds.
    """
    flown = tuple(
        LinePlan(flight.plan_id, tuple(_volume(piece) for piece in corridor_of(flight))) for flight in read.flights
    )
    for plan in flown:
        if any(abs(corner.lat_e7deg) > MOST_LAT_E7DEG for volume in plan.volumes for corner in volume.outline):
            raise InputError(f"the way of `{plan.plan_id}` leads beyond 86 degrees of latitude", field="points")
    return (*flown, *read.volumes)


def _volume(piece: PlannedVolume) -> LineVolume:
    """A corridor's piece; its vertical axis is whatever its flight's points are measured by: pressure levels here."""
    return LineVolume(
        outline=tuple(LinePlace(round(lat * 1e7), within_e7deg(round(lon * 1e7))) for lon, lat in piece.ring),
        floor_ft=floor(piece.low_m),
        ceiling_ft=ceil(piece.high_m),
        from_us=max(piece.begin_us, 0),
        until_us=max(piece.end_us, 0),
    )
