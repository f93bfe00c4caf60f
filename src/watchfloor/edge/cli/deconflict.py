"""`watchfloor deconflict`: conflicts among aircraft states, told one pair a line."""

import argparse
import json
import sys
from math import isinf
from pathlib import Path
from typing import Any

import numpy as np

from watchfloor.base.errors import InputError
from watchfloor.base.units import M_PER_NM, US_PER_S
from watchfloor.deconflict.telling import Told, sentence_of, told_of
from watchfloor.messages.alerts import Minima
from watchfloor.wire.states_csv import LIMITS, States, read_states

_LONGEST_LOOKAHEAD_S = 3_600.0


def add(commands: Any) -> None:
    """Add the command and its verbs."""
    parser = commands.add_parser(
        "deconflict",
        help="conflicts among aircraft states",
        description="Who will be too close to whom. Exit code 1: there are conflicts.",
        epilog="example: watchfloor deconflict live states.csv",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    live = verbs.add_parser(
        "live",
        help="pairs that will lose separation on straight lines",
        description="Every pair that will be closer than both minima at once, beginning within the look-ahead, if all "
        "fly on as they do. Exactly at a minimum is no loss; levels are compared in whole feet. "
        "Columns: id," + ",".join(LIMITS) + ".",
        epilog="example: watchfloor deconflict live states.csv --horizontal-nm 3 --json",
    )
    live.add_argument("file", metavar="FILE", help="a CSV file with one aircraft a row (-: standard input)")
    live.add_argument("--lookahead-s", type=float, default=300.0, metavar="S", help="how far ahead (default: 300)")
    live.add_argument("--horizontal-nm", type=float, default=5.0, metavar="NM", help="minimum across (default: 5)")
    live.add_argument(
        "--vertical-ft", type=float, default=1000.0, metavar="FT", help="minimum in level (default: 1000)"
    )
    live.add_argument("--json", action="store_true", help="one JSON line a pair and nothing else")
    live.set_defaults(work=work_live)


def work_live(arguments: argparse.Namespace) -> int:
    """Print the pairs; exit code 1, when there are some."""
    minima = Minima(
        horizontal_m=round(_within(arguments, "horizontal_nm", 0.01, 100.0) * M_PER_NM),
        vertical_ft=round(_within(arguments, "vertical_ft", 1.0, 100_000.0)),
        lookahead_us=round(_within(arguments, "lookahead_s", 1.0, _LONGEST_LOOKAHEAD_S) * US_PER_S),
    )
    told = _told(_states(arguments.file), minima)
    for one in told:
        print(json.dumps(_document(one)) if arguments.json else sentence_of(one, minima))
    if not arguments.json:
        count = len(told)
        print(f"{count} {'pair' if count == 1 else 'pairs'} in conflict" if told else "no conflict")
    return 1 if told else 0


def _within(arguments: argparse.Namespace, name: str, low: float, high: float) -> float:
    value = float(getattr(arguments, name))
    if not low <= value <= high:
        option = name.replace("_", "-")
        raise InputError(f"--{option} is from {low:g} to {high:g}", field=option)
    return value


def _states(name: str) -> States:
    if name == "-":
        return read_states(sys.stdin)
    try:
        with Path(name).open(encoding="utf-8", newline="") as lines:
            return read_states(lines)
    except OSError as error:
        raise InputError(f"`{name}` cannot be read: {error.strerror}", field="FILE") from error
    except UnicodeDecodeError as error:
        raise InputError(f"`{name}` is no text in UTF-8: byte {error.start}", field="FILE") from error


def _told(states: States, minima: Minima) -> list[Told]:
    from watchfloor.deconflict.sweep import Traffic, losses  # noqa: PLC0415  # its compiler takes a second to load

    traffic = Traffic(*(np.frombuffer(states.columns[name]) if states.ids else np.zeros(0) for name in LIMITS))
    return told_of(states.ids, losses(traffic, minima))


def _document(told: Told) -> dict[str, Any]:
    return {
        "a": told.a,
        "b": told.b,
        "t_in_s": told.in_s,
        "t_out_s": None if isinf(told.out_s) else told.out_s,
        "t_cpa_s": told.cpa_s,
        "d_cpa_nm": told.cpa_nm,
    }
