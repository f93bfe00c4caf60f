"""`watchfloor deconflict`: conflicts among aircraft states and among planned volumes, told one pair a line."""

import argparse
import json
import sys
from math import isinf
from pathlib import Path
from typing import Any

import numpy as np

from watchfloor.base.errors import InputError
from watchfloor.base.instants import rfc3339_from_us
from watchfloor.base.units import M_PER_NM, US_PER_S
from watchfloor.deconflict.intent import courses
from watchfloor.deconflict.telling import Told, plans_sentence, sentence_of, told_of
from watchfloor.messages.alerts import Minima
from watchfloor.wire.states_csv import INTENT, LIMITS, States, read_states

_LONGEST_LOOKAHEAD_S = 3_600.0


def add(commands: Any) -> None:
    """Add the command and its verbs."""
    parser = commands.add_parser(
        "deconflict",
        help="conflicts among aircraft states, or among planned volumes",
        description="Who will be too close to whom, and which plans share space and time. Exit code 1: there are "
        "conflicts.",
        epilog="example: watchfloor deconflict live states.csv",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    live = verbs.add_parser(
        "live",
        help="pairs that will lose separation on straight lines",
        description="Every pair that will be closer than both minima at once, beginning within the look-ahead, if all "
        "fly on as they do. Exactly at a minimum is no loss; levels are compared in whole feet. "
        f"Columns: id,{','.join(LIMITS)}; and where known {','.join(INTENT)}: a climb or descent then ends at the "
        "cleared level, and the course is the one to the next waypoint.",
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
    plans = verbs.add_parser(
        "plans",
        help="plans that share space and time",
        description="Every pair of plans of which two volumes overlap in ground, height and time, with the smallest "
        "shift that would clear it, for a person to weigh. What only touches does not overlap. The file is a JSON list "
        'of {"id", "volumes"}, each volume a Volume4D of ASTM F3548-21; or of {"id", "trajectory"}, a corridor.',
        epilog="example: watchfloor deconflict plans plans.json --json",
    )
    plans.add_argument("file", metavar="FILE", help="a JSON file (-: standard input)")
    plans.add_argument("--of", metavar="ID", help="only pairs of this plan")
    plans.add_argument(
        "--against", metavar="GEOJSON", help="reservations and constraints to hold the plans against, not each other"
    )
    plans.add_argument("--json", action="store_true", help="one JSON line a pair and nothing else")
    plans.set_defaults(work=work_plans)


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
        _tell_count(len(told))
    return 1 if told else 0


def work_plans(arguments: argparse.Namespace) -> int:
    """Print the pairs; exit code 1, when there are some."""
    from watchfloor.deconflict.corridors import with_corridors  # noqa: PLC0415  # its libraries take a second to load
    from watchfloor.deconflict.plans import against, conflicts  # noqa: PLC0415
    from watchfloor.wire.f3548 import read_plans  # noqa: PLC0415
    from watchfloor.wire.reservations import read_reservations  # noqa: PLC0415

    volumes = with_corridors(*read_plans(_bytes_of(arguments.file)))
    names = {volume.plan_id for volume in volumes}
    reserved = read_reservations(_bytes_of(arguments.against)) if arguments.against else []
    if both := sorted(names & {volume.plan_id for volume in reserved}):
        raise InputError(f"`{both[0]}` is a plan and a reservation; give one another id", field="id")
    if arguments.of is not None and arguments.of not in names:
        raise InputError(f"the file has no plan `{arguments.of}`", field="of")
    everything = [*volumes, *reserved]
    found = conflicts(everything) if arguments.of is None else against(everything, arguments.of)
    if arguments.against:
        found = [one for one in found if (one.a in names) != (one.b in names)]
    for one in found:
        start, end = rfc3339_from_us(one.begin_us), rfc3339_from_us(one.end_us)
        told = {"a": one.a, "b": one.b, "start": start, "end": end}
        print(json.dumps(told) if arguments.json else plans_sentence(one))
    if not arguments.json:
        _tell_count(len(found))
    return 1 if found else 0


def _bytes_of(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"`{name}` cannot be read: {error.strerror}", field="FILE") from error


def _tell_count(count: int) -> None:
    print(f"{count} {'pair' if count == 1 else 'pairs'} in conflict" if count else "no conflict")


def _within(arguments: argparse.Namespace, name: str, low: float, high: float) -> float:
    value = float(getattr(arguments, name))
    if not low <= value <= high:
        option = name.replace("_", "-")
        raise InputError(f"--{option} is from {low:g} to {high:g}", field=option)
    return value


def _states(name: str) -> States:
    try:
        if name == "-":
            return read_states(sys.stdin)
        with Path(name).open(encoding="utf-8", newline="") as lines:
            return read_states(lines)
    except OSError as error:
        raise InputError(f"`{name}` cannot be read: {error.strerror}", field="FILE") from error
    except UnicodeDecodeError as error:
        raise InputError(f"`{name}` is no text in UTF-8: byte {error.start}", field="FILE") from error


def _told(states: States, minima: Minima) -> list[Told]:
    from watchfloor.deconflict.sweep import Traffic, losses  # noqa: PLC0415  # its compiler takes a second to load

    columns = {name: np.frombuffer(held) if states.ids else np.zeros(0) for name, held in states.columns.items()}
    waypoint = columns.pop("next_lat_deg"), columns.pop("next_lon_deg")
    columns["trk_deg"] = courses(columns["lat_deg"], columns["lon_deg"], columns["trk_deg"], *waypoint)
    cleared_ft = columns.pop("cleared_ft")
    return told_of(states.ids, losses(Traffic(**columns), minima, cleared_ft))


def _document(told: Told) -> dict[str, Any]:
    return {
        "a": told.a,
        "b": told.b,
        "t_in_s": told.in_s,
        "t_out_s": None if isinf(told.out_s) else told.out_s,
        "t_cpa_s": told.cpa_s,
        "d_cpa_nm": told.cpa_nm,
    }
