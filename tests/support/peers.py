"""Other people's implementations, each in a throwaway environment of its own, as the benchmarks install them."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from watchfloor.deconflict.sweep import Traffic
from watchfloor.messages.alerts import Minima

BENCH = Path(__file__).parents[2] / "bench"
sys.path.append(str(BENCH))

from _figures import peer_python  # noqa: E402


def asked_of_bluesky(scenes: Iterable[Traffic], minima: Minima, folder: Path) -> list[dict[str, Any]]:
    """What BlueSky's compiled detector answers about each scene."""
    names = []
    for number, scene in enumerate(scenes):
        names.append(str(folder / f"scene-{number}.npz"))
        limits = np.array([minima.horizontal_m, minima.vertical_ft, minima.lookahead_us / 1e6])
        np.savez(names[-1], minima=limits, **scene._asdict())
    program = [str(peer_python("bluesky")), str(BENCH / "peers" / "bluesky_detect.py"), *names]
    told = subprocess.run(program, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in told.splitlines()]
