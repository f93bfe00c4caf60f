"""The picture as each class of viewers may know it: made of the reports that are releasable to it, and of no others.

What a viewer may not see can then change nothing that they see: no track goes, none moves, none is held longer, and no
feed looks worse. Viewers who may see the same feeds share one view; the room's own, from which alerts and the tape
come, has all feeds. How a feed does is judged in the view of those who may just see it, and know the least beside it.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from watchfloor.app.sight import may_see
from watchfloor.base.labels import Audience, Label
from watchfloor.messages.air import ObservationBatch, Rejected, TrackPicture
from watchfloor.picture import step as picturing
from watchfloor.picture.state import Picture

TRAIL_LENGTH = 20_000
KEPT_LOST_US = 180 * 1_000_000
Moved = Callable[[str], None]


class TrailPoint(Struct, frozen=True, gc=False):
    """One position of a track's past."""

    toa_us: int
    lat_deg: float
    lon_deg: float
    alt_ft: int | None


class View:
    """One picture, the paths of its tracks, and who is told when a track has news."""

    def __init__(self, empty: Picture) -> None:
        self.picture = empty
        self._empty = empty
        self._trails: dict[str, deque[TrailPoint]] = {}
        self._moved: list[Moved] = []

    def on_moved(self, hook: Moved) -> None:
        """Call a hook with the identity of each track that has news."""
        self._moved.append(hook)

    def take(self, batch: ObservationBatch, room_us: int) -> tuple[list[int], list[Rejected]]:
        """Take a batch; answers the times of what entered the picture, and what was refused."""
        self.picture, told = picturing.step(self.picture, batch, room_us)
        entered: list[int] = []
        refused: list[Rejected] = []
        for one in told:
            if isinstance(one, Rejected):
                refused.append(one)
                continue
            entered.append(one.toa_us)
            track = self.picture.tracks.get(one.identity)
            if track is None:
                continue
            for hook in self._moved:
                hook(one.identity)
            if one.has_place and track.toa_us == one.toa_us:
                trail = self._trails.get(one.identity)
                if trail is None:
                    trail = self._trails[one.identity] = deque(maxlen=TRAIL_LENGTH)
                trail.append(TrailPoint(track.toa_us, track.lat_deg, track.lon_deg, track.alt_ft))
        return entered, refused

    def trail(self, identity: str) -> Sequence[TrailPoint]:
        """Past positions of a track, oldest first."""
        return tuple(self._trails.get(identity, ()))

    def trim(self, room_us: int) -> None:
        """Let go of tracks that were lost long ago."""
        self.picture = picturing.without_lost(self.picture, room_us, KEPT_LOST_US)
        for gone in self._trails.keys() - self.picture.tracks.keys():
            del self._trails[gone]

    def snapshot(self, room_us: int) -> TrackPicture:
        """The picture at a time."""
        return picturing.snapshot(self.picture, room_us)

    def forget(self) -> None:
        """A new time context: nothing measured in the old one is shown in it."""
        self.picture = self._empty
        self._trails.clear()


class Views:
    """All views of a room, by the feeds that they are made of."""

    def __init__(self, empty: Picture, labels: Mapping[str, Label]) -> None:
        self._empty, self._labels = empty, labels
        self.own = View(empty)
        self._views: dict[frozenset[str], View] = {frozenset(labels): self.own}
        self._judges = {feed_id: self.of(_least_of(label)) for feed_id, label in labels.items()}

    def of(self, audience: Audience) -> View:
        """What an audience may know; one that looks for the first time sees what is reported from then on."""
        feeds = frozenset(feed_id for feed_id, label in self._labels.items() if may_see(label, audience))
        view = self._views.get(feeds)
        if view is None:
            view = self._views[feeds] = View(self._empty)
        return view

    def take(self, batch: ObservationBatch, room_us: int) -> tuple[list[int], list[Rejected]]:
        """Give a batch to every view that may have it; answers what was taken and refused, as its viewers may know."""
        judge = self._judges[batch.feed_id]
        for feeds, view in self._views.items():
            if view is not judge and batch.feed_id in feeds:
                view.take(batch, room_us)
        return judge.take(batch, room_us)

    def trim(self, room_us: int) -> None:
        """Let go of tracks that were lost long ago."""
        for view in self._views.values():
            view.trim(room_us)

    def forget(self) -> None:
        """A new time context."""
        for view in self._views.values():
            view.forget()


def _least_of(label: Label) -> Audience:
    """The class of viewers who may see what has this label, and nothing that any other of them may not see."""
    return Audience(label.nations, label.level, label.need_to_know)
