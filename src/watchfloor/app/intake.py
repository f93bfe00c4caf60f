"""From a feed's bytes to observations: the codec's state, what was counted, what was refused and why."""

from collections import deque

from msgspec import Struct

from watchfloor.base.labels import Label
from watchfloor.base.units import US_PER_S
from watchfloor.messages.air import Observation, ObservationBatch, Rejected
from watchfloor.messages.room import Context, FeedState
from watchfloor.picture.step import FeedLimits
from watchfloor.wire import adsb, beast, cot
from watchfloor.wire.adsb import AdsbState, TimedFrame
from watchfloor.wire.beast import COUNTER_HZ, BeastFrame, BeastState
from watchfloor.wire.cot_stream import StreamState

KEPT_SAMPLES = 50
MAX_REASONS = 40
OTHER = "other reasons"
REANCHOR_US = 5 * US_PER_S
_TICKS_PER_US = COUNTER_HZ // US_PER_S


class FeedSetup(Struct, frozen=True):
    """A feed as its pack or config declares it. `counter_epoch_us`: room time at counter 0, if it is known."""

    feed_id: str
    name: str
    format: str
    label: Label
    limits: FeedLimits
    context: Context
    counter_epoch_us: int | None = None


class Quarantined(Struct, frozen=True):
    """Something refused: when by room time, why, and its first bytes in hex."""

    room_us: int
    reason: str
    sample: str


class FeedCounts(Struct):
    """What a feed has sent so far."""

    bytes_count: int = 0
    message_count: int = 0
    position_count: int = 0
    bad_count: int = 0
    dropped_count: int = 0


class Intake:
    """One feed's pipeline. Not thread-safe; lives on the event loop."""

    def __init__(self, setup: FeedSetup) -> None:
        self.setup = setup
        self.counts = FeedCounts()
        self.reasons: dict[str, int] = {}
        self.quarantine: deque[Quarantined] = deque(maxlen=KEPT_SAMPLES)
        self.newest_toa_us: int | None = None
        self.state = FeedState.WAITING
        self.restart()

    def restart(self) -> None:
        """Forget half-read bytes and places: a new connection, or a new time context."""
        self._beast, self._adsb, self._cot = BeastState(), AdsbState(), StreamState()
        self._anchor_us: int | None = self.setup.counter_epoch_us

    def hung_up(self, room_us: int) -> None:
        """The source went; what it had begun and not ended is refused."""
        rest = self._beast.rest + self._cot.rest
        if rest:
            self.refuse(Rejected(reason="ended inside an event or frame", sample=rest), room_us)
        self.restart()

    def receive(self, chunk: bytes, room_us: int) -> ObservationBatch:
        """Observations in a chunk; what is refused is counted and kept with its reason."""
        self.counts.bytes_count += len(chunk)
        seen = self._read_beast(chunk, room_us) if self.setup.format == "beast" else self._read_cot(chunk, room_us)
        return self._batch(seen, room_us)

    def receive_frames(self, frames: list[TimedFrame], room_us: int) -> ObservationBatch:
        """Observations in Mode S frames that carry their own times, as recorded files do."""
        self.counts.bytes_count += sum(len(timed.frame) for timed in frames)
        return self._batch(self._read_modes(frames, room_us), room_us)

    def refuse(self, rejected: Rejected, room_us: int) -> None:
        """Count and keep something refused."""
        self.counts.bad_count += rejected.count
        reason = rejected.reason if rejected.reason in self.reasons or len(self.reasons) < MAX_REASONS else OTHER
        self.reasons[reason] = self.reasons.get(reason, 0) + rejected.count
        self.quarantine.append(Quarantined(room_us, rejected.reason, rejected.sample[:64].hex()))

    def state_at(self, room_us: int) -> FeedState:
        """How old the newest data is, by the feed's own limits."""
        if self.newest_toa_us is None:
            return FeedState.WAITING
        age_us = room_us - self.newest_toa_us
        if age_us > self.setup.limits.lost_us:
            return FeedState.LOST
        return FeedState.STALE if age_us > self.setup.limits.stale_us else FeedState.FRESH

    def _batch(self, seen: list[Observation], room_us: int) -> ObservationBatch:
        self.counts.message_count += len(seen)
        self.counts.position_count += sum(1 for one in seen if one.lat_deg is not None)
        return ObservationBatch(
            feed_id=self.setup.feed_id, tor_us=room_us, label=self.setup.label, observations=tuple(seen)
        )

    def accepted(self, toa_us: int) -> None:
        """Note the time of data that entered the picture."""
        self.newest_toa_us = max(toa_us, self.newest_toa_us or 0)

    def _read_beast(self, chunk: bytes, room_us: int) -> list[Observation]:
        self._beast, pieces = beast.step(self._beast, chunk)
        frames = []
        for piece in pieces:
            if isinstance(piece, Rejected):
                self.refuse(piece, room_us)
            else:
                frames.append(TimedFrame(self._toa_us(piece, room_us), piece.frame))
        return self._read_modes(frames, room_us)

    def _toa_us(self, piece: BeastFrame, room_us: int) -> int:
        """Time of applicability from the receiver's counter, anchored to the room's clock.

        Without a known epoch the first frame anchors it, and a counter that runs off by 5 s anchors anew.
        """
        passed_us = piece.counter // _TICKS_PER_US
        if self._anchor_us is None or (
            self.setup.counter_epoch_us is None and abs(self._anchor_us + passed_us - room_us) > REANCHOR_US
        ):
            self._anchor_us = room_us - passed_us
        return self._anchor_us + passed_us

    def _read_modes(self, frames: list[TimedFrame], room_us: int) -> list[Observation]:
        self._adsb, found = adsb.step(self._adsb, frames)
        return self._sorted_out(found, room_us)

    def _read_cot(self, chunk: bytes, room_us: int) -> list[Observation]:
        self._cot, events = cot.step(self._cot, chunk)
        found: list[Observation | Rejected] = []
        in_exercise = self.setup.context is Context.EXERCISE
        for event in events:
            if isinstance(event, Rejected):
                found.append(event)
                continue
            self.counts.dropped_count += event.dropped_count
            if event.is_exercise() != in_exercise:
                reason = "marked as exercise in a room that is none" if not in_exercise else "not marked as exercise"
                found.append(Rejected(reason=reason, sample=event.uid.encode()))
            elif not event.is_air():
                found.append(Rejected(reason="not an air track", sample=event.type.encode()))
            else:
                found.append(cot.observation_of(event))
        return self._sorted_out(found, room_us)

    def _sorted_out(self, found: list[Observation | Rejected], room_us: int) -> list[Observation]:
        seen = []
        for one in found:
            if isinstance(one, Rejected):
                self.refuse(one, room_us)
            else:
                seen.append(one)
        return seen
