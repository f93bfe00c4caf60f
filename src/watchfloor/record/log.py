"""The log's files: batches of entries, each closed by the tree's edge and a signed checkpoint over all so far.

| field | bytes | meaning |
|---|---|---|
| magic | 8 | `WFLOG02` and a newline, once at the file's start |
| edge | 8, 8, 32, 1, 32 each | what came before: entries, newest `toe_us`, its leaf hash, number of peaks, peaks |
| count | 2 | entries in the batch, from 1; 0 says that free space begins here, and every byte behind it is zero |
| entries | 2 + length each | big-endian length and canonical bytes, just as in a bundle of C2SP tlog-tiles |
| peaks | 1 + 32 each | how many complete subtrees the tree has now, and their roots, largest first |
| note | 2 + length | the checkpoint over all entries so far, as a signed note |

A batch is written at once into space that was zero and durable before. So what a crash leaves of one is either whole,
or runs into zeros: its end is missing, or a whole sector of it is. Anything else was changed. The note comes last and
is signed, so a tail that ends in a good note was whole once.

A file is closed and the next one begun when it is over `FILE_BYTES`; a batch never lies in two. As each says what came
before it, files can be checked side by side.
**Source**: own format; entry bundles after C2SP tlog-tiles.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from watchfloor.base.errors import IntegrityError, WireError
from watchfloor.messages.entry import Entry, decode_entry
from watchfloor.record.folder_layout import LOG_FILE

MAGIC = b"WFLOG02\n"
FILE_BYTES = 64 << 20
SECTOR_BYTES = 512
MAX_BATCH_ENTRIES = 65_535
MAX_NOTE_BYTES = 65_535
_HASH_BYTES = 32
_LONGEST_RUN = bytes(16)
_LENGTH = struct.Struct(">H")
_EDGE = struct.Struct(">QQ32sB")


class Edge(Struct, frozen=True):
    """Where a log stands: entries, the newest one's time and leaf hash, and the roots of the complete subtrees."""

    size: int = 0
    toe_us: int = 0
    leaf: bytes = bytes(_HASH_BYTES)
    peaks: tuple[bytes, ...] = ()


class Batch(Struct, frozen=True):
    """One batch as it lies in its file, from byte `start` to `end`."""

    entries: tuple[bytes, ...]
    peaks: tuple[bytes, ...]
    note: bytes
    start: int
    end: int


def batches_of(files: Mapping[str, bytes]) -> Iterator[Batch]:
    """All whole batches of a data folder's log, in order."""
    for name in sorted(name for name in files if LOG_FILE.fullmatch(name)):
        yield from LogFile(files[name]).batches()


def entries_of(files: Mapping[str, bytes]) -> list[Entry]:
    """All entries of a data folder's log that are whole, unchecked: verify first."""
    return [decode_entry(raw) for batch in batches_of(files) for raw in batch.entries]


def encode_head(edge: Edge) -> bytes:
    """The start of a file that follows an edge."""
    return MAGIC + _EDGE.pack(edge.size, edge.toe_us, edge.leaf, len(edge.peaks)) + b"".join(edge.peaks)


def encode_batch(entries: Sequence[bytes], peaks: Sequence[bytes], note: bytes) -> bytes:
    """A batch's bytes.

    **Raises**: WireError, when a part is too large or there are no entries.
    """
    if not 0 < len(entries) <= MAX_BATCH_ENTRIES or len(note) > MAX_NOTE_BYTES:
        raise WireError(f"a batch of {len(entries)} entries and a note of {len(note)} bytes cannot be written")
    parts = [_LENGTH.pack(len(entries))]
    for raw in entries:
        if len(raw) > MAX_NOTE_BYTES:
            raise WireError(f"an entry of {len(raw)} bytes is over {MAX_NOTE_BYTES}")
        parts.append(_LENGTH.pack(len(raw)))
        parts.append(raw)
    parts.append(bytes((len(peaks),)))
    parts.extend(peaks)
    parts.append(_LENGTH.pack(len(note)))
    parts.append(note)
    return b"".join(parts)


class LogFile:
    """One file of the log from its bytes. Going through `batches` reads it; then the other fields are true.

    `used_bytes` is where free space begins, `unfinished_bytes` what an unfinished write left there.
    """

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.edge = Edge()
        self.used_bytes = 0
        self.unfinished_bytes = 0
        self._head_bytes = self._read_head()
        self._data_bytes = max(len(raw.rstrip(b"\0")), self._head_bytes)

    def _read_head(self) -> int:
        """Where the batches begin; 0, when the file was only just made."""
        held = self._raw[: len(MAGIC)]
        if held != MAGIC and not MAGIC.startswith(self._raw[:4096].rstrip(b"\0")):
            raise IntegrityError("not a file of the log: wrong magic")
        start = len(MAGIC) + _EDGE.size
        if held != MAGIC or len(self._raw) < start:
            return 0
        size, toe_us, leaf, count = _EDGE.unpack_from(self._raw, len(MAGIC))
        end: int = start + count * _HASH_BYTES
        if len(self._raw) < end:
            return 0
        peaks = tuple(self._raw[at : at + _HASH_BYTES] for at in range(start, end, _HASH_BYTES))
        self.edge, self.used_bytes = Edge(size, toe_us, leaf, peaks), end
        return end

    def batches(self) -> Iterator[Batch]:
        """Whole batches in order; stops before an unfinished one.

        **Raises**: IntegrityError, when the file has another form than a crash could leave.
        """
        while self._head_bytes and self.used_bytes < self._data_bytes:
            batch = _parse(self._raw, self.used_bytes, self._data_bytes)
            if batch is None:
                self._judge_tail(is_cut=any(self._raw[self.used_bytes : self.used_bytes + 2]))
                return
            yield batch
            self.used_bytes = batch.end

    def leave(self, batch: Batch) -> None:
        """Judge the newest batch, which has the form of one but does not hold: unfinished, or changed.

        **Raises**: IntegrityError, when no crash could have left it.
        """
        if batch.end != self._data_bytes:
            raise IntegrityError(f"the batch at byte {batch.start} is not as it was written")
        self.used_bytes = batch.start
        self._judge_tail(is_cut=False)

    def is_only_begun(self) -> bool:
        """Whether no batch is in the file, nor what could have been one: its head may be unfinished too."""
        return self.used_bytes <= self._head_bytes and not self.unfinished_bytes

    def tail(self) -> bytes:
        """The bytes that are no batch, without the zeros behind them."""
        return self._raw[self.used_bytes : self._data_bytes]

    def _judge_tail(self, *, is_cut: bool) -> None:
        if not _is_left_by_a_crash(self._raw, self.used_bytes, self._data_bytes, is_cut=is_cut):
            raise IntegrityError(f"the bytes from {self.used_bytes} on are no batch, and no crash leaves such")
        self.unfinished_bytes = self._data_bytes - self.used_bytes


def _parse(raw: bytes, start: int, end: int) -> Batch | None:
    """The batch at `start`, or None when its parts do not end by `end`."""
    place = start + 2
    if place > end:
        return None
    (count,) = _LENGTH.unpack_from(raw, start)
    if count == 0:
        return None
    entries = []
    for _ in range(count):
        stop = place + 2
        if stop > end:
            return None
        stop += (raw[place] << 8) | raw[place + 1]
        if stop > end:
            return None
        entries.append(raw[place + 2 : stop])
        place = stop
    if place >= end:
        return None
    peaks_end = place + 1 + _HASH_BYTES * raw[place]
    if peaks_end + 2 > end:
        return None
    peaks = tuple(raw[at : at + _HASH_BYTES] for at in range(place + 1, peaks_end, _HASH_BYTES))
    note_end = peaks_end + 2 + ((raw[peaks_end] << 8) | raw[peaks_end + 1])
    if note_end > end:
        return None
    return Batch(tuple(entries), peaks, raw[peaks_end + 2 : note_end], start, note_end)


def _is_left_by_a_crash(raw: bytes, start: int, end: int, *, is_cut: bool) -> bool:
    """Whether these bytes are a batch of which some sectors were written and others are still empty.

    A written sector has no long run of zeros, since entries, hashes and notes have none; and what is not cut in its
    structure ends as a note does, or with a sector.
    """
    first = start - start % SECTOR_BYTES
    shares = [raw[max(start, sector) : min(end, sector + SECTOR_BYTES)] for sector in range(first, end, SECTOR_BYTES)]
    written = [share for share in shares if any(share)]
    if any(_LONGEST_RUN in share for share in written):
        return False
    ends_well = raw[end - 1 : end] == b"\n" or -end % SECTOR_BYTES < len(_LONGEST_RUN)
    return is_cut or (len(written) < len(shares) and ends_well)
