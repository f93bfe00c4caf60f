"""The tree's root at any earlier size, for the heads that persons and witnesses saw."""

from watchfloor.record.tiles import Levels

_HASH_BYTES = 32


class Roots:
    """Roots over the first so many leaves. The tree is put together when one is asked for; most need none."""

    def __init__(self, leaves: bytes) -> None:
        self.size = len(leaves) // _HASH_BYTES
        self._leaves = leaves
        self._levels: Levels | None = None

    def at(self, size: int) -> bytes | None:
        """The root over the first `size` leaves; None, when there are not so many."""
        if not 0 <= size <= self.size:
            return None
        if self._levels is None:
            places = range(0, len(self._leaves), _HASH_BYTES)
            self._levels = Levels([self._leaves[place : place + _HASH_BYTES] for place in places])
        return self._levels.root(0, size)
