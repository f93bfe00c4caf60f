"""Cells of plans: two that ever come too near share one; and a volume around cells holds them all."""

from math import cos, degrees, radians
from random import Random

from geographiclib.geodesic import Geodesic
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watchfloor.app.line_plans import line_plans_of
from watchfloor.line.cells import (
    GROUND_COARSE,
    ROW_E7DEG,
    ROWS,
    TIME_US,
    Cell,
    coarse_of,
    columns_of,
    fine_cells,
    volume_around,
)
from watchfloor.line.matching import clashes_of, objection_to_terms, shows_too_much
from watchfloor.line.volumes import faults_of
from watchfloor.messages.line import LinePlace, LineVolume, MatchTerms
from watchfloor.messages.volumes import Trajectory, TrajectoryPoint
from watchfloor.wire.line_plans import ReadPlans

S = 1_000_000
EARTH = Geodesic.WGS84
HOUR_US = 3_600 * S


def terms_of(horizontal_m: int = 9_260, vertical_ft: int = 1_000, until_h: int = 2) -> MatchTerms:
    return MatchTerms(
        from_us=0, until_us=until_h * HOUR_US, horizontal_m=horizontal_m, vertical_ft=vertical_ft,
        coarse_count=1_024, fine_count=1_024, most_of_flight_count=2_000, most_shown_permille=300,
        always_shown_count=50,
    )  # fmt: skip


def flown(dice: Random, lat_deg: float, lon_deg: float) -> Trajectory:
    """A flight of some minutes near a place, climbing, level or descending."""
    way = EARTH.Direct(lat_deg, lon_deg, dice.uniform(0, 360), dice.uniform(0, 25_000))
    course, length_m = dice.uniform(0, 360), dice.uniform(1, 120_000)
    end = EARTH.Direct(way["lat2"], way["lon2"], course, length_m)
    level = dice.choice((6_000, 6_500)) + dice.choice((0, 0, 999, 1_000, 300))
    began_us = dice.randrange(0, 400 * S)
    lasts_us = round(length_m / dice.uniform(60, 250)) * S + S
    ends = (level, level + dice.choice((0, 0, 2_000, -2_500)))
    points = (
        TrajectoryPoint(way["lat2"], way["lon2"], float(ends[0]), began_us),
        TrajectoryPoint(end["lat2"], end["lon2"], float(ends[1]), began_us + lasts_us),
    )
    return Trajectory("one", points, 0.0, 0.0, 0)


def at(flight: Trajectory, at_us: int) -> tuple[float, float, float] | None:
    """Where an aircraft on its plan is then, by geodesics, written for this test."""
    one, other = flight.points
    if not one.at_us <= at_us <= other.at_us:
        return None
    share = (at_us - one.at_us) / (other.at_us - one.at_us)
    way = EARTH.Inverse(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
    here = EARTH.Direct(one.lat_deg, one.lon_deg, way["azi1"], way["s12"] * share)
    return here["lat2"], here["lon2"], one.height_m + (other.height_m - one.height_m) * share


def are_too_near(one: Trajectory, other: Trajectory, terms: MatchTerms) -> bool:
    for at_us in range(terms.from_us, terms.until_us, 20 * S):
        here, there = at(one, at_us), at(other, at_us)
        if here and there and abs(here[2] - there[2]) < terms.vertical_ft:
            apart = EARTH.Inverse(here[0], here[1], there[0], there[1])["s12"]
            if apart < terms.horizontal_m:
                return True
    return False


def cells(flight: Trajectory, terms: MatchTerms) -> set[Cell]:
    (plan,) = line_plans_of(ReadPlans((flight,), ()))
    return fine_cells(plan.volumes, terms)


@settings(max_examples=250, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    lat=st.sampled_from((0.0, 37.5, -59.95, 69.98, 79.9, -83.0)),
    lon=st.sampled_from((0.0, -114.0, 179.9, -179.95)),
    horizontal_m=st.sampled_from((5_000, 9_260, 18_520)),
    vertical_ft=st.sampled_from((500, 1_000, 2_000, 333)),
)
def test_two_flights_that_come_too_near_share_a_cell(
    seed: int, lat: float, lon: float, horizontal_m: int, vertical_ft: int
) -> None:
    dice, terms = Random(seed), terms_of(horizontal_m, vertical_ft)
    one, other = flown(dice, lat, lon), flown(dice, lat, lon)
    shared = cells(one, terms) & cells(other, terms)
    assert shared or not are_too_near(one, other, terms)


def test_flights_that_come_too_near_are_among_those_that_are_tried() -> None:
    """So that the property above cannot hold for want of clashes."""
    dice, terms = Random(5), terms_of()
    near = [are_too_near(flown(dice, 37.5, -114.0), flown(dice, 37.5, -114.0), terms) for _ in range(300)]
    assert 15 < sum(near) < 285


@settings(max_examples=300, deadline=None)
@given(
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    course=st.floats(0, 360),
    share=st.floats(0, 0.999),
)
@example(lat=89.99, lon=0.0, course=0.0, share=0.999)
@example(lat=-69.999, lon=180.0, course=180.0, share=0.999)
def test_what_lies_within_half_a_minimum_of_an_outline_is_covered(
    lat: float, lon: float, course: float, share: float
) -> None:
    corner = LinePlace(round(lat * 1e7), round(lon * 1e7))
    east = LinePlace(corner.lat_e7deg, (corner.lon_e7deg + 100 + 1_800_000_000) % 3_600_000_000 - 1_800_000_000)
    north = LinePlace(min(corner.lat_e7deg + 100, 900_000_000), corner.lon_e7deg)
    volume = LineVolume(outline=(corner, east, north), floor_ft=5_000, ceiling_ft=5_000, from_us=0, until_us=S)
    terms = terms_of()
    near = EARTH.Direct(corner.lat_e7deg / 1e7, corner.lon_e7deg / 1e7, course, terms.horizontal_m / 2 * share)
    row = min(int((round(near["lat2"] * 1e7) + 900_000_000) // ROW_E7DEG), ROWS - 1)
    count = columns_of(row)
    column = int((round(near["lon2"] * 1e7) + 1_800_000_000) * count // 3_600_000_000) % count
    assert (row, column, 5, 0) in fine_cells([volume], terms)


def test_rows_of_one_coarse_row_have_the_same_columns_and_no_cell_is_finer_than_an_area_of_a_request() -> None:
    for row in range(ROWS):
        count = columns_of(row)
        assert count % GROUND_COARSE == 0
        assert count == columns_of(row // GROUND_COARSE * GROUND_COARSE)
        middle = radians(row / 10 - 90 + 0.05)
        wide_km = 2 * 3.14159 * 6_371 * cos(middle) / count
        assert wide_km * 11.1 >= 25 or abs(degrees(middle)) > 89


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), lat=st.floats(-80, 80), lon=st.floats(-180, 180))
def test_a_clash_is_a_volume_that_the_line_takes_and_that_holds_its_cells(seed: int, lat: float, lon: float) -> None:
    dice, terms = Random(seed), terms_of()
    own = cells(flown(dice, lat, lon), terms)
    shared = set(dice.sample(sorted(own), max(1, len(own) // 3)))
    found = clashes_of({"one": own}, shared, terms)
    assert {clash.plan_id for clash in found} == {"one"}
    for clash in found:
        assert faults_of(clash.volume) in ((), ("it is over 100,000 km² large",))
        assert clash.volume.until_us - clash.volume.from_us <= 4 * TIME_US
    for cell in shared:
        middle_us = cell[3] * TIME_US + TIME_US // 2
        assert any(
            clash.volume.from_us <= middle_us < clash.volume.until_us
            and clash.volume.floor_ft <= cell[2] * 1_000 <= clash.volume.ceiling_ft
            and is_within(cell, clash.volume)
            for clash in found
        )


def is_within(cell: Cell, volume: LineVolume) -> bool:
    count = columns_of(cell[0])
    lat = cell[0] * ROW_E7DEG - 900_000_000 + ROW_E7DEG // 2
    lon = (2 * cell[1] + 1) * 3_600_000_000 // (2 * count) - 1_800_000_000
    south, north = volume.outline[0].lat_e7deg, volume.outline[2].lat_e7deg
    west, east = volume.outline[0].lon_e7deg, volume.outline[1].lon_e7deg
    return south <= lat <= north and (lon - west) % 3_600_000_000 <= (east - west) % 3_600_000_000


def test_the_coarse_cell_of_two_cells_that_are_one_is_one() -> None:
    dice = Random(1)
    for _ in range(200):
        own = cells(flown(dice, 40.0, 10.0), terms_of())
        assert {coarse_of(cell) for cell in own} == {
            (row // 4, column // 4, level, time // 4) for row, column, level, time in own
        }


def test_a_match_shows_at_most_the_agreed_share_of_a_plan_but_always_a_few_cells() -> None:
    terms = terms_of()
    assert not shows_too_much(50, 51, terms)
    assert shows_too_much(51, 51, terms)
    assert not shows_too_much(300, 1_000, terms)
    assert shows_too_much(301, 1_000, terms)


def test_epochs_are_fixed_and_matched_a_few_times_only() -> None:
    fixed, not_fixed = ((0, 2), (2, 4), (0, 6)), ((1, 3), (0, 1), (0, 8))
    for from_h, until_h in (*fixed, *not_fixed):
        terms = MatchTerms(
            from_us=from_h * HOUR_US, until_us=until_h * HOUR_US, horizontal_m=9_260, vertical_ft=1_000,
            coarse_count=64, fine_count=64, most_of_flight_count=1, most_shown_permille=1, always_shown_count=0,
        )  # fmt: skip
        assert (objection_to_terms(terms, {}, 0) is None) == ((from_h, until_h) in fixed)
    assert objection_to_terms(terms_of(), {}, 2 * HOUR_US) == "that epoch is over"


def test_a_volume_around_cells_across_the_date_line_is_narrow() -> None:
    row = 900
    count = columns_of(row)
    around = volume_around([(row, count - 1, 5, 0), (row, 0, 5, 0)], terms_of())
    west, east = around.outline[0].lon_e7deg, around.outline[1].lon_e7deg
    assert (east - west) % 3_600_000_000 < 3 * 3_600_000_000 // count
