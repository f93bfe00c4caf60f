"""A sequence that only grows: each longer one shares all but its last few items with the one it grew from.

What was looked at stays as it was, however far the newest has grown.
**Cost**: to grow is 64 items copied at the most, and once in 64 the blocks' names.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

from msgspec import Struct

_BLOCK = 64
T = TypeVar("T")


class Growing(Struct, Generic[T], frozen=True):
    """The items, in full blocks and the last few."""

    blocks: tuple[tuple[T, ...], ...] = ()
    last: tuple[T, ...] = ()

    def grown(self, item: T) -> "Growing[T]":
        """The sequence with one item more."""
        last = (*self.last, item)
        if len(last) < _BLOCK:
            return Growing(self.blocks, last)
        return Growing((*self.blocks, last), ())

    def __len__(self) -> int:
        return len(self.blocks) * _BLOCK + len(self.last)

    def __getitem__(self, place: int) -> T:
        """The item at a place; negative places count from the end.

        **Raises**: IndexError, when there is none.
        """
        count = len(self)
        place = place + count if place < 0 else place
        if not 0 <= place < count:
            raise IndexError(place)
        block, within = divmod(place, _BLOCK)
        return self.blocks[block][within] if block < len(self.blocks) else self.last[within]

    def __iter__(self) -> Iterator[T]:
        for block in self.blocks:
            yield from block
        yield from self.last

    def after(self, start: int) -> Iterator[T]:
        """The items from a place on."""
        for place in range(max(start, 0), len(self)):
            yield self[place]
