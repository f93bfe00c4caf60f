"""The inner loops of the sweep, compiled: one pair judged in closed form, and which pairs are judged at all."""

from math import inf, pi, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from watchfloor.base.geodesy import Floats
from watchfloor.deconflict.compiling import compiled
from watchfloor.deconflict.plane import RADIUS_M

X, Y, EAST, NORTH, HALF_COS, HALF_SIN, LEVEL, CLIMB = range(8)
COLUMNS = 7
_BRIEFEST_S, _FT_PARTS = 1e-6, 1e6
_STILL_M2_S2 = 1e-12


class Limits(NamedTuple):
    """The minima as the loops read them."""

    horizontal_m: float
    vertical_ft: float
    lookahead_s: float


class Window(NamedTuple):
    """Aircraft sorted into rows for one slice of time, some of them twice where the plane wraps around.

    `order`: places of aircraft; `x`, `y`: where they are at the slice's middle; `is_copy`: a full turn further east.
    `starts`: where each row starts, and twice the end. `widths`: how far apart in x two may be, in a row or with the
    next. `height`: how far apart in y. `begin_s`, `end_s`: losses that begin after the one and not after the other.
    """

    order: NDArray[np.int64]
    x: Floats
    y: Floats
    is_copy: NDArray[np.bool_]
    starts: NDArray[np.int64]
    widths: Floats
    height: float
    begin_s: float
    end_s: float


@compiled
def within(level_ft: float, climb: float, minimum_ft: float) -> tuple[float, float]:
    """From when to when two levels on straight lines are within a minimum [s]; else an end before the start."""
    if climb != 0:
        low_s, high_s = (-minimum_ft - level_ft) / climb, (minimum_ft - level_ft) / climb
        return min(low_s, high_s), max(low_s, high_s)
    return (-inf, inf) if abs(level_ft) < minimum_ft else (inf, -inf)


@compiled
def first_within(
    one: Floats, other: Floats, ends_s: tuple[float, float], minimum_ft: float, from_s: float, to_s: float
) -> tuple[float, float, float]:
    """When two of which one levels off at least come within a minimum, and the first span of it between two instants.

    As `levels.first_shared` does among many pairs: under a microsecond is nothing.
    """
    sooner, later = min(ends_s[0], ends_s[1]), max(ends_s[0], ends_s[1])
    level_ft = other[LEVEL] - one[LEVEL]
    reached_s, in_s, out_s = inf, inf, -inf
    for part in range(3):
        begin = -inf if part == 0 else (sooner if part == 1 else later)
        end = sooner if part == 0 else (later if part == 1 else inf)
        if not begin < end:
            continue
        anchor = max(begin, 0.0)
        first, second = one[CLIMB] * min(anchor, ends_s[0]), other[CLIMB] * min(anchor, ends_s[1])
        apart_ft = round((level_ft + second - first) * _FT_PARTS) / _FT_PARTS
        climb = (other[CLIMB] if begin < ends_s[1] else 0.0) - (one[CLIMB] if begin < ends_s[0] else 0.0)
        low, high = within(apart_ft, climb, minimum_ft)
        low, high = max(low + anchor, begin), min(high + anchor, end)
        shared, stop = max(low, from_s), min(high, to_s)
        if not shared + _BRIEFEST_S < stop:
            continue
        if not in_s < out_s:
            reached_s, in_s, out_s = low, shared, stop
        elif low <= out_s:
            out_s = stop
    return reached_s, in_s, out_s


@compiled
def judge(
    one: Floats, other: Floats, ends_s: tuple[float, float] | None, limits: Limits, is_polar: bool, row: Floats
) -> bool:
    """Whether a pair loses separation within the look-ahead; then `row` tells when and how close.

    `ends_s`: when the climb or descent of each ends, infinite for one that goes on; None, when all go on, for which
    shorter machine code is made.
    """
    level_ft, climb = other[LEVEL] - one[LEVEL], other[CLIMB] - one[CLIMB]
    most_climb = abs(climb) if ends_s is None else abs(one[CLIMB]) + abs(other[CLIMB])
    if abs(level_ft) - most_climb * limits.lookahead_s >= limits.vertical_ft:
        return False
    if is_polar:
        east_m, north_m = other[X] - one[X], other[Y] - one[Y]
    else:
        turn = other[X] - one[X]
        turn -= 2 * pi * round(turn / (2 * pi))
        east_m = RADIUS_M * turn * (one[HALF_COS] * other[HALF_COS] - one[HALF_SIN] * other[HALF_SIN])
        north_m = RADIUS_M * (other[Y] - one[Y])
    east_mps, north_mps = other[EAST] - one[EAST], other[NORTH] - one[NORTH]
    speed2 = east_mps * east_mps + north_mps * north_mps
    apart2 = east_m * east_m + north_m * north_m
    nearing = east_m * east_mps + north_m * north_mps
    beyond2 = apart2 - limits.horizontal_m * limits.horizontal_m
    across_s, past_s, closest_s = -inf, inf, 0.0
    if speed2 > _STILL_M2_S2:
        meets = nearing * nearing - speed2 * beyond2
        if meets <= 0 or (nearing >= 0 and beyond2 >= 0):
            return False
        across_s, past_s = (-nearing - sqrt(meets)) / speed2, (-nearing + sqrt(meets)) / speed2
        closest_s = max(-nearing / speed2, 0.0)
    elif beyond2 >= 0:
        return False
    if ends_s is None:
        reached_s, left_s = within(level_ft, climb, limits.vertical_ft)
        in_s, out_s = max(across_s, reached_s, 0.0), min(past_s, left_s)
    else:
        reached_s, in_s, out_s = first_within(one, other, ends_s, limits.vertical_ft, max(across_s, 0.0), past_s)
    if not in_s < out_s or in_s > limits.lookahead_s:
        return False
    row[2], row[3], row[4] = in_s, out_s, closest_s
    row[5] = sqrt(max(apart2 + 2 * nearing * closest_s + speed2 * closest_s * closest_s, 0.0))
    row[6] = 1.0 if reached_s > across_s else 0.0
    return True


@compiled
def all_pairs(state: Floats, ends_s: Floats | None, limits: Limits, is_polar: bool, rows: Floats) -> int:
    """Judge every pair; answers how many lose separation, of which as many are in `rows` as it holds.

    `ends_s`: when each one's climb or descent ends; None, when nobody's does.
    """
    count, row = 0, np.zeros(COLUMNS)
    for one in range(len(state)):
        for other in range(one + 1, len(state)):
            if ends_s is None:
                is_lost = judge(state[one], state[other], None, limits, is_polar, row)
            else:
                is_lost = judge(state[one], state[other], (ends_s[one], ends_s[other]), limits, is_polar, row)
            if is_lost:
                if count < len(rows):
                    rows[count] = row
                    rows[count, 0], rows[count, 1] = one, other
                count += 1
    return count


@compiled
def near_pairs(
    state: Floats, ends_s: Floats | None, limits: Limits, is_polar: bool, window: Window, rows: Floats
) -> int:
    """Judge neighbours at a slice's middle; answers and keeps as `all_pairs` does those whose loss begins in it."""
    count, row, sorted_state = 0, np.zeros(COLUMNS), state[window.order]
    levels, climbs = sorted_state[:, LEVEL].copy(), sorted_state[:, CLIMB].copy()
    for number in range(len(window.starts) - 2):
        begin, end, last = window.starts[number], window.starts[number + 1], window.starts[number + 2]
        width, low = window.widths[number], end
        for here in range(begin, end):
            while low < last and window.x[low] < window.x[here] - width:
                low += 1
            for is_next_row in range(2):
                there, stop = (low, last) if is_next_row else (here + 1, end)
                while there < stop and window.x[there] <= window.x[here] + width:
                    # Levels first: they lie close together in memory, and tell most neighbours apart.
                    apart_ft, climb = abs(levels[there] - levels[here]), abs(climbs[there] - climbs[here])
                    if ends_s is not None:
                        climb = abs(climbs[there]) + abs(climbs[here])
                    is_far = apart_ft - climb * limits.lookahead_s >= limits.vertical_ft
                    is_far = is_far or abs(window.y[there] - window.y[here]) > window.height
                    if not is_far and not (window.is_copy[here] and window.is_copy[there]):
                        one, other = here, there
                        if window.order[one] > window.order[other]:
                            one, other = there, here
                        if ends_s is None:
                            is_lost = judge(sorted_state[one], sorted_state[other], None, limits, is_polar, row)
                        else:
                            ends = ends_s[window.order[one]], ends_s[window.order[other]]
                            is_lost = judge(sorted_state[one], sorted_state[other], ends, limits, is_polar, row)
                        if is_lost and window.begin_s < row[2] <= window.end_s:
                            if count < len(rows):
                                rows[count] = row
                                rows[count, 0], rows[count, 1] = window.order[one], window.order[other]
                            count += 1
                    there += 1
    return count
