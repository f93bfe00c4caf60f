"""Entries as each version wrote them: each type's stored bytes must stay readable for good, byte by byte.

Provenance: `entries-X.jsonl` was written by this project's own encoder at version X, one entry of each type.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from watchfloor.base.errors import WireError
from watchfloor.messages import entry as entries
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.entry import VERSIONS, decode_entry, encode_entry
from watchfloor.messages.room import RoomClosed

OLDER_NAMES = (
    "entries-0.1.jsonl",
    "entries-0.2-before-groups.jsonl",
    "entries-0.2-before-regimes.jsonl",
    "entries-0.2-before-contexts.jsonl",
)
OLDER = [Path(__file__).with_name(name) for name in OLDER_NAMES]
GOLDEN = Path(__file__).with_name("entries-0.2.jsonl")


def test_every_golden_entry_is_read_and_written_back_the_same() -> None:
    kinds = set()
    for line in GOLDEN.read_bytes().splitlines():
        entry = decode_entry(line)
        assert encode_entry(entry) == line
        kinds.add(type(entry.body).__name__)
    assert kinds == set(VERSIONS), "a new entry type needs a golden line"


def test_every_entry_of_older_versions_is_read_and_lifted() -> None:
    for line in [line for file in OLDER for line in file.read_bytes().splitlines()]:
        entry = decode_entry(line)
        today = replace(entry, version=VERSIONS[type(entry.body).__name__])
        assert decode_entry(encode_entry(today)) == today


def golden(kind: str) -> dict[str, Any]:
    for line in GOLDEN.read_bytes().splitlines():
        document: dict[str, Any] = json.loads(line)
        if document["body"]["type"] == kind:
            return document
    raise AssertionError(kind)


def test_an_older_entry_is_lifted_to_the_newest_version_on_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    old = golden("RoomClosed")
    old["body"]["why"] = old["body"].pop("reason")
    raw = canonical_bytes(old)
    with pytest.raises(WireError):
        decode_entry(raw)

    def lift(body: dict[str, Any]) -> dict[str, Any]:
        return {("reason" if key == "why" else key): value for key, value in body.items()}

    monkeypatch.setitem(entries.VERSIONS, "RoomClosed", 2)  # type: ignore[arg-type]
    monkeypatch.setitem(entries.UPCASTERS, ("RoomClosed", 1), lift)  # type: ignore[arg-type]
    lifted = decode_entry(raw)
    assert isinstance(lifted.body, RoomClosed)
    assert lifted.body.reason == "SIGINT"


@pytest.mark.parametrize(
    "change",
    [
        {"version": 9},
        {"version": 0},
        {"body": {"type": "Order"}},
        {"seq": -1},
        {"key": ""},
        {"extra": 1},
        {"prev": "zz"},
    ],
)
def test_an_entry_from_a_newer_or_foreign_writer_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        decode_entry(canonical_bytes(golden("RoomClosed") | change))
