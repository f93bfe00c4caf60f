"""All pairs that will lose separation on straight lines that climb to cleared levels, by closed form.

**Frame**: Earth-centred vectors of the ground points, so that the date line and the poles are ordinary places; of a
pair's gap the part that is level at its middle counts, because two that fly along tangents rise from the ground by what
their speeds make, and that is no distance. At 300 s and 250 m/s the error of their distance is below 10 m.
**Source**: closest approach of two uniform motions (textbook quadratic); minima as in ICAO Doc 4444, 5.3 and 5.4.
**Cost**: n log n; among few aircraft every pair is judged, among many those that the sweep finds near each other.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from watchfloor.base.geodesy import Floats, along_ground, ecef_from_wgs84, ecef_velocity, wgs84_from_ecef
from watchfloor.base.units import MPS_PER_KT, US_PER_S
from watchfloor.deconflict.levels import Levels, apart_at_ft, first_shared, spans_inside, until_s
from watchfloor.messages.alerts import Broken, Encounter, Minima, ProbedState, VerticalBasis

NO_ALTITUDE_FT = -(10**6)
LATEST_CPA_S = 3600.0
FEW = 300
_NEVER_S = 1e12
_PLANE_ERROR = 0.06
_ANY_LEVEL_FT = 10**7


class Candidate(Struct, frozen=True):
    """One aircraft as the probe wants it: quantised state, and both of its altitudes where known."""

    state: ProbedState
    pressure_ft: int = NO_ALTITUDE_FT
    geometric_ft: int = NO_ALTITUDE_FT


class Columns(Struct, frozen=True):
    """Many aircraft as the probe wants them, an array a field, `(n,)` each: whole numbers as in `Candidate`.

    `cleared_ft` is NaN where it is not known.
    """

    toa_us: Floats
    lat_e7deg: Floats
    lon_e7deg: Floats
    gs_dkt: Floats
    trk_cdeg: Floats
    vs_fpm: Floats
    cleared_ft: Floats
    pressure_ft: Floats
    geometric_ft: Floats


def columns_of(candidates: Sequence[Candidate]) -> Columns:
    """Aircraft as columns."""

    def column(name: str, of: Sequence[Candidate | ProbedState]) -> Floats:
        return np.array([getattr(one, name) for one in of], dtype=np.float64)

    states = [candidate.state for candidate in candidates]
    of_states = ("toa_us", "lat_e7deg", "lon_e7deg", "gs_dkt", "trk_cdeg", "vs_fpm", "cleared_ft")
    altitudes = (column(name, candidates) for name in ("pressure_ft", "geometric_ft"))
    return Columns(*(column(name, states) for name in of_states), *altitudes)


class Found(Struct, frozen=True):
    """A pair, by its places in the list of candidates, and its closest approach."""

    first: int
    second: int
    encounter: Encounter


def probe(candidates: Sequence[Candidate], minima: Minima, now_us: int) -> list[Found]:
    """Pairs that will be closer than both minima at once within the look-ahead, in order of their places.

    The loss begins within the look-ahead; the closest approach may come after it (an hour at most).
    Exactly at a minimum is no loss. States are carried forward from their own time to `now_us`.
    **Doubt**: where two altitudes cannot be compared, the pair is judged as if level with each other and
    its basis says `unknown`.
    """
    return probe_columns(columns_of(candidates), minima, now_us)


def probe_columns(flown: Columns, minima: Minima, now_us: int) -> list[Found]:
    """As `probe`, of columns."""
    if len(flown.toa_us) < 2:
        return []
    places, velocities, age_s = motions(flown, now_us)
    first, second = _pairs(places, velocities, minima)
    upward = places[first] + places[second]
    upward /= np.sqrt(np.vecdot(upward, upward))[:, None]
    gap, closing = (_level(column[second] - column[first], upward) for column in (places, velocities))
    lookahead_s = minima.lookahead_us / US_PER_S
    near_s, far_s = _inside_circle(gap, closing, float(minima.horizontal_m))
    meets = np.maximum(near_s, 0.0) < np.minimum(far_s, lookahead_s)
    if not meets.any():
        return []
    first, second, gap, closing = first[meets], second[meets], gap[meets], closing[meets]
    across = near_s[meets], far_s[meets]
    levels, basis = _levels(flown, first, second, age_s)
    spans = spans_inside(levels, float(minima.vertical_ft))
    start_s, end_s, level_s = first_shared(spans, across, 0.0)
    end_s = np.minimum(end_s, lookahead_s)
    found = []
    for row in np.flatnonzero(start_s < end_s):
        encounter = _encounter(
            (gap[row], closing[row]),
            (levels, int(row)),
            (float(start_s[row]), float(end_s[row])),
            now_us,
            basis[int(row)],
            _first_broken(float(across[0][row]), float(level_s[row])),
        )
        found.append(Found(int(first[row]), int(second[row]), encounter))
    return found


def make_ready() -> None:
    """Compile what a picture of many aircraft needs, so that the first such picture does not wait: two seconds once."""
    from watchfloor.deconflict.sweep import FEW as SWEPT_FROM  # noqa: PLC0415
    from watchfloor.deconflict.sweep import Traffic, losses  # noqa: PLC0415

    for count in (SWEPT_FROM, SWEPT_FROM + 1):
        losses(Traffic(*(np.linspace(0.0, 1.0, count) for _ in range(6))), Minima(9260, 1000, US_PER_S))


def _pairs(places: Floats, velocities: Floats, minima: Minima) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs that may lose separation, whatever their levels; all of them among few.

    The sweep reckons on planes, whose distances are off by at most 5 % of where two start; it is asked with that much
    more room, so that it leaves nobody out.
    """
    if len(places) <= FEW:
        return _all_pairs(len(places))
    from watchfloor.deconflict.sweep import Traffic, losses  # noqa: PLC0415  # small rooms need no compiler

    lat_deg, lon_deg = wgs84_from_ecef(places)
    east_mps, north_mps = along_ground(lat_deg, lon_deg, velocities)
    speed_mps, track_deg = np.hypot(east_mps, north_mps), np.degrees(np.arctan2(east_mps, north_mps))
    level = np.zeros(len(places))
    reach_m = minima.horizontal_m + 2 * float(speed_mps.max()) * minima.lookahead_us / US_PER_S
    wide = Minima(round(minima.horizontal_m + _PLANE_ERROR * reach_m), _ANY_LEVEL_FT, minima.lookahead_us)
    near = losses(Traffic(lat_deg, lon_deg, level, speed_mps / MPS_PER_KT, track_deg, level), wide)
    return near.first, near.second


@lru_cache(maxsize=8)
def _all_pairs(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Every pair of so many, by their places; kept, because one look has as many aircraft as the next."""
    first, second = np.triu_indices(count, k=1)
    first.flags.writeable = second.flags.writeable = False
    return first, second


def motions(flown: Columns, now_us: int) -> tuple[Floats, Floats, Floats]:
    """Earth-centred places now [m] and velocities [m/s], shape `(n, 3)`, and the states' ages [s], shape `(n,)`."""
    lat, lon = flown.lat_e7deg * 1e-7, flown.lon_e7deg * 1e-7
    speed, track = flown.gs_dkt * (0.1 * MPS_PER_KT), flown.trk_cdeg * 0.01
    age_s = (now_us - flown.toa_us) / US_PER_S
    velocities = ecef_velocity(lat, lon, speed, track)
    return ecef_from_wgs84(lat, lon) + velocities * age_s[:, None], velocities, age_s


def _level(vectors: Floats, upward: Floats) -> Floats:
    """Vectors without their parts along unit vectors; shapes `(n, 3)`."""
    flat: Floats = vectors - np.vecdot(vectors, upward)[:, None] * upward
    return flat


def _inside_circle(gap: Floats, closing: Floats, radius_m: float) -> tuple[Floats, Floats]:
    """From when to when two points are closer than a radius [s]; an empty span where they never are."""
    a = np.vecdot(closing, closing)
    b = np.vecdot(gap, closing)
    c = np.vecdot(gap, gap) - radius_m * radius_m
    moving = a > 1e-9
    root = np.sqrt(np.maximum(b * b - a * c, 0.0))
    safe = np.where(moving, a, 1.0)
    meets = moving & (b * b - a * c > 0)
    start = np.where(meets, (-b - root) / safe, _NEVER_S)
    end = np.where(meets, (-b + root) / safe, -_NEVER_S)
    always = ~moving & (c < 0)
    return np.where(always, -_NEVER_S, start), np.where(always, _NEVER_S, end)


def levels_ft(state: ProbedState, flown_s: Floats) -> Floats:
    """An aircraft's levels some time after its own time [ft], as it climbs or descends and levels off."""
    rate_ftps, level_ft = np.array([state.vs_fpm / 60.0]), np.array([float(state.alt_ft)])
    cleared_ft = np.array([np.nan if state.cleared_ft is None else float(state.cleared_ft)])
    levels: Floats = level_ft + rate_ftps * np.minimum(flown_s, until_s(level_ft, cleared_ft, rate_ftps))
    return levels


def _levels(
    flown: Columns, first: NDArray[np.intp], second: NDArray[np.intp], age_s: Floats
) -> tuple[Levels, list[VerticalBasis]]:
    pressure, geometric, cleared, rate = flown.pressure_ft, flown.geometric_ft, flown.cleared_ft, flown.vs_fpm / 60.0
    ends_s = until_s(np.where(pressure == NO_ALTITUDE_FT, np.nan, pressure), cleared, rate)
    by_pressure = (pressure[first] != NO_ALTITUDE_FT) & (pressure[second] != NO_ALTITUDE_FT)
    by_height = (geometric[first] != NO_ALTITUDE_FT) & (geometric[second] != NO_ALTITUDE_FT) & ~by_pressure
    carried = rate * np.minimum(age_s, ends_s)
    gaps = np.where(by_pressure, pressure[second] - pressure[first], geometric[second] - geometric[first])
    gaps = gaps + (carried[second] - carried[first])
    known = by_pressure | by_height
    names = [
        VerticalBasis.PRESSURE if p else VerticalBasis.GEOMETRIC if h else VerticalBasis.UNKNOWN
        for p, h in zip(by_pressure, by_height, strict=True)
    ]
    rate, ends_s = np.where(ends_s > age_s, rate, 0.0), np.where(ends_s > age_s, ends_s - age_s, np.inf)
    none = np.zeros(len(first))
    levels = Levels(
        np.where(known, gaps, none),
        np.where(known, rate[first], none),
        np.where(known, rate[second], none),
        np.where(known, ends_s[first], np.inf),
        np.where(known, ends_s[second], np.inf),
    )
    return levels, names


def _first_broken(across_s: float, level_s: float) -> Broken:
    """Which of two spans that both count from now on began first."""
    across_s, level_s = max(across_s, 0.0), max(level_s, 0.0)
    if across_s == level_s:
        return Broken.BOTH
    return Broken.DISTANCE if across_s < level_s else Broken.LEVEL


def _encounter(
    across: tuple[Floats, Floats],
    upright: tuple[Levels, int],
    span_s: tuple[float, float],
    now_us: int,
    basis: VerticalBasis,
    breaks_first: Broken,
) -> Encounter:
    gap, closing = across
    speed2 = float(closing @ closing)
    cpa_s = min(max(-float(gap @ closing) / speed2, 0.0), LATEST_CPA_S) if speed2 > 1e-9 else 0.0
    return Encounter(
        loss_us=now_us + round(span_s[0] * US_PER_S),
        end_us=now_us + round(span_s[1] * US_PER_S),
        cpa_us=now_us + round(cpa_s * US_PER_S),
        cpa_m=round(float(np.linalg.norm(gap + closing * cpa_s))),
        vertical_at_cpa_ft=round(apart_at_ft(*upright, cpa_s)),
        now_m=round(float(np.linalg.norm(gap))),
        now_vertical_ft=round(apart_at_ft(*upright, 0.0)),
        basis=basis,
        breaks_first=breaks_first,
    )
