"""The desk of watches: that somebody sat down on one that was another's enters the record in the same write."""

from collections.abc import Sequence

from watchfloor.app.state import RoomState
from watchfloor.app.watches import awaited
from watchfloor.messages.entry import Fact


class WatchDesk:
    """Follows who sits where."""

    def follow(self, before: RoomState, after: RoomState, room_us: int) -> Sequence[Fact]:  # noqa: ARG002
        """What follows from a step of the room."""
        if before.board.sat is after.board.sat:
            return ()
        return awaited(after.seats, before.board.sat, after.board.sat)
