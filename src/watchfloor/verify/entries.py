"""Checks entries and checkpoints: form, sequence, time, links, tree, signatures. Names the first bad entry."""

from watchfloor.base.errors import WireError
from watchfloor.messages.entry import FIRST_PREV, Entry, decode_entry
from watchfloor.messages.room import RoomOpened
from watchfloor.record.note import VerifierKey, open_own_note, parse_checkpoint
from watchfloor.record.sqlite_pages import Row
from watchfloor.record.tree import Frontier, leaf_hash
from watchfloor.verify.report import Report

_WHERE = "record.sqlite"


def check_entries(report: Report, rows: list[Row], key: VerifierKey | None, engine_version: int) -> list[Entry]:
    """The entries of a record as far as they hold; the first that does not is named in the report."""
    frontier = Frontier()
    entries: list[Entry] = []
    prev = FIRST_PREV
    seen_keys: set[str] = set()
    for seq, raw, note in rows:
        sentence = _fault(raw, seq, prev, entries, seen_keys)
        if sentence is not None:
            bad = seq - 1 if sentence == _BROKEN_LINK else seq
            report.add(_WHERE, sentence, bad)
            break
        prev = leaf_hash(raw).hex()
        frontier.append(bytes.fromhex(prev))
        if note is not None and key is not None:
            sentence = _checkpoint_fault(note, key, frontier)
            if sentence is not None:
                report.add(_WHERE, sentence, seq)
                break
            report.checkpoint_count += 1
    else:
        if rows and rows[-1][2] is None:
            report.add(_WHERE, "the newest entry has no checkpoint", rows[-1][0])
        _check_engine(report, entries, engine_version)
    report.entry_count = len(entries)
    report.root = frontier.root().hex()
    return entries


_BROKEN_LINK = "has changed: the next entry does not follow it"


def _fault(raw: bytes, seq: int, prev: str, entries: list[Entry], seen_keys: set[str]) -> str | None:
    try:
        entry = decode_entry(raw)
    except WireError as error:
        return str(error)
    if entry.seq != seq:
        return f"says it is entry {entry.seq}"
    if entry.prev != prev:
        return _BROKEN_LINK if seq else "the first entry follows something"
    if entries and entry.toe_us <= entries[-1].toe_us:
        return "is not later than the entry before it"
    if entry.key in seen_keys:
        return f"repeats the key `{entry.key}`"
    seen_keys.add(entry.key)
    entries.append(entry)
    return None


def _checkpoint_fault(note: bytes, key: VerifierKey, frontier: Frontier) -> str | None:
    try:
        head = parse_checkpoint(open_own_note(note.decode(), key))
    except (WireError, UnicodeDecodeError) as error:
        return f"its checkpoint: {error}"
    if head.origin != key.name:
        return f"its checkpoint is of `{head.origin}`"
    if (head.size, head.root) != (frontier.size, frontier.root()):
        return "its checkpoint does not fit the entries"
    return None


def _check_engine(report: Report, entries: list[Entry], engine_version: int) -> None:
    """The SQLite version in the file's header must be one that an opening names."""
    named = {entry.body.engine_version for entry in entries if isinstance(entry.body, RoomOpened)}
    if named and engine_version not in named:
        report.add(_WHERE, f"its header names engine {engine_version}, which no opening does")
