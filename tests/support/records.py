"""Small records made without a room: by the room's own writer on real files, with keys at hand."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchfloor.app.clock import EntryClock
from watchfloor.app.resume import read_past
from watchfloor.app.writer import Input, Writer
from watchfloor.base.labels import label_for
from watchfloor.edge.recovery import first_key
from watchfloor.edge.stores.folder import DataFolder, FileKey, write_durably
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


def write_record(
    path: Path, facts: Sequence[Fact], key: Ed25519PrivateKey | None = None, file_bytes: int = 64 << 20
) -> FileKey:
    """A closed, sealed folder whose record holds these facts; one that exists goes on. Answers the log's key."""
    folder = DataFolder(path)
    try:
        if key is not None and not (path / layout.PRIVATE_KEY).exists():
            write_durably(path / layout.PRIVATE_KEY, key.private_bytes_raw().hex().encode() + b"\n")
        signer = folder.begin_key(ORIGIN)
        store = LogFiles(path, file_bytes)
        past = read_past(store, Signers(first_key(path)))
        folder.unseal()
        store.begin(past.edge())
        asyncio.run(_write(Writer(store, EntryClock(), (signer,), past), facts))
        store.close()
        folder.seal((signer,))
        return signer
    finally:
        folder.close()


async def _write(writer: Writer, facts: Sequence[Fact]) -> None:
    writer.start()
    start = writer.size
    for first in range(0, len(facts), 60):
        part = [Input("room", f"k-{start + first + n}", fact) for n, fact in enumerate(facts[first : first + 60])]
        await asyncio.gather(*(writer.enter(item) for item in part))
    await writer.close()
