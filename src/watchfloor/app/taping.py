"""Writing the tape: a frame each second, durable before its digest enters the record, a block each minute."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import structlog

from watchfloor.app.ports import TapeStore
from watchfloor.app.writer import Input, Writer
from watchfloor.base.errors import FullError, UnavailableError
from watchfloor.base.labels import Label
from watchfloor.messages.air import TrackPicture
from watchfloor.messages.room import TapeBlockSealed, TapeFrameWritten
from watchfloor.record.tape import RunningDigest, TapedName, encode_frame, name_of

BLOCK_S = 60
FRAME_S = 1.0
_log = structlog.get_logger()


def block_name(number: int) -> str:
    """The name of a block's file, without its ending."""
    return f"tracks-{number:06d}"


class Taping:
    """Owns the open block. Runs on the event loop; file work goes to one worker thread."""

    def __init__(self, store: TapeStore, writer: Writer, label: Label, first_number: int) -> None:
        self._store, self._writer, self._label = store, writer, label
        self._number = first_number
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="tape")
        self._digest: RunningDigest | None = None
        self._frames = 0
        self._begun_s = 0.0
        self._told: dict[int, TapedName] = {}
        self.failed: str | None = None

    async def frame(self, picture: TrackPicture) -> None:
        """Tape one moment of the picture."""
        if self._writer.trouble is not None:
            await self.seal()
            return
        loop = asyncio.get_running_loop()
        if self._digest is not None and loop.time() - self._begun_s >= BLOCK_S - FRAME_S:
            await self.seal()
        try:
            if self._digest is None:
                await loop.run_in_executor(self._worker, self._store.begin, block_name(self._number))
                self._digest, self._frames, self._told = RunningDigest(), 0, {}
                self._begun_s = loop.time()
            names = tuple(name for track in picture.tracks if self._told.get(track.number) != (name := name_of(track)))
            raw = await loop.run_in_executor(self._worker, self._write, picture, names)
        except UnavailableError as error:
            self.failed = str(error)
            _log.error("tape cannot be written", reason=self.failed)
            if isinstance(error, FullError):
                self._writer.close_for_space(self.failed)
            await self.seal()
            return
        self.failed = None
        self._told.update({name.number: name for name in names})
        self._digest.add(raw)
        self._frames += 1
        fact = TapeFrameWritten(
            block=block_name(self._number),
            frame_count=self._frames,
            stored_bytes=self._digest.stored_bytes,
            digest=self._digest.hex(),
            label=self._label,
        )
        await self._writer.enter(Input("room", f"tape-{fact.digest[:24]}", fact))

    def _write(self, picture: TrackPicture, names: tuple[TapedName, ...]) -> bytes:
        raw = encode_frame(picture, names)
        self._store.add(raw)
        return raw

    async def seal(self) -> None:
        """End the open block, if there is one."""
        if self._digest is None or not self._frames:
            return
        digest, self._digest = self._digest, None
        await asyncio.get_running_loop().run_in_executor(self._worker, self._store.end)
        fact = TapeBlockSealed(
            block=block_name(self._number),
            frame_count=self._frames,
            stored_bytes=digest.stored_bytes,
            digest=digest.hex(),
            label=self._label,
        )
        self._number += 1
        await self._writer.enter(Input("room", f"seal-{fact.block}", fact))

    async def close(self) -> None:
        """Seal and let the worker go."""
        await self.seal()
        self._worker.shutdown()
