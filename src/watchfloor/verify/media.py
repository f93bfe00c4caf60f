"""Checks the media inventory: every medium is there and is what it was, or the record says why not."""

from collections.abc import Mapping
from hashlib import sha256

from msgspec import Struct

from watchfloor.base.errors import WireError
from watchfloor.messages.acts import MissingExplained
from watchfloor.messages.canonical import decode_canonical
from watchfloor.messages.entry import Entry
from watchfloor.messages.keeping import MediaKept, MediaMissed, MediaReappeared, MediaRetired
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.signed import AnyAct, SignedAct
from watchfloor.record.folder_layout import MEDIA_FILE, media_file
from watchfloor.verify.report import MISSING_MEDIUM, Report


class _Held(Struct):
    seq: int
    size_bytes: int
    retired: bool = False
    missed_seq: int | None = None
    words: str = ""
    words_before: str = ""
    act_id: str = ""


class MediaCheck:
    """Takes entries of its `kinds` in order; `finish` looks at the files."""

    kinds = frozenset((MediaKept, MediaRetired, MediaMissed, MediaReappeared, SignedAct, ActRefused))

    def __init__(
        self, report: Report, files: Mapping[str, bytes], withheld: frozenset[str], *, is_export: bool
    ) -> None:
        self._report, self._files, self._withheld, self._is_export = report, files, withheld, is_export
        self._held: dict[str, _Held] = {}

    def take(self, entry: Entry) -> None:
        """Follow what the record says of each medium."""
        body = entry.body
        if isinstance(body, MediaKept):
            self._held[body.digest] = _Held(entry.seq, body.size_bytes)
            return
        if isinstance(body, ActRefused):
            for one in self._held.values():
                if one.act_id == body.act_id:
                    one.words = one.words_before  # a reason that the room refused is none
            return
        digest = _explained(body) if isinstance(body, SignedAct) else getattr(body, "digest", "")
        held = self._held.get(digest)
        if held is None:
            if not isinstance(body, SignedAct):
                self._report.lack("record", "is about a medium that was never kept", entry.seq)
        elif isinstance(body, MediaRetired):
            held.retired = True
        elif isinstance(body, MediaMissed):
            held.missed_seq, held.words = entry.seq, ""
        elif isinstance(body, MediaReappeared):
            held.missed_seq, held.words = None, ""
        elif isinstance(body, SignedAct):
            act = _act(body)
            if isinstance(act, MissingExplained) and held.missed_seq is not None:
                held.words_before, held.words, held.act_id = held.words, act.words, act.act_id

    def finish(self) -> None:
        """Hold the files against the inventory."""
        for digest, held in self._held.items():
            name = media_file(digest)
            raw = self._files.get(name)
            if raw is None:
                self._say_missing(name, held)
            elif len(raw) != held.size_bytes or sha256(raw).hexdigest() != digest:
                self._report.add(name, "the medium is not what was kept", held.seq)
            elif held.retired:
                self._report.notes.append(f"{name}: a rule let it go, and it is still there")
            else:
                self._report.media_count += 1
        for name in self._files:
            found = MEDIA_FILE.fullmatch(name)
            if found and found.group(1) not in self._held:
                if not self._is_export and sha256(self._files[name]).hexdigest() == found.group(1):
                    self._report.notes.append(f"{name}: kept in the moment of a crash; the record does not know it")
                else:
                    self._report.add(name, "the record does not know this medium")

    def _say_missing(self, name: str, held: _Held) -> None:
        if held.retired or name in self._withheld:
            return
        if held.words:
            self._report.notes.append(f"{name} is missing; the reason on record: {held.words}")
        else:
            self._report.add(name, MISSING_MEDIUM, held.seq)


def _explained(signed: SignedAct) -> str:
    act = _act(signed)
    return act.digest if isinstance(act, MissingExplained) else ""


def _act(signed: SignedAct) -> AnyAct | None:
    if '"type":"MissingExplained"' not in signed.document:
        return None
    try:
        act: AnyAct = decode_canonical(signed.document.encode(), AnyAct)  # type: ignore[arg-type]
    except WireError:
        return None
    return act
