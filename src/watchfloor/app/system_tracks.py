"""The room's picture as ASTERIX system tracks, for one audience: what moved since it was last sent, in real UTC."""

from watchfloor.app.outgoing import OutgoingTracks
from watchfloor.app.room import Room
from watchfloor.base.labels import Audience
from watchfloor.messages.room import Context
from watchfloor.wire.asterix_encode import blocks_of, record_of

MOST_NUMBERS = 1 << 16


class SystemTracks:
    """Tracks with numbers of 16 bits, each kept while the track is there."""

    def __init__(self, room: Room, audience: Audience, source: tuple[int, int]) -> None:
        self._outgoing, self._source = OutgoingTracks(room, audience), source
        self._is_simulated = room.setup.context is not Context.LIVE_CIVIL
        self._numbers: dict[str, int] = {}
        self._taken: set[int] = set()
        self._next = 0
        room.on_jump(self._outgoing.forget)

    def gather(self, real_us: int) -> list[bytes]:
        """Data blocks with the fresh tracks that moved since the last call."""
        tracks = self._outgoing.view.picture.tracks
        self._outgoing.without_gone()
        for gone in self._numbers.keys() - tracks.keys():
            self._taken.discard(self._numbers.pop(gone))
        records = []
        for track, at_us, _ in self._outgoing.news(tracks, real_us):
            number = self._number(track.identity)
            if number is not None:
                records.append(record_of(track, number, (at_us, real_us), self._source, simulated=self._is_simulated))
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
