"""Commits of the log beside a bare write with fdatasync of the same bytes, and fifty submitters beside one.

A commit is all that stands between encoded entries and an acknowledgement: leaf hashes, tree, checkpoint, signature,
one durable write. The peer appends the same entries' bytes to a plain file and calls fdatasync.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from _figures import paired, tell
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchfloor.app.clock import EntryClock
from watchfloor.app.resume import read_past
from watchfloor.app.writer import Input, Writer
from watchfloor.base.labels import label_for
from watchfloor.edge.cli.loop import run_loop
from watchfloor.edge.stores.folder import FileKey
from watchfloor.edge.stores.record_log import LogFiles
from watchfloor.messages.entry import VERSIONS, Entry, encode_entry
from watchfloor.messages.room import FeedState, FeedStateChanged, TapeFrameWritten
from watchfloor.record.keys import Signers
from watchfloor.record.log import Edge
from watchfloor.record.note import Checkpoint, join_note, signature_line
from watchfloor.record.tree import Frontier, leaf_hash

LABEL = label_for(("ALD", "BVY", "CVL", "DNM", "FNY", "JLN"))
ROUNDS = 9
COMMITS = 150


def entries(count: int) -> list[bytes]:
    """Entries as a running room writes most of them."""
    body = TapeFrameWritten("tracks-000001", 7, 54_321, "ab" * 32, LABEL)
    version = VERSIONS["TapeFrameWritten"]
    return [
        encode_entry(Entry(seq, "cd" * 32, 10**15 + seq, 10**15 + seq, "room", f"tape-{seq:020d}", version, body))
        for seq in range(count)
    ]


def ours(folder: Path, batch: int) -> Callable[[], float]:
    """One round of our commits; answers seconds a commit."""
    key = FileKey(Ed25519PrivateKey.generate(), "watchfloor/bench")
    store = LogFiles(folder)
    list(store.batches())
    store.begin(Edge())
    frontier, raws = Frontier(), entries(batch)

    def commit() -> None:
        for raw in raws:
            frontier.append(leaf_hash(raw))
        text = Checkpoint(key.key.name, frontier.size, frontier.root()).text()
        note = join_note(text, [signature_line(text, key.key, key.sign)])
        store.append(raws, Edge(frontier.size, 1, bytes(32), frontier.peaks()), note, urgent=False)

    return lambda: _per_commit(commit)


def bare(folder: Path, batch: int) -> Callable[[], float]:
    """One round of bare appends of the same bytes."""
    descriptor = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    raw = b"".join(entries(batch))

    def commit() -> None:
        os.write(descriptor, raw)
        os.fdatasync(descriptor)

    return lambda: _per_commit(commit)


def _per_commit(commit: Callable[[], None]) -> float:
    start = time.perf_counter()
    for _ in range(COMMITS):
        commit()
    return (time.perf_counter() - start) / COMMITS


async def submit(folder: Path, submitters: int, each: int, kept: list[float]) -> None:
    """Measure acknowledged entries a second through the writer, with so many submitters that wait for each answer."""
    key = FileKey(Ed25519PrivateKey.generate(), "watchfloor/bench")
    store = LogFiles(folder)
    past = read_past(store, Signers(key.key))
    store.begin(past.edge())
    writer = Writer(store, EntryClock(), (key,), past)
    writer.start()

    async def one(number: int) -> None:
        for turn in range(each):
            fact = FeedStateChanged(f"F{number}", FeedState.FRESH, turn, LABEL)
            await writer.enter(Input(f"feed:F{number}", f"k-{number}-{turn}", fact))

    await one(10_000)
    start = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(submitters)))
    took_s = time.perf_counter() - start
    await writer.close()
    store.close()
    kept.append(submitters * each / took_s)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        home = Path(name)
        for batch, goal in ((1, 1.5), (100, 2.5)):
            folder = home / f"batch-{batch}"
            folder.mkdir()
            run_ours, run_bare = ours(folder, batch), bare(folder, batch)
            run_ours()
            run_bare()
            mine, other = zip(*((run_ours() * 1e6, run_bare() * 1e6) for _ in range(ROUNDS)), strict=True)
            figure = paired(
                f"commit of {batch}",
                list(mine),
                list(other),
                unit="us",
                better="lower",
                goal=goal,
                load=f"{COMMITS} commits a round of {batch} times {len(entries(1)[0])} bytes; peer: append, fdatasync",
            )
            tell(figure, as_json=as_json)
        many, single = [], []
        run_loop(submit(home, 50, 20, []))
        for round_ in range(7):
            for count, each, kept in ((50, 60, many), (1, 300, single)):
                folder = home / f"submit-{count}-{round_}"
                folder.mkdir()
                run_loop(submit(folder, count, each, kept))
        figure = paired(
            "50 submitters",
            many,
            single,
            unit="acknowledged entries/s",
            better="higher",
            goal=15,
            load="the whole writer, state and all; each submitter waits for its answer; peer: one submitter",
        )
        tell(figure, as_json=as_json)


if __name__ == "__main__":
    main()
