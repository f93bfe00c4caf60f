"""Units must not mix: the type checker refuses feet where metres are meant."""

import subprocess
import sys
from pathlib import Path

SNIPPET = """
from watchfloor.base.units import Feet, Metres, feet_from_metres, metres_from_feet

def deep(depth_m: Metres) -> None: ...

deep(metres_from_feet(3.0))
deep(Feet(3.0))  # refused
deep(feet_from_metres(3.0))  # refused
deep(3.0)  # refused
"""


def test_feet_are_refused_where_metres_are_meant(tmp_path: Path) -> None:
    file = tmp_path / "snippet.py"
    file.write_text(SNIPPET)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file", "", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    refused = [int(line.split(":")[1]) for line in done.stdout.splitlines() if "error" in line]
    wanted = [number for number, line in enumerate(SNIPPET.splitlines(), 1) if "# refused" in line]
    assert refused == wanted, done.stdout
