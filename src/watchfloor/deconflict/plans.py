"""Plans that share space and time: which volumes, where and when, and the smallest shift that would clear it.

A shift is offered to a person, never applied.
**Source**: ASTM F3548-21, 4.4; own reasoning for the shift.
"""

from collections.abc import Sequence
from itertools import groupby
from math import inf, isfinite

import numpy as np
from msgspec import Struct

from watchfloor.deconflict.index import Index
from watchfloor.deconflict.outlines import Volumes, columns_of, share_ground
from watchfloor.deconflict.volumes import overlapping
from watchfloor.messages.volumes import PlannedVolume

MOST_SHIFTED = 4_096


class Conflict(Struct, frozen=True):
    """Two plans, `a` before `b` by name, and what they share: from when to when, from which height to which.

    `volumes` are the numbers of the volumes of each that meet. `later_us`, `higher_m`: the smallest shift of `b` alone
    that clears it, in time or in height, negative for earlier or lower; None, where there is none, or where the plans
    have too many volumes to tell.
    """

    a: str
    b: str
    begin_us: int
    end_us: int
    low_m: float
    high_m: float
    volumes: tuple[tuple[int, int], ...]
    later_us: int | None
    higher_m: float | None


def conflicts(volumes: Sequence[PlannedVolume]) -> list[Conflict]:
    """All pairs of plans that share space and time, sorted by when that begins, then by name."""
    columns = columns_of(volumes)
    rows = []
    for first, second in zip(*(part.tolist() for part in overlapping(columns)), strict=True):
        is_in_order = volumes[first].plan_id < volumes[second].plan_id
        one, other = (first, second) if is_in_order else (second, first)
        rows.append((volumes[one].plan_id, volumes[other].plan_id, one, other))
    of_plan: dict[str, list[int]] = {}
    for place, volume in enumerate(volumes):
        of_plan.setdefault(volume.plan_id, []).append(place)
    found = []
    for (a, b), meeting in groupby(sorted(rows), key=lambda row: row[:2]):
        pairs = [(volumes[one], volumes[other]) for _, _, one, other in meeting]
        later_us, higher_m = _shifts(columns, volumes, of_plan[a], of_plan[b])
        found.append(
            Conflict(
                a=a,
                b=b,
                begin_us=min(max(one.begin_us, other.begin_us) for one, other in pairs),
                end_us=max(min(one.end_us, other.end_us) for one, other in pairs),
                low_m=min(max(one.low_m, other.low_m) for one, other in pairs),
                high_m=max(min(one.high_m, other.high_m) for one, other in pairs),
                volumes=tuple((one.number, other.number) for one, other in pairs),
                later_us=later_us,
                higher_m=higher_m,
            )
        )
    return sorted(found, key=lambda conflict: (conflict.begin_us, conflict.a, conflict.b))


def against(volumes: Sequence[PlannedVolume], plan_id: str) -> list[Conflict]:
    """Pairs of one plan with any other, as `conflicts` tells them; the others are not compared with each other."""
    own = [volume for volume in volumes if volume.plan_id == plan_id]
    others: dict[str, list[PlannedVolume]] = {}
    for volume in volumes:
        if volume.plan_id != plan_id:
            others.setdefault(volume.plan_id, []).append(volume)
    met = Index.of({name: tuple(held) for name, held in others.items()}).meeting(tuple(own))
    return [
        conflict
        for conflict in conflicts([*own, *(volume for name in met for volume in others[name])])
        if plan_id in (conflict.a, conflict.b)
    ]


def _shifts(
    columns: Volumes, volumes: Sequence[PlannedVolume], ours: list[int], theirs: list[int]
) -> tuple[int | None, float | None]:
    """The smallest shift of the second plan in time and in height that leaves nothing shared."""
    if len(ours) * len(theirs) > MOST_SHIFTED:
        return None, None
    first, second = (part.ravel() for part in np.meshgrid(ours, theirs, indexing="ij"))
    turns = _turns(columns, first, second)
    on_ground = share_ground(columns, first, second, turns)
    pairs = [(volumes[one], volumes[other]) for one, other in zip(first[on_ground], second[on_ground], strict=True)]
    in_time = [
        (one.begin_us - other.end_us, one.end_us - other.begin_us)
        for one, other in pairs
        if one.low_m < other.high_m and other.low_m < one.high_m
    ]
    in_height = [
        (one.low_m - other.high_m, one.high_m - other.low_m)
        for one, other in pairs
        if one.begin_us < other.end_us and other.begin_us < one.end_us
    ]
    later, higher = _least_outside(in_time), _least_outside(in_height)
    return (int(later) if isfinite(later) else None), (higher if isfinite(higher) else None)


def _turns(columns: Volumes, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How far east the second of each pair is to be seen, so that both lie on one side of the date line [deg]."""
    west, east = columns.box[:, 0], columns.box[:, 4]
    apart = (west[first] + east[first] - west[second] - east[second]) / 2
    turns: np.ndarray = 360.0 * np.round(apart / 360.0)
    return turns


def _least_outside(spans: list[tuple[float, float]]) -> float:
    """The number nearest to 0 in none of these open intervals; of two as near, the greater one."""
    ends = sorted({end for span in spans for end in span if isfinite(end)}, key=lambda end: (abs(end), -end))
    return next((end for end in ends if not any(low < end < high for low, high in spans)), inf)
