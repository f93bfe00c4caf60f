"""The record's files on the disk: rolled, read back, cleared after a crash, and kept ready for what is urgent."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchfloor.base.errors import FullError, IntegrityError
from watchfloor.edge.stores.folder import FileKey
from watchfloor.edge.stores.record_log import RESERVE_BYTES, LogFiles
from watchfloor.record.log import Edge

KEY = FileKey(Ed25519PrivateKey.generate(), "watchfloor/room-1")


def opened(folder: Path, file_bytes: int = 64 << 20) -> tuple[LogFiles, list[bytes]]:
    store = LogFiles(folder, file_bytes)
    found = [raw for batch in store.batches() for raw in batch.entries]
    store.begin(Edge(len(found)))
    return store, found


def put(store: LogFiles, size: int, raw: bytes, *, urgent: bool = False) -> None:
    store.append([raw], Edge(size + 1), "note\n", urgent=urgent)


def fill(store: LogFiles) -> int:
    """How many batches of a kilobyte were written before there was no space."""
    for number in range(10_000):
        try:
            put(store, number, b"z" * 1000)
        except FullError:
            return number
    raise AssertionError("there was always space")


@contextmanager
def file_limit(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_batches_come_back_over_several_files_and_each_file_says_what_came_before(tmp_path: Path) -> None:
    store, _ = opened(tmp_path, file_bytes=5000)
    wrote = [bytes([65 + number]) * 1500 for number in range(20)]
    for number, raw in enumerate(wrote):
        put(store, number, raw)
    store.close()
    assert len(list((tmp_path / "record").glob("*.wfl"))) == 5
    again, found = opened(tmp_path, file_bytes=5000)
    assert found == wrote
    put(again, len(found), b"more")
    again.close()
    assert opened(tmp_path)[1] == [*wrote, b"more"]


def test_a_missing_file_in_between_is_named(tmp_path: Path) -> None:
    store, _ = opened(tmp_path, file_bytes=1000)
    for number in range(6):
        put(store, number, b"x" * 900)
    store.close()
    (tmp_path / "record" / "000002.wfl").unlink()
    with pytest.raises(IntegrityError, match=r"record/000002\.wfl is missing"):
        list(LogFiles(tmp_path).batches())


def test_an_unfinished_batch_is_cleared_and_the_next_takes_its_place(tmp_path: Path) -> None:
    store, _ = opened(tmp_path)
    put(store, 0, b"kept")
    path = tmp_path / "record" / "000001.wfl"
    honest = path.read_bytes()
    used = len(honest.rstrip(b"\0"))
    torn = bytearray(honest)
    torn[used : used + 40] = b"\x00\x01\x02\x01" + b"y" * 36
    path.write_bytes(torn)
    again = LogFiles(tmp_path)
    assert [raw for batch in again.batches() for raw in batch.entries] == [b"kept"]
    assert again.begin(Edge(1)) == 40
    assert path.read_bytes().rstrip(b"\0") == honest.rstrip(b"\0")


def test_the_reserve_is_there_for_urgent_batches_when_files_cannot_grow(tmp_path: Path) -> None:
    store, _ = opened(tmp_path)
    with file_limit((tmp_path / "record" / "000001.wfl").stat().st_size):
        wrote = fill(store)
        urgent = 0
        while urgent < RESERVE_BYTES // 1100:
            put(store, wrote + urgent, b"u" * 1000, urgent=True)
            urgent += 1
        assert urgent > 100
    store.close()
    assert opened(tmp_path)[1] == [b"z" * 1000] * wrote + [b"u" * 1000] * urgent
