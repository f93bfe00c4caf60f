"""Printing figures: one JSON line each, or a line for people; and where throwaway peers are installed."""

import json
import subprocess
import sys
import time
import venv
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from statistics import median
from tempfile import gettempdir
from typing import Any

MAX_DRIFT = 0.10


@dataclass(frozen=True)
class Figure:
    """One measured figure beside its peer; `ratio` is ours / peer."""

    name: str
    ours: float
    peer: float | None
    ratio: float | None
    unit: str
    better: str
    goal: float
    rounds: int
    load: str
    is_void: bool = False

    def holds(self) -> bool:
        """Whether the goal is met; it is on the ratio, or on our own value where there is no peer."""
        judged = self.ours if self.ratio is None else self.ratio
        return not self.is_void and (judged >= self.goal if self.better == "higher" else judged <= self.goal)


def tell(figure: Figure, *, as_json: bool) -> None:
    """Print a figure."""
    if as_json:
        print(json.dumps({**asdict(figure), "pass": figure.holds()}), flush=True)
        return
    verdict = "goal met" if figure.holds() else "GOAL NOT MET"
    if figure.is_void:
        verdict = "void: the machine's own speed drifted by more than 10 %"
    peer = "-" if figure.peer is None else f"{figure.peer:.4g}"
    ratio = "-" if figure.ratio is None else f"{figure.ratio:.3f}"
    print(
        f"{figure.name}: ours {figure.ours:.4g}, peer {peer} {figure.unit}; ratio {ratio} "
        f"({figure.better} is better, goal {figure.goal:g}): {verdict}; {figure.rounds} rounds, {figure.load}",
        flush=True,
    )


def paired(name: str, ours: list[float], peer: list[float], **words: Any) -> Figure:
    """A figure from rounds in which both ran in turn: medians, and the median of the rounds' ratios."""
    ratio = median(one / other for one, other in zip(ours, peer, strict=True))
    return Figure(name, median(ours), median(peer), ratio, rounds=len(ours), **words)


def absolute(name: str, ours: list[float], calibrations: list[float], **words: Any) -> Figure:
    """A figure without a peer: the median beside a calibration loop, void when that loop drifted."""
    drift = max(calibrations) / min(calibrations) - 1
    return Figure(name, median(ours), None, None, rounds=len(ours), is_void=drift > MAX_DRIFT, **words)


def calibration_s() -> float:
    """How long a fixed piece of work takes now: hashing 64 MiB in pieces."""
    piece = bytes(1 << 20)
    start = time.perf_counter()
    for _ in range(64):
        sha256(piece).digest()
    return time.perf_counter() - start


def peer_python(name: str) -> Path:
    """The Python of a throwaway environment with a peer, installed by its hashed lock."""
    lock = Path(__file__).parent / "peers" / f"{name}.lock"
    home = Path(gettempdir()) / f"watchfloor-peer-{name}-{hash_of(lock)}"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        print(f"installing the peer {name} in {home}", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(lock)], check=True
        )
        (home / "ready").touch()
    return python


def hash_of(path: Path) -> str:
    """A short hash of a file, so that a changed lock makes a new environment."""
    return sha256(path.read_bytes()).hexdigest()[:12]
