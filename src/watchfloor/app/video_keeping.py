"""What screens were sent of live video, in segments of about a minute: each in the record by its hash.

Where somebody asked for it the segment itself is kept too. It begins with a key picture, so that it can be played by
itself; a copy that somebody else made of the same stretch has the same hash.
"""

from collections.abc import Mapping
from hashlib import sha256

from watchfloor.app.media import MediaKeeper
from watchfloor.app.writer import ROOM, Input, Writer
from watchfloor.base.errors import UnavailableError
from watchfloor.base.labels import Label
from watchfloor.base.units import US_PER_S
from watchfloor.messages.keeping import MediaKind, VideoTold
from watchfloor.messages.video import VideoPiece

SEGMENT_US = 60 * US_PER_S
MOST_SEGMENT_BYTES = 48 << 20


class Segment:
    """A stretch of one video; `parts` are its bytes where it is to be kept."""

    def __init__(self, piece: VideoPiece, room_us: int, *, is_kept: bool) -> None:
        self.from_us = self.until_us = room_us
        self.parts: list[bytes] = []
        self.size_bytes = 0
        self._is_kept, self._hash = is_kept, sha256()
        self._add(piece.tables)

    def add(self, piece: VideoPiece, room_us: int) -> None:
        """One piece more."""
        self._add(piece.raw)
        self.until_us = max(self.until_us, room_us)

    def digest(self) -> str:
        """The hash of all of it."""
        return self._hash.hexdigest()

    def _add(self, raw: bytes) -> None:
        if self._is_kept:
            self.parts.append(raw)
        self._hash.update(raw)
        self.size_bytes += len(raw)

    def is_due(self, room_us: int) -> bool:
        """Whether the next key picture begins another."""
        return not 0 <= room_us - self.from_us < SEGMENT_US or self.size_bytes >= MOST_SEGMENT_BYTES // 2


class VideoKeeping:
    """The open segments of all feeds, and those that wait to be told to the record. `labels`: of the feeds."""

    def __init__(self, writer: Writer, labels: Mapping[str, Label]) -> None:
        self._writer, self._labels = writer, labels
        self._keepers: Mapping[str, MediaKeeper] = {}
        self._keeper: MediaKeeper | None = None
        self._open: dict[str, Segment] = {}
        self.ended: list[tuple[str, Segment]] = []
        self.failed: str | None = None

    def keep_whole(self, keepers: Mapping[str, MediaKeeper], keeper: MediaKeeper) -> None:
        """Have these feeds' segments kept, not only their hashes; said before the first piece.

        **Args**: `keeper`: what lets go of what was kept of any feed, now or before.
        """
        self._keepers, self._keeper = keepers, keeper

    def take(self, feed_id: str, piece: VideoPiece, room_us: int) -> None:
        """A piece of a feed."""
        segment = self._open.get(feed_id)
        if piece.begins_key and (segment is None or segment.is_due(room_us)):
            self.end(feed_id)
            segment = self._open[feed_id] = Segment(piece, room_us, is_kept=feed_id in self._keepers)
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
        """Tell the record what has ended, and keep what is to be kept. What the disk refuses is lost, and said."""
        done, self.ended = self.ended, []
        for feed_id, segment in done:
            try:
                await self._keep(feed_id, segment)
                self.failed = None
            except UnavailableError as error:
                self.failed = f"a minute of {feed_id} could not be kept: {error}"

    async def _keep(self, feed_id: str, segment: Segment) -> None:
        keeper, span_us = self._keepers.get(feed_id), (segment.from_us, segment.until_us)
        if keeper is not None:
            await keeper.keep(b"".join(segment.parts), MediaKind.VIDEO, feed_id, *span_us)
            return
        digest = segment.digest()
        fact = VideoTold(digest, segment.size_bytes, feed_id, *span_us, self._labels[feed_id])
        await self._writer.enter(Input(ROOM, f"video-{digest[:32]}-{self._writer.size}", fact))

    async def expire(self, before_us: int, words: str) -> None:
        """Let go of what was kept of the feeds and ended before this.

        **Raises**: UnavailableError, when the record cannot be written, or the disk keeps it.
        """
        if self._keeper is not None:
            for feed_id in self._labels:
                await self._keeper.expire(feed_id, before_us, words)

    async def close(self) -> None:
        """End and keep all."""
        for feed_id in tuple(self._open):
            self.end(feed_id)
        await self.keep_ended()
