"""Keeping live video, where somebody asked for it: segments of about a minute, each in the record by its hash.

A segment begins with a key picture, so that each can be played by itself. What is kept is what screens were sent.
"""

from collections.abc import Callable

from watchfloor.app.media import MediaKeeper
from watchfloor.base.errors import UnavailableError
from watchfloor.base.labels import Label
from watchfloor.base.units import US_PER_S
from watchfloor.messages.keeping import MediaKind
from watchfloor.messages.video import VideoPiece

SEGMENT_US = 60 * US_PER_S
MOST_SEGMENT_BYTES = 48 << 20


class Segment:
    """A stretch of one video."""

    def __init__(self, piece: VideoPiece, room_us: int) -> None:
        self.from_us = self.until_us = room_us
        self.parts = [piece.tables]
        self.size_bytes = len(piece.tables)

    def add(self, piece: VideoPiece, room_us: int) -> None:
        """One piece more."""
        self.parts.append(piece.raw)
        self.size_bytes += len(piece.raw)
        self.until_us = max(self.until_us, room_us)

    def is_due(self, room_us: int) -> bool:
        """Whether the next key picture begins another."""
        return not 0 <= room_us - self.from_us < SEGMENT_US or self.size_bytes >= MOST_SEGMENT_BYTES // 2


class VideoKeeping:
    """The open segments of some feeds, and those that wait to be kept."""

    def __init__(self, feeds: dict[str, Label], keeper_for: Callable[[Label], MediaKeeper]) -> None:
        self._keepers = {feed_id: keeper_for(label) for feed_id, label in feeds.items()}
        self._open: dict[str, Segment] = {}
        self.ended: list[tuple[str, Segment]] = []
        self.failed: str | None = None

    def take(self, feed_id: str, piece: VideoPiece, room_us: int) -> None:
        """A piece of a feed, which may not be one of those that are kept."""
        if feed_id not in self._keepers:
            return
        segment = self._open.get(feed_id)
        if piece.begins_key and (segment is None or segment.is_due(room_us)):
            self.end(feed_id)
            segment = self._open[feed_id] = Segment(piece, room_us)
        if segment is None:
            return
        segment.add(piece, room_us)
        if segment.size_bytes >= MOST_SEGMENT_BYTES:  # no key picture came for too long
            self.end(feed_id)

    def end(self, feed_id: str) -> None:
        """The feed's segment ends here: a new one, a new time context, or the end of its connection."""
        segment = self._open.pop(feed_id, None)
        if segment is not None:
            self.ended.append((feed_id, segment))

    async def keep_ended(self) -> None:
        """Keep what has ended. What the disk refuses is lost, and said."""
        done, self.ended = self.ended, []
        for feed_id, segment in done:
            try:
                await self._keepers[feed_id].keep(
                    b"".join(segment.parts), MediaKind.VIDEO, feed_id, segment.from_us, segment.until_us
                )
                self.failed = None
            except UnavailableError as error:
                self.failed = f"a minute of {feed_id} could not be kept: {error}"

    async def expire(self, before_us: int, words: str) -> None:
        """Let go of what was kept of these feeds and ended before this.

        **Raises**: UnavailableError, when the record cannot be written.
        """
        for feed_id, keeper in self._keepers.items():
            await keeper.expire(feed_id, before_us, words)

    async def close(self) -> None:
        """End and keep all."""
        for feed_id in tuple(self._open):
            self.end(feed_id)
        await self.keep_ended()
