"""Clients that were told the same so far, in one form: what is new is one piece of bytes for all of them."""

from collections.abc import Callable

from watchfloor.app.newest import Form, Newest

Write = Callable[[bytes], None]


class Crowd:
    """Those who read as fast as they are told. `told` is up to which number of the newest all of them were told."""

    def __init__(self, newest: Newest, form: Form) -> None:
        self.newest, self.form, self.told = newest, form, newest.number
        self._writes: dict[Reader, Write] = {}

    def join(self, reader: "Reader", write: Write) -> None:
        """Somebody who was told everything so far is told with the others from now on."""
        self.tell()
        self._writes[reader] = write

    def leave(self, reader: "Reader") -> None:
        """Somebody is not told any more; the piece that was just written, all were told."""
        self._writes.pop(reader, None)

    def tell(self) -> None:
        """Write to all of them what is new."""
        newest = self.newest
        while self._writes and self.told < newest.number:
            piece, self.told = newest.since(self.told, self.form)
            if piece:
                for write in tuple(self._writes.values()):
                    write(piece)
        self.told = newest.number


class Reader:
    """One who is told: with a crowd while it reads, and alone what it missed when it reads again."""

    def __init__(self, crowd: Crowd, write: Write) -> None:
        self._crowd, self._write = crowd, write
        self._told = 0
        self._is_in = self._is_full = False

    def catch_up(self) -> None:
        """Write what it was not told yet, as long as it reads; then it is told with all others."""
        crowd = self._crowd
        while not self._is_full and not self._is_in:
            if self._told >= crowd.newest.number:
                self._is_in = True
                crowd.join(self, self._write)
                return
            piece, self._told = crowd.newest.since(self._told, crowd.form)
            if piece:
                self._write(piece)

    def turn_to(self, crowd: Crowd) -> None:
        """Be told with another crowd, of what comes from now on."""
        self._step_out()
        self._crowd = crowd
        self.catch_up()

    def pause(self) -> None:
        """It does not read: nothing is written to it."""
        self._is_full = True
        self._step_out()

    def resume(self) -> None:
        """It reads again."""
        self._is_full = False
        self.catch_up()

    def _step_out(self) -> None:
        if self._is_in:
            self._crowd.leave(self)
            self._told, self._is_in = self._crowd.told, False
