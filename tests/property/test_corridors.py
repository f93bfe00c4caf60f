"""Corridors hold every place where an aircraft may be; reservations are read from GeoJSON or refused."""

import json
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from watchfloor.base.errors import InputError
from watchfloor.base.geodesy import destination, track_and_length
from watchfloor.deconflict.corridors import corridor_of
from watchfloor.deconflict.plans import against, conflicts
from watchfloor.messages.volumes import PlannedVolume, Trajectory, TrajectoryPoint
from watchfloor.wire.f3548 import read_plans
from watchfloor.wire.reservations import KINDS, read_reservations

LEGS = st.lists(
    st.tuples(
        st.floats(0, 359.9),
        st.just(0.0) | st.floats(1, 500) | st.floats(500, 150_000),
        st.floats(-500, 500),
        st.integers(30, 3000),
    ),
    min_size=1,
    max_size=4,
)


def trajectory(lat: float, lon: float, legs: list[tuple[float, float, float, int]]) -> Trajectory:
    points = [TrajectoryPoint(lat, lon, 1000.0, 0)]
    for track, length_m, climb_m, seconds in legs:
        last = points[-1]
        there = destination(last.lat_deg, last.lon_deg, track, length_m)
        points.append(TrajectoryPoint(*there, last.height_m + climb_m, last.at_us + seconds * 1_000_000))
    return Trajectory("T", tuple(points), 800.0, 60.0, 5_000_000)


def holds(volume: PlannedVolume, lat: float, lon: float, height_m: float, at_us: int) -> bool:
    if not (volume.low_m <= height_m <= volume.high_m and volume.begin_us <= at_us <= volume.end_us):
        return False
    outline = shapely.Polygon(volume.ring)
    return any(outline.covers(shapely.Point(lon + turn, lat)) for turn in (-360, 0, 360))


@settings(max_examples=200, deadline=None)
@given(
    st.floats(-78, 78), st.sampled_from([0.0, 179.9, -179.9, 12.0]), LEGS, st.integers(0, 3), st.floats(0, 1),
    st.floats(-1, 1), st.floats(-1, 1), st.integers(-5_000_000, 5_000_000),
)  # fmt: skip
def test_wherever_an_aircraft_may_be_a_volume_of_its_corridor_holds_it(
    lat: float,
    lon: float,
    legs: list[tuple[float, float, float, int]],
    leg: int,
    share: float,
    aside: float,
    above: float,
    late_us: int,
) -> None:
    planned = trajectory(lat, lon, legs)
    if max(abs(point.lat_deg) for point in planned.points) > 83:
        return
    one, other = planned.points[leg % len(legs)], planned.points[leg % len(legs) + 1]
    track, length_m = track_and_length(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
    on = destination(one.lat_deg, one.lon_deg, track, length_m * share)
    along = track_and_length(*on, other.lat_deg, other.lon_deg)[0] if share < 0.999 else track
    place = destination(*on, along + 90, 800.0 * aside)
    height_m = one.height_m + (other.height_m - one.height_m) * share + 60.0 * above
    at_us = one.at_us + round((other.at_us - one.at_us) * share) + late_us
    assert any(holds(volume, *place, height_m, at_us) for volume in corridor_of(planned))


def test_corridors_are_no_wider_than_they_must_be() -> None:
    planned = trajectory(47.0, 8.0, [(90.0, 59_000.0, 0.0, 600)])
    on = destination(47.0, 8.0, 90.0, 29_500.0)
    aside = destination(*on, 0.0, 850.0)
    volumes = corridor_of(planned)
    assert len(volumes) == 3
    assert not any(holds(volume, *aside, 1000.0, 300_000_000) for volume in volumes)


def test_two_that_hover_in_one_place_meet() -> None:
    plans = [trajectory(47.0, 8.0, [(0.0, 0.0, 0.0, 1800)]) for _ in range(2)]
    volumes = [
        replace(volume, plan_id=name) for name, plan in zip("AB", plans, strict=True) for volume in corridor_of(plan)
    ]
    assert len(conflicts(volumes)) == 1


def test_a_way_around_the_world_and_back_is_refused() -> None:
    with pytest.raises(InputError, match="is longer than"):
        corridor_of(trajectory(0.0, 0.0, [(90.0, 19_000_000.0, 0.0, 3000)] * 4))


def test_trajectories_meet_like_volumes_and_the_shift_clears_them() -> None:
    def flown(name: str, track: float, at: int) -> dict[str, Any]:
        ends = [destination(47.0, 8.0, track + 180, 20_000.0), destination(47.0, 8.0, track, 20_000.0)]
        points = [
            {
                "lat": lat,
                "lng": lng,
                "altitude": {"value": 1000, "reference": "W84", "units": "M"},
                "time": {"value": f"2031-01-01T10:{at + minutes:02}:00Z", "format": "RFC3339"},
            }
            for (lat, lng), minutes in zip(ends, (0, 10), strict=True)
        ]
        room = {"half_width_m": 500, "half_height_m": 50, "half_time_s": 30}
        return {"id": name, "trajectory": {"points": points} | room}

    def found(*plans: dict[str, Any]) -> list[Any]:
        held = read_plans(json.dumps(plans).encode()).trajectories
        return conflicts([volume for one in held for volume in corridor_of(one)])

    (crossing,) = found(flown("A", 90, 0), flown("B", 0, 0))
    assert crossing.volumes
    assert found(flown("A", 90, 0), flown("B", 0, 20)) == []
    assert crossing.later_us is not None


PLACE = {"lat": 47, "lng": 8, "altitude": {"value": 1, "reference": "W84", "units": "M"}}
EARLY = PLACE | {"time": {"value": "2031-01-01T10:00:00Z", "format": "RFC3339"}}
LATE = PLACE | {"time": {"value": "2031-01-01T11:00:00Z", "format": "RFC3339"}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"points": [EARLY]}, "2 to 10,000 points"),
        ({"points": [LATE, EARLY]}, "point 2: it is not later"),
        ({"points": [EARLY, LATE | {"lat": 89}]}, "point 2"),
        ({"half_width_m": 0}, "`half_width_m` is above 0"),
        ({"half_time_s": 1e9}, "`half_time_s` is above 0"),
    ],
)
def test_a_trajectory_that_cannot_be_flown_is_refused(change: dict[str, Any], said: str) -> None:
    flown = {"points": [EARLY, LATE], "half_width_m": 1, "half_height_m": 1, "half_time_s": 1} | change
    with pytest.raises(InputError, match=said):
        read_plans(json.dumps([{"id": "A", "trajectory": flown}]).encode())
    both = [{"id": "A", "trajectory": flown, "volumes": []}, {"id": "B"}]
    with pytest.raises(InputError):
        read_plans(json.dumps(both).encode())


def feature(name: str = "R-1", **changes: Any) -> dict[str, Any]:
    square = [[8, 47], [8.1, 47], [8.1, 47.1], [8, 47.1], [8, 47]]
    properties = {"kind": "restricted", "from": "2031-01-01T10:00:00Z", "until": "2031-01-01T12:00:00Z"}
    geometry = changes.pop("geometry", {"type": "Polygon", "coordinates": [square]})
    held = {"type": "Feature", "id": name, "geometry": geometry, "properties": properties | changes}
    return {"type": "FeatureCollection", "features": [held]}


def test_reservations_are_volumes_and_plans_are_held_against_them() -> None:
    (volume,) = read_reservations(json.dumps(feature(lower_m=100)).encode())
    assert (volume.plan_id, volume.low_m, volume.high_m, len(volume.ring)) == ("R-1", 100, float("inf"), 4)
    circle = feature(geometry={"type": "Point", "coordinates": [8, 47, 400]}, radius_m=2000, upper_m=None)
    (volume,) = read_reservations(json.dumps(circle).encode())
    assert (volume.center, volume.radius_m) == ((8, 47), 2000)
    inside = PlannedVolume("A", 0, (), (8.0, 47.0), 100.0, 0.0, 50.0, volume.begin_us, volume.end_us)
    other = PlannedVolume("B", 0, (), (8.0, 47.0), 100.0, 0.0, 50.0, volume.begin_us, volume.end_us)
    assert [(one.a, one.b) for one in against([inside, other, volume], "R-1")] == [("A", "R-1"), ("B", "R-1")]
    assert [(one.a, one.b) for one in against([inside, other, volume], "A")] == [("A", "B"), ("A", "R-1")]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "kill box"}, "`kind` is one of closed"),
        ({"kind": None}, "`kind` is one of"),
        ({"from": "2031-01-01T10:00:00"}, "zone"),
        ({"until": "2031-01-01T09:00:00Z"}, "not after its start"),
        ({"lower_m": "x"}, "Expected `float`"),
        ({"geometry": {"type": "LineString", "coordinates": []}}, "a Polygon without holes"),
        ({"geometry": {"type": "Point", "coordinates": [8, 47]}}, "Expected `float`"),
        ({"geometry": {"type": "Polygon", "coordinates": [[[8, 47], [8.1, 47.1], [8.1, 47], [8, 47.1]]]}}, "cross"),
        ({"geometry": {"type": "Polygon", "coordinates": [["a", "b", "c"]]}}, "a position"),
        ({"geometry": None}, "a `geometry`"),
        ({"geometry": {"type": "Polygon", "coordinates": [5]}}, "a Polygon without holes"),
        ({"from": "9999-12-31T23:00:00-10:00"}, "not a time|from 1970"),
        ({"from": "1960-01-01T00:00:00Z"}, "from 1970 to 2199"),
        ({"name": ""}, "an `id`"),
    ],
)
def test_a_reservation_that_is_none_is_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=f"feature 1: .*{said}"):
        read_reservations(json.dumps(feature(**wrong)).encode())


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from(KINDS),
                    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
                        st.sampled_from(["type", "features", "id", "properties", "geometry", "kind", "coordinates"]),
                        inner, max_size=5), max_leaves=12))  # fmt: skip
def test_whatever_json_comes_the_answer_is_reservations_or_what_is_wrong(document: Any) -> None:
    held = {"type": "FeatureCollection", "features": [document]}
    for one in (document, held):
        try:
            found = read_reservations(json.dumps(one).encode())
        except InputError:
            continue
        assert found == []
