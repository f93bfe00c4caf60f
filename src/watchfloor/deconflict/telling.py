"""Conflicts as people read them aloud: who, when, how close, and which minimum completes the loss."""

from collections.abc import Sequence
from math import isinf
from typing import TYPE_CHECKING

from msgspec import Struct

from watchfloor.base.instants import rfc3339_from_us
from watchfloor.base.units import M_PER_NM, US_PER_S
from watchfloor.messages.alerts import Minima

if TYPE_CHECKING:
    from watchfloor.deconflict.plans import Conflict
    from watchfloor.deconflict.sweep import Losses

_MINUTE_S, _MOST_NAMED = 60, 5


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


def plans_sentence(conflict: "Conflict") -> str:
    """Two plans that share space and time, in words; what would clear it is offered to a person."""
    heights = f"{_height(conflict.low_m, 'the ground')} to {_height(conflict.high_m, 'any height')}"
    meeting = ", ".join(f"{one + 1} with {other + 1}" for one, other in conflict.volumes[:_MOST_NAMED])
    more = len(conflict.volumes) - _MOST_NAMED
    named = f"volumes {meeting}{f' and {more} more' if more > 0 else ''}"
    ways = []
    if conflict.later_us is not None:
        way = "later" if conflict.later_us > 0 else "earlier"
        ways.append(f"{_span(abs(conflict.later_us) / US_PER_S)} {way}")
    if conflict.higher_m is not None:
        ways.append(f"{abs(conflict.higher_m):,.0f} m {'higher' if conflict.higher_m > 0 else 'lower'}")
    shift = f"; {conflict.b} {' or '.join(ways)} would be clear" if ways else ""
    begin, end = rfc3339_from_us(conflict.begin_us), rfc3339_from_us(conflict.end_us)
    return f"{conflict.a} and {conflict.b} overlap from {begin} to {end}, {heights}: {named}{shift}"


def _height(value_m: float, unlimited: str) -> str:
    return unlimited if isinf(value_m) else f"{value_m:,.0f} m"


def _span(value_s: float) -> str:
    whole = round(value_s)
    minutes, seconds = divmod(whole, _MINUTE_S)
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
