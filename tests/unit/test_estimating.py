"""The filter: against one written apart on a plane, at the poles and the date line, and with reports out of order."""

from math import cos, radians

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.base.geodesy import Floats, ecef_from_wgs84, ecef_velocity
from watchfloor.picture import estimating
from watchfloor.picture.estimating import (
    DOUBT,
    SMOOTH_M2PS3,
    TIME,
    Surprise,
    apart,
    begin,
    believe,
    predict,
    told,
    update,
)

PLACES = ((47.0, 8.0), (0.0, 179.999), (-16.5, -179.999), (89.97, 30.0), (-89.98, -140.0), (0.0, 0.0))


def report(lat_deg: float, lon_deg: float, error_m: float = 50.0) -> tuple[Floats, Floats]:
    lat, lon = np.array([lat_deg]), np.array([lon_deg])
    one = np.array([error_m])
    return ecef_from_wgs84(lat, lon), estimating.error_vectors(lat, lon, np.zeros(1), one, one)


def seconds(value: float) -> Floats:
    return np.array([value * 1e6])


@pytest.mark.parametrize(("lat_deg", "lon_deg"), PLACES)
@pytest.mark.parametrize("trk_deg", [0.0, 37.0, 180.0, 271.0])
def test_a_prediction_follows_the_geodesic_anywhere_on_earth(lat_deg: float, lon_deg: float, trk_deg: float) -> None:
    there = np.array([lat_deg]), np.array([lon_deg])
    velocity = ecef_velocity(*there, np.array([250.0]), np.array([trk_deg]))
    row = believe(seconds(0), ecef_from_wgs84(*there), velocity, np.array([10.0]), np.array([1.0]))
    for second in range(1, 61):  # in steps, so that the axes have to be carried along
        row = predict(row, seconds(second))
    end = Geodesic.WGS84.Direct(lat_deg, lon_deg, trk_deg, 250.0 * 60)
    ((lat_told, lon_told, gs_mps, _),) = told(row)
    assert Geodesic.WGS84.Inverse(lat_told, lon_told, end["lat2"], end["lon2"])["s12"] < 2.0
    assert gs_mps == pytest.approx(250.0, abs=0.01)


class Plane:
    """A Kalman filter of place and velocity on a plane, written for this test from the textbook's equations."""

    def __init__(self, z: Floats, noise: Floats) -> None:
        self.x = np.array([z[0], z[1], 0.0, 0.0])
        self.p = np.diag([0.0, 0.0, estimating.UNKNOWN_MPS**2, estimating.UNKNOWN_MPS**2])
        self.p[:2, :2] = noise

    def take(self, dt: float, z: Floats, noise: Floats) -> None:
        f = np.eye(4)
        f[0, 2] = f[1, 3] = dt
        q = np.kron(np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]]), np.eye(2)) * SMOOTH_M2PS3
        x, p = f @ self.x, f @ self.p @ f.T + q
        h = np.eye(2, 4)
        gain = p @ h.T @ np.linalg.inv(h @ p @ h.T + noise)
        self.x, self.p = x + gain @ (z - h @ x), (np.eye(4) - gain @ h) @ p


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    bearing_deg=st.floats(0, 360),
    gaps_s=st.lists(st.integers(1, 6), min_size=3, max_size=12),
)
def test_it_thinks_what_a_filter_on_a_plane_thinks(seed: int, bearing_deg: float, gaps_s: list[int]) -> None:
    dice, start = np.random.default_rng(seed), (10.0, 20.0)
    turned = radians(bearing_deg)
    axes = np.array([[np.sin(turned), np.cos(turned)], [np.cos(turned), -np.sin(turned)]])
    noise = axes.T @ np.diag([60.0**2, 250.0**2]) @ axes
    row, plane, now_s = None, None, 0
    for gap_s in (0, *gaps_s):
        now_s += gap_s
        z = np.array([40.0, 90.0]) * now_s + dice.multivariate_normal((0, 0), noise) * 0.3
        lat, lon = start[0] + z[1] / 110_608.0, start[1] + z[0] / (111_319.5 * cos(radians(start[0])) * 1.0001)
        where = np.array([lat]), np.array([lon])
        errors = estimating.error_vectors(*where, np.array([bearing_deg]), np.array([60.0]), np.array([250.0]))
        place = ecef_from_wgs84(*where)
        if row is None or plane is None:
            row, plane = begin(seconds(now_s), place, errors), Plane(z, noise)
            continue
        ahead = predict(row, seconds(now_s))
        row = Surprise(ahead, seconds(now_s), place, errors).resolve()
        plane.take(gap_s, z, noise)
    assert row is not None
    assert plane is not None
    ((lat_told, lon_told, gs_mps, _),) = told(row)
    end = Geodesic.WGS84.Inverse(*start, lat_told, lon_told)
    east_m, north_m = end["s12"] * np.sin(radians(end["azi1"])), end["s12"] * np.cos(radians(end["azi1"]))
    assert np.hypot(east_m - plane.x[0], north_m - plane.x[1]) < 3.0
    assert gs_mps == pytest.approx(np.hypot(plane.x[2], plane.x[3]), abs=0.2)
    doubt = row[0, DOUBT].reshape(4, 4)
    assert np.linalg.det(doubt[:2, :2]) == pytest.approx(np.linalg.det(plane.p[:2, :2]), rel=1e-3)
    assert np.trace(doubt[2:, 2:]) == pytest.approx(np.trace(plane.p[2:, 2:]), rel=1e-3)


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    lat, lon = np.linspace(-80, 80, 40), np.linspace(-179, 179, 40)
    one = np.full(40, 40.0)
    errors = estimating.error_vectors(lat, lon, lon % 360, one, 3 * one)
    rows = begin(np.zeros(40), ecef_from_wgs84(lat, lon), errors)
    later, moved = np.full(40, 4e6), ecef_from_wgs84(lat + 0.002, lon + 0.003)
    together = update(rows, later, moved, errors)
    apart_rows = [update(rows[n : n + 1], later[:1], moved[n : n + 1], errors[n : n + 1])[0] for n in range(40)]
    np.testing.assert_allclose(together, np.stack(apart_rows), rtol=1e-12)


def test_an_older_report_sharpens_an_estimate_without_turning_its_clock_back() -> None:
    place, errors = report(47.0, 8.0)
    row = begin(seconds(0), place, errors)
    for second in (4, 8, 12):
        row = update(row, seconds(second), *report(47.0 + 0.0009 * second, 8.0))
    after = update(row, seconds(11), *report(47.0 + 0.0009 * 11, 8.0))
    assert after[0, TIME] == row[0, TIME]
    assert np.linalg.det(after[0, DOUBT].reshape(4, 4)) < np.linalg.det(row[0, DOUBT].reshape(4, 4))
    assert Surprise(row, seconds(11), *report(47.0 + 0.0009 * 11, 8.0)).squared[0] < 1.0
    assert Surprise(row, seconds(11), *report(47.02, 8.0)).squared[0] > 100.0


def test_who_turns_is_followed_faster_than_who_flies_straight_is_believed() -> None:
    place, errors = report(47.0, 8.0, 20.0)
    row = begin(seconds(0), place, errors)
    for second in range(1, 31):
        row = update(row, seconds(second), *report(47.0 + 0.0018 * second, 8.0, 20.0))
    aside = report(47.0 + 0.0018 * 34, 8.0 + 0.005, 20.0)
    believed = Surprise(predict(row, seconds(34)), seconds(34), *aside).resolve()
    followed = update(row, seconds(34), *aside)
    east = [np.degrees(np.arctan2(one[0, 2], one[0, 1])) - 8.0 for one in (believed, followed)]
    assert east[0] < east[1] <= 0.0051


def test_two_estimates_of_one_aircraft_are_near_each_other_whatever_their_axes() -> None:
    first = begin(seconds(0), *report(89.999, 10.0))
    second = predict(begin(seconds(0), *report(89.9991, -170.0)), seconds(0))
    squared, differing = apart(first, second)
    gap_m = Geodesic.WGS84.Inverse(89.999, 10.0, 89.9991, -170.0)["s12"]
    assert squared[0] == pytest.approx(gap_m**2 / (2 * 50.0**2), rel=1e-3)
    assert differing[0] == 0.0
