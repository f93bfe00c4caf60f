"""Conflicts as people read them aloud: who, when, how close, and which minimum completes the loss."""

from collections.abc import Sequence
from math import isinf
from typing import TYPE_CHECKING

from msgspec import Struct

from watchfloor.base.units import M_PER_NM
from watchfloor.messages.alerts import Minima

if TYPE_CHECKING:
    from watchfloor.deconflict.sweep import Losses

_MINUTE_S = 60


class Told(Struct, frozen=True):
    """A pair with a loss of separation, `a` before `b` by name; `out_s` is infinite for a pair that stays so.

    `level_last`: they are near each other before their levels are, so that the levels complete the loss.
    """

    a: str
    b: str
    in_s: float
    out_s: float
    cpa_s: float
    cpa_nm: float
    level_last: bool


def told_of(ids: Sequence[str], losses: "Losses") -> list[Told]:
    """Pairs by their names, sorted by when the loss begins, then by name."""
    found = []
    for row in range(len(losses.first)):
        a, b = sorted((ids[losses.first[row]], ids[losses.second[row]]))
        found.append(
            Told(
                a,
                b,
                round(float(losses.in_s[row]), 3),
                round(float(losses.out_s[row]), 3),
                round(float(losses.cpa_s[row]), 3),
                round(float(losses.cpa_m[row]) / M_PER_NM, 4),
                bool(losses.level_last[row]),
            )
        )
    return sorted(found, key=lambda told: (told.in_s, told.a, told.b))


def sentence_of(told: Told, minima: Minima) -> str:
    """A conflict in words that can be read aloud."""
    limits = f"{minima.horizontal_m / M_PER_NM:g} NM and {minima.vertical_ft:,} ft"
    begins = "are now" if told.in_s == 0 else f"in {_span(told.in_s)} will be"
    ends = "and stay so" if isinf(told.out_s) else f"until {_span(told.out_s)} from now"
    closest = "now" if told.cpa_s == 0 else f"in {_span(told.cpa_s)}"
    last = "; the levels complete the loss" if told.level_last else "; the distance completes the loss"
    why = "" if told.in_s == 0 else last
    return f"{told.a} and {told.b} {begins} closer than {limits} {ends}; closest {told.cpa_nm:.1f} NM {closest}{why}"


def _span(value_s: float) -> str:
    whole = round(value_s)
    minutes, seconds = divmod(whole, _MINUTE_S)
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
