"""What goes into an export of a record, and what is withheld from it."""

from collections.abc import Collection, Iterator, Mapping
from typing import get_args

from msgspec import Struct

from watchfloor.app.sight import may_see
from watchfloor.base.errors import InputError
from watchfloor.base.labels import Audience, Label, combine
from watchfloor.messages.acts import MissingExplained
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.delegation import UseJudged
from watchfloor.messages.entry import Entry, decode_entry, input_key
from watchfloor.messages.findings import RulesAnswered
from watchfloor.messages.keeping import (
    LogKeyChanged,
    MediaKept,
    MediaMissed,
    MediaReappeared,
    MediaRetired,
    SecondSignerSet,
    WitnessesSet,
)
from watchfloor.messages.matching import MATCH_INPUT
from watchfloor.messages.notification import NotificationAct, NotificationFact
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.room import (
    RoomOpened,
    TapeBlockExpired,
    TapeBlockRecovered,
    TapeBlockSealed,
    TapeFrameWritten,
)
from watchfloor.messages.signed import SignedAct, act_of
from watchfloor.record import export_layout as layout
from watchfloor.record.folder_layout import (
    FORMAT,
    JOURNAL_FILE,
    PUBLIC_KEY,
    TAPE_FILE,
    journal_file,
    media_file,
    tape_file,
)
from watchfloor.record.keys import KEY_CHANGES
from watchfloor.record.log import batches_of
from watchfloor.record.tape_files import told_in
from watchfloor.record.tiles import ENTRIES, WIDTH, Levels, bundles, hash_tiles, tile_path, widths
from watchfloor.record.tree import leaf_hash

NOTIFICATION_STAYS = "a notification stays in its room"
PLAN_STAYS = "a plan that was put into a match stays in its room"
_TOLD_NOTIFIED = '"notified":true'
_NEVER_WITHHELD = frozenset((RoomOpened, WitnessesSet, *KEY_CHANGES))


class ExportRules(Struct, frozen=True):
    """What to leave out: entries by number, all that is not releasable to an audience (None: nothing), and the tape.

    `without_tape`: why the tape is left out; empty, when it is not.
    """

    withheld_seqs: frozenset[int] = frozenset()
    words: str = "withheld"
    audience: Audience | None = None
    without_tape: str = ""


def export_files(files: Mapping[str, bytes], rules: ExportRules) -> Iterator[tuple[str, bytes]]:
    """Every file of an export of a data folder that verifies, by name; the checkpoint comes last.

    **Raises**: InputError, when nothing was written yet, or what is to be withheld does not exist or must not be.
    """
    raws, notes, entries, named = _read(files)
    leaves = [leaf_hash(raw) for raw in raws]
    reasons = _reasons(entries, rules)
    entries_out = tuple(layout.WithheldEntry(seq, leaves[seq].hex(), words) for seq, words in reasons.items())
    yield FORMAT, layout.FORMAT_TEXT
    yield layout.CONTEXT, f"{named.context}\n".encode()
    yield layout.KEYS, "".join(f"{key}\n" for key in dict.fromkeys([*named.keys, *named.witnesses])).encode()
    yield layout.CHECKPOINTS, b"".join(len(note).to_bytes(2, "big") + note for note in notes)
    yield from hash_tiles(Levels(leaves))
    yield from bundles([b"" if seq in reasons else raw for seq, raw in enumerate(raws)])
    hidden: list[layout.WithheldFile] = []
    for name in sorted(named.files):
        words = _why_file(name, files, named, reasons, rules)
        if words is not None:
            hidden.append(layout.WithheldFile(name, words))
        elif name in files:
            yield name, files[name][: named.vouched_bytes.get(name)]
    if entries_out or hidden:
        yield layout.WITHHELD, canonical_bytes(layout.Withheld(entries_out, tuple(hidden)))
    yield layout.CHECKPOINT, notes[-1]


def labelled(files: Mapping[str, bytes], rules: ExportRules) -> list[tuple[str, Label, int]]:
    """What an export holds, each with its label and the entry time since when it has it.

    An entry's name is that of its bundle and its number, as `tile/entries/000#17`.

    **Raises**: as `export_files`.
    """
    raws, _, entries, named = _read(files)
    reasons = _reasons(entries, rules)
    bundle = {number: tile_path(ENTRIES, number, width) for number, width in widths(len(raws))}
    found = [
        (f"{bundle[entry.seq // WIDTH]}#{entry.seq}", entry.body.label, entry.toe_us)
        for entry in entries
        if entry.seq not in reasons
    ]
    for name in sorted(named.files):
        if name in files and _why_file(name, files, named, reasons, rules) is None:
            entry = entries[named.files[name]]
            found.append((name, _label_of_file(name, files[name], entry.body.label), entry.toe_us))
    return found


def _label_of_file(name: str, raw: bytes, label: Label) -> Label:
    """A tape block is as narrow as its narrowest track.

    **Doubt**: one that is still open is for nobody.
    """
    if JOURNAL_FILE.fullmatch(name):
        return combine(())
    told = [one.label() for one in told_in(raw)] if TAPE_FILE.fullmatch(name) else []
    return combine((label, *told))


def _read(files: Mapping[str, bytes]) -> tuple[list[bytes], list[bytes], list[Entry], "_Named"]:
    """A data folder's entries as bytes and as they are, the log's checkpoints, and what the entries name."""
    raws: list[bytes] = []
    notes: list[bytes] = []
    for batch in batches_of(files):
        raws += batch.entries
        notes.append(batch.note)
    if not raws:
        raise InputError("nothing was written yet; there is nothing to export", field="folder")
    named = _Named(files[PUBLIC_KEY].decode().strip())
    entries = [decode_entry(raw) for raw in raws]
    for entry in entries:
        named.take(entry)
    return raws, notes, entries, named


class _Named:
    """What a record's entries name: keys, the context, files by their entry, how much of an open journal counts."""

    def __init__(self, first_key: str) -> None:
        self.keys, self.witnesses = [first_key], list[str]()
        self.context = ""
        self.files: dict[str, int] = {}
        self.vouched_bytes: dict[str, int] = {}
        self.absences: dict[str, list[int]] = {}

    def take(self, entry: Entry) -> None:
        body = entry.body
        if isinstance(body, TapeFrameWritten):
            self.files[journal_file(body.block)] = entry.seq
            self.vouched_bytes[journal_file(body.block)] = body.stored_bytes
        elif isinstance(body, TapeBlockSealed | TapeBlockRecovered):
            self.files.pop(journal_file(body.block), None)
            self.files[tape_file(body.block)] = entry.seq
        elif isinstance(body, TapeBlockExpired):
            self.files.pop(tape_file(body.block), None)
            self.absences.setdefault(tape_file(body.block), []).append(entry.seq)
        elif isinstance(body, MediaKept):
            self.files[media_file(body.digest)] = entry.seq
        elif isinstance(body, MediaRetired | MediaMissed | MediaReappeared):
            self.absences.setdefault(media_file(body.digest), []).append(entry.seq)
        elif isinstance(body, SignedAct):
            act = act_of(body)
            if isinstance(act, MissingExplained):
                self.absences.setdefault(media_file(act.digest), []).append(entry.seq)
        elif isinstance(body, LogKeyChanged | SecondSignerSet) and body.key_line:
            self.keys.append(body.key_line)
        elif isinstance(body, WitnessesSet):
            self.witnesses += body.key_lines
        elif isinstance(body, RoomOpened):
            self.context = body.context.value


def _reasons(entries: list[Entry], rules: ExportRules) -> dict[int, str]:
    """Why each entry that is left out is."""
    for seq in sorted(rules.withheld_seqs):
        if not 0 <= seq < len(entries):
            raise InputError(f"there is no entry {seq}; the record has {len(entries)}", field="withhold")
        if type(entries[seq].body) in _NEVER_WITHHELD:
            sentence = f"entry {seq} says what the record is, or whose keys count; without it nothing could be verified"
            raise InputError(sentence, field="withhold")
    nations = {nation for entry in entries for nation in entry.body.label.nations}
    if rules.audience is not None and not set(rules.audience.nations) <= nations:
        named = ", ".join(sorted(nations))
        raise InputError(f"the record names no nation `{rules.audience.nations[0]}`; it names {named}", field="nation")
    inputs = {input_key(entries[seq].key) for seq in rules.withheld_seqs}
    notified = {input_key(entry.key) for entry in entries if is_notification(entry)}
    found = {}
    for entry in entries:
        if type(entry.body) in _NEVER_WITHHELD:
            continue
        # what follows from something withheld would tell of it
        if input_key(entry.key) in inputs or getattr(entry.body, "decision_id", None) in inputs:
            found[entry.seq] = rules.words
        elif is_notification(entry) or _tells_of_notified(entry, notified):
            found[entry.seq] = NOTIFICATION_STAYS
        elif isinstance(entry.body, MediaKept) and entry.body.source == MATCH_INPUT:
            found[entry.seq] = PLAN_STAYS
        elif rules.audience is not None and not may_see(entry.body.label, rules.audience):
            found[entry.seq] = f"not releasable to {', '.join(rules.audience.nations)}"
    return found


def _tells_of_notified(entry: Entry, notified: Collection[str]) -> bool:
    """Whether an entry follows from a notification, or may hold that rules were told of one.

    In a record without notifications a person stated it, and what they stated has a label.
    """
    if isinstance(entry.body, RulesAnswered | UseJudged):
        return bool(notified) and _TOLD_NOTIFIED in entry.body.facts
    return isinstance(entry.body, ActRefused) and input_key(entry.key) in notified


def is_notification(entry: Entry) -> bool:
    """Whether an entry tells of a notified place, whose list leaves the room in no export (SCOPE limit 7)."""
    body = entry.body
    if isinstance(body, SignedAct):
        return any(f'"type":"{kind.__name__}"' in body.document for kind in get_args(NotificationAct))
    return isinstance(body, NotificationFact)


def _why_file(
    name: str, files: Mapping[str, bytes], named: _Named, reasons: Mapping[int, str], rules: ExportRules
) -> str | None:
    """Why a file is not handed out, or None."""
    if rules.without_tape and (TAPE_FILE.fullmatch(name) or JOURNAL_FILE.fullmatch(name)):
        return rules.without_tape
    if name in files:
        return reasons.get(named.files[name]) or _why_file_withheld(name, files[name], rules)
    # why it is not there may stand in what is withheld
    return next((reasons[seq] for seq in named.absences.get(name, ()) if seq in reasons), None)


def _why_file_withheld(name: str, raw: bytes, rules: ExportRules) -> str | None:
    """A tape block is shown whole or not at all; one that is still open only to those who see everything."""
    if rules.audience is None:
        return None
    if JOURNAL_FILE.fullmatch(name):
        return "its block is still open"
    if all(may_see(name.label(), rules.audience) for name in told_in(raw)):
        return None
    return f"it holds tracks that are not releasable to {', '.join(rules.audience.nations)}"
