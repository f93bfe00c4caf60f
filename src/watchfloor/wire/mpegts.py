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
PICTURES_AND_SOUND = frozenset((0x01, 0x02, 0x03, 0x04, 0x0F, 0x10, 0x11, 0x1B, 0x24, 0x33))
_PAT_TABLE, _MAP_TABLE = 0x00, 0x02


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
    maps: set[int] = set()
    types: dict[int, int] = {}
    for place in range(0, len(raw), PACKET_BYTES):
        packet = raw[place : place + PACKET_BYTES]
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        if not packet[1] & 0x40 or (pid != 0 and pid not in maps):
            continue
        section = _section(packet)
        if pid == 0 and section[:1] == bytes((_PAT_TABLE,)):
            body = section[8 : 3 + _length(section) - 4]
            maps |= {(body[at + 2] & 0x1F) << 8 | body[at + 3] for at in range(0, len(body) - 3, 4)}
        elif section[:1] == bytes((_MAP_TABLE,)):
            types |= _types_in(section)
    if not types:
        raise WireError("the transport stream has no program map")
    return Tables(frozenset(maps), types)


def carries_data(raw: bytes) -> bool:
    """Whether a stream carries anything but pictures and sound.

    **Raises**: WireError, as `stream_types`.
    """
    return not stream_types(raw) <= PICTURES_AND_SOUND


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
