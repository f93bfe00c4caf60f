"""Where in the tape an instant lies, and the frame that was on screens then."""

from bisect import bisect_right
from collections.abc import Sequence

from watchfloor.record.tape import Frame
from watchfloor.record.tape_block import Block


class TapeIndex:
    """Sealed blocks of one stream in one stretch of room time, in order: name, first and last room time."""

    def __init__(self, blocks: Sequence[tuple[str, int, int]]) -> None:
        self._blocks = list(blocks)
        self._firsts = [first_us for _, first_us, _ in blocks]

    def block_at(self, room_us: int) -> str | None:
        """The block that holds the last frame not later than an instant; None, when the tape begins later.

        **Cost**: logarithmic; then one block is read and decoded, whatever the length of the tape.
        """
        place = bisect_right(self._firsts, room_us) - 1
        return None if place < 0 else self._blocks[place][0]


def frame_at(block: Block, room_us: int) -> Frame:
    """A block's last frame that is not later than an instant, or its first."""
    return block.frame(max(bisect_right([head.room_us for head in block.heads], room_us) - 1, 0))
