"""MPEG transport streams, as far as keeping them asks: that they are one, and that they carry pictures and sound only.

| field | bits | meaning |
|---|---|---|
| sync byte | 8 | 0x47 at every 188 bytes |
| payload start | 1 (bit 6 of byte 1) | a section begins in this packet |
| PID | 13 | 0: program association; each program's map has the PID that it names |
| stream type | 8, in the program map | what an elementary stream carries |

Data streams (metadata, private sections) are kept only as `klv_stream` leaves them.
**Source**: ISO/IEC 13818-1, sections 2.4.3 and 2.4.4.
"""

from typing import NamedTuple

from watchfloor.base.errors import WireError

PACKET_BYTES, SYNC = 188, 0x47
PICTURES = frozenset((0x01, 0x02, 0x10, 0x1B, 0x24, 0x33))
PICTURES_AND_SOUND = PICTURES | {0x03, 0x04, 0x0F, 0x11}
NULL_PID = 0x1FFF
NULL_PACKET = bytes((SYNC, NULL_PID >> 8, NULL_PID & 0xFF, 0x10)) + b"\xff" * (PACKET_BYTES - 4)
_PAT_TABLE, _MAP_TABLE = 0x00, 0x02
_LONGEST_TABLE_BYTES = 3 + 1021
_MARKS, _CLOCK, _PRIVATE, _CLOCK_BYTES = 0xE0, 0x10, 0x02, 6


def stream_types(raw: bytes) -> frozenset[int]:
    """The types of all elementary streams that the program maps name.

    **Raises**: WireError, when it is no transport stream, or has no program map.
    """
    return frozenset(tables_of(raw).streams.values())


class Tables(NamedTuple):
    """The PIDs of program maps, and the type of each elementary stream that they name, by its PID."""

    maps: frozenset[int]
    streams: dict[int, int]


def tables_of(raw: bytes) -> Tables:
    """What the tables of a stream say that is in it.

    **Raises**: WireError, as `stream_types`.
    """
    if not raw or len(raw) % PACKET_BYTES or any(byte != SYNC for byte in raw[::PACKET_BYTES]):
        raise WireError("not an MPEG transport stream: packets of 188 bytes begin with 0x47")
    tables = Tables(frozenset(), {})
    for place in range(0, len(raw), PACKET_BYTES):
        tables = with_table(tables, raw[place : place + PACKET_BYTES])
    if not tables.streams:
        raise WireError("the transport stream has no program map")
    return tables


def with_table(tables: Tables, packet: bytes) -> Tables:
    """The tables with what one packet tells of them; most tell nothing."""
    pid = (packet[1] & 0x1F) << 8 | packet[2]
    if not packet[1] & 0x40 or (pid != 0 and pid not in tables.maps):
        return tables
    section = _section(packet)
    if pid == 0 and section[:1] == bytes((_PAT_TABLE,)):
        body = section[8 : 3 + _length(section) - 4]
        maps = {(body[at + 2] & 0x1F) << 8 | body[at + 3] for at in range(0, len(body) - 3, 4)}
        return tables if maps <= tables.maps else Tables(tables.maps | maps, tables.streams)
    if section[:1] == bytes((_MAP_TABLE,)):
        types = _types_in(section)
        return tables if types.items() <= tables.streams.items() else Tables(tables.maps, tables.streams | types)
    return tables


def clock_us(packet: bytes) -> int | None:
    """The clock (PCR) that a packet tells [us]; None, where it tells none."""
    if not packet[3] & 0x20 or packet[4] < 1 + _CLOCK_BYTES or not packet[5] & _CLOCK:
        return None
    raw = int.from_bytes(packet[6 : 6 + _CLOCK_BYTES])
    return ((raw >> 15) * 300 + (raw & 0x1FF)) // 27


def plain_head(packet: bytes) -> bytes:
    """All of a packet before its payload, without private data: of an adaptation field only its marks and its clock."""
    if not packet[3] & 0x20:
        return packet[:4]
    size = min(packet[4], PACKET_BYTES - 5)
    if not size:
        return packet[:5]
    has_clock = packet[5] & _CLOCK and size >= 1 + _CLOCK_BYTES
    clock = packet[6 : 6 + _CLOCK_BYTES] if has_clock else b""
    field = bytes((packet[5] & _MARKS | (_CLOCK if has_clock else 0),)) + clock
    return packet[:4] + bytes((size,)) + field.ljust(size, b"\xff")


def hides_data(packet: bytes) -> bool:
    """Whether the head of a packet has private data in it."""
    return bool(packet[3] & 0x20 and packet[4] and packet[5] & _PRIVATE)


def plain_packet(packet: bytes) -> bytes:
    """A packet without private data in its head."""
    head = plain_head(packet)
    return head + packet[len(head) :]


def plain_table(packet: bytes, left_bytes: int) -> tuple[bytes | None, int]:
    """A packet of tables with nothing in it but its table, and how many of that table's bytes are still to come.

    **Args**: `left_bytes`: of the table that packets before this one began.
    **Returns**: None for the packet, when it has no table: another one, one too long, or what goes on with nothing.
    """
    head = plain_head(packet)
    if packet[1] & 0x40:
        section = _section(packet)
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        size = 3 + _length(section)
        if len(section) < 3 or section[0] != (_PAT_TABLE if pid == 0 else _MAP_TABLE) or size > _LONGEST_TABLE_BYTES:
            return None, 0
        body, left_bytes = b"\x00" + section[:size], max(size - len(section), 0)
    elif left_bytes:
        body = packet[len(head) :][:left_bytes]
        left_bytes -= len(body)
    else:
        return None, 0
    return (head + body)[:PACKET_BYTES].ljust(PACKET_BYTES, b"\xff"), left_bytes


def _section(packet: bytes) -> bytes:
    start = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
    return packet[start + 1 + packet[start] :] if start < PACKET_BYTES else b""


def _length(section: bytes) -> int:
    return (section[1] & 0x0F) << 8 | section[2] if len(section) > 2 else 0


def _types_in(section: bytes) -> dict[int, int]:
    if len(section) < 12:
        return {}
    place = 12 + ((section[10] & 0x0F) << 8 | section[11])
    end = min(3 + _length(section) - 4, len(section))
    types = {}
    while place + 5 <= end:
        types[(section[place + 1] & 0x1F) << 8 | section[place + 2]] = section[place]
        place += 5 + ((section[place + 3] & 0x0F) << 8 | section[place + 4])
    return types
