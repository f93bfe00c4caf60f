"""A tape block from its files, sealed or open: the same to whoever reads it."""

from collections.abc import Iterator, Mapping

from watchfloor.base.errors import WireError
from watchfloor.record.tape import Frame, TapedName, decode_frame, frames_of, stream_of
from watchfloor.record.tape_block import MAGIC as BLOCK_MAGIC
from watchfloor.record.tape_block import decode_block


def frames_in(block: str, raw: bytes, vouched_bytes: int | None = None) -> Iterator[Frame]:
    """The frames of a sealed block, or of a journal as far as the record vouches for it.

    **Raises**: WireError, when the bytes are neither.
    """
    if raw.startswith(BLOCK_MAGIC):
        yield from decode_block(raw).frames()
        return
    for _, plain in frames_of(raw if vouched_bytes is None else raw[:vouched_bytes]):
        yield decode_frame(stream_of(block), plain)


def named_frames(
    block: str, raw: bytes, vouched_bytes: int | None = None
) -> Iterator[tuple[Frame, Mapping[int, TapedName]]]:
    """The frames, each with all names that the block told so far.

    **Raises**: WireError, when the bytes are no block.
    """
    told: Mapping[int, TapedName] = {}
    for frame in frames_in(block, raw, vouched_bytes):
        if frame.head.names:
            told = {**told, **{name.number: name for name in frame.head.names}}
        yield frame, told


def told_in(raw: bytes) -> Iterator[TapedName]:
    """Every name that a sealed block tells; none, when it is not one."""
    try:
        for head in decode_block(raw).heads:
            yield from head.names
    except WireError:
        return
