"""All pairs that will lose separation among very many aircraft, by a sweep over slices of time.

A pair is told in the slice of time in which its loss begins. At the middle of that slice the two are nearly as close as
the minimum, so each slice compares only neighbours: rows of latitude as high as that reach, sorted by longitude.
What a row's window may leave out is proven not to matter by a bound on how far the pairs' planes and the rows disagree.
**Source**: closest approach of two uniform motions (textbook quadratic); minima as in ICAO Doc 4444, 5.3 and 5.4.
**Cost**: n log n in the number of aircraft, for traffic of a given density; one thread.
"""

from collections.abc import Callable
from functools import partial
from math import ceil, cos, pi
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from watchfloor.base.errors import TooLargeError
from watchfloor.base.geodesy import Floats
from watchfloor.base.units import MPS_PER_KT, US_PER_S
from watchfloor.deconflict.kernels import COLUMNS, Limits, Window, all_pairs, near_pairs
from watchfloor.deconflict.levels import until_s
from watchfloor.deconflict.plane import POLAR_DEG, RADIUS_M, Motion, middle, polar
from watchfloor.messages.alerts import Minima

Places = NDArray[np.int64]
FEW = 48
SLICE_REACH, MOST_SLICES = 2.5, 60
_WIDEST_RAD = pi / 2
_ROOM, MOST_LOSSES = 4096, 1_000_000
_SLACK = 1e-9


class Traffic(NamedTuple):
    """Aircraft at one instant, shape `(n,)` each: WGS 84 [deg], whole feet, knots, degrees true, feet per minute."""

    lat_deg: Floats
    lon_deg: Floats
    alt_ft: Floats
    gs_kt: Floats
    trk_deg: Floats
    vs_fpm: Floats


class Losses(NamedTuple):
    """Pairs by their places in the traffic, `first` < `second`, shape `(m,)` each, in the order of their places.

    `in_s`: when both minima are broken, 0 where they are now; `out_s`: until when, infinite for a pair that stays so;
    `cpa_s`, `cpa_m`: when and how close they come horizontally, from now on; `level_last`: the levels break last.
    """

    first: Places
    second: Places
    in_s: Floats
    out_s: Floats
    cpa_s: Floats
    cpa_m: Floats
    level_last: NDArray[np.bool_]


def losses(traffic: Traffic, minima: Minima, cleared_ft: Floats | None = None) -> Losses:
    """Pairs that will be closer than both minima at once, beginning within the look-ahead.

    **Args**: `cleared_ft`: levels at which climbs and descents that lead to them end, shape `(n,)`, NaN where none is.

    Exactly at a minimum is no loss. Levels are compared in whole feet, straight lines are flown from the same instant.

    **Raises**: TooLargeError, when there are more than MOST_LOSSES.
    """
    level_ft = np.rint(traffic.alt_ft)
    ends_s: Floats | None = None
    if cleared_ft is not None:
        ends_s = until_s(level_ft, np.rint(cleared_ft), traffic.vs_fpm / 60.0)
    poles = (_around_pole(traffic, ends_s, minima, side) for side in (1, -1))
    rows = np.concatenate([_around_middle(traffic, ends_s, minima), *poles])
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    first, second = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
    return Losses(first, second, rows[:, 2], rows[:, 3], rows[:, 4], rows[:, 5], rows[:, 6] > 0)


def _around_middle(traffic: Traffic, ends_s: Floats | None, minima: Minima) -> Floats:
    """Pairs of which neither is beyond 80 degrees."""
    chosen = np.flatnonzero(np.abs(traffic.lat_deg) <= POLAR_DEG)
    return _swept(traffic, ends_s, chosen, minima, is_polar=False)


def _around_pole(traffic: Traffic, ends_s: Floats | None, minima: Minima, side: int) -> Floats:
    """Pairs of which one is beyond 80 degrees, on the side of one pole."""
    beyond = side * traffic.lat_deg > POLAR_DEG
    if not beyond.any():
        return np.empty((0, COLUMNS))
    fastest_mps = float(traffic.gs_kt.max()) * MPS_PER_KT
    reach_m = minima.horizontal_m + 2 * fastest_mps * minima.lookahead_us / US_PER_S
    chosen = np.flatnonzero(side * traffic.lat_deg > POLAR_DEG - np.degrees(reach_m / RADIUS_M))
    rows = _swept(traffic, ends_s, chosen, minima, is_polar=True)
    return rows[beyond[rows[:, :2].astype(np.int64)].any(axis=1)]


def _swept(traffic: Traffic, ends_s: Floats | None, chosen: Places, minima: Minima, *, is_polar: bool) -> Floats:
    """Every pair among those chosen, on one kind of plane, as rows of the loops."""
    if len(chosen) < 2:
        return np.empty((0, COLUMNS))
    some = Traffic(*(column[chosen] for column in traffic))
    put = polar if is_polar else middle
    motion = put(some.lat_deg, some.lon_deg, some.gs_kt * MPS_PER_KT, some.trk_deg)
    limits = Limits(float(minima.horizontal_m), float(minima.vertical_ft), minima.lookahead_us / US_PER_S)
    state = np.column_stack((*motion, np.rint(some.alt_ft), some.vs_fpm / 60.0))
    chosen_s = None if ends_s is None else ends_s[chosen]
    windows = _windows(motion, limits, is_polar=is_polar) if len(chosen) > FEW else []
    if windows:
        rows = np.concatenate(
            [_kept(partial(near_pairs, state, chosen_s, limits, is_polar, window)) for window in windows]
        )
    else:
        rows = _kept(partial(all_pairs, state, chosen_s, limits, is_polar))
    rows[:, :2] = chosen[rows[:, :2].astype(np.int64)]
    return rows


def _kept(judged: Callable[[Floats], int]) -> Floats:
    """All rows of a loop that fills as many as it is given room for."""
    rows = np.empty((_ROOM, COLUMNS))
    count = judged(rows)
    if count > MOST_LOSSES:
        sentence = f"over {MOST_LOSSES:,} pairs lose separation; look at fewer aircraft, or at smaller minima"
        raise TooLargeError(sentence, field="traffic")
    if count > len(rows):
        rows = np.empty((count, COLUMNS))
        judged(rows)
    return rows[:count]


def _windows(motion: Motion, limits: Limits, *, is_polar: bool) -> list[Window]:
    """The slices of a look-ahead, each with its aircraft in rows; none, where a window would hold half the world."""
    fastest_mps = float(np.hypot(motion.east_mps, motion.north_mps).max())
    count = _slice_count(limits, fastest_mps)
    slice_s = limits.lookahead_s / count
    reach_m = limits.horizontal_m + fastest_mps * slice_s
    margin_m = 0.0 if is_polar else _disagreement_m(motion, limits, fastest_mps)
    found = []
    for number in range(count):
        then_s = slice_s * (number + 0.5)
        if is_polar:
            x, y = motion.x + motion.east_mps * then_s, motion.y + motion.north_mps * then_s
            height, rows, row_count = reach_m, *_rows(y, reach_m)
            widths = np.full(row_count, reach_m)
        else:
            shrunk = motion.half_cos**2 - motion.half_sin**2
            x = motion.x + motion.east_mps * then_s / (RADIUS_M * shrunk)
            x, y = np.remainder(x + pi, 2 * pi) - pi, motion.y + motion.north_mps * then_s / RADIUS_M
            height, rows, row_count = reach_m / RADIUS_M, *_rows(y, reach_m / RADIUS_M)
            widths = _widths(motion, y, row_count, height, fastest_mps * limits.lookahead_s) * (reach_m + margin_m)
            if widths.max() > _WIDEST_RAD:
                return []
        begin_s = -1.0 if number == 0 else slice_s * number
        end_s = limits.lookahead_s if number == count - 1 else slice_s * (number + 1)
        found.append(_window(x, y, rows, widths, height, (begin_s, end_s), turn=0.0 if is_polar else 2 * pi))
    return found


def _slice_count(limits: Limits, fastest_mps: float) -> int:
    """How many slices cost least: more of them compare fewer neighbours, and each sorts everybody anew."""
    flown_m = fastest_mps * limits.lookahead_s
    return min(MOST_SLICES, max(1, ceil(flown_m / (SLICE_REACH * limits.horizontal_m))))


def _disagreement_m(motion: Motion, limits: Limits, fastest_mps: float) -> float:
    """How far east the rows may put two aircraft wrong [m], against the plane of their middle latitude.

    A row shrinks each one's way east by its own latitude, the plane by the middle one's, which lies off by at most
    half of what they can be apart.
    """
    flown_m = fastest_mps * limits.lookahead_s
    off = (limits.horizontal_m + 2 * flown_m) / (2 * RADIUS_M)
    highest = float(np.abs(motion.y).max())
    nearer = cos(max(highest - off, 0.0)) if highest > off else 1.0
    return 2 * flown_m * (nearer / cos(highest) - 1 + 2 * off**2)


def _rows(y: Floats, height: float) -> tuple[Places, int]:
    rows = np.floor((y - y.min()) / height).astype(np.int64)
    return rows, int(rows.max()) + 1


def _widths(motion: Motion, y: Floats, row_count: int, height: float, flown_m: float) -> Floats:
    """How many radians of longitude a metre east is at most, in each row and the next."""
    edges = y.min() + height * np.arange(row_count + 2)
    outer = np.maximum(np.abs(edges[:-2]), np.abs(edges[2:])) + flown_m / RADIUS_M
    lowest: Floats = np.cos(np.minimum(outer, np.abs(motion.y).max()))
    return 1.0 / (RADIUS_M * lowest)


def _window(
    x: Floats, y: Floats, rows: Places, widths: Floats, height: float, span_s: tuple[float, float], *, turn: float
) -> Window:
    """Aircraft sorted by row, then x; those at the western edge a second time, a full turn further east."""
    widths = widths * (1 + _SLACK) + _SLACK * turn
    copies = np.flatnonzero(x < -pi + widths.max()) if turn else np.zeros(0, np.int64)
    order = np.concatenate((np.arange(len(x)), copies))
    east, row = np.concatenate((x, x[copies] + turn)), rows[order]
    ways = np.argsort(row + (east - east.min()) / (np.ptp(east) * (1 + _SLACK) + _SLACK))
    starts = np.searchsorted(row[ways], np.arange(len(widths) + 1))
    return Window(
        order[ways],
        east[ways],
        y[order[ways]],
        ways >= len(x),
        np.append(starts, len(order)).astype(np.int64),
        widths,
        height * (1 + _SLACK),
        *span_s,
    )
