"""Live video in the room: what a viewer who begins now needs, and how far a camera's clock is from the room's.

Pieces are given on as they come. A viewer who reads too slowly loses pictures, delays nobody, and goes on with the next
key picture; what is held for one is bounded.
"""

from collections import deque
from collections.abc import Callable, Sequence

from msgspec import Struct

from watchfloor.base.units import US_PER_S
from watchfloor.messages.video import CameraView, VideoPiece

MOST_HELD_BYTES = 4 << 20
OFF_US = 250_000  # requirement 4: drift above this is marked
DRIFT_OVER = 10
SEEN_FOR_US = 10 * US_PER_S


class Watching:
    """One viewer of one video: what it has not read yet."""

    def __init__(self, wake: Callable[[], None], begins_with: Sequence[bytes]) -> None:
        self._wake = wake
        self._waiting = deque(begins_with)
        self._held_bytes = sum(map(len, begins_with))
        self._needs_key = not begins_with
        self.skipped_count = 0

    def give(self, piece: VideoPiece) -> None:
        """A piece, or nothing of it, while no key picture has come since some were lost."""
        if self._held_bytes + len(piece.raw) > MOST_HELD_BYTES:
            self.skipped_count += len(self._waiting)
            self._waiting.clear()
            self._held_bytes, self._needs_key = 0, True
        if self._needs_key and not piece.begins_key:
            self.skipped_count += 1
            return
        if self._needs_key:
            self._waiting.append(piece.tables)
            self._held_bytes += len(piece.tables)
            self._needs_key = False
        self._waiting.append(piece.raw)
        self._held_bytes += len(piece.raw)
        self._wake()

    def take(self) -> bytes:
        """All that waits, at once."""
        raw = b"".join(self._waiting)
        self._waiting.clear()
        self._held_bytes = 0
        return raw


class Drift(Struct, frozen=True):
    """How far behind the room's clock the newest metadata came, and whether that is too far for one clock."""

    behind_us: int
    is_off: bool


class Video:
    """One feed's video."""

    def __init__(self) -> None:
        self.view: CameraView | None = None
        self.has_pictures = False
        self._since_key: list[bytes] = []
        self._since_key_bytes = 0
        self._behind_us: deque[int] = deque(maxlen=DRIFT_OVER)
        self._watching: list[Watching] = []

    def take(self, found: Sequence[VideoPiece | CameraView], room_us: int) -> None:
        """What the feed gave in a chunk."""
        for one in found:
            if isinstance(one, VideoPiece):
                self._take_piece(one)
            elif self.view is None or one.toa_us >= self.view.toa_us or self.view.toa_us > room_us:
                self.view = one
                self._behind_us.append(room_us - one.toa_us)

    def _take_piece(self, piece: VideoPiece) -> None:
        self.has_pictures = True
        if piece.begins_key:
            self._since_key, self._since_key_bytes = [piece.tables], len(piece.tables)
        if self._since_key:
            self._since_key.append(piece.raw)
            self._since_key_bytes += len(piece.raw)
            if self._since_key_bytes > MOST_HELD_BYTES:
                self._since_key, self._since_key_bytes = [], 0
        for watching in self._watching:
            watching.give(piece)

    def drift(self) -> Drift | None:
        """The least of the last few, which is what is left when the line's own jitter is not counted."""
        if not self._behind_us:
            return None
        behind_us = min(self._behind_us, key=abs)
        return Drift(behind_us, abs(behind_us) > OFF_US)

    def watch(self, wake: Callable[[], None]) -> Watching:
        """A viewer from now on: it begins with the newest key picture."""
        watching = Watching(wake, self._since_key)
        self._watching.append(watching)
        if self._since_key:
            wake()
        return watching

    def leave(self, watching: Watching) -> None:
        """The viewer goes."""
        self._watching.remove(watching)

    def forget(self) -> None:
        """A new time context, or a new connection: nothing of before is shown in it."""
        self.view = None
        self._since_key, self._since_key_bytes = [], 0
        self._behind_us.clear()


def footprint_of(video: Video, room_us: int) -> CameraView | None:
    """Where a camera looks now; None, when its word is old."""
    view = video.view
    return view if view is not None and abs(room_us - view.toa_us) <= SEEN_FOR_US else None
