"""Which picture was the newest one taped at an entry: found by the entries, from one block of the tape."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence

from watchfloor.messages.air import TrackPicture
from watchfloor.messages.entry import Entry
from watchfloor.messages.room import TapeFrameWritten
from watchfloor.record.folder_layout import journal_file, tape_file
from watchfloor.record.tape import CAMERAS, TRACKS, Frame, TapedName, stream_of
from watchfloor.record.tape_cameras import TapedView, views_of
from watchfloor.record.tape_files import named_frames
from watchfloor.record.tape_pictures import picture_of

KEPT_BLOCKS = 4

_Named = list[tuple[Frame, Mapping[int, TapedName]]]


class TapedFrames:
    """The frames of one stream of a record's tape, sealed or open.

    Blocks are read when they are asked for; few are kept.
    """

    def __init__(self, entries: Iterable[Entry], files: Mapping[str, bytes], stream: str) -> None:
        self._files = files
        self._seqs: list[int] = []
        self._places: list[tuple[str, int]] = []
        self._vouched_bytes: dict[str, int] = {}
        self._blocks: dict[str, _Named] = {}
        for entry in entries:
            body = entry.body
            if isinstance(body, TapeFrameWritten) and stream_of(body.block) == stream:
                self._seqs.append(entry.seq)
                self._places.append((body.block, body.frame_count - 1))
                self._vouched_bytes[body.block] = body.stored_bytes

    def back_from(self, first_seq: int, end_seq: int) -> Iterator[tuple[Frame, Mapping[int, TapedName]]]:
        """Frames that entries from `first_seq` to before `end_seq` record, the newest first.

        **Doubt**: those whose block is not there are left out.

        **Cost**: logarithmic; then one block is read and decoded, whatever the length of the tape.
        """
        for place in reversed(range(bisect_left(self._seqs, first_seq), bisect_left(self._seqs, end_seq))):
            block, index = self._places[place]
            frames = self._frames(block)
            if index < len(frames):
                yield frames[index]

    def _frames(self, block: str) -> _Named:
        if block not in self._blocks:
            raw = self._files.get(tape_file(block)) or self._files.get(journal_file(block))
            while len(self._blocks) >= KEPT_BLOCKS:
                del self._blocks[next(iter(self._blocks))]
            self._blocks[block] = list(named_frames(block, raw, self._vouched_bytes[block])) if raw else []
        return self._blocks[block]


class TapedPictures:
    """The pictures of a record's tape, and where cameras looked."""

    def __init__(self, entries: Sequence[Entry], files: Mapping[str, bytes]) -> None:
        self._tracks, self._cameras = (TapedFrames(entries, files, stream) for stream in (TRACKS, CAMERAS))

    def newest(self, first_seq: int, end_seq: int, from_us: int, until_us: int) -> TrackPicture | None:
        """The last picture that entries from `first_seq` to before `end_seq` record, of these room times.

        A frame that was under way when room time jumped is recorded behind the jump and shows a time before it.

        **Doubt**: None, when no such picture was taped, or its block is not there.
        """
        for frame, names in self._tracks.back_from(first_seq, end_seq):
            if from_us <= frame.head.room_us <= until_us:
                return picture_of(frame, names)
        return None

    def views(self, first_seq: int, end_seq: int, from_us: int, until_us: int) -> list[TapedView]:
        """Where each camera looked last by then, among the views of these room times and entries."""
        found: dict[str, TapedView] = {}
        for frame, names in self._cameras.back_from(first_seq, end_seq):
            if frame.head.room_us < from_us:
                break
            for one in reversed(views_of(frame, names)):
                if from_us <= one.view.toa_us <= until_us:
                    found.setdefault(one.feed_id, one)
        return [found[feed_id] for feed_id in sorted(found)]
