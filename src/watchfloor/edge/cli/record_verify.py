"""`watchfloor record verify`: does a folder, an export or a proof hold, from its files alone?"""

import argparse
import json
from pathlib import Path
from typing import Any

import msgspec

from watchfloor.base.errors import InputError, UnavailableError, WireError
from watchfloor.edge.cli.checking import check
from watchfloor.edge.stores.folder import FolderFiles, is_locked
from watchfloor.record.export_layout import is_export
from watchfloor.record.folder_layout import FORMAT, LOG_FILE
from watchfloor.record.note import VerifierKey
from watchfloor.verify.proof import check_proof
from watchfloor.verify.report import Report
from watchfloor.verify.witnesses import Trust

PROOF_ENDING = ".tlog-proof"


def add(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "verify",
        help="recompute everything from the files alone",
        description="Recomputes tree, signatures, digests and decisions from the files alone, accounts for every byte,"
        " and names the first bad entry. Takes a data folder, an export, or a proof of one entry (with --entry). What"
        " you know from elsewhere makes it stronger: --keys, and --head from a witness that you trust, which shows a"
        " record that was rolled back or written anew. Exit code 1 when something does not hold.",
        epilog="examples:\n  watchfloor record verify rooms/monday --json\n"
        "  watchfloor record verify out --keys trusted.txt --head head-from-the-witness.txt\n"
        "  watchfloor record verify entry-17.tlog-proof --entry entry-17.json --keys out/keys.txt",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("path", metavar="DIR|PROOF")
    parser.add_argument("--keys", metavar="FILE", help="verifier keys that you trust, one a line")
    parser.add_argument("--head", action="append", default=[], metavar="FILE", help="a head that a witness gave you")
    parser.add_argument("--entry", metavar="FILE", help="the entry that a proof is about")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON line")
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace) -> int:
    """Verify; exit code 0 when it holds, 1 when it does not."""
    path = Path(arguments.path)
    keys = keys_in(Path(arguments.keys)) if arguments.keys else []
    if path.name.endswith(PROOF_ENDING):
        if not arguments.entry or not keys:
            raise InputError("a proof is checked with `--entry` and `--keys`", field="entry")
        report = check_proof(read_text(path), read_bytes(Path(arguments.entry)), keys)
        return _tell(report, as_json=arguments.json)
    if not path.is_dir():
        raise UnavailableError(f"`{path}` is no folder")
    names = frozenset(FolderFiles(path))
    if FORMAT not in names and not any(LOG_FILE.fullmatch(name) for name in names) and not is_export(names):
        raise UnavailableError(f"`{path}` is neither a data folder nor an export of one")
    heads = {head: read_text(Path(head)) for head in arguments.head}
    if heads and not keys:
        raise InputError("`--head` needs `--keys` with the witness's key", field="keys")
    try:
        running = is_locked(path)
        report = check(path, Trust(keys, heads))
    except OSError as error:
        raise UnavailableError(f"`{error.filename}` cannot be read: {error.strerror}") from error
    if running:
        report.notes.append("the room is running: what it writes now is not in this answer")
    return _tell(report, as_json=arguments.json)


def keys_in(path: Path) -> list[VerifierKey]:
    """The verifier keys in a file, one a line; empty lines are passed over.

    **Raises**: UnavailableError, when it cannot be read; InputError, when a line is no key.
    """
    lines = [line for line in read_text(path).splitlines() if line.strip()]
    try:
        return [VerifierKey.from_line(line) for line in lines]
    except WireError as error:
        raise InputError(f"`{path}`: {error}", field="keys") from error


def read_text(path: Path) -> str:
    """A file's text.

    **Raises**: UnavailableError, when it cannot be read or is none.
    """
    try:
        return read_bytes(path).decode()
    except UnicodeDecodeError as error:
        raise UnavailableError(f"`{path}` is not text") from error


def read_bytes(path: Path) -> bytes:
    """A file's bytes.

    **Raises**: UnavailableError, when it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnavailableError(f"`{path}` cannot be read: {error.strerror}") from error


def _tell(report: Report, *, as_json: bool) -> int:
    if as_json:
        first = report.first_bad_entry()
        print(json.dumps({"holds": report.holds(), "first_bad_entry": first, **msgspec.to_builtins(report)}))
    else:
        print(in_words(report))
    return 0 if report.holds() else 1


def in_words(report: Report) -> str:
    """A report for people: what is bad, what they should know, and the verdict."""
    lines = []
    for problem in report.problems:
        entry = f", entry {problem.seq}" if problem.seq is not None else ""
        lines.append(f"BAD   {problem.where}{entry}: {problem.sentence}")
    lines += [f"note  {note}" for note in report.notes]
    verdict = "holds" if report.holds() else "DOES NOT HOLD"
    if report.withheld_count and report.holds():
        verdict += f", with {report.withheld_count} withheld"
        verdict += f" and {report.unchecked_count} not to be checked for that" if report.unchecked_count else ""
    lines.append(
        f"{verdict}: {report.entry_count} entries, {report.checkpoint_count} checkpoints, "
        f"{report.signed_act_count} signed acts, {report.decision_count} decisions, "
        f"{report.block_count} tape blocks with {report.frame_count} frames, {report.byte_count} bytes"
        + (", sealed" if report.sealed else "")
        + (f", witnessed up to entry {report.witnessed_size - 1}" if report.witnessed_size else "")
    )
    lines.append(f"root {report.root}" + (f", {report.context}" if report.context else ""))
    if report.first_bad_entry() is not None:
        lines.append(f"first bad entry: {report.first_bad_entry()}")
    return "\n".join(lines)
