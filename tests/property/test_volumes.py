"""Planned volumes against every pair tried one by one; shifts that clear; and files that are wrong."""

import json
from math import inf
from typing import Any

import numpy as np
import pytest
import shapely
from geographiclib.geodesic import Geodesic
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from watchfloor.base.errors import InputError
from watchfloor.base.geodesy import destination
from watchfloor.deconflict.outlines import columns_of
from watchfloor.deconflict.plans import conflicts
from watchfloor.deconflict.volumes import overlapping
from watchfloor.messages.volumes import PlannedVolume
from watchfloor.wire.f3548 import read_plans

SURE_M = 20.0
PLACES = ((4.0, 50.0), (179.98, -17.0), (-180.0, 0.0), (10.0, 80.0))


@st.composite
def volumes(draw: st.DrawFn) -> list[PlannedVolume]:
    """Polygons and circles of several plans around one place, heights and instants on a coarse grid."""
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    place = draw(st.sampled_from(PLACES))
    found = []
    for number in range(draw(st.integers(2, 30))):
        middle = np.array(place) + random.uniform(-0.15, 0.15, 2)
        is_round = random.random() < draw(st.sampled_from([0.0, 0.4]))
        low_m, begin_us = int(random.integers(0, 6)) * 100, int(random.integers(0, 6)) * 600_000_000
        angles = np.sort(random.uniform(0, 2 * np.pi, random.integers(3, 7)))
        ring = middle + np.column_stack((np.cos(angles), np.sin(angles))) * random.uniform(0.02, 0.1)
        assume(is_round or shapely.Polygon(ring).is_valid)
        found.append(
            PlannedVolume(
                plan_id=f"P{random.integers(0, 8)}",
                number=number,
                ring=() if is_round else tuple(map(tuple, ring.tolist())),
                center=(float((middle[0] + 540) % 360 - 180), float(middle[1])) if is_round else (0.0, 0.0),
                radius_m=float(random.uniform(500, 9_000)) if is_round else 0.0,
                low_m=-inf if random.random() < 0.1 else float(low_m),
                high_m=inf if random.random() < 0.1 else float(low_m + random.integers(1, 4) * 100),
                begin_us=begin_us,
                end_us=begin_us + int(random.integers(1, 4)) * 600_000_000,
            )
        )
    return found


def gap_m(one: PlannedVolume, other: PlannedVolume) -> float:
    """How far apart two outlines are [m]: negative where they share ground, 0 where nobody can be sure."""
    if one.ring and other.ring:
        best = min(
            ((shift, shapely.Polygon([(x + shift, y) for x, y in other.ring])) for shift in (-360, 0, 360)),
            key=lambda held: held[1].distance(shapely.Polygon(one.ring)),
        )[1]
        ours = shapely.Polygon(one.ring)
        return -1.0 if ours.intersection(best).area > 0 else 1.0
    if not one.ring and not other.ring:
        away_m = Geodesic.WGS84.Inverse(one.center[1], one.center[0], other.center[1], other.center[0])["s12"]
        return away_m - one.radius_m - other.radius_m
    circle, polygon = (other, one) if one.ring else (one, other)
    closed = [*polygon.ring, polygon.ring[0]]
    line = shapely.segmentize(shapely.LineString(closed), 0.0005)
    lat0, lon0 = circle.center[1], circle.center[0]
    away_m = min(Geodesic.WGS84.Inverse(lat0, lon0, lat, lon)["s12"] for lon, lat in shapely.get_coordinates(line))
    is_inside = any(
        shapely.Polygon(polygon.ring).contains(shapely.Point(circle.center[0] + shift, circle.center[1]))
        for shift in (-360, 0, 360)
    )
    return -1e6 if is_inside else (0.0 if abs(away_m - circle.radius_m) < SURE_M * 3 else away_m - circle.radius_m)


@settings(max_examples=60, deadline=None)
@given(volumes())
def test_pairs_are_those_of_trying_all(held: list[PlannedVolume]) -> None:
    found = set(zip(*(part.tolist() for part in overlapping(columns_of(held))), strict=True))
    for one in range(len(held)):
        for other in range(one + 1, len(held)):
            a, b = held[one], held[other]
            meet = a.low_m < b.high_m and b.low_m < a.high_m and a.begin_us < b.end_us and b.begin_us < a.end_us
            if a.plan_id == b.plan_id or not meet:
                assert (one, other) not in found
                continue
            gap = gap_m(a, b)
            assert gap == 0 or ((one, other) in found) == (gap < 0), (one, other, gap)


@settings(max_examples=60, deadline=None)
@given(volumes())
def test_a_shift_clears_and_no_smaller_one_does(held: list[PlannedVolume]) -> None:
    for conflict in conflicts(held):

        def clears(later_us: int, higher_m: float, names: tuple[str, str] = (conflict.a, conflict.b)) -> bool:
            shifted = [
                replace(
                    one, begin_us=one.begin_us + later_us, end_us=one.end_us + later_us,
                    low_m=one.low_m + higher_m, high_m=one.high_m + higher_m,
                ) if one.plan_id == names[1] else one
                for one in held
            ]  # fmt: skip
            return names not in {(other.a, other.b) for other in conflicts(shifted)}

        assert conflict.later_us is not None, "everything ends"
        assert clears(conflict.later_us, 0)
        sign = 1 if conflict.later_us > 0 else -1
        assert not clears(conflict.later_us - sign * 1_000_000, 0)
        assert not clears(-conflict.later_us + sign * 1_000_000, 0)
        if conflict.higher_m is not None:
            assert clears(0, conflict.higher_m)
            assert not clears(0, conflict.higher_m * 0.99)


def volume(**changes: Any) -> dict[str, Any]:
    corners = [(0, 50), (0.1, 50), (0.1, 50.1), (0, 50.1)]
    return {
        "volume": {
            "outline_polygon": {"vertices": [{"lng": lng, "lat": lat} for lng, lat in changes.pop("corners", corners)]},
            "altitude_lower": {"value": changes.pop("low", 100), "reference": "W84", "units": "M"},
            "altitude_upper": {"value": changes.pop("high", 200), "reference": "W84", "units": "M"},
        },
        "time_start": {"value": "2031-01-01T10:00:00Z", "format": "RFC3339"},
        "time_end": {"value": "2031-01-01T12:00:00+01:00", "format": "RFC3339"},
    } | changes


def raw(*held: Any) -> bytes:
    return json.dumps([{"id": f"P{n}", "volumes": [one]} for n, one in enumerate(held)]).encode()


def test_neighbours_only_touch() -> None:
    beside = [(0.1, 50), (0.2, 50), (0.2, 50.1), (0.1, 50.1)]
    assert conflicts(read_plans(raw(volume(), volume(corners=beside))).volumes) == []
    assert conflicts(read_plans(raw(volume(), volume(low=200, high=300))).volumes) == []
    later = {"time_start": {"value": "2031-01-01T11:00:00Z", "format": "RFC3339"}}
    later |= {"time_end": {"value": "2031-01-01T12:00:00Z", "format": "RFC3339"}}
    assert conflicts(read_plans(raw(volume(), volume(**later))).volumes) == []
    (found,) = conflicts(read_plans(raw(volume(), volume(low=150, high=300))).volumes)
    assert (found.low_m, found.high_m, found.later_us, found.higher_m) == (150, 200, 3_600_000_000, 50)


NO_ZONE = {"value": "2031-01-01T10:00:00", "format": "RFC3339"}
EARLY = {"value": "2030-01-01T10:00:00Z", "format": "RFC3339"}


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        (volume(corners=[(0, 50), (0.1, 50.1), (0.1, 50), (0, 50.1)]), "vertices", "cross"),
        (volume(corners=[(0, 50), (0.1, 50)]), "vertices", "3 to 1,000 corners"),
        (volume(corners=[(0, 50), (3, 50), (3, 53), (0, 53)]), "vertices", "more than 10,000 km2"),
        (volume(corners=[(0, 50), (181, 50), (0.1, 50.1)]), "vertices", "longitudes to 180"),
        (volume(low=300), "altitude_upper", "not above"),
        (volume(time_start=NO_ZONE), "time_start", "no time with a zone|not a time with a zone"),
        (volume(time_end=EARLY), "time_end", "not after its start"),
        (volume(time_end=None), "time_end", "missing"),
        (volume(extra=1), "[1].volumes[0]", "unknown field"),
        (volume(volume={}), "outline_polygon", "either a polygon or a circle"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_taken(wrong: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as told:
        read_plans(raw(volume(), wrong))
    assert told.value.field == field
    assert "plan 2" in str(told.value) or field.startswith("[1]")


@given(st.binary(max_size=200))
def test_whatever_bytes_come_the_answer_is_plans_or_what_is_wrong(given_bytes: bytes) -> None:
    try:
        held = read_plans(given_bytes).volumes
    except InputError:
        return
    assert held == []


def test_a_plan_comes_once_and_has_volumes() -> None:
    twice = json.dumps([{"id": "A", "volumes": [volume()]}] * 2).encode()
    with pytest.raises(InputError, match="`A` is plan 1 already"):
        read_plans(twice)
    with pytest.raises(InputError, match="a plan has a volume"):
        read_plans(b'[{"id":"A","volumes":[]}]')
    assert conflicts(read_plans(b"[]").volumes) == []


@pytest.mark.parametrize("lat", [0.0, 47.0, 60.0, 80.0, 84.0])
@pytest.mark.parametrize("bearing", [0, 40, 90, 180])
def test_a_wide_circle_ends_where_geodesics_say(lat: float, bearing: int) -> None:
    """56 km across, up to far north, where a plane at the middle is off by hundreds of metres."""
    radius_m = 56_000.0
    for beyond_m, wanted in ((-20.0, True), (20.0, False)):
        corner = destination(lat, 10.0, bearing, radius_m + beyond_m)
        away = [destination(*corner, bearing + turn, 400.0) for turn in (-20, 20)]
        ring = tuple((lng, y) for y, lng in (corner, *away))
        pair = [
            PlannedVolume("A", 0, (), (10.0, lat), radius_m, 0.0, 9.0, 0, 9),
            PlannedVolume("B", 0, ring, (0.0, 0.0), 0.0, 0.0, 9.0, 0, 9),
        ]
        assert bool(conflicts(pair)) is wanted, (lat, bearing, beyond_m)
