"""A proof that an entry stands in the log, for somebody who gets nothing else of it."""

from collections.abc import Sequence

from watchfloor.base.errors import InputError
from watchfloor.messages.entry import decode_entry
from watchfloor.messages.keeping import HeadWitnessed
from watchfloor.messages.outcomes import DecisionWitnessed
from watchfloor.record.note import parse_checkpoint, split_note
from watchfloor.record.tiles import Levels, Proof
from watchfloor.record.tree import leaf_hash


def prove(raws: Sequence[bytes], notes: Sequence[bytes], seq: int) -> Proof:
    """The proof of an entry: under the newest head that witnesses saw, where one holds it, else the newest of all.

    **Raises**: InputError, when there is no such entry.
    """
    if not 0 <= seq < len(raws):
        raise InputError(f"there is no entry {seq}; the record has {len(raws)}", field="seq")
    by_size = {parse_checkpoint(split_note(note.decode())[0]).size: note.decode() for note in notes}
    size = max(by_size)
    lines: tuple[str, ...] = ()
    for raw in raws:
        if b"Witnessed" not in raw:
            continue
        body = decode_entry(raw).body
        if isinstance(body, HeadWitnessed | DecisionWitnessed) and body.size_count > seq and body.size_count in by_size:
            size, lines = body.size_count, body.signature_lines
    checkpoint = by_size[size] + "".join(f"{line}\n" for line in lines)
    return Proof(seq, tuple(Levels([leaf_hash(raw) for raw in raws]).inclusion(seq, size)), checkpoint)
