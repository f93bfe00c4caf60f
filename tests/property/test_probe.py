"""The closed-form probe against a stepping reference written apart, and its symmetries."""

import math

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.support.traffic import scene
from watchfloor.base.geodesy import destination, distance_m
from watchfloor.deconflict import probe as probing
from watchfloor.deconflict.probe import Candidate, probe
from watchfloor.messages.alerts import Minima, ProbedState

MINIMA = Minima(horizontal_m=9260, vertical_ft=1000, lookahead_us=300_000_000)
NOW_US = 1_931_270_400_000_000


def candidate(name: str, lat: float, lon: float, alt: int, gs: float, trk: float, vs: int = 0) -> Candidate:
    state = ProbedState(
        name, NOW_US, round(lat * 1e7), round(lon * 1e7), alt, round(gs * 10), round(trk * 100) % 36000, vs
    )
    return Candidate(state, alt)


def stepped_loss_s(one: Candidate, other: Candidate, minima: Minima = MINIMA) -> float | None:
    """The first whole second at which both minima are broken, flying geodesics; None if never."""
    for second in range(minima.lookahead_us // 1_000_000 + 1):
        places = []
        for state in (one.state, other.state):
            along_m = state.gs_dkt / 10 * 1852 / 3600 * second
            places.append(
                (
                    *destination(state.lat_e7deg / 1e7, state.lon_e7deg / 1e7, state.trk_cdeg / 100, along_m),
                    state.alt_ft + state.vs_fpm * second / 60,
                )
            )
        (lat1, lon1, alt1), (lat2, lon2, alt2) = places
        if distance_m(lat1, lon1, lat2, lon2) < minima.horizontal_m and abs(alt1 - alt2) < minima.vertical_ft:
            return second
    return None


STATES = st.tuples(
    st.floats(-0.6, 0.6),
    st.floats(-0.6, 0.6),
    st.integers(5000, 9000),
    st.floats(60, 500),
    st.floats(0, 359.9),
    st.integers(-20, 20),
)


def strewn(parts: list[tuple[float, float, int, float, float, int]], lat: float, lon: float) -> list[Candidate]:
    return [
        candidate(
            f"T{n}",
            lat + dlat,
            (lon + dlon / max(math.cos(math.radians(lat)), 0.05) + 540) % 360 - 180,
            alt,
            gs,
            trk,
            vs * 100,
        )
        for n, (dlat, dlon, alt, gs, trk, vs) in enumerate(parts)
    ]


@settings(max_examples=60)
@given(
    st.lists(STATES, min_size=2, max_size=2),
    st.sampled_from([(0.0, 0.0), (-37.0, -114.0), (62.0, 180.0), (75.0, -20.0)]),
)
def test_a_pair_is_found_when_and_only_when_stepping_finds_it(
    parts: list[tuple[float, float, int, float, float, int]], where: tuple[float, float]
) -> None:
    one, other = strewn(parts, *where)
    found = probe([one, other], MINIMA, NOW_US)
    near = Minima(MINIMA.horizontal_m - 60, MINIMA.vertical_ft - 20, 297_000_000)
    far = Minima(MINIMA.horizontal_m + 60, MINIMA.vertical_ft + 20, 303_000_000)
    if stepped_loss_s(one, other, near) is not None:
        assert found
    if found:
        assert stepped_loss_s(one, other, far) is not None


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([(44, 47, 2, 6), (-2, 2, 178, 183), (77, 83, 10, 60), (87, 90, -180, 180), (-83, -77, 150, 200)]),
    st.integers(0, 10**6),
    st.sampled_from([120, 500, 1200]),
)
def test_among_many_the_same_pairs_are_found_as_by_judging_all(
    box: tuple[float, float, float, float], seed: int, fastest_kt: float
) -> None:
    traffic = scene(250, box, seed, fastest_kt=fastest_kt, highest_ft=8_000)
    columns = zip(*traffic, strict=True)
    many = [
        candidate(f"T{n}", lat, lon, int(alt), gs, trk, int(vs))
        for n, (lat, lon, alt, gs, trk, vs) in enumerate(columns)
    ]
    later_us = NOW_US + 20_000_000
    all_found = probe(many, MINIMA, later_us)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probing, "FEW", 1)
        assert probe(many, MINIMA, later_us) == all_found


@given(st.lists(STATES, min_size=2, max_size=6))
def test_order_and_place_do_not_change_the_pairs(parts: list[tuple[float, float, int, float, float, int]]) -> None:
    def pairs(candidates: list[Candidate]) -> set[frozenset[str]]:
        return {
            frozenset((candidates[hit.first].state.track_id, candidates[hit.second].state.track_id))
            for hit in probe(candidates, MINIMA, NOW_US)
        }

    here = strewn(parts, -37.0, -114.0)
    assert pairs(here) == pairs(list(reversed(here)))
    margin = [hit.encounter.cpa_m for hit in probe(here, Minima(9400, 1000, 300_000_000), NOW_US)]
    assume(all(abs(metres - 9260) > 40 for metres in margin))
    assert pairs(here) == pairs(strewn(parts, -37.0, 180.0))


@given(st.lists(STATES, min_size=2, max_size=6))
def test_wider_minima_and_longer_looks_never_lose_a_pair(
    parts: list[tuple[float, float, int, float, float, int]],
) -> None:
    here = strewn(parts, 10.0, 20.0)
    small = {(hit.first, hit.second) for hit in probe(here, MINIMA, NOW_US)}
    wide = {(hit.first, hit.second) for hit in probe(here, Minima(18_520, 2000, 400_000_000), NOW_US)}
    assert small <= wide


def test_the_closest_approach_is_told_though_it_comes_after_the_look_ahead() -> None:
    slow = [candidate("A", 0.0, 0.0, 5000, 120, 90), candidate("B", 0.0, 0.4, 5000, 120, 270)]
    short = Minima(horizontal_m=9260, vertical_ft=1000, lookahead_us=310_000_000)
    (hit,) = probe(slow, short, NOW_US)
    assert hit.encounter.cpa_us - NOW_US > short.lookahead_us
    assert hit.encounter.cpa_m < 50
    assert hit.encounter.loss_us - NOW_US < short.lookahead_us


def test_exactly_at_the_vertical_minimum_is_no_loss() -> None:
    level = [candidate("A", 0, 0, 4000, 130, 90), candidate("B", 0, 0.02, 3000, 130, 270)]
    assert probe(level, MINIMA, NOW_US) == []
    below = [level[0], candidate("B", 0, 0.02, 3001, 130, 270)]
    assert len(probe(below, MINIMA, NOW_US)) == 1


def test_levels_that_cannot_be_compared_count_as_equal_and_say_so() -> None:
    pressure = candidate("A", 0, 0, 30_000, 130, 90)
    geometric = Candidate(candidate("B", 0, 0.02, 1_000, 130, 270).state, geometric_ft=1_000)
    (hit,) = probe([pressure, geometric], MINIMA, NOW_US)
    assert hit.encounter.basis.value == "unknown"


def test_standing_aircraft_and_lone_aircraft_raise_nothing() -> None:
    assert probe([candidate("A", 0, 0, 100, 0, 0)], MINIMA, NOW_US) == []
    (hit,) = probe([candidate("A", 0, 0, 100, 0, 0), candidate("B", 0, 0.01, 100, 0, 0)], MINIMA, NOW_US)
    assert hit.encounter.loss_us == NOW_US


@pytest.mark.parametrize("lat", [0.0, 47.0, 75.0])
@pytest.mark.parametrize("track", [0, 90, 225])
def test_a_jet_that_flies_straight_at_one_who_stands_is_seen_to_hit_it(lat: float, track: int) -> None:
    """Along tangents the fast one rises from the ground, and the slow one does not; that is no distance."""
    start = destination(lat, 10.0, track + 180, 72_000)
    course = Geodesic.WGS84.Inverse(*start, lat, 10.0)["azi1"]
    pair = [candidate("A", lat, 10.0, 3000, 0, 0), candidate("B", *start, 3000, 486, round(course, 2))]
    (hit,) = probe(pair, Minima(300, 1000, 300_000_000), NOW_US)
    assert hit.encounter.cpa_m < 25
