"""What goes into an export of a record, and what is withheld from it."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from watchfloor.base.errors import InputError
from watchfloor.base.labels import Audience, Label, Level, releasable
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.entry import Entry, decode_entry
from watchfloor.messages.keeping import LogKeyChanged, MediaKept, SecondSignerSet, WitnessesSet
from watchfloor.messages.room import RoomOpened
from watchfloor.record import export_layout as layout
from watchfloor.record.folder_layout import (
    FORMAT,
    JOURNAL_FILE,
    LOG_FILE,
    MEDIA_FILE,
    PUBLIC_KEY,
    TAPE_FILE,
    media_file,
)
from watchfloor.record.log import LogFile
from watchfloor.record.tape_files import told_in
from watchfloor.record.tiles import Levels, bundles, hash_tiles
from watchfloor.record.tree import leaf_hash

Reason = Callable[[Entry], str | None]
FileReason = Callable[[str, bytes], str | None]


class ExportRules(Struct, frozen=True):
    """What to leave out: entries by number, and all that is not releasable to an audience (None: nothing)."""

    withheld_seqs: frozenset[int] = frozenset()
    words: str = "withheld"
    audience: Audience | None = None


def export_files(files: Mapping[str, bytes], rules: ExportRules) -> Iterator[tuple[str, bytes]]:
    """Every file of an export of a data folder that verifies, by name; the withheld list comes last.

    **Raises**: InputError, when nothing was written yet or an entry to withhold does not exist.
    """
    raws: list[bytes] = []
    notes: list[bytes] = []
    for name in sorted(name for name in files if LOG_FILE.fullmatch(name)):
        for batch in LogFile(files[name]).batches():
            raws += batch.entries
            notes.append(batch.note)
    if not raws:
        raise InputError("nothing was written yet; there is nothing to export", field="folder")
    beyond = [seq for seq in rules.withheld_seqs if seq >= len(raws)]
    if beyond:
        raise InputError(f"there is no entry {beyond[0]}; the record has {len(raws)}", field="withhold")
    leaves = [leaf_hash(raw) for raw in raws]
    withheld: list[layout.WithheldEntry] = []
    media: dict[str, str | None] = {}
    context = ""
    keys, witnesses = [files[PUBLIC_KEY].decode().strip()], list[str]()
    for seq, raw in enumerate(raws):
        entry = decode_entry(raw)
        if isinstance(entry.body, LogKeyChanged | SecondSignerSet) and entry.body.key_line:
            keys.append(entry.body.key_line)
        elif isinstance(entry.body, RoomOpened):
            context = entry.body.context.value
        elif isinstance(entry.body, WitnessesSet):
            witnesses += entry.body.key_lines
        words = _why_withheld(entry, rules)
        if isinstance(entry.body, MediaKept):
            media[media_file(entry.body.digest)] = words
        if words is not None:
            withheld.append(layout.WithheldEntry(seq, leaves[seq].hex(), words))
            raws[seq] = b""
    yield FORMAT, layout.FORMAT_TEXT
    yield layout.CONTEXT, f"{context}\n".encode()
    yield layout.KEYS, "".join(f"{key}\n" for key in dict.fromkeys([*keys, *witnesses])).encode()
    yield layout.CHECKPOINTS, b"".join(len(note).to_bytes(2, "big") + note for note in notes)
    yield from hash_tiles(Levels(leaves))
    yield from bundles(raws)
    hidden: list[layout.WithheldFile] = []
    for name in sorted(name for name in files if TAPE_FILE.fullmatch(name) or JOURNAL_FILE.fullmatch(name)):
        words = _why_file_withheld(name, files[name], rules)
        if words is None:
            yield name, files[name]
        else:
            hidden.append(layout.WithheldFile(name, words))
    for name in sorted(name for name in files if MEDIA_FILE.fullmatch(name)):
        words = media.get(name, "the record does not know it")
        if words is None:
            yield name, files[name]
        elif name in media:
            hidden.append(layout.WithheldFile(name, words))
    if withheld or hidden:
        yield layout.WITHHELD, canonical_bytes(layout.Withheld(tuple(withheld), tuple(hidden)))
    yield layout.CHECKPOINT, notes[-1]


def _why_withheld(entry: Entry, rules: ExportRules) -> str | None:
    if entry.seq in rules.withheld_seqs:
        return rules.words
    if rules.audience is not None and not releasable(entry.body.label, rules.audience):
        return f"not releasable to {', '.join(rules.audience.nations)}"
    return None


def _why_file_withheld(name: str, raw: bytes, rules: ExportRules) -> str | None:
    """A tape block is shown whole or not at all; one that is still open only to those who see everything."""
    if rules.audience is None:
        return None
    if JOURNAL_FILE.fullmatch(name):
        return "its block is still open"
    if all(releasable(Label(Level(name.level), name.nations), rules.audience) for name in told_in(raw)):
        return None
    return f"it holds tracks that are not releasable to {', '.join(rules.audience.nations)}"
