"""The planes on which pairs are judged: one at the pair's middle latitude, one around each pole.

Below 80 degrees a pair lies on the plane of its middle latitude: north is the difference of latitudes, east that of
longitudes shrunk by the middle latitude's cosine, on a sphere of 6,371 km. It is what the field's tool BlueSky reckons
with, so that pairs are the same. Against geodesics on WGS 84, flown for 300 s by two that start up to 160 km apart, its
distances are off by at most 1 % of where they start below 50 degrees, 2 % below 70 and 5 % below 80 (a test measures
it). Beyond 80 degrees that plane tears; such a pair lies on the plane around its pole, which keeps distances from it.
**Source**: equirectangular and azimuthal equidistant projection (Snyder 1987, chapters 12 and 25).
"""

from math import pi
from typing import NamedTuple

import numpy as np

from watchfloor.base.geodesy import Floats

RADIUS_M = 6_371_000.0
POLAR_DEG = 80.0
POLAR_RAD = POLAR_DEG * pi / 180.0


class Motion(NamedTuple):
    """Aircraft on a plane: place, velocity, and what the plane needs to judge a pair; shape `(n,)` each.

    On the plane of a middle latitude `x` is the longitude and `y` the latitude [rad], `half_cos` and `half_sin` are
    those of half the latitude. Around a pole `x` and `y` are [m] and the halves are not read.
    """

    x: Floats
    y: Floats
    east_mps: Floats
    north_mps: Floats
    half_cos: Floats
    half_sin: Floats


def middle(lat_deg: Floats, lon_deg: Floats, gs_mps: Floats, trk_deg: Floats) -> Motion:
    """Aircraft for planes of their pairs' middle latitudes."""
    lat, trk = np.radians(lat_deg), np.radians(trk_deg)
    lon = np.radians(np.remainder(lon_deg + 180.0, 360.0) - 180.0)
    return Motion(lon, lat, gs_mps * np.sin(trk), gs_mps * np.cos(trk), np.cos(lat / 2), np.sin(lat / 2))


def polar(lat_deg: Floats, lon_deg: Floats, gs_mps: Floats, trk_deg: Floats) -> Motion:
    """Aircraft of one hemisphere on the plane around its pole; the southern one is seen in a mirror."""
    lat, lon, trk = np.radians(np.abs(lat_deg)), np.radians(lon_deg), np.radians(trk_deg)
    north = np.where(lat_deg < 0, -1.0, 1.0) * gs_mps * np.cos(trk)
    east, away_m = gs_mps * np.sin(trk), RADIUS_M * (pi / 2 - lat)
    sin, cos = np.sin(lon), np.cos(lon)
    none = np.zeros_like(lat)
    return Motion(away_m * sin, -away_m * cos, east * cos - north * sin, east * sin + north * cos, none, none)
