"""Minima that hold for some pairs, in some places, while the line is in some state; else the room's own hold.

The first regime that is for a pair and a moment gives its minima. A pair that leaves a regime's place within the
look-ahead is judged by what holds where it then is, so that a formation that is close by leave of a fire's ring is told
of before it leaves it. How far ahead one looks is what holds for the pair now.
**Source**: own reasoning; that minima differ by airspace, class and service is ICAO Doc 4444, chapters 5 and 8.
"""

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from watchfloor.base.geodesy import Floats, ecef_from_wgs84, wgs84_from_ecef
from watchfloor.base.units import US_PER_S
from watchfloor.deconflict.probe import (
    NO_ALTITUDE_FT,
    Candidate,
    Columns,
    columns_of,
    levels_ft,
    motions,
    probe_columns,
)
from watchfloor.messages.air import Party
from watchfloor.messages.alerts import Encounter, Minima

STEP_S = 2.0

Ring = tuple[tuple[float, float], ...]
Moments = NDArray[np.bool_]


class Flying(Struct, frozen=True):
    """An aircraft as regimes tell them apart."""

    candidate: Candidate
    party: Party = Party.UNKNOWN
    callsign: str = ""


SUSPENDED = "suspended"
DECLARED = "declared fallback"


class Regime(Struct, frozen=True, kw_only=True):
    """Minima, and for whom, where and when they hold; what is empty narrows nothing.

    `around`: a place as (longitude, latitude) [deg], and `radius_m`; or `corridor`: corners in the same form. Both
    aircraft must be inside and from `from_ft` to below `below_ft`. `parties`, `callsigns`: each of the two is of one of
    these parties and has a callsign that begins with one of these. `between_parties`: one of the two is the other
    party's. `line`: the states in which the line was last stated to be.
    """

    name: str
    horizontal_m: int
    vertical_ft: int
    lookahead_us: int | None = None
    around: tuple[float, float] | None = None
    radius_m: int = 0
    corridor: Ring = ()
    from_ft: int | None = None
    below_ft: int | None = None
    parties: tuple[Party, ...] = ()
    callsigns: tuple[str, ...] = ()
    between_parties: bool = False
    line: tuple[str, ...] = ()

    def is_for(self, first: Flying, second: Flying) -> bool:
        """Whether it is for such a pair, wherever the two are."""
        pair = (first, second)
        if self.parties and not all(one.party in self.parties for one in pair):
            return False
        if self.callsigns and not all(one.callsign.startswith(self.callsigns) for one in pair):
            return False
        others = sum(one.party is Party.OTHER for one in pair)
        return not self.between_parties or others == 1


class Judged(Struct, frozen=True):
    """A pair that will lose separation: by places in the list, with the minima that hold and where they come from."""

    first: int
    second: int
    encounter: Encounter
    minima: Minima
    regime: str


def in_force(regimes: Sequence[Regime], line: str) -> tuple[Regime, ...]:
    """Those that hold while the line is stated to be in this state."""
    return tuple(regime for regime in regimes if not regime.line or line in regime.line)


def with_fallback(regimes: Sequence[Regime], declared: Sequence[tuple[int, int]]) -> tuple[Regime, ...]:
    """The regimes with what parties declared for a suspended line [m, ft], which holds before all others then.

    Of several, and of what the room itself keeps between the parties then, the wider counts.
    """
    if not declared:
        return tuple(regimes)
    own = [
        (one.horizontal_m, one.vertical_ft)
        for one in regimes
        if one.between_parties and one.line == (SUSPENDED,) and one.around is None and not one.corridor
    ]
    wide_m, high_ft = (max(each) for each in zip(*declared, *own, strict=True))
    fallback = Regime(name=DECLARED, horizontal_m=wide_m, vertical_ft=high_ft, between_parties=True, line=(SUSPENDED,))
    return (fallback, *regimes)


def judge_columns(
    flown: Columns, flying: Callable[[int], Flying], regimes: Sequence[Regime], own: Minima, now_us: int
) -> list[Judged]:
    """Pairs that will lose separation by the minima that hold for them, in order of their places.

    **Args**: `flying` tells more of one of the columns' aircraft, by its place, where that is asked; `regimes` in
    force, the first that holds counts; `own`: the room's minima.
    **Doubt**: an aircraft whose level is not known is inside no place that has levels.
    """
    if not regimes:
        return [Judged(hit.first, hit.second, hit.encounter, own, "") for hit in probe_columns(flown, own, now_us)]
    schemes = [*((Minima(one.horizontal_m, one.vertical_ft, own.lookahead_us), one.name) for one in regimes), (own, "")]
    encounters = [
        {(hit.first, hit.second): hit.encounter for hit in probe_columns(flown, minima, now_us)}
        for minima, _ in schemes
    ]
    times_s = np.arange(0.0, own.lookahead_us / US_PER_S + STEP_S, STEP_S)
    inside = _Inside(flying, regimes, times_s, now_us)
    found = []
    for first, second in sorted(set[tuple[int, int]]().union(*encounters)):
        holds = np.full(len(times_s), len(regimes))
        for number in reversed(range(len(regimes))):
            if regimes[number].is_for(flying(first), flying(second)):
                holds[inside.at(number, first) & inside.at(number, second)] = number
        best: Judged | None = None
        ahead_us = _ahead_us(regimes, int(holds[0]), own)
        for number in np.unique(holds).tolist():
            encounter = encounters[number].get((first, second))
            begins_us = None if encounter is None else _first_held(encounter, holds == number, times_s, now_us)
            if encounter is None or begins_us is None or begins_us > now_us + ahead_us:
                continue
            if best is not None and best.encounter.loss_us <= begins_us:
                continue
            minima, name = schemes[number]
            if begins_us > encounter.loss_us:
                name = f"{name or 'the room'}, once beyond {schemes[int(holds[0])][1] or 'the room'}"
            held = Minima(minima.horizontal_m, minima.vertical_ft, ahead_us)
            best = Judged(first, second, replace(encounter, loss_us=begins_us), held, name)
        if best is not None:
            found.append(best)
    return found


def _ahead_us(regimes: Sequence[Regime], number: int, own: Minima) -> int:
    """How far ahead one looks for a pair for which this holds now; never farther than the room."""
    own_us = regimes[number].lookahead_us if number < len(regimes) else None
    return own.lookahead_us if own_us is None else min(own_us, own.lookahead_us)


def _first_held(encounter: Encounter, holds: Moments, times_s: Floats, now_us: int) -> int | None:
    """The room time of a loss's first moment at which its minima hold; None, when they do not hold in it."""
    begin_s, end_s = ((us - now_us) / US_PER_S for us in (encounter.loss_us, encounter.end_us))
    if holds[int(begin_s // STEP_S)]:
        return encounter.loss_us
    later = times_s[holds & (times_s > begin_s) & (times_s < end_s)]
    return now_us + round(float(later[0]) * US_PER_S) if len(later) else None


class _Inside:
    """Whether aircraft are in regimes' places at each moment, reckoned when first asked."""

    def __init__(
        self, flying: Callable[[int], Flying], regimes: Sequence[Regime], times_s: Floats, now_us: int
    ) -> None:
        self._flying, self._regimes, self._times_s, self._now_us = flying, regimes, times_s, now_us
        self._known: dict[tuple[int, int], Moments] = {}

    def at(self, number: int, place: int) -> Moments:
        """For one regime and one aircraft."""
        known = self._known.get((number, place))
        if known is None:
            candidate = self._flying(place).candidate
            known = _inside(self._regimes[number], candidate, self._times_s, self._now_us)
            self._known[number, place] = known
        return known


def _inside(regime: Regime, candidate: Candidate, times_s: Floats, now_us: int) -> Moments:
    """Whether an aircraft is in a regime's place at each moment from now on."""
    inside: Moments = np.ones(len(times_s), np.bool_)
    if regime.around is not None or regime.corridor:
        (start,), (velocity,), _ = motions(columns_of([candidate]), now_us)
        flown = start + velocity * times_s[:, None]
        if regime.around is not None:
            (center,) = ecef_from_wgs84(*(np.array([angle]) for angle in reversed(regime.around)))
            inside &= np.linalg.norm(flown - center, axis=1) < regime.radius_m
        if regime.corridor:
            import shapely  # noqa: PLC0415  # rooms without corridors need no outlines

            lat_deg, lon_deg = wgs84_from_ecef(flown)
            ring = np.array(regime.corridor)
            middle_deg = ring[0, 0]
            around, flown_deg = ((lon - middle_deg + 180.0) % 360.0 - 180.0 for lon in (ring[:, 0], lon_deg))
            outline = shapely.Polygon(np.column_stack((around, ring[:, 1])))
            inside &= shapely.contains_xy(outline, flown_deg, lat_deg)
    if regime.from_ft is None and regime.below_ft is None:
        return inside
    if candidate.state.alt_ft == NO_ALTITUDE_FT:
        return np.zeros(len(times_s), np.bool_)
    levels = levels_ft(candidate.state, times_s + (now_us - candidate.state.toa_us) / US_PER_S)
    above = -np.inf if regime.from_ft is None else regime.from_ft
    below = np.inf if regime.below_ft is None else regime.below_ft
    return inside & (levels >= above) & (levels < below)
