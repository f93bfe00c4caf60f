"""From a feed's bytes to observations: the codec's state, what was counted, what was refused and why."""

from collections import deque
from collections.abc import Sequence
from typing import Any

import structlog
from msgspec import Struct

from watchfloor.app.ports import QuarantineStore
from watchfloor.base.labels import Label
from watchfloor.messages.air import Observation, ObservationBatch, Rejected
from watchfloor.messages.feeds import (
    MOST_REST_BYTES,
    Alive,
    Arrival,
    Feed,
    FeedMessage,
    PassedOver,
    fault_of,
    fault_of_view,
)
from watchfloor.messages.room import Context, FeedState
from watchfloor.messages.video import MOST_PIECE_BYTES, CameraView, VideoPiece
from watchfloor.picture.state import FeedLimits
from watchfloor.picture.step import FAR_OFF_US
from watchfloor.wire import adsb
from watchfloor.wire.adsb import AdsbState, TimedFrame
from watchfloor.wire.live_video import LiveVideoFeed

KEPT_SAMPLES, KEPT_BYTES = 50, 64
MAX_REASONS = 40
OTHER = "other reasons"
_CUTTER = LiveVideoFeed()
_log = structlog.get_logger()


class FeedSetup(Struct, frozen=True):
    """A feed as its pack or config declares it. `counter_epoch_us`: room time at counter 0, if it is known.

    `reads` is what reads its bytes; None for recorded frames, which come with their times. `is_awaited`: it should be
    telling something now, so that one that never did is lost after its limit too.
    """

    feed_id: str
    name: str
    reads: Feed | None
    label: Label
    limits: FeedLimits
    context: Context
    counter_epoch_us: int | None = None
    is_awaited: bool = False


class Quarantined(Struct, frozen=True):
    """Something refused: when by room time, why, its first bytes in hex.

    `offset_bytes`: where in the feed's bytes these stand, as near as can be told: the first such place after that of
    what was refused before, else the first in what came; where they do not stand there, where their chunk began.
    """

    room_us: int
    offset_bytes: int
    reason: str
    sample: str


class _Chunk:
    """What came last, and what was left before it: where refused bytes are looked for."""

    def __init__(self, data: bytes, begun_bytes: int) -> None:
        self._data, self._begun_bytes, self._next = data, begun_bytes, 0

    def offset_of(self, sample: bytes) -> int | None:
        """Where these bytes stand in the feed's; None, where they are not of what came."""
        if not sample:
            return None
        place = self._data.find(sample, self._next)
        if place < 0:
            place = self._data.find(sample)
        if place < 0:
            return None
        self._next = place + len(sample)
        return self._begun_bytes + place


class FeedCounts(Struct):
    """What a feed has sent so far."""

    bytes_count: int = 0
    message_count: int = 0
    position_count: int = 0
    bad_count: int = 0
    dropped_count: int = 0


class Intake:
    """One feed's pipeline. Not thread-safe; lives on the event loop."""

    def __init__(self, setup: FeedSetup, keep: QuarantineStore | None = None) -> None:
        self.setup = setup
        self._keep = keep
        self._withholds = bool(getattr(setup.reads, "withholds", False))
        self._chunk_at = 0
        self._came: tuple[Any, bytes] | None = None
        self._chunk: _Chunk | None = None
        self.counts = FeedCounts()
        self.reasons: dict[str, int] = {}
        self.quarantine: deque[Quarantined] = deque(maxlen=KEPT_SAMPLES)
        self.video: list[VideoPiece | CameraView] = []
        self.newest_toa_us: int | None = None
        self.state = FeedState.WAITING
        self._awaited_us: int | None = None
        self.restart()

    def restart(self) -> None:
        """Forget half-read bytes and places: a new connection, or a new time context."""
        self._frames = AdsbState()
        self._stream = self.setup.reads.begin() if self.setup.reads is not None else None
        self._cutting = _CUTTER.begin()

    def hung_up(self, room_us: int) -> None:
        """The source went; what it had begun and not ended is refused."""
        rest = self.setup.reads.rest(self._stream) if self.setup.reads is not None else b""
        if rest:
            self._chunk_at = self.counts.bytes_count - len(rest)
            self.refuse(Rejected(reason="ended inside an event or frame", sample=rest), room_us)
        self.restart()

    def receive(self, chunk: bytes, room_us: int, *, is_datagram: bool = False) -> ObservationBatch:
        """Observations in a chunk; what is refused is counted and kept with its reason.

        **Fails safe**: a feed that raises, or keeps more than it may, is refused with this chunk and begins anew.
        """
        self._chunk_at = self.counts.bytes_count
        self.counts.bytes_count += len(chunk)
        reads = self.setup.reads
        if reads is None:
            return self._batch([], room_us)
        in_exercise = self.setup.context is Context.EXERCISE
        arrival = Arrival(room_us, in_exercise, is_datagram, self.setup.counter_epoch_us)
        begun = self._stream
        try:
            self._stream, found = reads.step(begun, chunk, arrival)
            is_full = len(reads.rest(self._stream)) > MOST_REST_BYTES
        except Exception as error:  # noqa: BLE001  # a plug-in may raise anything; the room goes on without this chunk
            said = type(error).__name__ if self._withholds else repr(error)
            _log.error("feed fault", feed=self.setup.feed_id, error=said)
            found, is_full = [Rejected(reason="the feed's reader has a fault", sample=chunk[:64])], True
        self._came = (begun, chunk)
        try:
            seen = self._sorted_out(found, room_us)
        finally:
            self._came = self._chunk = None
        if is_full:
            self.restart()
        return self._batch(seen, room_us)

    def receive_frames(self, frames: list[TimedFrame], room_us: int) -> ObservationBatch:
        """Observations in Mode S frames that carry their own times, as recorded files do."""
        self.counts.bytes_count += sum(len(timed.frame) for timed in frames)
        self._frames, found = adsb.step(self._frames, frames)
        return self._batch(self._sorted_out(found, room_us), room_us)

    def receive_observed(self, observations: Sequence[Observation], room_us: int) -> ObservationBatch:
        """Observations that a recorded file holds as such."""
        return self._batch(self._sorted_out(observations, room_us), room_us)

    def take_video(self) -> list[VideoPiece | CameraView]:
        """What came of video since the last time."""
        taken, self.video = self.video, []
        return taken

    def refuse(self, rejected: Rejected, room_us: int) -> None:
        """Count and keep something refused; of a feed that withholds, without its bytes."""
        self.counts.bad_count += rejected.count
        reason = rejected.reason if rejected.reason in self.reasons or len(self.reasons) < MAX_REASONS else OTHER
        self.reasons[reason] = self.reasons.get(reason, 0) + rejected.count
        sample = b"" if self._withholds else rejected.sample[:KEPT_BYTES]
        place = self._offset_of(rejected.sample)
        kept = Quarantined(room_us, self._chunk_at if place is None else place, rejected.reason, sample.hex())
        self.quarantine.append(kept)
        if self._keep is not None:
            self._keep.keep(self.setup.feed_id, kept)

    def _offset_of(self, sample: bytes) -> int | None:
        """Where refused bytes stand in the feed's; None, where they are of nothing that came just now."""
        if self._came is None or self.setup.reads is None:
            return None
        if self._chunk is None:
            begun, chunk = self._came
            left = _rest_of(self.setup.reads, begun)
            self._chunk = _Chunk(left + chunk, self._chunk_at - len(left))
        return self._chunk.offset_of(sample)

    def forget_refused(self, before_us: int) -> None:
        """Let go of the bytes of what was refused before this instant; that it was, and why, stays counted."""
        while self.quarantine and self.quarantine[0].room_us < before_us:
            self.quarantine.popleft()

    def state_at(self, room_us: int) -> FeedState:
        """How old the newest data is, by the feed's own limits."""
        if self.newest_toa_us is None:
            self._awaited_us = room_us if self._awaited_us is None else self._awaited_us
            is_lost = self.setup.is_awaited and room_us - self._awaited_us > self.setup.limits.lost_us
            return FeedState.LOST if is_lost else FeedState.WAITING
        age_us = room_us - self.newest_toa_us
        if age_us > self.setup.limits.lost_us:
            return FeedState.LOST
        return FeedState.STALE if age_us > self.setup.limits.stale_us else FeedState.FRESH

    def _batch(self, seen: list[Observation], room_us: int) -> ObservationBatch:
        self.counts.message_count += len(seen)
        return ObservationBatch(
            feed_id=self.setup.feed_id, tor_us=room_us, label=self.setup.label, observations=tuple(seen)
        )

    def accepted(self, toa_us: int) -> None:
        """Note the time of data that entered the picture."""
        self.newest_toa_us = max(toa_us, self.newest_toa_us or 0)

    def _cut(self, piece: VideoPiece, room_us: int) -> list[VideoPiece | CameraView]:
        """A piece as screens may have it: what another reader than ours gives is read as if it had come so."""
        if isinstance(self.setup.reads, LiveVideoFeed):
            return [piece]
        if not isinstance(piece.raw, bytes) or len(piece.raw) > MOST_PIECE_BYTES:
            self.refuse(Rejected(reason="a piece of video that is none", sample=b""), room_us)
            return []
        found: list[FeedMessage]
        self._cutting, found = _CUTTER.step(self._cutting, piece.raw, Arrival(room_us))
        for one in found:
            if isinstance(one, Rejected):
                self.refuse(Rejected(reason=one.reason, sample=b"", count=one.count), room_us)
            elif isinstance(one, PassedOver):
                self.counts.dropped_count += one.count
        return [one for one in found if isinstance(one, VideoPiece | CameraView)]

    def _sorted_out(self, found: Sequence[object], room_us: int) -> list[Observation]:
        """Observations alone; all else that a feed may give is counted, and what it may not give is refused."""
        seen = []
        for one in found:
            if isinstance(one, Observation):
                fault = fault_of(one)
                if fault is None:
                    seen.append(one)
                    self.counts.position_count += one.lat_deg is not None
                else:
                    self.refuse(Rejected(reason=fault, sample=one.identity.encode()[:64]), room_us)
            elif isinstance(one, Rejected):
                self.refuse(one, room_us)
            elif isinstance(one, PassedOver):
                self.counts.dropped_count += one.count
            elif isinstance(one, VideoPiece):
                self.video += self._cut(one, room_us)
            elif isinstance(one, CameraView):
                fault = fault_of_view(one)
                if fault is None:
                    self.video.append(one)
                else:
                    self.refuse(Rejected(reason=fault, sample=b""), room_us)
            elif isinstance(one, Alive):
                if abs(one.toa_us - room_us) <= FAR_OFF_US:
                    self.accepted(min(one.toa_us, room_us))
            else:
                self.refuse(
                    Rejected(reason="the feed gave what is no message", sample=repr(one).encode()[:64]), room_us
                )
        return seen


def _rest_of(reads: Feed, state: Any) -> bytes:
    """What a reader had left in a state; nothing, where a plug-in's will not say."""
    try:
        return bytes(reads.rest(state))
    except Exception:  # noqa: BLE001  # a plug-in may raise anything; only the place in the quarantine is less sure
        return b""
