"""Goes through the log's files: form, sequence, time, links, tree, signatures. Names the first bad entry.

Each file says what came before it, so files can be checked side by side; what a file says is then held against what
the one before it came to.
"""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from watchfloor.base.errors import IntegrityError, WireError
from watchfloor.messages.entry import Entry, decode_entry
from watchfloor.record.folder_layout import LOG_FILE, log_file
from watchfloor.record.keys import KEY_CHANGES, Signers
from watchfloor.record.log import Batch, Edge, LogFile
from watchfloor.record.note import open_note_of, parse_checkpoint
from watchfloor.record.tree import Frontier, leaf_hash
from watchfloor.verify.report import Problem, Report

WHERE = "record"
_BROKEN_LINK = "has changed: the next entry does not follow it"
_KEY_CHANGE_MARKS = tuple(f'"type":"{kind.__name__}"'.encode() for kind in KEY_CHANGES)


class FileTask(Struct, frozen=True):
    """One file of the log to check: its bytes are read in the process that checks it."""

    files: Mapping[str, bytes]
    name: str
    is_last: bool
    signers: Signers | None
    kinds: frozenset[type]


class FileResult(Struct, frozen=True):
    """What came of one file: where it began and ended, and the entries that other checks want, as bytes."""

    is_last: bool
    begin: Edge
    end: Edge
    signers: Signers | None
    wanted: list[bytes]
    keys: list[str]
    checkpoint_count: int
    problems: list[Problem]
    notes: list[str]


Runner = Callable[[Callable[[FileTask], FileResult], list[FileTask]], Iterator[FileResult]]


def check_entries(
    report: Report, files: Mapping[str, bytes], signers: Signers | None, kinds: frozenset[type], run: Runner
) -> Iterator[Entry]:
    """The entries of these kinds as far as the record holds; the first entry that does not hold is in the report.

    **Args**: `run`: how the files are gone through, one after the other or side by side.
    """
    names = [name for name in files if LOG_FILE.fullmatch(name)]
    wanted_names = [log_file(number) for number in range(1, len(names) + 1)]
    missing = [name for name in wanted_names if name not in files]
    if missing:
        report.add(missing[0], "the file is missing")
        return
    walk = _Walk(report, signers)
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

    def __init__(self, report: Report, signers: Signers | None) -> None:
        self.edge, self.signers = Edge(), signers
        self._report = report
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
        for raw in result.wanted:
            yield decode_entry(raw)


def check_file(task: FileTask) -> FileResult:
    """Check one file of the log from its own beginning on."""
    return _FileCheck(task).result()


class _FileCheck:
    def __init__(self, task: FileTask) -> None:
        self._task = task
        self._signers = task.signers
        self._problems: list[Problem] = []
        self._notes: list[str] = []
        self._wanted: list[bytes] = []
        self._keys: list[str] = []
        self._checkpoint_count = 0
        self._begin = self._edge = Edge()
        try:
            held = LogFile(task.files[task.name])
            if len(held.edge.peaks) != held.edge.size.bit_count():
                raise IntegrityError("its head has peaks that do not fit its number of entries")
            self._begin = self._edge = held.edge
            self._frontier = Frontier(held.edge.size, held.edge.peaks)
            self._go(held)
        except IntegrityError as error:
            self._problems.append(Problem(task.name, str(error)))

    def result(self) -> FileResult:
        return FileResult(
            self._task.is_last,
            self._begin,
            self._edge,
            self._signers,
            self._wanted,
            self._keys,
            self._checkpoint_count,
            self._problems,
            self._notes,
        )

    def _go(self, held: LogFile) -> None:
        for batch in held.batches():
            fault = self._check_batch(batch)
            if fault is None:
                continue
            if not (self._task.is_last and _is_unfinished(held, batch)):
                self._problems.append(Problem(WHERE, fault[1], fault[0]))
                return
            break
        self._check_tail(held)

    def _check_batch(self, batch: Batch) -> tuple[int, str] | None:
        """None, when all of the batch holds; else the entry that does not, and why."""
        frontier, edge = self._frontier.copy(), self._edge
        kinds = self._task.kinds
        prev, toe_us, seq = edge.leaf.hex(), edge.toe_us, edge.size
        leaf, wanted, keys, types = edge.leaf, [], [], set()
        for raw in batch.entries:
            try:
                entry = decode_entry(raw)
            except WireError as error:
                return seq, str(error)
            if entry.seq != seq:
                return seq, f"says it is entry {entry.seq}"
            if entry.prev != prev:
                return (seq - 1, _BROKEN_LINK) if seq else (seq, "the first entry follows something")
            if entry.toe_us <= toe_us:
                return seq, "is not later than the entry before it"
            kind = type(entry.body)
            types.add(kind)
            if kind in kinds:
                wanted.append(raw)
            leaf = leaf_hash(raw)
            prev, toe_us, seq = leaf.hex(), entry.toe_us, seq + 1
            frontier.append(leaf)
            keys.append(entry.key)
        fault = self._batch_fault(batch, entry, types, frontier)
        if fault is not None:
            return seq - 1, fault
        self._frontier, self._edge = frontier, Edge(seq, toe_us, leaf, batch.peaks)
        self._wanted += wanted
        self._keys += keys
        return None

    def _batch_fault(self, batch: Batch, last: Entry, types: set[type], frontier: Frontier) -> str | None:
        if batch.peaks != frontier.peaks():
            return "the tree's edge behind it does not fit the entries"
        if self._signers is None:
            return None
        if len(batch.entries) > 1 and not KEY_CHANGES.isdisjoint(types):
            return "a change of keys does not stand alone"
        try:
            signers = self._signers.of_batch(last.body)
            head = parse_checkpoint(open_note_of(batch.note.decode(), signers.keys()))
            self._signers = self._signers.after(last.body)
        except (WireError, IntegrityError, UnicodeDecodeError) as error:
            return f"its checkpoint: {error}"
        if head.origin != signers.log.name:
            return f"its checkpoint is of `{head.origin}`"
        if (head.size, head.root) != (frontier.size, frontier.root()):
            return "its checkpoint does not fit the entries"
        self._checkpoint_count += 1
        return None

    def _check_tail(self, held: LogFile) -> None:
        if not held.unfinished_bytes:
            return
        if not self._task.is_last:
            self._problems.append(Problem(self._task.name, "it ends in an unfinished batch, but is not the last file"))
        elif self._signers is not None and self._signers.signed_tail(held.tail()):
            sentence = "the newest batch was whole once and has changed since"
            self._problems.append(Problem(WHERE, sentence, self._edge.size))
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
