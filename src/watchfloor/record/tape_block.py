"""A sealed block of the tape: the same frames in columns, small, and given back byte for byte.

| field | bytes | meaning |
|---|---|---|
| magic | 8 | `WFBLOCK` and a newline |
| length | 4 | big-endian length of the head |
| head | length | canonical JSON, `BlockHead` |
| body | the rest | one zstd frame with a checksum; inside, sections, each after its length in four big-endian bytes |

Rows are sorted by number, then frame. Sections: the frames' heads; per column the presence of its values (bits, empty
when all are there) and the values that are: differences along each number, zigzag, in the fewest bytes that hold them,
byte planes one after the other (the first byte says how many).

**Source**: own format. **Cost**: a block is decoded whole; it holds at most `MAX_PLAIN_BYTES`.
"""

import struct
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
import zstandard
from msgspec import Struct

from watchfloor.base.errors import WireError
from watchfloor.messages.acts import Digest, Integer, Whole
from watchfloor.messages.canonical import canonical_bytes, decode_canonical
from watchfloor.record.tape import (
    MAX_FRAME_BYTES,
    NOTHING,
    STREAMS,
    Frame,
    FrameHead,
    check_columns,
    encode_frame,
    width_of,
)

MAGIC = b"WFBLOCK\n"
LEVEL = 9
SEAL_BYTES = 4 << 20
MAX_PLAIN_BYTES = SEAL_BYTES + MAX_FRAME_BYTES
_MAX_HEAD_BYTES = 4096


class BlockHead(Struct, frozen=True, forbid_unknown_fields=True):
    """What is in a block; `plain_digest` is the running digest of its frames, as the log holds it."""

    stream: str
    frame_count: Whole
    row_count: Whole
    first_room_us: Integer
    last_room_us: Integer
    plain_digest: Digest


def encode_block(stream: str, frames: Sequence[Frame], plain_digest: str) -> bytes:
    """The sealed block of these frames."""
    counts = [frame.head.count for frame in frames]
    numbers = np.concatenate([frame.columns["number"] for frame in frames] or [np.zeros(0, np.uint32)])
    frame_of_row = np.repeat(np.arange(len(frames)), counts)
    order = np.lexsort((frame_of_row, numbers))
    numbers = numbers[order].astype(np.int64)
    starts = _starts(numbers)
    sections = [b"\n".join(canonical_bytes(frame.head) for frame in frames)]
    sections.append(_pack(np.diff(numbers[starts], prepend=0)))
    sections.append(_pack(np.diff(np.append(np.flatnonzero(starts), len(numbers)))))
    sections.append(_pack(_differences(frame_of_row[order], starts, 1)))
    for column in STREAMS[stream][1:]:
        values = np.concatenate([frame.columns[column.name] for frame in frames])[order].astype(np.int64)
        here = values != NOTHING
        is_full = not column.is_nullable or bool(here.all())
        sections.append(b"" if is_full else np.packbits(here).tobytes())
        kept, firsts = (values, starts) if is_full else (values[here], _starts(numbers[here]))
        sections.append(_pack(_differences(kept, firsts, column.differences)))
    head = canonical_bytes(
        BlockHead(
            stream,
            len(frames),
            len(numbers),
            frames[0].head.room_us if frames else 0,
            frames[-1].head.room_us if frames else 0,
            plain_digest,
        )
    )
    plain = b"".join(len(part).to_bytes(4, "big") + part for part in sections)
    body = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(plain)
    return MAGIC + len(head).to_bytes(4, "big") + head + body


def sealed_as(raw: bytes) -> dict[str, Any]:
    """What the record says of a sealed block's bytes."""
    head, _ = read_head(raw)
    return {
        "sealed_bytes": len(raw),
        "sealed_digest": sha256(raw).hexdigest(),
        "first_room_us": head.first_room_us,
        "last_room_us": head.last_room_us,
    }


def read_head(raw: bytes) -> tuple[BlockHead, int]:
    """A block's head, and where its body begins; the first kilobytes of the file are enough.

    **Raises**: WireError, when it is no sealed block.
    """
    if raw[: len(MAGIC)] != MAGIC:
        raise WireError("not a sealed tape block: wrong magic")
    length = int.from_bytes(raw[len(MAGIC) : len(MAGIC) + 4], "big")
    end = len(MAGIC) + 4 + length
    if length > _MAX_HEAD_BYTES or end > len(raw):
        raise WireError("a sealed tape block is cut in its head")
    head = decode_canonical(raw[len(MAGIC) + 4 : end], BlockHead)
    if head.stream not in STREAMS:
        raise WireError(f"a sealed tape block of an unknown stream, `{head.stream}`")
    return head, end


class Block(Struct, frozen=True):
    """A block's content: heads by frame, and all rows as columns, sorted by number, then frame."""

    head: BlockHead
    heads: list[FrameHead]
    frame_of_row: Any
    columns: dict[str, Any]

    def frames(self) -> Iterator[Frame]:
        """The frames as they were written."""
        order = np.argsort(self.frame_of_row, kind="stable")
        rows = {name: values[order] for name, values in self.columns.items()}
        place = 0
        for head in self.heads:
            part = slice(place, place + head.count)
            yield Frame(head, {name: values[part] for name, values in rows.items()})
            place += head.count

    def plain(self) -> Iterator[bytes]:
        """The frames as the journal held them."""
        for frame in self.frames():
            yield encode_frame(self.head.stream, frame)


def decode_block(raw: bytes) -> Block:
    """A sealed block's content.

    **Raises**: WireError, when it is not one.
    """
    head, start = read_head(raw)
    try:
        size = zstandard.get_frame_parameters(raw[start : start + 18]).content_size
        if not 0 <= size <= 2 * MAX_PLAIN_BYTES:
            raise WireError("a sealed tape block claims to be too large")
        unpacker = zstandard.ZstdDecompressor().decompressobj()
        plain = unpacker.decompress(raw[start:])
        if not unpacker.eof or unpacker.unused_data:
            raise WireError("a sealed tape block does not end with its frame")
        return _unfold(head, _sections(plain))
    except zstandard.ZstdError as error:
        raise WireError(f"a sealed tape block does not decompress: {error}") from error
    except (ValueError, IndexError, OverflowError, struct.error) as error:
        raise WireError(f"a sealed tape block does not fit together: {error}") from error


def _sections(plain: bytes) -> list[bytes]:
    found, place = [], 0
    while place < len(plain):
        end = place + 4 + int.from_bytes(plain[place : place + 4], "big")
        if end > len(plain):
            raise WireError("a section is cut")
        found.append(plain[place + 4 : end])
        place = end
    return found


def _unfold(head: BlockHead, sections: list[bytes]) -> Block:
    stream = STREAMS[head.stream]
    if len(sections) != 4 + 2 * (len(stream) - 1):
        raise WireError(f"a sealed tape block has {len(sections)} sections")
    heads = [decode_canonical(line, FrameHead) for line in sections[0].split(b"\n")] if sections[0] else []
    distinct, lengths = np.cumsum(_unpack(sections[1])), _unpack(sections[2])
    if len(distinct) != len(lengths) or int(lengths.sum()) != head.row_count or (len(lengths) and lengths.min() < 1):
        raise WireError("a sealed tape block's runs do not fit its rows")
    numbers = np.repeat(distinct, lengths)
    starts = _starts(numbers)
    frame_of_row = _summed(_unpack(sections[3]), starts, 1)
    columns: dict[str, Any] = {"number": numbers}
    for place, column in enumerate(stream[1:]):
        bits, values = sections[4 + 2 * place], _unpack(sections[5 + 2 * place])
        if not bits:
            columns[column.name] = _summed(values, starts, column.differences)
            continue
        here = np.unpackbits(np.frombuffer(bits, np.uint8), count=len(numbers)).astype(bool)
        full = np.full(len(numbers), NOTHING, dtype=np.int64)
        full[here] = _summed(values, _starts(numbers[here]), column.differences)
        columns[column.name] = full
    _check(head, heads, frame_of_row, columns)
    kinds = {column.name: np.dtype(column.kind) for column in stream}
    for name, values in columns.items():
        columns[name] = values.astype(kinds[name])
        if not np.array_equal(columns[name].astype(np.int64), values):
            raise WireError(f"a sealed tape block's `{name}` is out of range")
    block = Block(head, heads, frame_of_row, columns)
    for frame in block.frames():
        check_columns(head.stream, frame.columns)
    return block


def _check(head: BlockHead, heads: list[FrameHead], frame_of_row: Any, columns: dict[str, Any]) -> None:
    if any(len(values) != head.row_count for values in (frame_of_row, *columns.values())):
        raise WireError("a sealed tape block's columns have different lengths")
    if len(heads) != head.frame_count or sum(one.count for one in heads) != head.row_count:
        raise WireError("a sealed tape block's frames do not fit its rows")
    counts = np.bincount(frame_of_row, minlength=len(heads)) if head.row_count else np.zeros(len(heads), np.int64)
    if counts.tolist() != [one.count for one in heads]:
        raise WireError("a sealed tape block's rows do not fit its frames")
    if heads and (head.first_room_us, head.last_room_us) != (heads[0].room_us, heads[-1].room_us):
        raise WireError("a sealed tape block's times do not fit its frames")
    if head.row_count * width_of(head.stream) > MAX_PLAIN_BYTES:
        raise WireError("a sealed tape block is too large")


def _starts(numbers: Any) -> Any:
    """Whether a row is the first of its number."""
    starts = np.ones(len(numbers), dtype=bool)
    starts[1:] = numbers[1:] != numbers[:-1]
    return starts


def _differences(values: Any, starts: Any, count: int) -> Any:
    """First or second differences along each number; its first value stands as it is."""
    steps = np.diff(values, prepend=0)
    if count == 2:
        steps[starts] = 0
        steps = np.diff(steps, prepend=0)
        after = np.zeros(len(starts), dtype=bool)
        after[1:] = starts[:-1] & ~starts[1:]
        steps[after] = np.diff(values, prepend=0)[after]
    steps[starts] = values[starts]
    return steps


def _summed(steps: Any, starts: Any, count: int) -> Any:
    """The values that these differences came from."""
    if len(steps) != len(starts):
        raise WireError("a sealed tape block's column does not fit its rows")
    if count == 2:
        inner = np.where(starts, 0, steps)
        steps = np.where(starts, steps, _running(inner, starts))
    return _running(steps, starts)


def _running(values: Any, starts: Any) -> Any:
    """Sums along each number."""
    total = np.cumsum(values)
    firsts = np.flatnonzero(starts)
    if not len(firsts):
        return total
    before = total[firsts] - values[firsts]
    return total - np.repeat(before, np.diff(np.append(firsts, len(values))))


def _pack(values: Any) -> bytes:
    """Integers as zigzag in the fewest bytes, in byte planes."""
    values = np.asarray(values, dtype=np.int64)
    folded = ((values << 1) ^ (values >> 63)).astype(np.uint64)
    most = int(folded.max()) if len(folded) else 0
    width = next(width for width in (1, 2, 4, 8) if most < 1 << 8 * width)
    planes = folded.astype(f"<u{width}").view(np.uint8).reshape(-1, width).T
    packed: bytes = bytes((width,)) + planes.tobytes()
    return packed


def _unpack(raw: bytes) -> Any:
    if not raw or raw[0] not in (1, 2, 4, 8) or (len(raw) - 1) % raw[0]:
        raise WireError("a section of a sealed tape block has no whole values")
    width = raw[0]
    planes = np.frombuffer(raw, np.uint8, offset=1).reshape(width, -1)
    folded = np.ascontiguousarray(planes.T).view(f"<u{width}").reshape(-1).astype(np.uint64)
    return (folded >> np.uint64(1)).astype(np.int64) ^ -(folded & np.uint64(1)).astype(np.int64)
