"""What an existing record says, and what of its tape was open: the state to go on from.

**Raises**: IntegrityError, when entries, tree and checkpoint do not fit each other; nothing is written then.
"""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.app.state import RoomState, fold
from watchfloor.base.errors import IntegrityError, WireError
from watchfloor.messages.entry import FIRST_PREV, Entry, decode_entry
from watchfloor.record.note import VerifierKey, open_own_note, parse_checkpoint
from watchfloor.record.tree import Frontier, leaf_hash


class Past(Struct, frozen=True):
    """A record read back: its entries, the state they make, and the log's edge."""

    entries: tuple[Entry, ...]
    state: RoomState
    frontier: Frontier
    newest_leaf: str


def read_past(raws: Iterable[bytes], checkpoint: str | None, key: VerifierKey) -> Past:
    """The past of a room, checked against its newest checkpoint."""
    frontier = Frontier()
    state = RoomState()
    entries: list[Entry] = []
    prev = FIRST_PREV
    for raw in raws:
        try:
            entry = decode_entry(raw)
        except WireError as error:
            raise IntegrityError(f"entry {len(entries)}: {error}") from error
        if entry.seq != len(entries):
            raise IntegrityError(f"entry {len(entries)} says it is entry {entry.seq}")
        if entries and entry.toe_us <= entries[-1].toe_us:
            raise IntegrityError(f"entry {entry.seq} is not later than the one before")
        if entry.prev != prev:
            raise IntegrityError(f"entry {entry.seq} does not follow the one before it")
        prev = leaf_hash(raw).hex()
        frontier.append(leaf_hash(raw))
        state = fold(state, entry)
        entries.append(entry)
    if entries:
        _check_head(checkpoint, key, frontier)
        state = _standing_still(state, entries[-1])
    return Past(tuple(entries), state, frontier, prev)


def _standing_still(state: RoomState, last: Entry) -> RoomState:
    """Room time stands where it was until the next setting: the time between two runs is none of the room's."""
    if state.clock is None:
        return state
    still = replace(state.clock, epoch_toe_us=last.toe_us, epoch_room_us=last.room_us, paused=True)
    return replace(state, clock=still)


def _check_head(checkpoint: str | None, key: VerifierKey, frontier: Frontier) -> None:
    if checkpoint is None:
        raise IntegrityError("the record has entries but no checkpoint")
    try:
        head = parse_checkpoint(open_own_note(checkpoint, key))
    except WireError as error:
        raise IntegrityError(f"the newest checkpoint: {error}") from error
    if (head.size, head.root) != (frontier.size, frontier.root()):
        raise IntegrityError("the newest checkpoint does not fit the entries")
