"""Scenes of many aircraft."""

import numpy as np

from watchfloor.deconflict.sweep import Traffic

Box = tuple[float, float, float, float]


def scene(count: int, box: Box, seed: int, *, fastest_kt: float = 500, highest_ft: int = 40_000) -> Traffic:
    """Aircraft strewn over a box of latitudes and longitudes, six in ten of them level."""
    random = np.random.default_rng(seed)
    south, north, west, east = box
    climbs = np.where(random.random(count) < 0.6, 0, random.integers(-25, 25, count) * 100).astype(np.float64)
    return Traffic(
        lat_deg=random.uniform(south, north, count),
        lon_deg=np.remainder(random.uniform(west, east, count) + 180, 360) - 180,
        alt_ft=np.rint(random.uniform(5_000, highest_ft, count)),
        gs_kt=random.uniform(fastest_kt / 2, fastest_kt, count),
        trk_deg=random.uniform(0, 360, count),
        vs_fpm=climbs,
    )
