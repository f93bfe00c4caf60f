"""What an existing record says, and what of its tape was open: the state to go on from.

**Raises**: IntegrityError, when entries, tree and checkpoint do not fit each other; nothing is written then.
"""

from collections import deque

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.app.ports import EntryStore
from watchfloor.app.state import RoomState, fold
from watchfloor.base.errors import IntegrityError, WireError
from watchfloor.messages.acts import SeatKind
from watchfloor.messages.entry import FIRST_PREV, Entry, decode_entry
from watchfloor.messages.pack import Pack
from watchfloor.messages.signed import SignedAct
from watchfloor.record.keys import Signers
from watchfloor.record.log import Batch, Edge
from watchfloor.record.note import open_note_of, parse_checkpoint
from watchfloor.record.tree import Frontier, leaf_hash

HEADS_KEPT = 2_000


class Past(Struct, frozen=True):
    """A record read back: its entries, the state they make, the log's edge, who signs it.

    `heads`: the newest heads that it had, so that what somebody signed just before a crash can still be entered.
    """

    entries: tuple[Entry, ...]
    state: RoomState
    frontier: Frontier
    newest_leaf: str
    signers: Signers
    heads: tuple[Frontier, ...] = ()

    def leaves(self) -> list[bytes]:
        """The leaf hash of every entry: each names the one before it."""
        named = [bytes.fromhex(entry.prev) for entry in self.entries[1:]]
        return [*named, bytes.fromhex(self.newest_leaf)] if self.entries else []

    def opening_left(self, pack: Pack) -> int:
        """How many acts of the pack's opening record do not stand yet; a crash may have cut it short."""
        acts = (entry.body for entry in self.entries if isinstance(entry.body, SignedAct))
        entered = sum(act.actor.kind is SeatKind.SIMULATED for act in acts)
        held = self.state.board.doctrine
        is_older = held is not None and held.advice is not None
        return 0 if is_older else max(len(pack.opening) - entered, 0)

    def edge(self) -> Edge:
        """Where the log stands."""
        toe_us = self.entries[-1].toe_us if self.entries else 0
        return Edge(self.frontier.size, toe_us, bytes.fromhex(self.newest_leaf), self.frontier.peaks())


def read_past(store: EntryStore, signers: Signers) -> Past:
    """The past of a room, checked against the tree's edge after every batch and the newest checkpoint.

    **Args**: `signers`: the log's first verifier key.
    """
    frontier = Frontier()
    state = RoomState()
    entries: list[Entry] = []
    prev = FIRST_PREV
    newest: tuple[Batch, Signers] | None = None
    heads: deque[Frontier] = deque(maxlen=HEADS_KEPT)
    for batch in store.batches():
        try:
            found, grown, last = _read_batch(batch, frontier, entries, prev)
        except IntegrityError:
            store.leave(batch)
            break
        newest = batch, signers
        for entry in found:
            state = fold(state, entry)
            signers = signers.after(entry.body)
        entries.extend(found)
        frontier, prev = grown, last
        heads.append(grown)
    if newest is not None:
        _check_head(newest[0], newest[1].of_batch(entries[-1].body), frontier)
        state = _standing_still(state, entries[-1])
    if signers.signed_tail(store.tail()):
        raise IntegrityError("the record's tail was a whole batch once and has changed since")
    return Past(tuple(entries), state, frontier, prev, signers, tuple(heads))


def _read_batch(batch: Batch, frontier: Frontier, before: list[Entry], prev: str) -> tuple[list[Entry], Frontier, str]:
    """A batch's entries, the tree after it and its last leaf; IntegrityError, when they do not follow."""
    found: list[Entry] = []
    grown = frontier.copy()
    newest = before[-1] if before else None
    for raw in batch.entries:
        seq = grown.size
        try:
            entry = decode_entry(raw)
        except WireError as error:
            raise IntegrityError(f"entry {seq}: {error}") from error
        if entry.seq != seq:
            raise IntegrityError(f"entry {seq} says it is entry {entry.seq}")
        if newest is not None and entry.toe_us <= newest.toe_us:
            raise IntegrityError(f"entry {entry.seq} is not later than the one before")
        if entry.prev != prev:
            raise IntegrityError(f"entry {entry.seq} does not follow the one before it")
        leaf = leaf_hash(raw)
        prev, newest = leaf.hex(), entry
        grown.append(leaf)
        found.append(entry)
    if batch.peaks != grown.peaks():
        raise IntegrityError(f"the tree's edge after entry {grown.size - 1} is not the one that was stored")
    return found, grown, prev


def _standing_still(state: RoomState, last: Entry) -> RoomState:
    """Room time stands where it was until the next setting: the time between two runs is none of the room's."""
    if state.clock is None:
        return state
    still = replace(state.clock, epoch_toe_us=last.toe_us, epoch_room_us=last.room_us, paused=True)
    return replace(state, clock=still)


def _check_head(batch: Batch, signers: Signers, frontier: Frontier) -> None:
    try:
        head = parse_checkpoint(open_note_of(batch.note.decode(), signers.keys()))
    except (WireError, UnicodeDecodeError) as error:
        raise IntegrityError(f"the newest checkpoint: {error}") from error
    if (head.size, head.root) != (frontier.size, frontier.root()):
        raise IntegrityError("the newest checkpoint does not fit the entries")
