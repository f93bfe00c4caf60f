"""`watchfloor record export`, `restore` and `prove`: what leaves a record, and what comes back from that."""

import argparse
import json
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from watchfloor.app.exporting import ExportRules, export_files
from watchfloor.app.proving import prove
from watchfloor.base.errors import InputError, IntegrityError, UnavailableError
from watchfloor.base.labels import LEVEL_NAMES, Audience, level_named
from watchfloor.edge.cli.checking import check, refuse_export, refuse_inside, require_holding
from watchfloor.edge.cli.record_labels import POLICY, wish_of, write_labels
from watchfloor.edge.keeping import restore
from watchfloor.edge.stores.exports import write_files
from watchfloor.edge.stores.folder import FolderFiles
from watchfloor.edge.stores.mcap_export import write_mcap
from watchfloor.edge.stores.parquet_view import write_view
from watchfloor.messages.room import Context, RoomOpened
from watchfloor.record.export_layout import is_export
from watchfloor.record.log import batches_of, entries_of
from watchfloor.record.pseudonyms import KEY_BYTES, Pseudonyms

TAPE_IS_KEPT_BACK = "the tape of real feeds names aircraft; ask for a view with pseudonyms"


def add(verbs: Any) -> None:
    """Add the verbs."""
    export = verbs.add_parser(
        "export",
        help="write the log in the public tiled layout, with tape and media beside it",
        description="Writes OUT/checkpoint, OUT/tile/... and OUT/keys.txt as C2SP tlog-tiles says, with tape and media "
        "that the entries name. Entries can be withheld: the proof still holds, and the withholding shows.",
        epilog="examples:\n  watchfloor record export rooms/monday out\n"
        "  watchfloor record export rooms/monday out --withhold 17 --withhold 19 --words 'names a private person'\n"
        "  watchfloor record export rooms/monday out --releasable-to FNY --level restricted --need-to-know sites\n"
        "  watchfloor record export rooms/monday out --labels out.xml --policy 'Example=urn:example:policy'\n"
        "  watchfloor record export rooms/monday questions --parquet\n"
        "  watchfloor record export rooms/monday monday.mcap --mcap",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    export.add_argument("folder", metavar="DIR")
    export.add_argument("out", metavar="OUT")
    export.add_argument("--withhold", action="append", type=int, default=[], metavar="ENTRY", help="leave an entry out")
    export.add_argument("--words", default="", help="why entries are withheld; shown to everybody who verifies")
    export.add_argument("--releasable-to", metavar="NATION", help="leave out all that is not releasable to a nation")
    export.add_argument("--level", choices=LEVEL_NAMES, help="... up to this level (default: open)")
    export.add_argument(
        "--need-to-know", action="append", default=[], metavar="GROUP", help="... to people who are in this group"
    )
    export.add_argument(
        "--with-tape",
        action="store_true",
        help="also the tape of real feeds, which names aircraft; views (--parquet, --mcap) give them pseudonyms anyway",
    )
    export.add_argument("--labels", metavar="FILE", help="also write what is held with its labels, as ADatP-4774 XML")
    export.add_argument("--policy", metavar="NAME=URI", default=POLICY, help="... under this policy (%(default)s)")
    export.add_argument("--review", metavar="DATE", help="... to be looked at again then (default: ten years on)")
    export.add_argument("--parquet", action="store_true", help="write a Parquet view for questions instead")
    export.add_argument("--mcap", action="store_true", help="write one MCAP file for viewers instead; OUT is the file")
    export.add_argument("--json", action="store_true", help="print what was written as one JSON line")
    export.set_defaults(work=export_work)
    back = verbs.add_parser(
        "restore",
        help="put a data folder together from an export",
        description="Makes a data folder from an export that holds and withholds nothing: the log's files come out byte"
        " for byte as they were. Private keys are not in an export; to go on in the folder, bring them.",
        epilog="example: watchfloor record restore out rooms/monday-again",
    )
    back.add_argument("export", metavar="EXPORT")
    back.add_argument("folder", metavar="DIR")
    back.set_defaults(work=restore_work)
    proof = verbs.add_parser(
        "prove",
        help="prove that one entry stands in the log",
        description="Writes an entry and its proof (C2SP tlog-proof), for somebody who gets nothing else.",
        epilog="example: watchfloor record prove rooms/monday 17 --out proofs",
    )
    proof.add_argument("folder", metavar="DIR")
    proof.add_argument("seq", type=int, metavar="ENTRY")
    proof.add_argument("--out", default=".", metavar="FOLDER", help="where to write (default: here)")
    proof.set_defaults(work=prove_work)


def holding_files(path: Path) -> FolderFiles:
    """The files of a data folder that verifies.

    **Raises**: UnavailableError or IntegrityError, when there is none.
    """
    refuse_export(path)
    require_holding(path, "nothing was written")
    return FolderFiles(path)


def export_work(arguments: argparse.Namespace) -> int:
    """Export; exit code 0 when all is written."""
    if arguments.withhold and not arguments.words.strip():
        raise InputError("say with `--words` why entries are withheld; everybody will see it", field="words")
    audience = _audience(arguments)
    labels = wish_of(arguments.labels, arguments.policy, arguments.review)
    files = holding_files(Path(arguments.folder))
    withheld = frozenset(arguments.withhold), arguments.words.strip() or "withheld"
    without_tape = "" if arguments.with_tape or not _is_of_real_feeds(files) else TAPE_IS_KEPT_BACK
    rules = ExportRules(*withheld, audience, without_tape)
    refuse_inside(Path(arguments.out), Path(arguments.folder))
    if arguments.parquet or arguments.mcap:
        return _write_view(arguments, files, audience)
    count = write_files(Path(arguments.out), export_files(files, rules), progress("files written", arguments.json))
    report = require_holding(Path(arguments.out), "this is a fault of ours; do not hand it on")
    if labels is not None:
        write_labels(labels, files, rules)
    if arguments.json:
        told = {"files": count, "entries": report.entry_count, "withheld": report.withheld_count, "root": report.root}
        print(json.dumps(told))
    else:
        print(f"{count} files in `{arguments.out}`: {report.entry_count} entries, {report.withheld_count} withheld")
        print(f"check it: watchfloor record verify {arguments.out}")
    return 0


def _is_of_real_feeds(files: FolderFiles) -> bool:
    """Whether a record is of a room with connected feeds."""
    opened = [entry.body for entry in entries_of(files) if isinstance(entry.body, RoomOpened)]
    return any(body.context is Context.LIVE_CIVIL for body in opened)


def _audience(arguments: argparse.Namespace) -> Audience | None:
    """Whom the export is for; None, when nothing is left out for anybody's sake.

    **Raises**: InputError, when a level or a group is named without a nation.
    """
    if not arguments.releasable_to:
        if arguments.level or arguments.need_to_know:
            raise InputError("say with `--releasable-to` which nation's people those are", field="releasable-to")
        return None
    groups = tuple(sorted(set(arguments.need_to_know)))
    return Audience((arguments.releasable_to,), level_named(arguments.level or "open"), groups)


def _write_view(arguments: argparse.Namespace, files: FolderFiles, audience: Audience | None) -> int:
    """Views for questions and viewers: marked with their context, and never the record."""
    if arguments.withhold or (arguments.parquet and arguments.mcap):
        raise InputError("a view withholds by `--releasable-to` only, and is either Parquet or MCAP", field="withhold")
    entries = entries_of(files)
    opened = [entry.body for entry in entries if isinstance(entry.body, RoomOpened)]
    marks = {
        "context": opened[-1].context.value,
        "root": check(Path(arguments.folder)).root,
        "room": opened[-1].room_id,
    }
    out = Path(arguments.out)
    pseudonyms = None
    if any(body.context is Context.LIVE_CIVIL for body in opened):
        pseudonyms = Pseudonyms(secrets.token_bytes(KEY_BYTES))
        marks["names"] = "pseudonyms of this view alone"
    if arguments.parquet:
        tell = progress("files written", arguments.json)
        count = write_view(out, entries, files, audience, marks, tell, pseudonyms)
        what = "files"
    else:
        tell = progress("messages written", arguments.json)
        count = write_mcap(out, entries, files, audience, marks, tell, pseudonyms)
        what = "messages"
    print(json.dumps({what: count, **marks}) if arguments.json else f"{count} {what} in `{out}`, {marks['context']}")
    return 0


def restore_work(arguments: argparse.Namespace) -> int:
    """Restore; exit code 0 when the folder verifies."""
    source = Path(arguments.export)
    files = FolderFiles(source)
    if not is_export(frozenset(files)):
        raise InputError(f"`{source}` is no export", field="export")
    report = require_holding(source, "nothing was written")
    restore(files, Path(arguments.folder))
    restored = check(Path(arguments.folder))
    if restored.root != report.root:
        raise IntegrityError(f"`{arguments.folder}` came out with another root; this is a fault of ours")
    print(f"`{arguments.folder}` holds {restored.entry_count} entries; root {restored.root}")
    return 0


def prove_work(arguments: argparse.Namespace) -> int:
    """Write an entry and its proof."""
    files = holding_files(Path(arguments.folder))
    raws: list[bytes] = []
    notes: list[bytes] = []
    for batch in batches_of(files):
        raws += batch.entries
        notes.append(batch.note)
    if not raws:
        raise InputError("nothing was written yet", field="folder")
    found = prove(raws, notes, arguments.seq)
    out = Path(arguments.out)
    refuse_inside(out, Path(arguments.folder))
    stem = f"entry-{arguments.seq}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{stem}.json").write_bytes(raws[arguments.seq])
        (out / f"{stem}.tlog-proof").write_text(found.text())
    except OSError as error:
        raise UnavailableError(f"`{out}` cannot be written: {error.strerror}") from error
    print(f"wrote {out / stem}.json and {out / stem}.tlog-proof")
    return 0


def progress(what: str, quiet: bool) -> Callable[[int], None]:
    """Tells how far long work is, on a terminal only."""

    def tell(count: int) -> None:
        if count % 50 == 0 and not quiet and sys.stderr.isatty():
            print(f"\r{count} {what}", end="", file=sys.stderr, flush=True)

    return tell
