"""Checks an export: tiles, bundles, checkpoints, signatures, and all that the entries name. Every file has a place."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from watchfloor.base.errors import IntegrityError, WireError
from watchfloor.messages.canonical import decode_canonical
from watchfloor.messages.entry import decode_entry
from watchfloor.messages.room import Context
from watchfloor.record import export_layout as layout
from watchfloor.record.folder_layout import FORMAT, JOURNAL_FILE, MEDIA_FILE, TAPE_FILE
from watchfloor.record.log import Edge
from watchfloor.record.note import Checkpoint, VerifierKey, parse_checkpoint, split_note
from watchfloor.record.tiles import ENTRIES, WIDTH, Levels, hash_tiles, split_bundle, tile_path, widths
from watchfloor.record.tree import leaf_hash
from watchfloor.verify.batches import BatchCheck
from watchfloor.verify.report import Report
from watchfloor.verify.walk import NO_TRUST, Walk
from watchfloor.verify.witnesses import Trust

_HASH_BYTES = 32


class _Export(Struct, frozen=True):
    """An export taken apart: entries (empty where withheld), their leaves, notes by size, keys."""

    raws: list[bytes]
    leaves: list[bytes]
    notes: list[bytes]
    keys: list[VerifierKey]
    withheld: layout.Withheld


def check_export(files: Mapping[str, bytes], trust: Trust = NO_TRUST) -> Report:
    """What holds of an export with these files, by name; nothing outside them is asked.

    **Doubt**: what cannot be read is a problem; what is withheld is a note, and so is what cannot be checked for that.
    """
    report = Report(problems=[], notes=[])
    report.byte_count = sum(len(files[name]) for name in files)
    try:
        export = _take_apart(files)
    except (WireError, IntegrityError, UnicodeDecodeError) as error:
        report.add("export", str(error))
        return report
    report.withheld_seqs = frozenset(entry.seq for entry in export.withheld.entries)
    report.withheld_count = len(report.withheld_seqs) + len(export.withheld.files)
    _check_entries(report, files, export, trust)
    _check_tiles(report, files, export)
    _check_context(report, files.get(layout.CONTEXT, b""))
    _say_withheld(report, export)
    return report


def _take_apart(files: Mapping[str, bytes]) -> _Export:
    if files.get(FORMAT) != layout.FORMAT_TEXT:
        raise IntegrityError("`FORMAT` does not name an export that this version knows")
    for name in (layout.CHECKPOINT, layout.CHECKPOINTS, layout.KEYS):
        if name not in files:
            raise IntegrityError(f"`{name}` is missing; the export is not whole")
    head = parse_checkpoint(split_note(files[layout.CHECKPOINT].decode())[0])
    bundle_count = sum(1 for name in files if name.startswith(f"tile/{ENTRIES}/"))
    if not 0 < head.size <= bundle_count * WIDTH:
        raise IntegrityError(f"the checkpoint is over {head.size} entries, which the export does not hold")
    withheld = layout.Withheld()
    if layout.WITHHELD in files:
        withheld = decode_canonical(files[layout.WITHHELD], layout.Withheld)
    raws: list[bytes] = []
    leaves: list[bytes] = []
    for number, width in widths(head.size):
        name, tile = tile_path(ENTRIES, number, width), tile_path(0, number, width)
        if name not in files or tile not in files:
            raise IntegrityError(f"`{name if name not in files else tile}` is missing")
        part = split_bundle(files[name])
        if len(part) != width or len(files[tile]) != width * _HASH_BYTES:
            raise IntegrityError(f"`{name}` or its tile does not hold {width} entries")
        raws += part
        leaves += [files[tile][at : at + _HASH_BYTES] for at in range(0, width * _HASH_BYTES, _HASH_BYTES)]
    keys = [VerifierKey.from_line(line) for line in files[layout.KEYS].decode().splitlines()]
    if not keys:
        raise IntegrityError("`keys.txt` holds no key")
    return _Export(raws, leaves, split_bundle(files[layout.CHECKPOINTS]), keys, withheld)


def _check_entries(report: Report, files: Mapping[str, bytes], export: _Export, trust: Trust) -> None:
    """Walk batch by batch, as the checkpoints divide the entries."""
    hidden = {entry.seq: bytes.fromhex(entry.leaf) for entry in export.withheld.entries}
    for seq, leaf in hidden.items():
        if seq >= len(export.leaves) or export.leaves[seq] != leaf or export.raws[seq]:
            report.add(layout.WITHHELD, f"entry {seq} is not withheld as it says", min(seq, len(export.leaves)))
    walk = Walk(report, files, export.keys[0], frozenset(file.name for file in export.withheld.files), is_export=True)
    check = BatchCheck(Edge(), walk.signers, walk.kinds(), hidden)
    for note, end in _batches(report, export):
        fault = check.take(export.raws[check.edge.size : end], note, None)
        for raw in check.wanted:
            walk.take(decode_entry(raw))
        check.wanted.clear()
        if fault is not None:
            report.problems.append(fault)
            break
    report.entry_count, report.checkpoint_count = check.edge.size, check.checkpoint_count
    if len(set(check.keys)) != len(check.keys):
        report.add("record", "two entries have one key")
    if report.problems:
        return
    if files[layout.KEYS] != "".join(f"{line}\n" for line in walk.key_lines()).encode():
        report.add(layout.KEYS, "it names other keys than the record does")
    walk.finish(bytes(check.leaves), trust)
    report.root = Levels(export.leaves).root(0, len(export.leaves)).hex()


def _check_context(report: Report, told: bytes) -> None:
    known = {f"{context.value}\n".encode() for context in Context}
    if report.withheld_seqs and not report.context:
        report.add(layout.WITHHELD, "the room's opening is withheld; nothing would say whether this is an exercise")
    elif told not in known or (report.context and told != f"{report.context}\n".encode()):
        wanted = report.context or "one of the fixed words"
        report.add(layout.CONTEXT, f"it does not say what the record does: {wanted}")


def _batches(report: Report, export: _Export) -> Iterator[tuple[bytes, int]]:
    """Each checkpoint's note with the size it vouches for; all entries must be vouched for."""
    size = 0
    for note in export.notes:
        try:
            head: Checkpoint = parse_checkpoint(split_note(note.decode())[0])
        except (WireError, UnicodeDecodeError) as error:
            report.add(layout.CHECKPOINTS, str(error), size)
            return
        if not size < head.size <= len(export.raws):
            report.add(layout.CHECKPOINTS, f"a checkpoint over {head.size} entries follows one over {size}", size)
            return
        size = head.size
        yield note, size
    if size != len(export.raws):
        report.add(layout.CHECKPOINTS, f"no checkpoint vouches for the entries from {size} on", size)


def _check_tiles(report: Report, files: Mapping[str, bytes], export: _Export) -> None:
    if export.notes and files[layout.CHECKPOINT] != export.notes[-1]:
        report.add(layout.CHECKPOINT, "it is not the newest of `checkpoints`")
    for seq, (raw, leaf) in enumerate(zip(export.raws, export.leaves, strict=True)):
        if raw and leaf_hash(raw) != leaf:
            report.add("record", "is not the entry whose hash its tile holds", seq)
            break
    expected = dict(hash_tiles(Levels(export.leaves)))
    expected |= {tile_path(ENTRIES, number, width): b"" for number, width in widths(len(export.raws))}
    known = {FORMAT, layout.CHECKPOINT, layout.CHECKPOINTS, layout.KEYS, layout.WITHHELD, layout.CONTEXT}
    for name, raw in expected.items():
        if name not in files:
            report.add(name, "the tile is missing")
        elif raw and files[name] != raw:
            report.add(name, "the tile does not fit the entries")
    for name in files:
        if name not in expected and name not in known and not _is_beside(name):
            report.add(name, "no file of an export has this name")


def _is_beside(name: str) -> bool:
    return any(form.fullmatch(name) for form in (TAPE_FILE, JOURNAL_FILE, MEDIA_FILE))


def _say_withheld(report: Report, export: _Export) -> None:
    entries, hidden = export.withheld.entries, export.withheld.files
    if entries:
        named = ", ".join(f"{entry.seq} ({entry.words})" for entry in entries[:5])
        rest = f" and {len(entries) - 5} more" if len(entries) > 5 else ""
        report.notes.append(f"{len(entries)} entries are withheld: {named}{rest}")
    report.notes += [f"{file.name} is withheld: {file.words}" for file in hidden]
