"""BlueSky's compiled conflict detector over scenes: run by the Python of its own environment.

usage: python bluesky_detect.py SCENE.npz... ; prints one JSON line a scene: the time it took, and each pair with its
closest approach [m], when that is [s], and when the loss begins [s]
"""

import importlib.util
import json
import sys
import sysconfig
import time
from pathlib import Path

import numpy as np


class Aircraft:
    """What the detector reads by name."""

    def __init__(self, scene):
        self.id = [str(place) for place in range(len(scene["lat_deg"]))]
        self.lat, self.lon, self.trk = scene["lat_deg"], scene["lon_deg"], scene["trk_deg"]
        self.gs, self.alt, self.vs = (
            scene["gs_kt"] * 1852 / 3600,
            scene["alt_ft"] * 0.3048,
            scene["vs_fpm"] * 0.3048 / 60,
        )


def detector():
    (path,) = (Path(sysconfig.get_path("platlib")) / "bluesky/traffic/asas").glob("cstatebased*.so")
    spec = importlib.util.spec_from_file_location("cstatebased", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.detect


def main():
    detect = detector()
    for name in sys.argv[1:]:
        with np.load(name) as held:
            aircraft, minima = Aircraft(held), held["minima"]
        each = [np.full(len(aircraft.id), value) for value in (minima[0], minima[1] * 0.3048, minima[2])]
        begin = time.perf_counter()
        found = detect(aircraft, aircraft, *each)
        took_s = time.perf_counter() - begin
        pairs = {
            tuple(sorted((int(one), int(other)))): [closest_m, closest_s, in_s]
            for (one, other), closest_m, closest_s, in_s in zip(found[0], *found[6:9], strict=True)
        }
        print(
            json.dumps({"took_s": took_s, "pairs": [[*pair, *told] for pair, told in sorted(pairs.items())]}),
            flush=True,
        )


if __name__ == "__main__":
    main()
