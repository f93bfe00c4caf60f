"""The newest event of each track, in the order in which they came: who saw up to a number is told the rest.

A viewer is one number, however long it does not read: what it missed is here when it reads again, newest states only.
Those who saw as far are told the same bytes, encoded and joined once for each form that anybody reads.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Literal

from msgspec import Struct

from watchfloor.wire import cot, tak
from watchfloor.wire.cot import Outgoing

PIECE_BYTES = 1 << 18

Form = Literal["xml", "protobuf"]
ENCODERS: Mapping[Form, Callable[[Outgoing], bytes]] = {"xml": cot.encode, "protobuf": tak.encode}


class _Held(Struct):
    number: int
    event: Outgoing
    encoded: dict[Form, bytes] = {}

    def bytes_in(self, form: Form) -> bytes:
        raw = self.encoded.get(form)
        if raw is None:
            raw = self.encoded[form] = ENCODERS[form](self.event)
        return raw


class Newest:
    """Events by key, oldest first; each has a number that only grows. `number` is the newest one's."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self.number = 0
        self._pieces: dict[tuple[int, Form], tuple[bytes, int]] = {}

    def put(self, key: str, event: Outgoing) -> None:
        """An event in the place of any of the same key."""
        self.number += 1
        self._held[key] = _Held(self.number, event)
        self._held.move_to_end(key)
        self._pieces.clear()

    def drop(self, key: str) -> None:
        """Nobody is told of this key any more."""
        if self._held.pop(key, None) is not None:
            self._pieces.clear()

    def clear(self) -> None:
        """Nobody is told of anything that came so far."""
        self._held.clear()
        self._pieces.clear()

    def since(self, told: int, form: Form) -> tuple[bytes, int]:
        """What came after a number, and up to which number that is; empty, when nothing came.

        It is about PIECE_BYTES at most; the rest comes when asked again.
        """
        if told >= self.number:
            return b"", told
        piece = self._pieces.get((told, form))
        if piece is None:
            piece = self._pieces[told, form] = self._piece(told, form)
        return piece

    def _piece(self, told: int, form: Form) -> tuple[bytes, int]:
        missed: list[_Held] = []
        for held in reversed(self._held.values()):
            if held.number <= told:
                break
            missed.append(held)
        raws: list[bytes] = []
        size = 0
        while missed and size < PIECE_BYTES:
            held = missed.pop()
            raws.append(held.bytes_in(form))
            size += len(raws[-1])
            told = held.number
        return b"".join(raws), told if missed else self.number
