"""`watchfloor record verify`: does a data folder hold, from its files alone?"""

import argparse
import json
from pathlib import Path
from typing import Any

import msgspec

from watchfloor.base.errors import UnavailableError
from watchfloor.edge.cli.checking import check
from watchfloor.edge.stores.folder import is_locked
from watchfloor.verify.report import Report


def add(commands: Any) -> None:
    """Add the command and its verbs."""
    parser = commands.add_parser(
        "record",
        help="the record: verify",
        description="Works on the record of a data folder, from its files alone.",
        epilog="example: watchfloor record verify rooms/monday",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verify = verbs.add_parser(
        "verify",
        help="recompute everything from the files alone",
        description="Recomputes tree, signatures, digests and decisions from the files alone, accounts for every byte, "
        "and names the first bad entry. Exit code 1 when something does not hold.",
        epilog="example: watchfloor record verify rooms/monday --json",
    )
    verify.add_argument("folder", metavar="DIR")
    verify.add_argument("--json", action="store_true", help="print the report as one JSON line")
    verify.set_defaults(work=verify_folder)


def verify_folder(arguments: argparse.Namespace) -> int:
    """Verify a folder; exit code 0 when it holds, 1 when it does not."""
    path = Path(arguments.folder)
    if not path.is_dir():
        raise UnavailableError(f"`{path}` is no folder")
    try:
        running = is_locked(path)
        report = check(path)
    except OSError as error:
        raise UnavailableError(f"`{error.filename}` cannot be read: {error.strerror}") from error
    if running:
        report.notes.append("the room is running: what it writes now is not in this answer")
    if arguments.json:
        first = report.first_bad_entry()
        print(json.dumps({"holds": report.holds(), "first_bad_entry": first, **msgspec.to_builtins(report)}))
    else:
        print(_in_words(report))
    return 0 if report.holds() else 1


def _in_words(report: Report) -> str:
    lines = []
    for problem in report.problems:
        entry = f", entry {problem.seq}" if problem.seq is not None else ""
        lines.append(f"BAD   {problem.where}{entry}: {problem.sentence}")
    lines += [f"note  {note}" for note in report.notes]
    verdict = "holds" if report.holds() else "DOES NOT HOLD"
    lines.append(
        f"{verdict}: {report.entry_count} entries, {report.checkpoint_count} checkpoints, "
        f"{report.signed_act_count} signed acts, {report.decision_count} decisions, "
        f"{report.block_count} tape blocks with {report.frame_count} frames, {report.byte_count} bytes"
        + (", sealed" if report.sealed else "")
    )
    lines.append(f"root {report.root}")
    if report.first_bad_entry() is not None:
        lines.append(f"first bad entry: {report.first_bad_entry()}")
    return "\n".join(lines)
