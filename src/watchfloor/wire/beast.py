"""Beast binary: how Mode S receivers send frames over TCP.

| field | bytes | meaning |
|---|---|---|
| escape | 1 | 0x1A; inside a frame each 0x1A is doubled |
| kind | 1 | `1` Mode A/C (2 bytes), `2` Mode S short (7), `3` Mode S long (14) |
| counter | 6 | big-endian 12 MHz counter |
| signal | 1 | linear level, 0 to 255; not read |
| frame | 2, 7, 14 | as received on 1090 MHz |

Limits: a frame is at most 2 + 2 * 21 bytes with every byte doubled, so a longer run without a frame's end
is noise, and reading starts again at the next lone 0x1A.
**Source**: wiki.jetvision.de, "Mode-S Beast: Data Output Formats"; readsb's reading of the same.
"""

from msgspec import Struct

from watchfloor.messages.air import Rejected

ESCAPE = 0x1A
COUNTER_HZ = 12_000_000
COUNTER_MODULUS = 1 << 48
_LENGTHS = {0x31: 2, 0x32: 7, 0x33: 14}
_HEAD = 7


class BeastFrame(Struct, frozen=True, gc=False):
    """One Mode S frame and the receiver's counter at its arrival."""

    counter: int
    frame: bytes


class BeastState(Struct, frozen=True):
    """Bytes of a frame that has not ended yet."""

    rest: bytes = b""


def step(state: BeastState, chunk: bytes) -> tuple[BeastState, list[BeastFrame | Rejected]]:
    """Frames in a chunk of a Beast stream; how the stream is cut never matters.

    Mode A/C replies are passed over: they carry no address. What is no frame is returned as `Rejected`.
    """
    data = state.rest + chunk
    found: list[BeastFrame | Rejected] = []
    place = 0
    while True:
        start = data.find(ESCAPE, place)
        if start < 0:
            _noise(data[place:], found)
            return BeastState(), found
        if start > place:
            _noise(data[place:start], found)
        if start + 1 >= len(data):
            return BeastState(data[start:]), found
        length = _LENGTHS.get(data[start + 1])
        if length is None:
            skip = 2 if data[start + 1] == ESCAPE else 1
            found.append(Rejected(reason="unknown Beast frame kind", sample=data[start : start + 2]))
            place = start + skip
            continue
        end = start + 2 + _HEAD + length
        body: bytes | None = data[start + 2 : end]
        if end > len(data) or ESCAPE in data[start + 2 : end]:
            end, body = _unescape(data, start + 2, _HEAD + length)
        if body is None:
            if end < 0:
                return BeastState(data[start:]), found
            found.append(Rejected(reason="Beast frame cut short", sample=data[start:end]))
            place = end
            continue
        if length > 2:
            found.append(BeastFrame(int.from_bytes(body[:6], "big"), body[_HEAD:]))
        place = end


def _unescape(data: bytes, place: int, want: int) -> tuple[int, bytes | None]:
    """The next `want` bytes with doubling undone, and where they end; end -1: not all here yet."""
    body = bytearray()
    while len(body) < want:
        if place >= len(data):
            return -1, None
        byte = data[place]
        if byte == ESCAPE:
            if place + 1 >= len(data):
                return -1, None
            if data[place + 1] != ESCAPE:
                return place, None
            place += 1
        body.append(byte)
        place += 1
    return place, bytes(body)


def _noise(junk: bytes, found: list[BeastFrame | Rejected]) -> None:
    if junk:
        found.append(Rejected(reason="bytes outside any Beast frame", sample=junk[:64], count=1))


def encode(counter: int, frame: bytes, signal: int = 0x80) -> bytes:
    """A frame as a Beast receiver would send it.

    **Args**: `counter`: 12 MHz ticks, taken modulo 2**48; `frame`: 7 or 14 bytes.
    """
    kind = b"2" if len(frame) == 7 else b"3"
    body = (counter % COUNTER_MODULUS).to_bytes(6, "big") + bytes((signal,)) + frame
    return b"\x1a" + kind + body.replace(b"\x1a", b"\x1a\x1a")
