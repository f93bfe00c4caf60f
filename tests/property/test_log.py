"""The log's files: what was written comes back, what a crash leaves is told from what was changed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.base.errors import IntegrityError, WireError
from watchfloor.record.log import MAGIC, SECTOR_BYTES, Batch, Edge, LogFile, encode_batch, encode_head


def written(raw: bytes) -> bytes:
    """Bytes as an entry, a hash or a note has them: without runs of zeros."""
    return raw.replace(b"\0", b"\1")


HEAD = encode_head(Edge(5, 77, b"l" * 32, (b"p" * 32, b"q" * 32)))
batches = st.lists(
    st.tuples(
        st.lists(st.binary(max_size=900).map(written), min_size=1, max_size=5),
        st.lists(st.binary(min_size=32, max_size=32).map(written), max_size=4),
        st.binary(max_size=300).map(lambda raw: written(raw) + b"\n"),
    ),
    max_size=5,
)
Parts = list[tuple[list[bytes], list[bytes], bytes]]


def file_of(parts: Parts, free_bytes: int = 0) -> bytes:
    return HEAD + b"".join(encode_batch(*part) for part in parts) + bytes(free_bytes)


def read(raw: bytes) -> tuple[list[Batch], LogFile]:
    held = LogFile(raw)
    return list(held.batches()), held


@given(batches, st.integers(0, 2000))
def test_what_was_written_comes_back(parts: Parts, free_bytes: int) -> None:
    found, held = read(file_of(parts, free_bytes))
    assert [(list(batch.entries), list(batch.peaks), batch.note) for batch in found] == parts
    assert held.edge == Edge(5, 77, b"l" * 32, (b"p" * 32, b"q" * 32))
    assert held.is_only_begun() is not bool(parts)
    assert held.unfinished_bytes == 0
    assert held.used_bytes == len(file_of(parts))


@given(
    batches, st.lists(st.binary(min_size=1, max_size=3000).map(lambda raw: written(raw) + b"!"), min_size=1, max_size=3)
)
def test_a_write_cut_at_any_sector_is_unfinished_and_loses_only_itself(parts: Parts, entries: list[bytes]) -> None:
    before = file_of(parts)
    whole = before + encode_batch(entries, [], b"note\n")
    rng = random.Random(len(whole))
    first, last = len(before) // SECTOR_BYTES, (len(whole) - 1) // SECTOR_BYTES
    for _ in range(8):
        raw = bytearray(whole + bytes(4096))
        lost = [sector for sector in range(first, last + 1) if rng.random() < 0.5] or [last]
        for sector in lost:
            start, end = max(len(before), sector * SECTOR_BYTES), (sector + 1) * SECTOR_BYTES
            raw[start:end] = bytes(end - start)
        found, held = read(bytes(raw))
        if len(found) > len(parts):
            held.leave(found[-1])
        assert held.used_bytes == len(before)
        assert held.unfinished_bytes == len(bytes(raw).rstrip(b"\0")) - len(before) or held.unfinished_bytes == 0


def test_a_batch_that_is_followed_by_another_cannot_be_unfinished() -> None:
    held = LogFile(file_of([([b"a"], [], b"n\n"), ([b"b"], [], b"n\n")]))
    first = next(held.batches())
    with pytest.raises(IntegrityError, match="not as it was written"):
        held.leave(first)


def test_a_whole_batch_that_does_not_hold_was_changed() -> None:
    held = LogFile(file_of([([b"x" * 2000], [], b"n\n")]))
    (batch,) = held.batches()
    with pytest.raises(IntegrityError, match="no crash leaves such"):
        held.leave(batch)


@pytest.mark.parametrize("raw", [b"WFLOG03\n", b"SQLite format 3\0", b"WFLOG02\r"])
def test_other_files_are_refused(raw: bytes) -> None:
    with pytest.raises(IntegrityError, match="magic"):
        list(LogFile(raw).batches())


def test_bytes_in_free_space_are_no_batch_and_no_crash() -> None:
    honest = file_of([([b"a"], [], b"n\n")], free_bytes=5000)
    used = len(honest.rstrip(b"\0"))
    for place in range(used + 2, len(honest)):
        raw = bytearray(honest)
        raw[place] = 1
        with pytest.raises(IntegrityError, match="no crash leaves such"):
            list(LogFile(bytes(raw)).batches())


def test_a_file_of_which_only_the_name_was_made_is_an_unfinished_one() -> None:
    for raw in (b"", MAGIC[:3], MAGIC[:3] + bytes(50), HEAD[:30], HEAD[:-1], HEAD, HEAD + bytes(9)):
        found, held = read(raw)
        assert not found
        assert held.is_only_begun()


def test_entries_and_batches_over_their_size_are_refused() -> None:
    with pytest.raises(WireError):
        encode_batch([b"x" * 65_536], [], b"")
    with pytest.raises(WireError):
        encode_batch([], [], b"")
