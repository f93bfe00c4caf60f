"""The room's picture as ASTERIX system tracks, for one audience: what moved since it was last sent, in real UTC."""

from watchfloor.app.room import Room
from watchfloor.app.sight import may_see
from watchfloor.base.labels import Audience
from watchfloor.messages.room import FeedState
from watchfloor.picture.step import state_of
from watchfloor.wire.asterix_encode import blocks_of, record_of

MOST_NUMBERS = 1 << 16


class SystemTracks:
    """Tracks with numbers of 16 bits, each kept while the track is there."""

    def __init__(self, room: Room, audience: Audience, source: tuple[int, int]) -> None:
        self._room, self._audience, self._source = room, audience, source
        self._view = room.views.of(audience)
        self._sent_toa: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._taken: set[int] = set()
        self._next = 0

    def gather(self, real_us: int) -> list[bytes]:
        """Data blocks with the fresh tracks that moved since the last call."""
        room_us = self._room.writer.room_now_us()
        clock = self._room.writer.state.clock
        rate = clock.rate_permille / 1000 if clock and clock.rate_permille else 1.0
        tracks = self._view.picture.tracks
        for gone in self._numbers.keys() - tracks.keys():
            self._taken.discard(self._numbers.pop(gone))
            self._sent_toa.pop(gone, None)
        records = []
        for identity, track in tracks.items():
            if self._sent_toa.get(identity) == track.toa_us or not may_see(track.label, self._audience):
                continue
            if state_of(track, self._view.picture.limits, room_us) is not FeedState.FRESH:
                continue
            number = self._number(identity)
            if number is None:
                continue
            self._sent_toa[identity] = track.toa_us
            at_us = real_us - round(max(room_us - track.toa_us, 0) / rate)
            is_exercise = bool(self._room.setup.exercise)
            records.append(record_of(track, number, (at_us, real_us), self._source, exercise=is_exercise))
        return blocks_of(records)

    def _number(self, identity: str) -> int | None:
        """The track's number; None when all are taken."""
        known = self._numbers.get(identity)
        if known is not None:
            return known
        if len(self._taken) >= MOST_NUMBERS:
            return None
        while self._next in self._taken:
            self._next = (self._next + 1) % MOST_NUMBERS
        self._numbers[identity] = number = self._next
        self._taken.add(number)
        self._next = (number + 1) % MOST_NUMBERS
        return number
