"""The picture as Cursor on Target, for one audience: what moved since anybody was told. Times are real UTC."""

from collections.abc import Callable

from watchfloor.app.newest import Newest
from watchfloor.app.outgoing import OutgoingTracks
from watchfloor.app.room import Room
from watchfloor.app.sight import may_see
from watchfloor.base.labels import Audience
from watchfloor.base.units import US_PER_S
from watchfloor.wire import cot

GUEST_LASTS_US = 30 * US_PER_S
_GUEST = "guest:"


class CotPicture:
    """Air tracks, and clients' own positions, as events for an audience."""

    def __init__(self, room: Room, audience: Audience, on_news: Callable[[], None]) -> None:
        self._room, self._audience = room, audience
        self._outgoing = OutgoingTracks(room, audience)
        self._outgoing.view.on_moved(self._note)
        self.newest = Newest()
        self._told_guests: dict[str, int] = {}
        self._moved: set[str] = set(self._outgoing.view.picture.tracks)
        self._named: set[str]
        self._uids: set[str]
        self._name_all()
        self._on_news = on_news
        self._mark = cot.mark_of(room.setup.context, room.setup.exercise)

    def _note(self, identity: str) -> None:
        if not self._moved:
            self._on_news()
        if identity not in self._named:
            self._named.add(identity)
            self._uids.add(cot.uid_of(identity))
        self._moved.add(identity)

    def _name_all(self) -> None:
        self._named = set(self._outgoing.view.picture.tracks)
        self._uids = {cot.uid_of(identity) for identity in self._named}

    def has_track(self, uid: str) -> bool:
        """Whether a track of this audience goes by this uid."""
        return uid in self._uids

    def drop_gone(self) -> None:
        """Forget tracks that are gone."""
        for gone in self._outgoing.without_gone():
            self.newest.drop(gone)
        if not self._named <= self._outgoing.view.picture.tracks.keys():
            self._name_all()

    def forget(self) -> None:
        """A new time context: nothing of the old one is told."""
        self._outgoing.forget()
        self._told_guests.clear()
        self._moved.clear()
        self._named.clear()
        self._uids.clear()
        self.newest.clear()

    def guest_left(self, uid: str) -> None:
        """A client went, and its own position with it."""
        self.newest.drop(_GUEST + uid)
        self._told_guests.pop(uid, None)

    def gather(self, real_us: int) -> None:
        """Put what moved among the newest: fresh tracks that the audience may see, each at the time of its report."""
        moved, self._moved = self._moved, set()
        for track, at_us, stale_us in self._outgoing.news(moved, real_us):
            event = cot.track_event(track, time_us=at_us, stale_us=stale_us, mark=self._mark)
            self.newest.put(track.identity, event)
        for guest in self._room.guests.shown(real_us):
            if guest.uid in self._uids:  # somebody speaks as a track that they may not see
                self.guest_left(guest.uid)
                continue
            if self._told_guests.get(guest.uid) != guest.real_us and may_see(guest.label, self._audience):
                self._told_guests[guest.uid] = guest.real_us
                event = cot.relayed_event(guest.event, real_us + GUEST_LASTS_US, mark=self._mark)
                self.newest.put(_GUEST + guest.uid, event)
