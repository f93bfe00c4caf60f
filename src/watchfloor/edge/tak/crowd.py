"""Clients that were told the same so far, in one form: what is new is one piece of bytes for all of them."""

from collections.abc import Callable, Hashable

from watchfloor.app.newest import Form, Newest

Write = Callable[[bytes], None]


class Crowd:
    """Those who read as fast as they are told; whoever does not leaves, and is told alone what it missed.

    `told` is up to which number of the newest all of them were told, those who leave in the midst of it too.
    """

    def __init__(self, newest: Newest, form: Form) -> None:
        self.newest, self.form, self.told = newest, form, newest.number
        self._writes: dict[Hashable, Write] = {}

    def join(self, who: Hashable, write: Write) -> None:
        """Somebody who was told everything so far is told with the others from now on."""
        self.tell()
        self._writes[who] = write

    def leave(self, who: Hashable) -> None:
        """Somebody is not told any more."""
        self._writes.pop(who, None)

    def tell(self) -> None:
        """Write to all of them what is new."""
        newest = self.newest
        if not self._writes:
            self.told = newest.number
        while self.told < newest.number:
            piece, self.told = newest.since(self.told, self.form)
            if piece:
                for write in tuple(self._writes.values()):
                    write(piece)
