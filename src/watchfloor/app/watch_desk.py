"""The desk of watches: that somebody sat down on one that another keeps enters the record in the same write."""

from collections.abc import Sequence

from watchfloor.app.state import RoomState
from watchfloor.app.watches import awaited
from watchfloor.messages.entry import Fact


class WatchDesk:
    """Follows who sits down in the running room; who looks back on a record takes no watch."""

    def follow(self, before: RoomState, after: RoomState, room_us: int) -> Sequence[Fact]:  # noqa: ARG002
        """What follows from a step of the room."""
        if before.seats is after.seats:
            return ()
        sat = [seat for seat_id, seat in after.seats.items() if before.seats.get(seat_id) is not seat]
        return [fact for seat in sat if (fact := awaited(after.watches, seat)) is not None]
