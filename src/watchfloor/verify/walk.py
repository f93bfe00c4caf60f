"""Gives every entry that holds to the checks that want its kind; the same for data folders and exports."""

from collections.abc import Callable, Mapping

from watchfloor.messages.entry import Entry
from watchfloor.messages.keeping import KeyCause, LogKeyChanged, SecondSignerSet, WitnessesSet
from watchfloor.record.keys import KEY_CHANGES, Signers
from watchfloor.record.note import WITNESS, VerifierKey
from watchfloor.verify.acts import ActsCheck
from watchfloor.verify.authority import AuthorityCheck
from watchfloor.verify.handover import HandoverCheck
from watchfloor.verify.lines import LinesCheck
from watchfloor.verify.media import MediaCheck
from watchfloor.verify.notified import NotifiedCheck
from watchfloor.verify.report import Report
from watchfloor.verify.roots import Roots
from watchfloor.verify.tape import TapeCheck
from watchfloor.verify.witnesses import Trust, WitnessCheck, check_heads

NO_TRUST = Trust()


def _told(entry: Entry) -> str:
    """What an auditor should know of a change of keys."""
    body = entry.body
    if isinstance(body, LogKeyChanged) and body.cause is KeyCause.LOST:
        return f"entry {entry.seq}: the log's key was lost; the second signer alone vouches for the new ({body.words})"
    if isinstance(body, LogKeyChanged):
        return f"entry {entry.seq}: the log signs with another key, which the one before vouches for ({body.words})"
    words = body.words if isinstance(body, SecondSignerSet) else ""
    return f"entry {entry.seq}: who signs beside the log changed ({words})"


class Walk:
    """The checks of what entries say, fed in order."""

    def __init__(
        self,
        report: Report,
        files: Mapping[str, bytes],
        first_key: VerifierKey | None,
        withheld: frozenset[str],
        *,
        is_export: bool = False,
    ) -> None:
        self.signers = None if first_key is None else Signers(first_key)
        self._report = report
        self._logs = [] if first_key is None else [first_key]
        self._lines: list[str] = [key.line() for key in self._logs]
        self._witness_lines: list[str] = []
        report.origin = first_key.name if first_key else ""
        self._acts, self._tape = ActsCheck(report), TapeCheck(report, files, withheld, is_export=is_export)
        self._witnesses = WitnessCheck(report, report.origin)
        self._media = MediaCheck(report, files, withheld, is_export=is_export)
        self._takers: dict[type, list[Callable[[Entry], None]]] = {kind: [] for kind in KEY_CHANGES}
        lines, self._notified = LinesCheck(report, is_export=is_export), NotifiedCheck(report)
        self._handover = HandoverCheck(report)
        for check in (
            self._acts,
            AuthorityCheck(report),
            self._tape,
            self._witnesses,
            self._media,
            lines,
            self._notified,
            self._handover,
        ):
            for kind in check.kinds:
                self._takers.setdefault(kind, []).append(check.take)

    def kinds(self) -> frozenset[type]:
        """The kinds of entries that are wanted."""
        return frozenset(self._takers)

    def take(self, entry: Entry) -> None:
        """Check the next entry of a wanted kind."""
        if self.signers is not None and type(entry.body) in KEY_CHANGES:
            self.signers = self.signers.after(entry.body)
            self._logs.append(self.signers.log)
            self._lines.append(getattr(entry.body, "key_line", ""))
            self._report.notes.append(_told(entry))
        if isinstance(entry.body, WitnessesSet):
            self._witness_lines += entry.body.key_lines
        for take in self._takers[type(entry.body)]:
            take(entry)

    def key_lines(self) -> list[str]:
        """Every verifier key that the record names, each once: the log's and second signers', then witnesses'."""
        return [line for line in dict.fromkeys([*self._lines, *self._witness_lines]) if line]

    def finish(self, leaves: bytes, trust: Trust) -> None:
        """What can only be said at the end; called when no problem was found in the log itself."""
        self._tape.finish()
        self._media.finish()
        self._notified.finish()
        self._handover.finish()
        roots = Roots(leaves)
        self._acts.finish(roots)
        self._witnesses.finish(roots, frozenset(key.line() for key in trust.keys if key.algorithm == WITNESS))
        logs = [key for key in trust.keys if key.algorithm != WITNESS]
        if logs and self.signers is not None and self.signers.log not in logs:
            self._report.add("keys", "the log's key is none of those that you trust")
        elif trust.keys and not logs and not trust.heads:
            self._report.add("keys", "you trust witnesses only, and gave no head that one of them signed")
        check_heads(self._report, roots, trust, self._logs)
