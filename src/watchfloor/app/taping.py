"""Writing the tape: a frame a second of each stream, durable before its digest enters the record; blocks of a minute.

An open block is a journal; when it is a minute old, or large, it is sealed into columns and the journal is let go.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog

from watchfloor.app.ports import TapeStore
from watchfloor.app.writer import Input, Writer
from watchfloor.base.errors import FullError, UnavailableError
from watchfloor.base.labels import Label
from watchfloor.base.units import US_PER_S
from watchfloor.messages.air import ObservationBatch, TrackPicture
from watchfloor.messages.room import TapeBlockExpired, TapeBlockSealed, TapeFrameWritten
from watchfloor.messages.video import CameraView
from watchfloor.record.tape import CAMERAS, OBSERVATIONS, TRACKS, Frame, RunningDigest, TapedName, encode_frame
from watchfloor.record.tape_block import SEAL_BYTES, encode_block, sealed_as
from watchfloor.record.tape_cameras import CameraRows
from watchfloor.record.tape_pictures import ObservationRows, frame_of_picture

BLOCK_S = 60
FRAME_S = 1.0
_log = structlog.get_logger()


def block_name(stream: str, number: int) -> str:
    """The name of a block's file, without its ending."""
    return f"{stream}-{number:06d}"


class Taping:
    """Owns the open block of each stream. Runs on the event loop; file work goes to one worker thread."""

    def __init__(self, store: TapeStore, writer: Writer, label: Label, first_numbers: Mapping[str, int]) -> None:
        self.failed: str | None = None
        self._writer, self._store, self._label = writer, store, label
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="tape")
        self._rows = ObservationRows()
        self._views = CameraRows()
        self._told: dict[int, TapedName] = {}
        self._leaving: deque[str] = deque()
        self._streams = {
            stream: _Stream(stream, store, writer, label, first_numbers.get(stream, 1), self._worker)
            for stream in (TRACKS, OBSERVATIONS, CAMERAS)
        }

    def observed(self, batch: ObservationBatch) -> None:
        """Take in what a feed said, for the next frame."""
        self._rows.add(batch)

    def filmed(self, feed_id: str, label: Label, view: CameraView) -> None:
        """Take in where a camera looks, for the next frame."""
        self._views.add(feed_id, label, view)

    async def frame(self, picture: TrackPicture) -> None:
        """Tape one moment of the picture, and what feeds said since the last one."""
        if self._writer.trouble is not None:
            await self._begin_anew()
            return
        tracks, observations = self._streams[TRACKS], self._streams[OBSERVATIONS]
        try:
            for stream in self._streams.values():
                if stream.is_torn:
                    await stream.seal()
            if tracks.is_due():
                await tracks.seal()
            if await tracks.open():
                self._told = {}
            await observations.open()
            frame = frame_of_picture(picture, self._told)
            self._told.update({name.number: name for name in frame.head.names})
            is_last, said = observations.is_due(), self._rows.take(picture.room_us)
            if is_last:
                self._rows = ObservationRows()  # names are told anew in every block; what comes now is the next one's
            await self._add({tracks: frame, observations: said})
            if is_last:
                await observations.seal()
            await self._frame_cameras(picture.room_us)
        except UnavailableError as error:
            self.failed = str(error)
            _log.error("tape cannot be written", reason=self.failed)
            if isinstance(error, FullError):
                self._writer.close_for_space(self.failed)
            await self._begin_anew()
            return
        self.failed = None

    async def _frame_cameras(self, room_us: int) -> None:
        """A frame of where cameras looked, if any did."""
        cameras = self._streams[CAMERAS]
        is_last, seen = cameras.is_due(), self._views.take(room_us)
        if is_last:
            self._views = CameraRows()
        if seen is not None:
            await cameras.open()
            await self._add({cameras: seen})
        if is_last:
            await cameras.seal()

    async def _add(self, frames: "Mapping[_Stream, Frame]") -> None:
        """Make frames durable, then their digests; only what the record vouches for belongs to a block.

        They are written in one turn of the worker: where one cannot be, the record vouches for none of them.
        """
        for stream in frames:
            stream.is_torn = True
        work = [partial(stream.write, frame) for stream, frame in frames.items()]
        raws = await asyncio.get_running_loop().run_in_executor(self._worker, lambda: [write() for write in work])
        vouching = [stream.vouch(frame, raw) for (stream, frame), raw in zip(frames.items(), raws, strict=True)]
        faults = [fault for fault in await asyncio.gather(*vouching, return_exceptions=True) if fault is not None]
        for fault in sorted(faults, key=lambda one: not isinstance(one, FullError)):  # that space is gone counts most
            raise fault

    async def _begin_anew(self) -> None:
        """Seal what can be, and forget what was not taped: its names were told in blocks that have ended."""
        self._rows, self._views = ObservationRows(), CameraRows()
        await self.seal()

    async def expire(self, keep_us: int) -> None:
        """Let go of blocks that were sealed so long ago: the record says it first, then the file goes.

        **Raises**: UnavailableError, when the disk keeps a file; it is tried again the next time.
        """
        now_us, loop = self._writer.entry_now_us(), asyncio.get_running_loop()
        due = [block for block, sealed_us in self._writer.state.kept_blocks.items() if now_us - sealed_us >= keep_us]
        for block in due:
            fact = TapeBlockExpired(block, keep_us // US_PER_S, self._label)
            await self._writer.enter(Input("room", f"expired-{block}", fact))
            self._leaving.append(block)
        while self._leaving:
            await loop.run_in_executor(self._worker, self._store.let_go, self._leaving[0])
            self._leaving.popleft()

    async def seal(self) -> None:
        """End the open blocks, if there are any. What cannot be sealed stays open: for later, or for the next start."""
        if self._writer.failed is not None:
            return
        refused: UnavailableError | None = None
        for stream in self._streams.values():
            try:
                await stream.seal()
            except UnavailableError as error:
                refused = error
        if refused is not None:
            raise refused

    async def close(self) -> None:
        """Seal and let the worker go."""
        try:
            await self.seal()
        finally:
            self._worker.submit(self._store.close)
            self._worker.shutdown()


class _Stream:
    """One stream's open block."""

    def __init__(
        self, stream: str, store: TapeStore, writer: Writer, label: Label, number: int, worker: ThreadPoolExecutor
    ) -> None:
        self._stream, self._store, self._writer, self._label = stream, store, writer, label
        self._number, self._worker = number, worker
        self._digest: RunningDigest | None = None
        self._frames: list[Frame] = []
        self._begun_s = 0.0
        self.is_torn = False  # whether bytes that the record does not vouch for may stand at the journal's end

    def is_due(self) -> bool:
        """Whether the open block is old or large enough to be sealed."""
        if self._digest is None:
            return False
        age_s = asyncio.get_running_loop().time() - self._begun_s
        return age_s >= BLOCK_S - FRAME_S or self._digest.stored_bytes >= SEAL_BYTES

    async def open(self) -> bool:
        """Have a block open; answers whether it is a new one."""
        if self._digest is not None:
            return False
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._worker, self._store.begin, block_name(self._stream, self._number))
        self._digest, self._frames, self._begun_s = RunningDigest(), [], loop.time()
        return True

    def write(self, frame: Frame) -> bytes:
        """Make a frame durable in the open block's journal; answers its bytes. Runs on the worker."""
        raw = encode_frame(self._stream, frame)
        self._store.add(block_name(self._stream, self._number), raw)
        return raw

    async def vouch(self, frame: Frame, raw: bytes) -> None:
        """Enter the digest of a frame that is durable; it belongs to the block from then on.

        **Raises**: UnavailableError, when no block is open, or the record cannot be written.
        """
        if self._digest is None:
            raise UnavailableError("no tape block is open")
        digest = self._digest.with_added(raw)
        fact = TapeFrameWritten(
            block=block_name(self._stream, self._number),
            frame_count=len(self._frames) + 1,
            stored_bytes=digest.stored_bytes,
            digest=digest.hex(),
            label=self._label,
        )
        await self._writer.enter(Input("room", f"tape-{self._stream[:1]}-{fact.digest[:24]}", fact))
        self._digest = digest
        self._frames.append(frame)
        self.is_torn = False

    async def seal(self) -> None:
        """End the open block, if there is one: in columns first, then in the record, then without its journal."""
        if self._digest is None:
            return
        digest, frames = self._digest, self._frames
        block = block_name(self._stream, self._number)
        loop = asyncio.get_running_loop()
        if not frames:  # nothing of it was recorded: as if it had not been begun
            await loop.run_in_executor(self._worker, self._store.forget_journal, block)
            self._digest, self.is_torn = None, False
            return
        raw = await loop.run_in_executor(self._worker, self._seal_file, block, frames, digest.hex())
        fact = TapeBlockSealed(
            block=block,
            frame_count=len(frames),
            stored_bytes=digest.stored_bytes,
            digest=digest.hex(),
            **sealed_as(raw),
            label=self._label,
        )
        await self._writer.enter(Input("room", f"seal-{block}", fact))
        self._digest, self._frames, self.is_torn = None, [], False
        self._number += 1
        await loop.run_in_executor(self._worker, self._store.forget_journal, block)

    def _seal_file(self, block: str, frames: list[Frame], digest: str) -> bytes:
        raw = encode_block(self._stream, frames, digest)
        self._store.seal(block, raw)
        return raw
