"""Small records made without a room: by the room's own writer on real files, with keys at hand."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchfloor.app.clock import EntryClock
from watchfloor.app.resume import read_past
from watchfloor.app.writer import Input, Writer
from watchfloor.base.labels import label_for
from watchfloor.edge.recovery import first_key
from watchfloor.edge.stores.folder import DataFolder, FileKey, key_in, write_durably
from watchfloor.edge.stores.record_log import LogFiles
from watchfloor.messages.entry import Fact
from watchfloor.messages.room import Context, FeedState, FeedStateChanged, RoomOpened
from watchfloor.record import folder_layout as layout
from watchfloor.record.keys import Signers

ORIGIN = "watchfloor/room-1"
LABEL = label_for(("ALD", "FNY"))


def opening(context: Context = Context.EXERCISE) -> RoomOpened:
    return RoomOpened("room-1", context, "watchfloor 0", ORIGIN, "serve", "0" * 64, "0" * 64, 0, LABEL)


def feed_fact(number: int) -> FeedStateChanged:
    return FeedStateChanged(f"F{number}", FeedState.FRESH, number, LABEL)


@contextlib.asynccontextmanager
async def writing(path: Path, file_bytes: int = 64 << 20) -> AsyncIterator[Writer]:
    """The writer of a folder, made if it is not there; sealed at the end, unless the tape is still open."""
    folder = DataFolder(path)
    try:
        signer = folder.begin_key(ORIGIN)
        store = LogFiles(path, file_bytes)
        past = read_past(store, Signers(first_key(path)))
        folder.unseal()
        store.begin(past.edge())
        writer = Writer(store, EntryClock(), (signer,), past)
        writer.start()
        try:
            yield writer
        finally:
            await writer.close()
            store.close()
        if not writer.state.open_blocks:
            folder.seal((signer,))
    finally:
        folder.close()


def write_record(
    path: Path, facts: Sequence[Fact], key: Ed25519PrivateKey | None = None, file_bytes: int = 64 << 20
) -> FileKey:
    """A closed, sealed folder whose record holds these facts; one that exists goes on. Answers the log's key."""
    if key is not None and not (path / layout.PRIVATE_KEY).exists():
        DataFolder(path).close()
        write_durably(path / layout.PRIVATE_KEY, key.private_bytes_raw().hex().encode() + b"\n")
    asyncio.run(_write(path, facts, file_bytes))
    return key_in(path / layout.PRIVATE_KEY, ORIGIN)


async def _write(path: Path, facts: Sequence[Fact], file_bytes: int) -> None:
    async with writing(path, file_bytes) as writer:
        start = writer.size
        for first in range(0, len(facts), 60):
            part = [Input("room", f"k-{start + first + n}", fact) for n, fact in enumerate(facts[first : first + 60])]
            await asyncio.gather(*(writer.enter(item) for item in part))
