"""The feeds that come with watchfloor, each a codec of this package behind one protocol.

**Source**: each codec names its own; the anchoring of counters is own reasoning.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from watchfloor.base.units import US_PER_S
from watchfloor.messages.air import Rejected
from watchfloor.messages.feeds import Arrival, Feed, FeedMessage, PassedOver
from watchfloor.wire import adsb, avr, beast, cot, sbs, tak
from watchfloor.wire.adsb import AdsbState, TimedFrame
from watchfloor.wire.beast import COUNTER_HZ, BeastState
from watchfloor.wire.live_video import LiveVideoFeed
from watchfloor.wire.remote_id import RemoteIdFeed

REANCHOR_US = 5 * US_PER_S
_UNMARKED, _MARKED = "not marked as exercise", "marked as exercise in a room that is none"
_TICKS_PER_US = COUNTER_HZ // US_PER_S


class ModesState(Struct, frozen=True):
    """What a receiver's stream has told: half-read bytes, places by address, and room time at its counter's 0."""

    stream: Any
    places: AdsbState = AdsbState()
    anchor_us: int | None = None


class BeastFeed:
    """A receiver's Beast stream."""

    name = "beast"

    def begin(self) -> ModesState:
        """Nothing read."""
        return ModesState(BeastState())

    def step(self, state: ModesState, chunk: bytes, arrival: Arrival) -> tuple[ModesState, list[FeedMessage]]:
        """Observations in a chunk."""
        stream, pieces = beast.step(state.stream, chunk)
        return _observed(ModesState(stream, state.places, state.anchor_us), pieces, arrival)

    def rest(self, state: ModesState) -> bytes:
        """Half a frame."""
        return bytes(state.stream.rest)


class AvrFeed:
    """A receiver's AVR lines."""

    name = "avr"

    def begin(self) -> ModesState:
        """Nothing read."""
        return ModesState(b"")

    def step(self, state: ModesState, chunk: bytes, arrival: Arrival) -> tuple[ModesState, list[FeedMessage]]:
        """Observations in a chunk; frames without a counter are as of their arrival."""
        stream, pieces = avr.step(state.stream, chunk)
        return _observed(ModesState(stream, state.places, state.anchor_us), pieces, arrival)

    def rest(self, state: ModesState) -> bytes:
        """Half a line."""
        return bytes(state.stream)


class SbsFeed:
    """A receiver's BaseStation lines."""

    name = "sbs"

    def begin(self) -> bytes:
        """Nothing read."""
        return b""

    def step(self, state: bytes, chunk: bytes, arrival: Arrival) -> tuple[bytes, list[FeedMessage]]:
        """Observations in a chunk, as of its arrival."""
        rest, found = sbs.step(state, chunk, arrival.room_us)
        return rest, [*found]

    def rest(self, state: bytes) -> bytes:
        """Half a line."""
        return state


class CotFeed:
    """Cursor on Target events, XML or TAK protobuf. What is not marked as the room is, or no air track, is refused.

    What servers and clients say to each other is passed over.
    """

    name = "cot"

    def begin(self) -> tak.Reading:
        """Nothing read."""
        return tak.Reading()

    def step(self, state: tak.Reading, chunk: bytes, arrival: Arrival) -> tuple[tak.Reading, list[FeedMessage]]:
        """Observations in a chunk."""
        if arrival.is_datagram:
            events = tak.read_datagram(chunk)
        else:
            state, events = tak.read(state, chunk)
        found: list[FeedMessage] = []
        for event in events:
            if isinstance(event, Rejected):
                found.append(event)
                continue
            if event.dropped_count:
                found.append(PassedOver(event.dropped_count))
            if event.type.startswith(tak.BETWEEN):
                found.append(PassedOver(1))
            elif event.is_exercise() != arrival.in_exercise:
                reason = (
                    "not marked as exercise" if arrival.in_exercise else "marked as exercise in a room that is none"
                )
                found.append(Rejected(reason=reason, sample=event.uid.encode()))
            elif not event.is_air():
                found.append(Rejected(reason="not an air track", sample=event.type.encode()))
            else:
                found.append(cot.observation_of(event))
        return state, found

    def rest(self, state: tak.Reading) -> bytes:
        """Half an event."""
        return state.unread()


_ALL: tuple[Feed, ...] = (BeastFeed(), CotFeed(), AvrFeed(), SbsFeed(), RemoteIdFeed(), LiveVideoFeed())
BUILT_IN: Mapping[str, Feed] = {feed.name: feed for feed in _ALL}


def _observed(
    state: ModesState, pieces: Sequence[beast.BeastFrame | avr.AvrFrame | Rejected], arrival: Arrival
) -> tuple[ModesState, list[FeedMessage]]:
    """Observations in frames, each as of its counter, anchored to the room's clock.

    Without a known epoch the first frame anchors it, and a counter that runs off by 5 s anchors anew.
    """
    found: list[FeedMessage] = []
    anchor_us = arrival.counter_epoch_us if arrival.counter_epoch_us is not None else state.anchor_us
    frames = []
    for piece in pieces:
        if isinstance(piece, Rejected):
            found.append(piece)
            continue
        counter = piece.counter
        if counter is None:
            frames.append(TimedFrame(arrival.room_us, piece.frame))
            continue
        passed_us = counter // _TICKS_PER_US
        if anchor_us is None or (
            arrival.counter_epoch_us is None and abs(anchor_us + passed_us - arrival.room_us) > REANCHOR_US
        ):
            anchor_us = arrival.room_us - passed_us
        frames.append(TimedFrame(anchor_us + passed_us, piece.frame))
    places, seen = adsb.step(state.places, frames)
    return ModesState(state.stream, places, anchor_us), [*found, *seen]
