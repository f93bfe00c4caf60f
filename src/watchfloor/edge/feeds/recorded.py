"""Recorded feeds, released by the room's clock at recorded or N-fold speed."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from watchfloor.app.room import Room
from watchfloor.messages.air import Observation
from watchfloor.wire.adsb import TimedFrame

STEP_S = 0.05
SLICE_US = 5_000_000


class Datagram(NamedTuple):
    """One captured datagram."""

    toa_us: int
    payload: bytes


Recording = Sequence[TimedFrame] | Sequence[Observation] | Sequence[Datagram]


async def play(room: Room, feed_id: str, recording: Recording, now_us: Callable[[], int]) -> None:
    """Give a recording to the room as its clock reaches it, in slices of at most 5 s of recorded time."""
    place = 0
    while place < len(recording) and not room.ending.is_set():
        until_us = now_us()
        while place < len(recording) and recording[place].toa_us <= until_us:
            limit_us = recording[place].toa_us + SLICE_US
            end = place
            while end < len(recording) and recording[end].toa_us <= min(limit_us, until_us):
                end += 1
            end = max(end, place + 1)
            _give(room, feed_id, recording[place:end])
            place = end
            await asyncio.sleep(0)
        await asyncio.sleep(STEP_S)


def _give(room: Room, feed_id: str, pieces: Recording) -> None:
    frames = [piece for piece in pieces if isinstance(piece, TimedFrame)]
    if frames:
        room.receive_frames(feed_id, frames)
    seen = [piece for piece in pieces if isinstance(piece, Observation)]
    if seen:
        room.receive_observed(feed_id, seen)
    for piece in pieces:
        if isinstance(piece, Datagram):
            room.receive(feed_id, piece.payload, is_datagram=True, at_us=piece.toa_us)
