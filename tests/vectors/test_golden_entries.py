"""Entries as version 0.1.0 wrote them: each type's stored bytes must stay readable for good, byte by byte.

Provenance: `entries-0.1.jsonl` was written by this project's own encoder at version 0.1.0, one entry of each type.
"""

from pathlib import Path

from watchfloor.messages.entry import VERSIONS, decode_entry, encode_entry

GOLDEN = Path(__file__).with_name("entries-0.1.jsonl")


def test_every_golden_entry_is_read_and_written_back_the_same() -> None:
    kinds = set()
    for line in GOLDEN.read_bytes().splitlines():
        entry = decode_entry(line)
        assert encode_entry(entry) == line
        kinds.add(type(entry.body).__name__)
    assert kinds == set(VERSIONS), "a new entry type needs a golden line"
