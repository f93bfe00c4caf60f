"""When two aircraft are within a vertical minimum: they climb or descend, some only until a cleared level.

A cleared level ends a climb or descent that leads to it. One that an aircraft leaves, has passed, or has not begun to
fly to is not reckoned with, and its straight line counts.
**Source**: closed form; own reasoning for which cleared levels count.
"""

from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from watchfloor.base.geodesy import Floats

Spans = list[tuple[Floats, Floats]]
_NEVER_S = 1e12
_BRIEFEST_S, _FT_DECIMALS = 1e-6, 6


class Levels(NamedTuple):
    """Pairs of aircraft, shape `(n,)` each: how much higher the second is now [ft], each one's rate [ft/s] and until
    when it keeps that [s from now]; infinite without a cleared level.
    """

    apart_ft: Floats
    first_ftps: Floats
    second_ftps: Floats
    first_until_s: Floats
    second_until_s: Floats


def until_s(level_ft: Floats, cleared_ft: Floats, rate_ftps: Floats) -> Floats:
    """For how long aircraft keep their rates [s]; infinite where no cleared level lies ahead.

    **Args**: shapes `(n,)`; `cleared_ft` is NaN where none is known.
    """
    left_ft = cleared_ft - level_ft
    leads = left_ft * rate_ftps > 0
    return np.where(leads, np.divide(left_ft, rate_ftps, out=np.zeros_like(left_ft), where=leads), inf)


def spans_inside(levels: Levels, minimum_ft: float) -> Spans:
    """From when to when the pairs are closer than a minimum [s]: at most three spans that do not meet out of order.

    Each is a pair of shape `(n,)`; a span that is none ends before it starts. Where no rate ends there is one.
    """
    if np.isinf(levels.first_until_s).all() and np.isinf(levels.second_until_s).all():
        return [_inside(levels.apart_ft, levels.second_ftps - levels.first_ftps, minimum_ft)]
    sooner = np.minimum(levels.first_until_s, levels.second_until_s)
    later = np.maximum(levels.first_until_s, levels.second_until_s)
    spans = []
    for begin, end in ((np.full_like(sooner, -_NEVER_S), sooner), (sooner, later), (later, np.full_like(later, inf))):
        # The rate of a span is read where it begins; the first span's at minus infinity, where both still climb.
        first = np.where(begin < levels.first_until_s, levels.first_ftps, 0.0)
        second = np.where(begin < levels.second_until_s, levels.second_ftps, 0.0)
        anchor = np.where(np.isfinite(begin) & (begin > -_NEVER_S), begin, 0.0)
        start, stop = _inside(_apart_ft(levels, anchor), second - first, minimum_ft)
        is_there = begin < end
        spans.append(
            (
                np.where(is_there, np.maximum(start + anchor, begin), _NEVER_S),
                np.where(is_there, np.minimum(stop + anchor, end), -_NEVER_S),
            )
        )
    return spans


def first_shared(spans: Spans, other: tuple[Floats, Floats], from_s: float) -> tuple[Floats, Floats, Floats]:
    """The first time that spans share with another span from an instant on: start, end, and when its span began [s].

    Spans that meet are one, and what is shared for less than a microsecond is nothing: who levels off exactly at the
    minimum is not nearer. Where nothing is shared the end is not after the start.
    """
    begin, start, end = (np.full_like(other[0], value) for value in (_NEVER_S, _NEVER_S, -_NEVER_S))
    for low, high in spans:
        shared = np.maximum(np.maximum(low, other[0]), from_s)
        stop = np.minimum(high, other[1])
        is_some, goes_on = shared + _BRIEFEST_S < stop, (start < end) & (low <= end)
        is_first = is_some & ~(start < end)
        begin, start = np.where(is_first, low, begin), np.where(is_first, shared, start)
        end = np.where(is_first | (is_some & goes_on), stop, end)
    return start, end, begin


def apart_at_ft(levels: Levels, row: int, then_s: float) -> float:
    """How far apart the levels of one pair are at an instant from now on [ft]."""
    one = Levels(*(column[row : row + 1] for column in levels))
    return abs(float(_apart_ft(one, np.array([then_s]))[0]))


def _apart_ft(levels: Levels, then_s: Floats) -> Floats:
    first = levels.first_ftps * np.minimum(then_s, levels.first_until_s)
    apart_ft = levels.apart_ft + levels.second_ftps * np.minimum(then_s, levels.second_until_s) - first
    rounded: Floats = np.round(apart_ft, _FT_DECIMALS)
    return rounded


def _inside(apart_ft: Floats, rate_ftps: Floats, minimum_ft: float) -> tuple[Floats, Floats]:
    """From when to when straight lines are within a minimum."""
    moving: NDArray[np.bool_] = rate_ftps != 0
    safe = np.where(moving, rate_ftps, 1.0)
    low, high = (-minimum_ft - apart_ft) / safe, (minimum_ft - apart_ft) / safe
    inside = np.abs(apart_ft) < minimum_ft
    start = np.where(moving, np.minimum(low, high), np.where(inside, -_NEVER_S, _NEVER_S))
    end = np.where(moving, np.maximum(low, high), np.where(inside, _NEVER_S, -_NEVER_S))
    return start, end
