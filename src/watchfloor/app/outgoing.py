"""What moved since it was last sent out of the room, for one audience, at the real UTC at which it was there."""

from collections.abc import Collection, Iterable, Iterator

from watchfloor.app.room import Room
from watchfloor.app.sight import may_see
from watchfloor.base.labels import Audience
from watchfloor.messages.air import Track
from watchfloor.picture.step import limits_of


class OutgoingTracks:
    """Tracks of an audience's view, each place sent once, while it is fresh."""

    def __init__(self, room: Room, audience: Audience) -> None:
        self._room, self._audience = room, audience
        self.view = room.views.of(audience)
        self._sent_toa: dict[str, int] = {}

    def news(self, identities: Iterable[str], real_us: int) -> Iterator[tuple[Track, int, int]]:
        """Of these, the fresh tracks with a place that was not sent.

        **Returns**: each with when it was there, and when that will be stale by its feed's limits [us, real UTC].
        """
        room_us, limits = self._room.writer.room_now_us(), self.view.picture.limits
        clock = self._room.writer.state.clock
        rate = clock.rate_permille / 1000 if clock and clock.rate_permille else 1.0
        for identity in identities:
            track = self.view.picture.tracks.get(identity)
            if track is None or self._sent_toa.get(identity) == track.toa_us:
                continue
            if not may_see(track.label, self._audience):
                continue
            limit, age_us = limits_of(track, limits, room_us), max(room_us - track.toa_us, 0)
            if limit is None or age_us > limit.stale_us:
                continue
            self._sent_toa[identity] = track.toa_us
            yield track, real_us - round(age_us / rate), real_us + round((limit.stale_us - age_us) / rate)

    def without_gone(self) -> Collection[str]:
        """Forget tracks that are gone; answers which."""
        gone = self._sent_toa.keys() - self.view.picture.tracks.keys()
        for identity in gone:
            del self._sent_toa[identity]
        return gone

    def forget(self) -> None:
        """A new time context: what was sent says nothing of it."""
        self._sent_toa.clear()
