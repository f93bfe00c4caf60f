"""Checks batches of entries one after the other: form, sequence, time, links, tree, checkpoint, signatures."""

from collections.abc import Mapping, Sequence

from watchfloor.base.errors import IntegrityError, WireError
from watchfloor.messages.entry import Entry, decode_entry
from watchfloor.record.keys import KEY_CHANGES, Signers
from watchfloor.record.log import Edge
from watchfloor.record.note import open_note_of, parse_checkpoint
from watchfloor.record.tree import Frontier, leaf_hash
from watchfloor.verify.report import Problem

WHERE = "record"
BROKEN_LINK = "has changed: the next entry does not follow it"


class BatchCheck:
    """Takes batches in order. What holds so far: `edge`, `signers`, the `wanted` entries, all `keys` and `leaves`.

    **Args**: `withheld`: leaf hashes of entries that an export withholds, by sequence; such an entry comes empty.
    """

    def __init__(
        self, edge: Edge, signers: Signers | None, kinds: frozenset[type], withheld: Mapping[int, bytes] | None = None
    ) -> None:
        self.edge, self.signers = edge, signers
        self.wanted: list[bytes] = []
        self.keys: list[str] = []
        self.leaves = bytearray()
        self.checkpoint_count = 0
        self._kinds, self._withheld = kinds, withheld or {}
        self._frontier = Frontier(edge.size, edge.peaks)

    def take(self, entries: Sequence[bytes], note: bytes, peaks: Sequence[bytes] | None) -> Problem | None:
        """None, when all of the batch holds; else the entry that does not, and why. Nothing of it is kept then.

        **Args**: `peaks`: the tree's edge as stored; None where it was not.
        """
        frontier, kinds = self._frontier.copy(), self._kinds
        leaf, toe_us, seq = self.edge.leaf, self.edge.toe_us, self.edge.size
        prev = leaf.hex()
        wanted, keys, types, leaves = [], [], set(), []
        entry: Entry | None = None
        for raw in entries:
            if not raw and seq in self._withheld:
                leaf, entry = self._withheld[seq], None
                prev, seq = leaf.hex(), seq + 1
                frontier.append(leaf)
                leaves.append(leaf)
                continue
            try:
                entry = decode_entry(raw)
            except WireError as error:
                return Problem(WHERE, str(error), seq)
            if entry.seq != seq:
                return Problem(WHERE, f"says it is entry {entry.seq}", seq)
            if entry.prev != prev:
                return _broken(seq)
            if entry.toe_us <= toe_us:
                return Problem(WHERE, "is not later than the entry before it", seq)
            kind = type(entry.body)
            types.add(kind)
            if kind in kinds:
                wanted.append(raw)
            leaf = leaf_hash(raw)
            prev, toe_us, seq = leaf.hex(), entry.toe_us, seq + 1
            frontier.append(leaf)
            leaves.append(leaf)
            keys.append(entry.key)
        alone = len(entries) == 1 and entry is not None
        fault = None if alone or KEY_CHANGES.isdisjoint(types) else "a change of keys does not stand alone"
        fault = fault or self._fault(entry, note, frontier)
        if fault is None and peaks is not None and tuple(peaks) != frontier.peaks():
            fault = "the tree's edge behind it does not fit the entries"
        if fault is not None:
            return Problem(WHERE, fault, seq - 1)
        self._frontier, self.edge = frontier, Edge(seq, toe_us, leaf, frontier.peaks())
        self.wanted += wanted
        self.keys += keys
        self.leaves += b"".join(leaves)
        return None

    def _fault(self, last: Entry | None, note: bytes, frontier: Frontier) -> str | None:
        if self.signers is None:
            return None
        try:
            signers = self.signers if last is None else self.signers.of_batch(last.body)
            head = parse_checkpoint(open_note_of(note.decode(), signers.keys()))
            after = self.signers if last is None else self.signers.after(last.body)
        except (WireError, IntegrityError, UnicodeDecodeError) as error:
            return f"its checkpoint: {error}"
        if head.origin != signers.log.name:
            return f"its checkpoint is of `{head.origin}`"
        if (head.size, head.root) != (frontier.size, frontier.root()):
            return "its checkpoint does not fit the entries"
        self.signers = after
        self.checkpoint_count += 1
        return None


def _broken(seq: int) -> Problem:
    if seq == 0:
        return Problem(WHERE, "the first entry follows something", 0)
    return Problem(WHERE, BROKEN_LINK, seq - 1)
