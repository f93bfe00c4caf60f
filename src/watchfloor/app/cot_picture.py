"""The picture as Cursor on Target, for one audience: what moved since anybody was told. Times are real UTC."""

import asyncio

from watchfloor.app.newest import Newest
from watchfloor.app.room import Room, Tick
from watchfloor.app.sight import may_see
from watchfloor.base.labels import Audience
from watchfloor.messages.air import Track
from watchfloor.messages.room import FeedState
from watchfloor.picture.step import state_of
from watchfloor.wire import cot

STALE_AFTER_S = 30
_GUEST = "guest:"


class CotPicture:
    """Air tracks, and clients' own positions, as events for an audience."""

    def __init__(self, room: Room, audience: Audience, has_news: asyncio.Event) -> None:
        self._room, self._audience = room, audience
        self._view = room.views.of(audience)
        self._view.on_moved(self._note)
        self.newest = Newest()
        self._sent_toa: dict[str, int] = {}
        self._told_guests: dict[str, int] = {}
        self._moved: set[str] = set(self._view.picture.tracks)
        self._has_news = has_news

    def _note(self, identity: str) -> None:
        self._moved.add(identity)
        self._has_news.set()

    def ticked(self, tick: Tick) -> None:
        """Forget tracks that are gone."""
        here = {track.identity for track in tick.seen_by(self._audience).tracks}
        for gone in self._sent_toa.keys() - here:
            del self._sent_toa[gone]
            self.newest.drop(gone)

    def forget(self) -> None:
        """A new time context: nothing of the old one is told."""
        self._sent_toa.clear()
        self._told_guests.clear()
        self._moved.clear()
        self.newest.clear()

    def guest_left(self, uid: str) -> None:
        """A client went, and its own position with it."""
        self.newest.drop(_GUEST + uid)
        self._told_guests.pop(uid, None)

    def gather(self, real_us: int) -> None:
        """Put what moved among the newest: fresh tracks that the audience may see, each at the time of its report."""
        room_us = self._room.writer.room_now_us()
        clock = self._room.writer.state.clock
        rate = clock.rate_permille / 1000 if clock and clock.rate_permille else 1.0
        moved, self._moved = self._moved, set()
        for identity in moved:
            track = self._view.picture.tracks.get(identity)
            if track is None or not self._is_news(track, room_us):
                continue
            self._sent_toa[identity] = track.toa_us
            age_us = round(max(room_us - track.toa_us, 0) / rate)
            event = cot.track_event(
                track, time_us=real_us - age_us, stale_us=_stale(real_us), exercise=self._room.setup.exercise
            )
            self.newest.put(identity, event)
        for guest in self._room.guests.shown(real_us):
            if self._told_guests.get(guest.uid) != guest.real_us and may_see(guest.label, self._audience):
                self._told_guests[guest.uid] = guest.real_us
                event = cot.relayed_event(guest.event, _stale(real_us), exercise=self._room.setup.exercise)
                self.newest.put(_GUEST + guest.uid, event)

    def _is_news(self, track: Track, room_us: int) -> bool:
        return (
            self._sent_toa.get(track.identity) != track.toa_us
            and may_see(track.label, self._audience)
            and state_of(track, self._view.picture.limits, room_us) is FeedState.FRESH
        )


def _stale(real_us: int) -> int:
    return real_us + STALE_AFTER_S * 1_000_000
