"""The line's desk: what a person was heard to say becomes the party's signed message, in the same write.

The key is the party's and stands behind a port; nothing is signed that no person said.
"""

from collections.abc import Mapping, Sequence

from watchfloor.app.ports import LineKey
from watchfloor.app.state import RoomState
from watchfloor.line.session import Line, next_message
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.entry import Fact
from watchfloor.messages.line import SignedLine
from watchfloor.messages.line_record import LineSaid


class LineDesk:
    """Signs what is owed, with the key of each line that is open in this room."""

    def __init__(self, keys: Mapping[str, LineKey]) -> None:
        self._keys = keys

    def follow(self, before: RoomState, after: RoomState, room_us: int) -> Sequence[Fact]:
        """The message that each line owes first, where a step moved the lines."""
        if after.lines is before.lines:
            return ()
        return [
            self._said(line, room_us)
            for line_id, line in after.lines.items()
            if line.owed and line_id in self._keys and line is not before.lines.get(line_id)
        ]

    def _said(self, line: Line, room_us: int) -> LineSaid:
        document = canonical_bytes(next_message(line, room_us)).decode()
        signature = self._keys[line.opened.line_id].sign(document.encode()).hex()
        return LineSaid(
            line_id=line.opened.line_id,
            act_id=line.owed[0].act_id,
            signed=SignedLine(document, signature),
            label=line.opened.label,
        )
