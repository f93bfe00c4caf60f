"""Drone video without what must not be kept: the metadata of a transport stream, cut to the allow-list of `st0601`.

Every unit of metadata is replaced in its place by one of the same length, so that pictures, sound, clocks and tables
stay as they were, byte for byte. What is missing to the length is fill, or stuffing of the unit's head where it is too
little for that.

| in the stream | what becomes of it |
|---|---|
| UAS metadata with a right checksum | its allowed items; fill for the rest |
| any other key, a wrong checksum, cut | fill |
| private data in the heads of packets | stuffing |
| a data stream that is no KLV, or that no program names; what tables' packets hold beside their table | null packets |
| what null packets hold, and what stands behind a table | stuffing |
| packets lost in between | the metadata that they cut is fill |

**Source**: ISO/IEC 13818-1, sections 2.4.3 and 2.12; MISB ST 1402 (stream types 0x15 and 0x06 with `KLVA`).
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from watchfloor.base.errors import WireError
from watchfloor.wire import st0601
from watchfloor.wire.mpegts import (
    NULL_PACKET,
    NULL_PID,
    PACKET_BYTES,
    PICTURES_AND_SOUND,
    hides_data,
    plain_packet,
    plain_table,
    tables_of,
)
from watchfloor.wire.st0601 import FILL_KEY, KEY

SYNCHRONOUS, ASYNCHRONOUS = 0x15, 0x06
_CELL_HEAD_BYTES = 5
_MOST_HEAD_BYTES = 10 + 32
_PES_START = b"\x00\x00\x01"
_UNIVERSAL = bytes.fromhex("060e2b34")


class Cleaned(NamedTuple):
    """A stream that may be kept, the metadata that stayed, and what was dropped, by tag or by reason."""

    raw: bytes
    packets: tuple[st0601.Packet, ...]
    dropped_tags: Counter[int]
    dropped_packets: Counter[str]


class _Span(NamedTuple):
    """Where a piece of an elementary stream's unit lies in the file."""

    begin: int
    end: int


def clean(raw: bytes) -> Cleaned:
    """A whole transport stream without what is not on the allow-list.

    **Raises**: WireError, when it is no transport stream, or has no program map.
    """
    tables = tables_of(raw)
    out = bytearray(raw)
    kept = Kept()
    named = {0, NULL_PID, *tables.maps, *tables.streams}
    for pid in sorted({_pid_at(raw, place) for place in range(0, len(raw), PACKET_BYTES)} - named):
        kept.refused["a stream that no program names"] += _blank(out, pid)
    _blank(out, NULL_PID)
    if count := _plain_tables(out, {0, *tables.maps}):
        kept.refused["what is no table, where tables are"] = count
    for pid, stream_type in sorted(tables.streams.items()):
        if stream_type in PICTURES_AND_SOUND:
            _unmark(out, pid)
            continue
        if stream_type not in (SYNCHRONOUS, ASYNCHRONOUS):
            kept.refused["a data stream that is no metadata"] += _blank(out, pid)
            continue
        _unmark(out, pid)
        for spans in _units(raw, pid):
            fresh = kept.unit(b"".join(raw[span.begin : span.end] for span in spans), stream_type)
            for span in spans:
                size = span.end - span.begin
                out[span.begin : span.end], fresh = fresh[:size], fresh[size:]
    return Cleaned(bytes(out), tuple(kept.packets), kept.tags, kept.refused)


def _unmark(out: bytearray, pid: int) -> None:
    """Take private data out of the heads of a stream's packets."""
    for place in range(0, len(out), PACKET_BYTES):
        if _pid_at(out, place) == pid:
            packet = bytes(out[place : place + PACKET_BYTES])
            if not packet[3] & 0x30:  # neither head nor payload: a decoder passes it over
                out[place : place + PACKET_BYTES] = NULL_PACKET
            elif hides_data(packet):
                out[place : place + PACKET_BYTES] = plain_packet(packet)


def _plain_tables(out: bytearray, pids: set[int]) -> int:
    """Leave nothing but tables in the packets of tables; answers how many had none, and are null packets now."""
    count = 0
    left_bytes: dict[int, int] = {}
    for place in range(0, len(out), PACKET_BYTES):
        pid = _pid_at(out, place)
        if pid not in pids:
            continue
        packet = bytes(out[place : place + PACKET_BYTES])
        if packet[3] & 0x30 == 0x20:
            out[place : place + PACKET_BYTES] = plain_packet(packet)
            continue
        plain, left_bytes[pid] = plain_table(packet, left_bytes.get(pid, 0)) if packet[3] & 0x10 else (None, 0)
        out[place : place + PACKET_BYTES] = plain or NULL_PACKET
        count += plain is None
    return count


def _blank(out: bytearray, pid: int) -> int:
    """Make null packets of a stream, but for those that hold a clock alone, which keep that; answers how many."""
    count = 0
    for place in range(0, len(out), PACKET_BYTES):
        if _pid_at(out, place) != pid:
            continue
        if out[place + 3] & 0x30 == 0x20 and pid != NULL_PID:
            out[place : place + PACKET_BYTES] = plain_packet(bytes(out[place : place + PACKET_BYTES]))
            continue
        out[place : place + PACKET_BYTES] = NULL_PACKET
        count += 1
    return count


def _units(raw: bytes, pid: int) -> Iterator[list[_Span]]:
    """The units of a stream, each as the places of its pieces; a unit that lost a packet ends there."""
    spans: list[_Span] = []
    counter: int | None = None
    for place in range(0, len(raw), PACKET_BYTES):
        if _pid_at(raw, place) != pid or not raw[place + 3] & 0x10:
            continue
        begin = place + 4 + (1 + raw[place + 4] if raw[place + 3] & 0x20 else 0)
        if begin >= place + PACKET_BYTES:
            continue
        starts, here = bool(raw[place + 1] & 0x40), raw[place + 3] & 0x0F
        is_next = counter is None or here == (counter + 1) & 0x0F
        if (starts or not is_next) and spans:
            yield spans
            spans = []
        counter = here
        spans.append(_Span(begin, place + PACKET_BYTES))
    if spans:
        yield spans


class Kept:
    """What stays of streams' metadata, and what was dropped."""

    def __init__(self) -> None:
        self.packets: list[st0601.Packet] = []
        self.tags: Counter[int] = Counter()
        self.refused: Counter[str] = Counter()

    def unit(self, unit: bytes, stream_type: int) -> bytes:
        """A unit of the same length, with nothing but allowed metadata behind its head."""
        begin = _head_size(unit)
        if begin is None:
            self.refused["the beginning was lost"] += 1
            return st0601.fill(len(unit))
        if stream_type == ASYNCHRONOUS:
            return _of_length(unit[:begin], self._sets(unit[begin:]), b"", len(unit))
        cells: list[tuple[bytes, bytes]] = []
        place = begin
        while place + _CELL_HEAD_BYTES <= len(unit):
            size = int.from_bytes(unit[place + 3 : place + 5])
            cell = unit[place + _CELL_HEAD_BYTES : place + _CELL_HEAD_BYTES + size]
            if len(cell) < size:
                break
            cells.append((unit[place : place + 3], self._sets(cell)))
            place += _CELL_HEAD_BYTES + size
        if place < len(unit):
            self.refused["bytes outside any set"] += 1
        kept = [(head, sets) for head, sets in cells if sets]
        if not kept:
            return st0601.fill(len(unit)) if not cells else _of_length(unit[:begin], b"", cells[0][0], len(unit))
        whole = b"".join(head + len(sets).to_bytes(2) + sets for head, sets in kept[:-1])
        return _of_length(unit[:begin], kept[-1][1], kept[-1][0], len(unit), whole)

    def _sets(self, raw: bytes) -> bytes:
        """What may stay of sets that stand one behind the other."""
        fresh, place = b"", 0
        while place < len(raw):
            size = _set_size(raw, place)
            if size is None:
                if any(raw[place:]):
                    self.refused["bytes outside any set"] += 1
                return fresh
            fresh += self._set(raw[place : place + size])
            place += size
        return fresh

    def _set(self, one: bytes) -> bytes:
        if one.startswith(FILL_KEY):
            return b""
        try:
            packet = st0601.parse(one)
        except WireError as error:
            self.refused["another set" if not one.startswith(KEY) else str(error)] += 1
            return b""
        if packet.dropped:
            self.tags.update(packet.dropped)
        if not packet.items:
            self.refused["nothing of it may stay"] += 1
            return b""
        self.packets.append(packet)
        return one if st0601.is_plain(packet, len(one)) else st0601.encode(packet.items)


def _of_length(head: bytes, last: bytes, cell_head: bytes, size: int, before: bytes = b"") -> bytes:
    """A unit of this size: its head, whole cells, and the last sets with their fill, in a cell where it has a head."""
    cell_size = len(cell_head) + 2 if cell_head else 0
    missing = size - len(head) - len(before) - cell_size - len(last)
    stuffing = b""
    if 0 < missing < st0601.LEAST_FILL_BYTES:
        stuffing, missing = b"\xff" * missing, 0
    if head[8] + len(stuffing) > _MOST_HEAD_BYTES:
        last, stuffing = b"", b""  # no room in the head: these sets give way to their fill
        missing = size - len(head) - len(before) - cell_size
    sets = last + st0601.fill(missing)
    if cell_head:
        sets = cell_head + len(sets).to_bytes(2) + sets
    return head[:8] + bytes((head[8] + len(stuffing),)) + head[9:] + stuffing + before + sets


def _head_size(unit: bytes) -> int | None:
    """How long the head of a unit is, when there is nothing in it but its times and stuffing."""
    if unit[:3] != _PES_START or len(unit) < 9 or 9 + unit[8] > len(unit) or unit[7] & 0x3F:
        return None
    times = {0: 0, 2: 5, 3: 10}.get(unit[7] >> 6)
    if times is None or times > unit[8] or any(byte != 0xFF for byte in unit[9 + times : 9 + unit[8]]):
        return None
    return 9 + unit[8]


def _set_size(raw: bytes, place: int) -> int | None:
    """How long the set is that begins here; None, where none does, or it is cut."""
    if raw[place : place + 4] != _UNIVERSAL or place + len(KEY) >= len(raw):
        return None
    try:
        length, begin = st0601.length_at(raw, place + len(KEY))
    except WireError:
        return None
    return begin - place + length if begin + length <= len(raw) else None


def _pid_at(raw: bytes | bytearray, place: int) -> int:
    return (raw[place + 1] & 0x1F) << 8 | raw[place + 2]
