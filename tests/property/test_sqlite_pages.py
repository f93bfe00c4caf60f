"""The record's file, read without SQLite: the same rows as SQLite gives, and no changed byte goes unnoticed."""

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.base.errors import IntegrityError
from watchfloor.edge.stores.record_sqlite import SqliteRecord
from watchfloor.record.sqlite_pages import RecordFile


def fill(path: Path, sizes: list[list[int]], *, close: bool = True) -> tuple[SqliteRecord, list[bytes]]:
    store, rng, wrote = SqliteRecord(path), random.Random(7), []
    for batch in sizes:
        entries = [rng.randbytes(size) for size in batch]
        store.append(entries, f"note {len(wrote) + len(entries)}")
        wrote += entries
    if close:
        store.close()
    return store, wrote


def test_rows_are_those_that_sqlite_gives_over_several_segments(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    store, wrote = fill(path, [[300] * 90 + [20_000]] * 40, close=False)
    wal = path.with_name("record.sqlite-wal")
    read = RecordFile(path.read_bytes(), wal.read_bytes())
    assert [raw for _, raw, _ in read.rows] == wrote == list(store.entries())
    store.close()
    assert not wal.exists()
    assert RecordFile(path.read_bytes(), b"").rows == read.rows


def test_no_changed_byte_of_a_closed_record_goes_unnoticed(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    fill(path, [[180], [700, 30], [25_000], [5]])
    honest = path.read_bytes()
    rows = RecordFile(honest, b"").rows
    rng = random.Random(3)
    for place in range(len(honest)):
        changed = bytearray(honest)
        changed[place] ^= 1 << rng.randrange(8)
        try:
            read = RecordFile(bytes(changed), b"")
        except IntegrityError:
            continue
        assert read.rows != rows or read.engine_version != 3040001, f"byte {place} changed unnoticed"
        if read.rows == rows:
            assert 96 <= place < 100, f"byte {place} changed unnoticed"


def test_no_changed_byte_of_a_write_ahead_log_goes_unnoticed(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    store, _ = fill(path, [[180], [700, 30], [25_000]], close=False)
    base, wal = path.read_bytes(), path.with_name("record.sqlite-wal").read_bytes()
    rows = RecordFile(base, wal).rows
    rng = random.Random(5)
    for place in rng.sample(range(len(wal)), 600):
        changed = bytearray(wal)
        changed[place] ^= 1 << rng.randrange(8)
        try:
            assert RecordFile(base, bytes(changed)).rows != rows, f"byte {place} of the log changed unnoticed"
        except IntegrityError:
            continue
    store.close()


@given(st.lists(st.lists(st.integers(0, 66_000), min_size=1, max_size=6), max_size=6))
def test_entries_of_any_size_come_back(sizes: list[list[int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.sqlite"
        _, wrote = fill(path, sizes)
        assert [raw for _, raw, _ in RecordFile(path.read_bytes(), b"").rows] == wrote


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    fill(path, [[100]] * 5)
    with pytest.raises(IntegrityError):
        RecordFile(path.read_bytes()[:-16_384], b"")
    with pytest.raises(IntegrityError):
        RecordFile(path.read_bytes()[:-1], b"")
