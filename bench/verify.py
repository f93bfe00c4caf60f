"""Verifying a record of 1,000,000 entries from its files alone: a running room's mix, in batches as under load."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from _figures import absolute, calibration_s, tell
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchfloor.base.labels import label_for
from watchfloor.edge.cli.checking import check
from watchfloor.edge.stores.folder import FileKey, write_durably
from watchfloor.edge.stores.record_log import LogFiles
from watchfloor.messages.entry import FIRST_PREV, VERSIONS, Entry, Fact, encode_entry
from watchfloor.messages.room import FeedState, FeedStateChanged, InputQuarantined
from watchfloor.record.folder_layout import FORMAT, FORMAT_TEXT, PUBLIC_KEY
from watchfloor.record.log import Edge
from watchfloor.record.note import Checkpoint, join_note, signature_line
from watchfloor.record.tree import Frontier, leaf_hash

LABEL = label_for(("ALD", "BVY", "CVL", "DNM", "FNY", "JLN"))
ENTRIES, BATCH, ROUNDS = 1_000_000, 100, 7


def fact(number: int) -> Fact:
    """Facts of feeds, in turn."""
    if number % 3:
        return FeedStateChanged("TX", FeedState.STALE, number, LABEL)
    return InputQuarantined("TX", "Mode S frame fails its check or limits", number, LABEL)


def fill(folder: Path) -> None:
    """A folder with a million entries."""
    key = FileKey(Ed25519PrivateKey.generate(), "watchfloor/room-bench")
    (folder / "keys").mkdir()
    write_durably(folder / FORMAT, FORMAT_TEXT)
    write_durably(folder / PUBLIC_KEY, key.key.line().encode() + b"\n")
    store = LogFiles(folder)
    list(store.batches())
    store.begin(Edge())
    frontier, prev = Frontier(), FIRST_PREV
    for start in range(0, ENTRIES, BATCH):
        raws = []
        for seq in range(start, start + BATCH):
            body = fact(seq)
            entry = Entry(
                seq, prev, 10**15 + seq, 10**15 + seq, "room", f"k-{seq}", VERSIONS[type(body).__name__], body
            )
            raws.append(encode_entry(entry))
            leaf = leaf_hash(raws[-1])
            frontier.append(leaf)
            prev = leaf.hex()
        text = Checkpoint(key.key.name, frontier.size, frontier.root()).text()
        edge = Edge(frontier.size, 10**15 + seq, leaf, frontier.peaks())
        store.append(raws, edge, join_note(text, [signature_line(text, key.key, key.sign)]), urgent=False)
    store.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name) / "room"
        folder.mkdir()
        print("writing a million entries", file=sys.stderr)
        fill(folder)
        times, calibrations = [], []
        for _ in range(ROUNDS):
            calibrations.append(calibration_s())
            start = time.perf_counter()
            report = check(folder)
            times.append(time.perf_counter() - start)
            if not report.holds() or report.entry_count != ENTRIES:
                raise SystemExit(f"the record does not verify: {report.problems}")
        load = f"{ENTRIES} entries in batches of {BATCH}, {report.byte_count >> 20} MiB"
        figure = absolute(
            "verify 1,000,000 entries", times, calibrations, unit="s", better="lower", goal=5.0, load=load
        )
        tell(figure, as_json=as_json)


if __name__ == "__main__":
    main()
