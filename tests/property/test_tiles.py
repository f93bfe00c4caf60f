"""Tiles and proofs against RFC 6962 written out plainly, at sizes around every border of a tile."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.base.errors import WireError
from watchfloor.record.tiles import Levels, Proof, bundles, hash_tiles, parse_proof, split_bundle, tile_path, widths
from watchfloor.record.tree import consistent, included, leaf_hash, root_of


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(3, "big")) for number in range(size)]


def plain_path(index: int, nodes: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1, as it is written there."""
    if len(nodes) == 1:
        return []
    half = 1
    while half * 2 < len(nodes):
        half *= 2
    if index < half:
        return [*plain_path(index, nodes[:half]), root_of(nodes[half:])]
    return [*plain_path(index - half, nodes[half:]), root_of(nodes[:half])]


@given(st.integers(1, 80), st.data())
def test_inclusion_proofs_are_the_defined_ones_and_hold_for_their_leaf_only(size: int, data: st.DataObject) -> None:
    all_leaves = leaves(90)
    levels = Levels(all_leaves)
    index = data.draw(st.integers(0, size - 1))
    proof, root = levels.inclusion(index, size), root_of(all_leaves[:size])
    assert proof == plain_path(index, all_leaves[:size])
    assert levels.root(0, size) == root
    for other in range(size):
        assert included(all_leaves[other], index, size, proof, root) == (other == index)
        assert included(all_leaves[index], other, size, proof, root) == (other == index)
    assert not included(all_leaves[index], index, size, [*proof, all_leaves[0]], root)
    if proof:
        assert not included(all_leaves[index], index, size, proof[:-1], root)


@given(st.integers(1, 60), st.data())
def test_consistency_proofs_hold_for_a_prefix_and_for_nothing_else(size: int, data: st.DataObject) -> None:
    all_leaves = leaves(size)
    old = data.draw(st.integers(1, size))
    proof = Levels(leaves(70)).consistency(old, size)
    old_root, root = root_of(all_leaves[:old]), root_of(all_leaves)
    assert consistent(old, old_root, size, root, proof)
    forked = root_of([*all_leaves[: old - 1], leaf_hash(b"another")])
    assert not consistent(old, forked, size, root, proof)
    assert not consistent(old, old_root, size, root_of([*all_leaves[:-1], leaf_hash(b"another")]), proof)


@given(st.integers(0, 300))
def test_levels_grow_to_what_they_would_be_at_once(size: int) -> None:
    grown = Levels([])
    for leaf in leaves(size):
        grown.append(leaf)
    assert grown.rows[0] == leaves(size)
    assert grown.root(0, size) == root_of(leaves(size))


@pytest.mark.parametrize("size", [1, 255, 256, 257, 511, 512, 65_536, 70_000])
def test_tiles_are_those_that_the_specification_counts(size: int) -> None:
    found = dict(hash_tiles(Levels(leaves(size))))
    expected = set()
    for level in range(3):
        count = size // 256**level
        expected |= {tile_path(level, number, width) for number, width in widths(count)}
    assert set(found) == expected
    if size == 70_000:
        assert {name for name in found if ".p/" in name} == {
            "tile/0/273.p/112",
            "tile/1/001.p/17",
            "tile/2/000.p/1",
        }, "the example of the specification"
    if size >= 256:
        assert found["tile/1/000" if size >= 65_536 else f"tile/1/000.p/{size // 256}"][:32] == root_of(
            leaves(size)[:256]
        )


def test_a_large_number_is_written_in_groups() -> None:
    assert tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tile_path("entries", 0, 5) == "tile/entries/000.p/5"


@given(st.lists(st.binary(max_size=70), max_size=300))
def test_bundles_come_back(entries: list[bytes]) -> None:
    found = dict(bundles(entries))
    assert [raw for name in sorted(found) for raw in split_bundle(found[name])] == entries
    for raw in found.values():
        if raw[:2] != b"\0\0":
            with pytest.raises(WireError):
                split_bundle(raw[:-1])
            break


@given(st.integers(0, 2**40), st.lists(st.binary(min_size=32, max_size=32), max_size=20))
def test_proofs_come_back_from_their_text(index: int, path: list[bytes]) -> None:
    proof = Proof(index, tuple(path), "watchfloor/room-1\n7\nAAAA\n\n— k AAAA\n")
    assert parse_proof(proof.text()) == proof


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v2\nindex 1\n\nx",
        "c2sp.org/tlog-proof@v1\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 01\n\nx",
        "c2sp.org/tlog-proof@v1\nindex -1\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 1\n%%%%\n\nx",
        "c2sp.org/tlog-proof@v1\nindex ١\n\nx",
    ],
)
def test_texts_that_are_no_proof_are_refused(text: str) -> None:
    with pytest.raises(WireError):
        parse_proof(text)


def test_there_is_no_proof_of_what_is_not_there() -> None:
    levels = Levels([sha256(b"a").digest()])
    for ask in (lambda: levels.inclusion(1, 1), lambda: levels.inclusion(0, 2), lambda: levels.consistency(0, 1)):
        with pytest.raises(IndexError):
            ask()
