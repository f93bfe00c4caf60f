"""Walls of seats: screens that show what a seat may see, at which nobody sits, and that can do nothing.

Whoever holds a seat's link opens one. That it was opened is in the record and on every screen, until the seat's person
or exercise control closes it, or new links are made.
"""

import secrets
from hashlib import sha256

from msgspec import Struct

from watchfloor.app.doctrine import cleared_of, label_all
from watchfloor.app.writer import Input, Writer
from watchfloor.base.errors import InputError
from watchfloor.base.labels import Audience
from watchfloor.messages.pack import Pack, PackSeat
from watchfloor.messages.room import WallOpened, WallsClosed

MOST_OF_A_SEAT = 20


class Wall(Struct, frozen=True):
    """One open wall, as a screen names it."""

    token: str
    seat: PackSeat
    audience: Audience


class Walls:
    """The walls that are open in one run. Tokens are kept as hashes, in memory only."""

    def __init__(self, pack: Pack, writer: Writer) -> None:
        self._pack, self._writer = pack, writer
        self._open: dict[str, PackSeat] = {}

    async def open(self, seat: PackSeat) -> str:
        """A new wall of a seat; answers its token.

        **Raises**: InputError, when the seat has MOST_OF_A_SEAT already.
        """
        if sum(one.id == seat.id for one in self._open.values()) >= MOST_OF_A_SEAT:
            raise InputError(f"this seat has {MOST_OF_A_SEAT} walls; close them first", field="token")
        token = secrets.token_urlsafe(24)
        self._open[_hashed(token)] = seat  # counted before anything is awaited
        fact = WallOpened(f"wall-{secrets.token_hex(6)}", seat.id, seat.role, seat.nation, label_all(self._pack))
        try:
            await self._writer.enter(Input("room", fact.wall_id, fact))
        except BaseException:
            self._open.pop(_hashed(token), None)
            raise
        return token

    def wall(self, token: str) -> Wall:
        """The wall that a token opens.

        **Raises**: InputError, when it opens none, or was closed.
        """
        seat = self._open.get(_hashed(token))
        if seat is None:
            raise InputError("this wall was closed; open it again with the seat's link", field="token")
        return Wall(token, seat, cleared_of(self._pack, seat))

    async def close(self, seat_id: str) -> None:
        """Close every wall of a seat; its screens go at once, then the record says so.

        **Raises**: InputError, when none is open: nothing else that somebody names comes into the record.
        """
        if all(seat.id != seat_id for seat in self._open.values()):
            raise InputError("no wall of this seat is open", field="seat_id")
        self._open = {key: seat for key, seat in self._open.items() if seat.id != seat_id}
        fact = WallsClosed(seat_id, label_all(self._pack))
        await self._writer.enter(Input("room", f"walls-{secrets.token_hex(6)}", fact))

    def forget(self) -> None:
        """New links are made: no wall of the old ones stays open."""
        self._open = {}


def _hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()
