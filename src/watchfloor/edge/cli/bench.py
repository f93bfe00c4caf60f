"""`watchfloor bench NAME`: paired benchmarks, from a repository checkout."""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

import watchfloor
from watchfloor.base.errors import InputError, UnavailableError


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "bench",
        help="a paired benchmark against a peer, from a repository checkout",
        description="Runs a benchmark of `bench/` beside its peer, which it installs in a throwaway environment.",
        epilog="example: watchfloor bench fanout --json",
    )
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--json", action="store_true", help="one JSON line per figure and nothing else")
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace) -> int:
    """Run a benchmark in its own process; its exit code is ours."""
    folder = Path(watchfloor.__file__).parents[2] / "bench"
    if not folder.is_dir():
        raise UnavailableError("benchmarks run from a repository checkout; this is an installed wheel")
    script = folder / f"{arguments.name}.py"
    if not script.is_file():
        known = ", ".join(sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")))
        raise InputError(f"no benchmark `{arguments.name}`; there are: {known}", field="NAME")
    command = [sys.executable, str(script)] + (["--json"] if arguments.json else [])
    return subprocess.run(command, check=False).returncode
