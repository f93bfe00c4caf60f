"""Goes through the log's files: form, sequence, time, links, tree, signatures. Names the first bad entry.

Each file says what came before it, so files can be checked side by side; what a file says is then held against what
the one before it came to.
"""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from watchfloor.base.errors import IntegrityError
from watchfloor.messages.entry import Entry, decode_entry
from watchfloor.record.folder_layout import LOG_FILE, log_file
from watchfloor.record.keys import KEY_CHANGES, Signers
from watchfloor.record.log import Batch, Edge, LogFile
from watchfloor.record.tree import Frontier
from watchfloor.verify.batches import WHERE, BatchCheck
from watchfloor.verify.report import Problem, Report

_KEY_CHANGE_MARKS = tuple(f'"type":"{kind.__name__}"'.encode() for kind in KEY_CHANGES)


class FileTask(Struct, frozen=True):
    """One file of the log to check: its bytes are read in the process that checks it."""

    files: Mapping[str, bytes]
    name: str
    is_last: bool
    signers: Signers | None
    kinds: frozenset[type]


class FileResult(Struct, frozen=True, kw_only=True):
    """What came of one file: where it began and ended, and the entries that other checks want, as bytes."""

    is_last: bool
    begin: Edge
    end: Edge
    signers: Signers | None
    wanted: list[bytes]
    keys: list[str]
    leaves: bytes
    checkpoint_count: int
    problems: list[Problem]
    notes: list[str]


Runner = Callable[[Callable[[FileTask], FileResult], list[FileTask]], Iterator[FileResult]]


def check_entries(
    report: Report,
    files: Mapping[str, bytes],
    signers: Signers | None,
    kinds: frozenset[type],
    run: Runner,
    leaves: bytearray,
) -> Iterator[Entry]:
    """The entries of these kinds as far as the record holds; the first entry that does not hold is in the report.

    **Args**: `run`: how the files are gone through, one after the other or side by side; `leaves` takes the leaf hashes
    of all that holds.
    """
    names = [name for name in files if LOG_FILE.fullmatch(name)]
    wanted_names = [log_file(number) for number in range(1, len(names) + 1)]
    missing = [name for name in wanted_names if name not in files]
    if missing:
        report.add(missing[0], "the file is missing")
        return
    walk = _Walk(report, signers, leaves)
    if len(names) > 1 and any(mark in files[name] for name in names for mark in _KEY_CHANGE_MARKS):
        run = map
    tasks = [FileTask(files, name, name == wanted_names[-1], signers, kinds) for name in wanted_names]
    if run is map:
        for task in tasks:
            yield from walk.follow(check_file(FileTask(files, task.name, task.is_last, walk.signers, kinds)))
            if report.problems:
                break
    else:
        for result in run(check_file, tasks):
            yield from walk.follow(result)
            if report.problems:
                break
    report.entry_count = walk.edge.size
    report.root = Frontier(walk.edge.size, walk.edge.peaks).root().hex()


class _Walk:
    """Puts the results of the files together, in order."""

    def __init__(self, report: Report, signers: Signers | None, leaves: bytearray) -> None:
        self.edge, self.signers = Edge(), signers
        self._report, self._leaves = report, leaves
        self._keys: set[str] = set()

    def follow(self, result: FileResult) -> Iterator[Entry]:
        if result.begin != self.edge and result.is_last and result.begin == result.end and not result.problems:
            self._report.notes.append("the newest file of the log was only begun")
            return
        if result.begin != self.edge and (result.end.size or self.edge.size):
            where = max(self.edge.size - 1, 0)
            self._report.add(WHERE, "has changed: the next file does not follow it", where)
            return
        self._report.problems += result.problems
        self._report.notes += result.notes
        self._report.checkpoint_count += result.checkpoint_count
        for place, key in enumerate(result.keys):
            if key in self._keys:
                self._report.add(WHERE, f"repeats the key `{key}`", self.edge.size + place)
                return
            self._keys.add(key)
        self.edge, self.signers = result.end, result.signers
        self._leaves += result.leaves
        for raw in result.wanted:
            yield decode_entry(raw)


def check_file(task: FileTask) -> FileResult:
    """Check one file of the log from its own beginning on."""
    return _FileCheck(task).result()


class _FileCheck:
    def __init__(self, task: FileTask) -> None:
        self._task = task
        self._check = BatchCheck(Edge(), task.signers, task.kinds)
        self._begin = Edge()
        self._problems: list[Problem] = []
        self._notes: list[str] = []
        try:
            held = LogFile(task.files[task.name])
            if len(held.edge.peaks) != held.edge.size.bit_count():
                raise IntegrityError("its head has peaks that do not fit its number of entries")
            self._begin = held.edge
            self._check = BatchCheck(held.edge, task.signers, task.kinds)
            self._go(held)
        except IntegrityError as error:
            self._problems.append(Problem(task.name, str(error)))

    def result(self) -> FileResult:
        check = self._check
        return FileResult(
            is_last=self._task.is_last,
            begin=self._begin,
            end=check.edge,
            signers=check.signers,
            wanted=check.wanted,
            keys=check.keys,
            leaves=bytes(check.leaves),
            checkpoint_count=check.checkpoint_count,
            problems=self._problems,
            notes=self._notes,
        )

    def _go(self, held: LogFile) -> None:
        for batch in held.batches():
            fault = self._check.take(batch.entries, batch.note, batch.peaks)
            if fault is None:
                continue
            if not (self._task.is_last and _is_unfinished(held, batch)):
                self._problems.append(Problem(WHERE, fault.sentence, fault.seq))
                return
            break
        self._check_tail(held)

    def _check_tail(self, held: LogFile) -> None:
        if not held.unfinished_bytes:
            return
        if not self._task.is_last:
            self._problems.append(Problem(self._task.name, "it ends in an unfinished batch, but is not the last file"))
        elif self._check.signers is not None and self._check.signers.signed_tail(held.tail()):
            sentence = "the newest batch was whole once and has changed since"
            self._problems.append(Problem(WHERE, sentence, self._check.edge.size))
        else:
            self._notes.append(
                f"{self._task.name}: an unfinished write of {held.unfinished_bytes} bytes; it was never acknowledged"
            )


def _is_unfinished(held: LogFile, batch: Batch) -> bool:
    try:
        held.leave(batch)
    except IntegrityError:
        return False
    return True
