"""The quick canonical encoding against the `rfc8785` package, an implementation nobody here wrote."""

from pathlib import Path

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from watchfloor.base.errors import WireError
from watchfloor.base.labels import label_for
from watchfloor.messages.acts import Integer, Whole
from watchfloor.messages.canonical import canonical_bytes, decode_canonical
from watchfloor.messages.entry import Entry, decode_entry
from watchfloor.messages.room import RoomClosed

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
GREATEST = 2**53 - 1


class Inner(Struct, frozen=True, tag_field="type", tag="Inner"):
    zeta: str
    alpha: Integer


class Outer(Struct, frozen=True, forbid_unknown_fields=True):
    words: str
    count: Whole
    nothing: str | None
    truth: bool
    many: tuple[Inner, ...]


class Open(Struct, frozen=True):
    fields: dict[str, str]


inner = st.builds(Inner, TEXT, st.integers(-GREATEST, GREATEST))
outer = st.builds(
    Outer, TEXT, st.integers(0, GREATEST), st.none() | TEXT, st.booleans(), st.lists(inner, max_size=3).map(tuple)
)


@given(outer)
def test_structs_are_written_as_rfc_8785_writes_them(value: Outer) -> None:
    raw = canonical_bytes(value)
    assert raw == rfc8785.dumps(msgspec.to_builtins(value))
    assert decode_canonical(raw, Outer) == value


@given(st.dictionaries(TEXT, TEXT, max_size=5))
def test_free_maps_are_sorted_by_utf_16_units(fields: dict[str, str]) -> None:
    assert canonical_bytes(Open(fields)) == rfc8785.dumps({"fields": fields})


def test_numbers_that_json_cannot_hold_and_half_characters_are_refused() -> None:
    for value in (Inner("", 2**53), Inner("", -(2**53)), Inner("", 10**30), Inner("\ud800", 1)):
        with pytest.raises(WireError):
            canonical_bytes(value)
    with pytest.raises(WireError):
        decode_canonical(b'{"alpha":9007199254740993,"type":"Inner","zeta":""}', Inner)


def test_digits_inside_words_are_no_numbers() -> None:
    value = Inner(":12345678901234567890", 1)
    assert canonical_bytes(value) == rfc8785.dumps(msgspec.to_builtins(value))


@pytest.mark.parametrize(
    "spelling",
    [
        b'{"alpha": 1,"type":"Inner","zeta":""}',
        b'{"type":"Inner","alpha":1,"zeta":""}',
        b'{"alpha":1,"type":"Inner","zeta":"\\u0041"}',
        b'{"alpha":1.0,"type":"Inner","zeta":""}',
        b'{"alpha":-0,"type":"Inner","zeta":""}',
        b'{"alpha":1,"alpha":1,"type":"Inner","zeta":""}',
        b'{"alpha":1,"type":"Inner","zeta":""}\n',
    ],
)
def test_another_spelling_of_the_same_is_refused(spelling: bytes) -> None:
    with pytest.raises(WireError):
        decode_canonical(spelling, Inner)


def test_golden_entries_are_canonical_by_both() -> None:
    lines = (Path(__file__).parents[1] / "vectors" / "entries-0.1.jsonl").read_bytes().splitlines()
    for line in lines:
        assert rfc8785.dumps(msgspec.json.decode(line)) == line
        assert isinstance(decode_entry(line), Entry)


def test_an_entry_over_its_size_is_refused() -> None:
    from watchfloor.messages.entry import encode_entry  # noqa: PLC0415

    body = RoomClosed("x" * 70_000, label_for(("ALD",)))
    with pytest.raises(WireError, match="over 65535"):
        encode_entry(Entry(0, "0" * 64, 1, 1, "room", "k", 1, body))
