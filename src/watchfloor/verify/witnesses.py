"""Checks what witnesses saw: signatures that the record holds, and heads that an auditor got from a witness.

A log alone shows neither that it was rolled back nor that all of it was signed anew; one honest witness's head does.
"""

from collections.abc import Mapping, Sequence

from watchfloor.base.errors import WireError
from watchfloor.messages.acts import SeatKind
from watchfloor.messages.entry import Entry, input_key
from watchfloor.messages.keeping import HeadWitnessed, WitnessesSet
from watchfloor.messages.outcomes import DecisionAwaited, DecisionWitnessed, RequestDecided
from watchfloor.messages.signed import SignedAct
from watchfloor.record.note import WITNESS, Checkpoint, VerifierKey, parse_checkpoint, parse_signature, split_note
from watchfloor.verify.report import Report
from watchfloor.verify.roots import Roots

_WHERE = "record"


class Trust:
    """What an auditor knows from elsewhere: verifier keys, and heads that witnesses gave out."""

    def __init__(self, keys: Sequence[VerifierKey] = (), heads: Mapping[str, str] | None = None) -> None:
        self.keys, self.heads = tuple(keys), heads or {}


class WitnessCheck:
    """Takes entries of its `kinds` in order; `finish` holds all witnessed heads against the tree."""

    kinds = frozenset((WitnessesSet, HeadWitnessed, DecisionAwaited, DecisionWitnessed, RequestDecided, SignedAct))

    def __init__(self, report: Report, origin: str) -> None:
        self._report, self._origin = report, origin
        self._keys: list[VerifierKey] = []
        self._needed = 0
        self._awaited: dict[str, int] = {}
        self._seen: set[str] = set()
        self._claims: list[tuple[int, HeadWitnessed | DecisionWitnessed, list[VerifierKey], int]] = []

    def take(self, entry: Entry) -> None:
        """Follow who witnesses, and what they saw."""
        body = entry.body
        if isinstance(body, WitnessesSet):
            self._needed = body.needed_count
            try:
                self._keys = [VerifierKey.from_line(line) for line in body.key_lines]
            except WireError as error:
                self._report.add(_WHERE, f"names no witness's key: {error}", entry.seq)
        elif isinstance(body, DecisionAwaited):
            self._awaited[body.decision_id] = entry.seq
        elif isinstance(body, DecisionWitnessed):
            if self._awaited.get(body.decision_id, entry.seq) >= body.size_count:
                self._report.lack(_WHERE, "the head that witnesses saw does not hold the decision", entry.seq)
            self._seen.add(body.decision_id)
            self._claims.append((entry.seq, body, self._keys, self._needed))
        elif isinstance(body, SignedAct):
            if body.actor.kind is SeatKind.SIMULATED:  # a pack's opening record can only refuse, and awaits nobody
                self._seen.add(input_key(entry.key))
        elif isinstance(body, HeadWitnessed):
            self._claims.append((entry.seq, body, self._keys, 1))
        elif isinstance(body, RequestDecided) and self._needed and body.decision_id not in self._seen:
            self._report.lack(_WHERE, "was published before witnesses saw it", entry.seq)

    def finish(self, roots: Roots, trusted: frozenset[str]) -> None:
        """Hold every head that was witnessed against the tree.

        **Args**: `trusted`: witnesses' keys that the auditor knows; where there are any, only theirs are counted.
        """
        for seq, body, keys, needed in self._claims:
            root = roots.at(body.size_count)
            if body.size_count > seq or root is None or root.hex() != body.root:
                self._report.add(_WHERE, "witnesses saw another log than this one", seq)
                continue
            text = Checkpoint(self._origin, body.size_count, root).text()
            signed = _signers(text, body.signature_lines, keys)
            if len(signed) != len(body.signature_lines) or len(signed) < needed:
                self._report.add(_WHERE, "its witnesses' signatures do not hold, or are too few", seq)
                continue
            if not trusted or signed & trusted:
                self._report.witnessed_size = max(self._report.witnessed_size, body.size_count)
        if self._report.witnessed_size and not trusted:
            self._report.notes.append("the witnesses' keys are those that the record names; trust them with `--keys`")


def check_heads(report: Report, roots: Roots, trust: Trust, logs: Sequence[VerifierKey]) -> None:
    """Hold the record against heads that witnesses gave an auditor.

    A head says which key the log had then. So who lacks that key cannot go on from it with another.

    **Args**: `logs`: every key that the log had, as the record tells.
    """
    origin = report.origin
    witnesses = [key for key in trust.keys if key.algorithm == WITNESS]
    knows_log = len(witnesses) < len(trust.keys)
    for where, note in trust.heads.items():
        try:
            text, signatures = split_note(note)
            head = parse_checkpoint(text)
        except WireError as error:
            report.add(where, str(error))
            continue
        if not any(one.is_by(key) and one.holds(key, text) for one in signatures for key in witnesses):
            report.add(where, "no witness that you trust signed this head")
        elif head.origin != origin:
            report.add(where, f"this head is of another log, `{head.origin}`")
        elif not knows_log and not any(one.is_by(key) and one.holds(key, text) for one in signatures for key in logs):
            report.add(where, "no key of this record signed this head; it may be another log of the same name")
        elif head.size > roots.size:
            report.add(
                where, f"a witness saw {head.size} entries, and the record holds {roots.size}: it was rolled back"
            )
        elif roots.at(head.size) != head.root:
            report.add(where, f"a witness saw other entries than these among the first {head.size}: it was rewritten")
        else:
            report.notes.append(f"{where}: the record continues the {head.size} entries that a witness saw")


def _signers(text: str, lines: Sequence[str], keys: Sequence[VerifierKey]) -> set[str]:
    signed = set()
    for line in lines:
        try:
            one = parse_signature(line)
        except WireError:
            continue
        signed |= {key.line() for key in keys if one.is_by(key) and one.holds(key, text)}
    return signed
