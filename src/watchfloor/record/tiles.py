"""The log as the public tiled layout has it: hash tiles, entry bundles, and proofs read from them.

| file | holds |
|---|---|
| `checkpoint` | the newest checkpoint, a signed note |
| `tile/<L>/<N>` | 256 hashes of level L: leaf hashes at level 0, roots of full tiles of the level below above it |
| `tile/<L>/<N>.p/<W>` | the last tile of a level, of W hashes |
| `tile/entries/<N>`, `.p/<W>` | 256 (W) entries, each after its length in two big-endian bytes |

`<N>` is written in groups of three digits, all but the last behind an `x`: 1234067 is `x001/x234/067`.
**Source**: C2SP tlog-tiles, tlog-proof v1; RFC 6962 section 2.1.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence

from msgspec import Struct

from watchfloor.base.errors import WireError
from watchfloor.record.tree import EMPTY_ROOT, node_hash

WIDTH = 256
ENTRIES = "entries"
PROOF_HEAD = "c2sp.org/tlog-proof@v1"
_HASH_BYTES = 32


class Levels:
    """The hashes of all complete subtrees: `rows[k]` has those of 2**k leaves, left to right.

    **Cost**: as many hashes as leaves to build; proofs are logarithmic then.
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.rows: list[list[bytes]] = [list(leaves)]
        while len(self.rows[-1]) > 1:
            below = iter(self.rows[-1])
            self.rows.append([node_hash(left, right) for left, right in zip(below, below, strict=False)])

    def append(self, leaf: bytes) -> None:
        """Add the next leaf."""
        level = 0
        self.rows[0].append(leaf)
        while len(self.rows[level]) % 2 == 0:
            if level + 1 == len(self.rows):
                self.rows.append([])
            self.rows[level + 1].append(node_hash(*self.rows[level][-2:]))
            level += 1

    def root(self, start: int, end: int) -> bytes:
        """The root over leaves `start` to `end`, where `start` begins a subtree that holds them all."""
        if start == end:
            return EMPTY_ROOT
        size = end - start
        level = size.bit_length() - 1
        if size == 1 << level:
            return self.rows[level][start >> level]
        middle = start + (1 << level)
        return node_hash(self.root(start, middle), self.root(middle, end))

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The audit path of leaf `index` in the tree of the first `size` leaves, lowest sibling first.

        **Raises**: IndexError, when there is no such leaf.
        """
        if not 0 <= index < size <= len(self.rows[0]):
            raise IndexError(index)
        return self._inclusion(index, 0, size)

    def _inclusion(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if index < middle:
            return [*self._inclusion(index, start, middle), self.root(middle, end)]
        return [*self._inclusion(index, middle, end), self.root(start, middle)]

    def consistency(self, old_size: int, size: int) -> list[bytes]:
        """Nodes that show that the first `old_size` leaves are a prefix of the first `size`.

        **Raises**: IndexError, when there is no such prefix.
        """
        if not 0 < old_size <= size <= len(self.rows[0]):
            raise IndexError(old_size)
        return self._consistency(old_size, 0, size, whole=True)

    def _consistency(self, old: int, start: int, end: int, *, whole: bool) -> list[bytes]:
        if old == end - start:
            return [] if whole else [self.root(start, end)]
        half = 1 << (end - start - 1).bit_length() - 1
        if old <= half:
            return [*self._consistency(old, start, start + half, whole=whole), self.root(start + half, end)]
        return [*self._consistency(old - half, start + half, end, whole=False), self.root(start, start + half)]


def tile_path(level: int | str, number: int, width: int = WIDTH) -> str:
    """The name of a tile or (level `entries`) a bundle."""
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return f"tile/{level}/{name}" + ("" if width == WIDTH else f".p/{width}")


def widths(count: int) -> Iterator[tuple[int, int]]:
    """Number and width of the tiles that hold so many hashes."""
    for number in range(count // WIDTH):
        yield number, WIDTH
    if count % WIDTH:
        yield count // WIDTH, count % WIDTH


def hash_tiles(levels: Levels) -> Iterator[tuple[str, bytes]]:
    """Every hash tile of a log, by name."""
    for level, row in enumerate(levels.rows[::8]):
        for number, width in widths(len(row)):
            yield tile_path(level, number, width), b"".join(row[number * WIDTH : number * WIDTH + width])


def bundles(entries: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """Every entry bundle of a log, by name; an empty entry stands for one that is withheld."""
    for number, width in widths(len(entries)):
        part = entries[number * WIDTH : number * WIDTH + width]
        yield tile_path(ENTRIES, number, width), b"".join(len(raw).to_bytes(2, "big") + raw for raw in part)


def split_bundle(raw: bytes) -> list[bytes]:
    """The entries of a bundle.

    **Raises**: WireError, when it ends inside one.
    """
    found, place = [], 0
    while place < len(raw):
        end = place + 2 + int.from_bytes(raw[place : place + 2], "big")
        if place + 2 > len(raw) or end > len(raw):
            raise WireError(f"the bundle ends inside the entry at byte {place}")
        found.append(raw[place + 2 : end])
        place = end
    return found


class Proof(Struct, frozen=True):
    """That an entry stands in a log: its index, the audit path and the checkpoint, as a signed note."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str

    def text(self) -> str:
        """The proof in the form of tlog-proof."""
        hashes = "".join(b64encode(node).decode() + "\n" for node in self.path)
        return f"{PROOF_HEAD}\nindex {self.index}\n{hashes}\n{self.checkpoint}"


def parse_proof(text: str) -> Proof:
    """The proof that a text says; extra data is passed over.

    **Raises**: WireError, when it has another form.
    """
    head, gap, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines[0] != PROOF_HEAD:
        raise WireError("not a tlog-proof")
    lines = lines[2:] if len(lines) > 1 and lines[1].startswith("extra ") else lines[1:]
    number = lines[0].removeprefix("index ") if lines else ""
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", number) or lines[0] != f"index {number}":
        raise WireError("a tlog-proof without its index")
    try:
        path = tuple(b64decode(line, validate=True) for line in lines[1:])
    except ValueError as error:
        raise WireError("a hash of the proof is not base64") from error
    if any(len(node) != _HASH_BYTES for node in path) or len(path) > 63:
        raise WireError("a hash of the proof is not 32 bytes long")
    return Proof(int(number), path, checkpoint)
