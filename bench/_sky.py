"""A sky with known truth: aircraft that turn and leave, seen by ADS-B and two radars, with clutter and drop-outs.

Everything is reckoned on a plane that touches the ellipsoid at `MIDDLE`, so that a tracker that knows only a plane can
be given the same reports; ours is given latitudes and longitudes.
"""

from math import atan2, degrees, hypot
from typing import NamedTuple

import numpy as np
from geographiclib.geodesic import Geodesic
from numpy.typing import NDArray

MIDDLE = (47.0, 8.0)
HALF_M = 90_000.0
EQUIPPED = 0.8
ADSB_ERROR_M, ADSB_ERROR_MPS, ADSB_HEARD = 10.0, 1.0, 0.9
SILENCE_EVERY_S, SILENCE_S = 120.0, 20.0
RADARS = {"radar-a": ((-60_000.0, -30_000.0), 4.0), "radar-b": ((50_000.0, 55_000.0), 6.0)}
RANGE_ERROR_M, AZIMUTH_ERROR_DEG = 60.0, 0.08
SEEN, CLUTTER = 0.9, 30

Floats = NDArray[np.float64]


class Report(NamedTuple):
    """One report: where on the plane [m], its covariance [m2], who it says it is, and how it flies [m/s]."""

    x_m: float
    y_m: float
    covariance: Floats
    bearing_deg: float
    along_m: float
    across_m: float
    identity: str | None
    velocity_mps: tuple[float, float] | None


class Scan(NamedTuple):
    """What one source reports at one time."""

    t_s: float
    source: str
    reports: list[Report]


class Sky(NamedTuple):
    """Scans in order of time, when to ask, and where the aircraft truly are then: `(n, 2)` [m] each."""

    scans: list[Scan]
    ask_s: list[float]
    truth: list[Floats]


def make(seed: int, aircraft: int, lasting_s: int) -> Sky:
    """A sky of `aircraft`, for `lasting_s` seconds."""
    dice = np.random.default_rng(seed)
    paths = np.stack([_path(dice, lasting_s) for _ in range(aircraft)])
    begins = np.where(dice.random(aircraft) < 0.3, dice.integers(0, lasting_s // 2, aircraft), 0)
    ends = np.where(dice.random(aircraft) < 0.3, begins + dice.integers(lasting_s // 3, lasting_s, aircraft), lasting_s)
    equipped = dice.random(aircraft) < EQUIPPED
    silent_from = dice.uniform(0, SILENCE_EVERY_S, aircraft)
    scans = []
    for second in range(1, lasting_s):
        there = (begins <= second) & (second < ends)
        silent = (second - silent_from) % SILENCE_EVERY_S < SILENCE_S
        heard = there & equipped & ~silent & (dice.random(aircraft) < ADSB_HEARD)
        scans.append(
            Scan(float(second), "adsb", [_said(dice, paths[one], second, one) for one in np.flatnonzero(heard)])
        )
        for name, (site, turn_s) in RADARS.items():
            if second % turn_s == 0:
                seen = np.flatnonzero(there & (dice.random(aircraft) < SEEN))
                places = [paths[one, second] for one in seen]
                clutter = dice.uniform(-HALF_M, HALF_M, (dice.poisson(CLUTTER), 2))
                scans.append(Scan(second + 0.25, name, [_echo(dice, site, place) for place in (*places, *clutter)]))
    ask_s = [second + 0.5 for second in range(30, lasting_s - 1, 2)]
    truth = [_truth(paths, begins, ends, ask) for ask in ask_s]
    return Sky(scans, ask_s, truth)


def _path(dice: np.random.Generator, lasting_s: int) -> Floats:
    """Places second by second: straight legs and turns at up to 3 degrees a second."""
    place, heading = dice.uniform(-HALF_M * 0.8, HALF_M * 0.8, 2), dice.uniform(0, 2 * np.pi)
    speed_mps, turn, until = dice.uniform(60, 240), 0.0, 0
    path = np.empty((lasting_s + 1, 2))
    for second in range(lasting_s + 1):
        path[second] = place
        if second >= until:
            is_turning = turn == 0.0 and dice.random() < 0.5
            turn = np.radians(dice.uniform(1, 3)) * dice.choice((-1, 1)) if is_turning else 0.0
            until = second + int(dice.integers(10, 30) if is_turning else dice.integers(20, 90))
        heading += turn
        place = place + speed_mps * np.array((np.sin(heading), np.cos(heading)))
    return path


def _said(dice: np.random.Generator, path: Floats, second: int, one: int) -> Report:
    x_m, y_m = path[second] + dice.normal(0, ADSB_ERROR_M, 2)
    east_mps, north_mps = path[second + 1] - path[second] + dice.normal(0, ADSB_ERROR_MPS, 2)
    covariance, name = np.eye(2) * ADSB_ERROR_M**2, f"{0x400000 + int(one):06x}"
    return Report(x_m, y_m, covariance, 0.0, ADSB_ERROR_M, ADSB_ERROR_M, name, (east_mps, north_mps))


def _echo(dice: np.random.Generator, site: tuple[float, float], place: Floats) -> Report:
    east, north = place - np.array(site)
    range_m, azimuth = hypot(east, north), atan2(east, north)
    range_m += dice.normal(0, RANGE_ERROR_M)
    azimuth += dice.normal(0, np.radians(AZIMUTH_ERROR_DEG))
    across_m = range_m * np.radians(AZIMUTH_ERROR_DEG)
    outward, sideward = np.array((np.sin(azimuth), np.cos(azimuth))), np.array((np.cos(azimuth), -np.sin(azimuth)))
    covariance = RANGE_ERROR_M**2 * np.outer(outward, outward) + across_m**2 * np.outer(sideward, sideward)
    x_m, y_m = np.array(site) + range_m * outward
    return Report(x_m, y_m, covariance, degrees(azimuth) % 360.0, RANGE_ERROR_M, across_m, None, None)


def _truth(paths: Floats, begins: Floats, ends: Floats, ask_s: float) -> Floats:
    second, part = int(ask_s), ask_s % 1
    there = (begins <= ask_s) & (ask_s < ends)
    places: Floats = paths[there, second] * (1 - part) + paths[there, second + 1] * part
    return places


def on_earth(x_m: float, y_m: float) -> tuple[float, float]:
    """Latitude and longitude [deg] of a place on the plane: its distance and bearing from the middle hold."""
    end = Geodesic.WGS84.Direct(*MIDDLE, degrees(atan2(x_m, y_m)), hypot(x_m, y_m))
    return end["lat2"], end["lon2"]


def on_plane(lat_deg: float, lon_deg: float) -> tuple[float, float]:
    """The place on the plane [m] of a latitude and longitude."""
    line = Geodesic.WGS84.Inverse(*MIDDLE, lat_deg, lon_deg)
    bearing = np.radians(line["azi1"])
    return line["s12"] * float(np.sin(bearing)), line["s12"] * float(np.cos(bearing))
