"""The sweep against every pair tried in plain Python, written apart; its symmetries; and how far its plane is off."""

import math
from collections.abc import Iterator

import numpy as np
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.traffic import Box, scene
from watchfloor.deconflict.sweep import Traffic, losses
from watchfloor.messages.alerts import Minima

MINIMA = Minima(horizontal_m=9260, vertical_ft=1000, lookahead_us=300_000_000)
EARTH_M = 6_371_000.0
BOXES: tuple[Box, ...] = (
    (44, 47, 2, 6),
    (-2, 2, 178, 183),
    (77, 83, 10, 60),
    (86, 90, -180, 180),
    (-90, -86, -180, 180),
    (-83, -77, 150, 200),
    (-90, 90, -180, 180),
)
Pairs = dict[tuple[int, int], float]


def tried(traffic: Traffic, minima: Minima) -> Pairs:
    """Every pair that loses separation, with when; each pair on its own, in complex numbers."""
    found = {}
    for one in range(len(traffic.lat_deg)):
        for other in range(one + 1, len(traffic.lat_deg)):
            when_s = loss_s(*(tuple(float(column[place]) for column in traffic) for place in (one, other)), minima)
            if when_s is not None:
                found[one, other] = when_s
    return found


def loss_s(one: tuple[float, ...], other: tuple[float, ...], minima: Minima) -> float | None:
    gap, drift = seen_from(one, other)
    across = spans(abs(drift) ** 2, 2 * (gap * drift.conjugate()).real, abs(gap) ** 2 - minima.horizontal_m**2)
    height_ft, climb = round(other[2]) - round(one[2]), (other[5] - one[5]) / 60
    upright = spans(climb * climb, 2 * height_ft * climb, height_ft**2 - minima.vertical_ft**2)
    begin_s = max(across[0], upright[0], 0.0)
    return begin_s if begin_s < min(across[1], upright[1]) and begin_s <= minima.lookahead_us / 1e6 else None


def seen_from(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[complex, complex]:
    """Where the other is, east + north j [m], and how it drifts [m/s], on the plane of such a pair."""
    ways = [
        craft[3] * 1852 / 3600 * complex(math.sin(math.radians(craft[4])), math.cos(math.radians(craft[4])))
        for craft in (one, other)
    ]
    if max(abs(one[0]), abs(other[0])) <= 80:
        east_deg = (other[1] - one[1] + 540) % 360 - 180
        shrunk = math.cos(math.radians((one[0] + other[0]) / 2))
        return EARTH_M * complex(math.radians(east_deg) * shrunk, math.radians(other[0] - one[0])), ways[1] - ways[0]
    if one[0] * other[0] < 0:
        return complex(1e9, 0), 0j
    side = 1 if one[0] > 0 else -1
    around = [complex(math.cos(math.radians(craft[1])), math.sin(math.radians(craft[1]))) for craft in (one, other)]
    places = [
        -1j * turn * EARTH_M * math.radians(90 - abs(craft[0]))
        for turn, craft in zip(around, (one, other), strict=True)
    ]
    turned = [turn * complex(way.real, side * way.imag) for turn, way in zip(around, ways, strict=True)]
    return places[1] - places[0], turned[1] - turned[0]


def spans(a: float, b: float, c: float) -> tuple[float, float]:
    """Where a t^2 + b t + c is negative."""
    if a < 1e-12:
        return (-math.inf, math.inf) if c < 0 else (math.inf, -math.inf)
    under = b * b - 4 * a * c
    if under <= 0:
        return math.inf, -math.inf
    return (-b - math.sqrt(under)) / (2 * a), (-b + math.sqrt(under)) / (2 * a)


def pairs_of(traffic: Traffic, minima: Minima = MINIMA) -> Pairs:
    found = losses(traffic, minima)
    return {
        (int(one), int(other)): float(when)
        for one, other, when in zip(found.first, found.second, found.in_s, strict=True)
    }


def turned(traffic: Traffic, east_deg: float) -> Traffic:
    return traffic._replace(lon_deg=np.remainder(traffic.lon_deg + east_deg + 180, 360) - 180)


def between(found: set[tuple[int, int]], fewer: Pairs, more: Pairs) -> None:
    assert fewer.keys() <= found <= more.keys()


SCENES = st.builds(
    scene,
    st.sampled_from([2, 3, 47, 60, 140]),
    st.sampled_from(BOXES),
    st.integers(0, 10**6),
    fastest_kt=st.sampled_from([60, 500, 1200]),
    highest_ft=st.sampled_from([6_000, 40_000]),
)


@settings(max_examples=120, deadline=None)
@given(SCENES, st.sampled_from([20, 300, 1800]))
def test_every_pair_and_its_time_are_those_of_trying_all(traffic: Traffic, lookahead_s: int) -> None:
    minima = Minima(9260, 1000, lookahead_s * 1_000_000)
    found = pairs_of(traffic, minima)
    less, more = Minima(9260 - 1, 1000, minima.lookahead_us - 1000), Minima(9260 + 1, 1000, minima.lookahead_us + 1000)
    between(set(found), tried(traffic, less), tried(traffic, more))
    sure = tried(traffic, minima)
    assert all(abs(found[pair] - sure[pair]) < 1e-3 for pair in found.keys() & sure.keys())


@settings(max_examples=40, deadline=None)
@given(SCENES, st.floats(-180, 180))
def test_neither_order_nor_longitude_matters(traffic: Traffic, east_deg: float) -> None:
    here = pairs_of(traffic)
    last = len(traffic.lat_deg) - 1
    back = Traffic(*(column[::-1].copy() for column in traffic))
    assert {(last - other, last - one) for one, other in pairs_of(back)} == set(here)
    near = (Minima(9259, 1000, 299_999_000), Minima(9261, 1000, 300_001_000))
    between(set(pairs_of(turned(traffic, east_deg))), pairs_of(traffic, near[0]), pairs_of(traffic, near[1]))


@settings(max_examples=40, deadline=None)
@given(SCENES)
def test_wider_minima_and_longer_looks_lose_no_pair(traffic: Traffic) -> None:
    assert pairs_of(traffic).keys() <= pairs_of(traffic, Minima(12_000, 1500, 400_000_000)).keys()


def closing_in(lat_deg: float, lookahead_s: int, seed: int, fastest_kt: float = 500) -> Traffic:
    """Pairs that fly as fast as any, and begin their loss around the borders of slices of any length."""
    random = np.random.default_rng(seed)
    count, speed_mps = 150, fastest_kt * 1852 / 3600
    tracks = random.uniform(0, 360, (2, count))
    ways = speed_mps * np.exp(1j * np.radians(90 - tracks))
    drift = ways[1] - ways[0]
    in_s = np.linspace(1, lookahead_s - 1, count)
    gap = -drift * in_s - 9255 * drift / np.abs(drift)
    north = np.degrees(gap.imag / EARTH_M)
    lat = np.array([lat_deg - north / 2, lat_deg + north / 2])
    east = np.degrees(gap.real / EARTH_M / np.cos(np.radians(lat_deg)))
    lon = np.linspace(-179, 179, count) + np.array([np.zeros(count), east])
    level = np.full(2 * count, 30_000.0) + np.tile(np.arange(count) * 2000.0, 2)
    return Traffic(
        lat.ravel(), np.remainder(lon.ravel() + 180, 360) - 180, level,
        np.full(2 * count, fastest_kt), tracks.ravel(), np.zeros(2 * count),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([0, 35, -60, 70, 78.5]), st.sampled_from([300, 2400]), st.integers(0, 10**6))
def test_the_fastest_are_found_in_the_moment_in_which_slices_change(
    lat_deg: float, lookahead_s: int, seed: int
) -> None:
    """The row's window is as narrow as it may be: such pairs are at its edge."""
    traffic = closing_in(lat_deg, lookahead_s, seed)
    count = len(traffic.lat_deg) // 2
    within = np.abs(traffic.lat_deg.reshape(2, count)).max(axis=0) <= 80
    wanted = tried_beside(traffic, count, within, lookahead_s)
    found = pairs_of(traffic, Minima(9260, 1000, lookahead_s * 1_000_000))
    assert wanted <= found.keys()
    assert len(wanted) > 5


def tried_beside(traffic: Traffic, count: int, within: np.ndarray, lookahead_s: int) -> set[tuple[int, int]]:
    """Of the pairs that were made, those that lose separation by the reference; the middle latitude moves a few."""
    less, found = Minima(9259, 1000, lookahead_s * 1_000_000 - 1000), set()
    for place in np.flatnonzero(within).tolist():
        crafts = [tuple(float(column[n]) for column in traffic) for n in (place, place + count)]
        if loss_s(*crafts, less) is not None:
            found.add((place, place + count))
    return found


def two(**changes: tuple[float, float]) -> Traffic:
    held = {"lat_deg": (50, 50), "lon_deg": (0, 0.1), "alt_ft": (30_000, 30_000), "gs_kt": (400, 400)}
    held |= {"trk_deg": (90, 90), "vs_fpm": (0, 0)} | changes
    return Traffic(*(np.array(held[name], dtype=np.float64) for name in Traffic._fields))


def test_two_that_fly_abreast_stay_in_conflict_for_ever() -> None:
    found = losses(two(), MINIMA)
    assert (found.in_s.tolist(), found.out_s.tolist(), found.cpa_s.tolist()) == ([0.0], [math.inf], [0.0])
    assert len(losses(two(lon_deg=(0, 0.5)), MINIMA).first) == 0


def test_exactly_at_a_minimum_is_no_loss_and_levels_are_whole_feet() -> None:
    assert len(losses(two(alt_ft=(30_000, 31_000)), MINIMA).first) == 0
    assert len(losses(two(alt_ft=(30_000, 30_999.6)), MINIMA).first) == 0
    assert len(losses(two(alt_ft=(30_000, 30_999.4)), MINIMA).first) == 1


def test_two_that_part_are_told_only_while_they_are_near() -> None:
    apart = losses(two(trk_deg=(270, 90)), MINIMA)
    assert (apart.in_s.tolist(), apart.cpa_s.tolist()) == ([0.0], [0.0])
    assert 0 < apart.out_s[0] < 10
    assert len(losses(two(trk_deg=(270, 90), lon_deg=(0, 0.2)), MINIMA).first) == 0


def test_which_minimum_completes_the_loss_is_told() -> None:
    climbs = losses(two(alt_ft=(30_000, 33_000), vs_fpm=(0, -1000)), MINIMA)
    assert climbs.level_last.tolist() == [True]
    assert abs(climbs.in_s[0] - 120) < 1e-6
    meets = losses(two(lon_deg=(0, 0.5), trk_deg=(90, 270)), MINIMA)
    assert meets.level_last.tolist() == [False]


def test_aircraft_a_hemisphere_apart_and_none_at_all() -> None:
    assert len(losses(two(lon_deg=(0, 180), lat_deg=(30, -30)), MINIMA).first) == 0
    nobody = Traffic(*(np.zeros(0) for _ in Traffic._fields))
    assert len(losses(nobody, MINIMA).first) == 0


def encounters(low_deg: float, high_deg: float) -> Iterator[tuple[float, float]]:
    """Distances of two at their closest, on the plane and on geodesics, as parts of how far apart they start."""
    random = np.random.default_rng(int(low_deg))
    for _ in range(400):
        lat, away_m, bearing = random.uniform(low_deg, high_deg), random.uniform(5_000, 160_000), random.uniform(0, 360)
        there = Geodesic.WGS84.Direct(lat, 0, bearing, away_m)
        if abs(there["lat2"]) > high_deg:
            continue
        speeds, tracks = random.uniform(100, 260, 2), random.uniform(0, 360, 2)
        crafts = [(lat, 0.0), (there["lat2"], there["lon2"])]
        states = [
            (*place, 0.0, speed * 3600 / 1852, track, 0.0)
            for place, speed, track in zip(crafts, speeds, tracks, strict=True)
        ]
        gap, drift = seen_from(*states)
        then_s = min(max(-(gap * drift.conjugate()).real / abs(drift) ** 2, 0), 300)
        ends = [
            Geodesic.WGS84.Direct(*place, track, speed * then_s)
            for place, track, speed in zip(crafts, tracks, speeds, strict=True)
        ]
        flown = Geodesic.WGS84.Inverse(*(ends[n][name] for n in (0, 1) for name in ("lat2", "lon2")))["s12"]
        if flown < 20_000:
            yield abs(gap + drift * then_s) / away_m, flown / away_m


def test_the_plane_is_off_by_no_more_than_it_says() -> None:
    for low_deg, high_deg, limit in ((0, 50, 0.01), (50, 70, 0.02), (70, 80, 0.05)):
        off = [abs(plane - flown) for plane, flown in encounters(low_deg, high_deg)]
        assert len(off) > 20
        assert max(off) <= limit, (low_deg, max(off))
