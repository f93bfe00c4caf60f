"""Printing figures: one JSON line each, or a line for people; and where throwaway peers are installed."""

import json
import subprocess
import sys
import venv
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir


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

    def holds(self) -> bool:
        """Whether the goal is met; goals are on the ratio."""
        if self.ratio is None:
            return False
        return self.ratio >= self.goal if self.better == "higher" else self.ratio <= self.goal


def tell(figure: Figure, *, as_json: bool) -> None:
    """Print a figure."""
    if as_json:
        print(json.dumps({**asdict(figure), "pass": figure.holds()}), flush=True)
        return
    verdict = "goal met" if figure.holds() else "GOAL NOT MET"
    peer = "-" if figure.peer is None else f"{figure.peer:.4g}"
    ratio = "-" if figure.ratio is None else f"{figure.ratio:.3f}"
    print(
        f"{figure.name}: ours {figure.ours:.4g}, peer {peer} {figure.unit}; ratio {ratio} "
        f"({figure.better} is better, goal {figure.goal:g}): {verdict}; {figure.rounds} rounds, {figure.load}",
        flush=True,
    )


def peer_python(name: str) -> Path:
    """The Python of a throwaway environment with a peer, installed by its hashed lock."""
    lock = Path(__file__).parent / "peers" / f"{name}.lock"
    home = Path(gettempdir()) / f"watchfloor-peer-{name}-{hash_of(lock)}"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        print(f"installing the peer {name} in {home}", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)], check=True)
        (home / "ready").touch()
    return python


def hash_of(path: Path) -> str:
    """A short hash of a file, so that a changed lock makes a new environment."""
    return sha256(path.read_bytes()).hexdigest()[:12]
