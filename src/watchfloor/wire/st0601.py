"""MISB ST 0601 metadata of a drone's video: an allow-list of items. What is not on it is dropped, counted, never read.

| tags | what | bytes | range | why it is taken |
|---|---|---|---|---|
| 2 | time | u64 | microseconds since 1970 | the picture and the tracks share one clock |
| 5, 6, 7 | platform heading, pitch, roll | u16, i16, i16 | 0..360, +-20, +-50 degrees | where the drone points |
| 13, 14, 15, 75 | sensor's place | i32, i32, u16, u16 | degrees; altitude, height -900..19,000 m | where the drone is |
| 16, 17 | field of view, across and up | u16 | 0..180 degrees | how much is seen |
| 18, 19, 20 | sensor azimuth, elevation, roll | u32, i32, u32 | 0..360, +-180, 0..360 degrees | where it looks |
| 23, 24, 25, 78 | frame centre | i32, i32, u16, u16 | degrees; -900..19,000 m | what part of the map is seen |
| 26 to 33 | corners, beside the centre | i16 | +-0.075 degrees | the same |
| 82 to 89 | corners | i32 | degrees | the same |
| 65 | version of the standard | u8 | - | readers need it |

Altitude is above mean sea level (15, 25), height above the ellipsoid (75, 78); neither is put for the other. The lowest
value of a signed item means "out of range" and is absent.

Among what is dropped: target location, track gates and errors (40 to 46), generic flags (47), security set (48), ranges
and widths (21, 22), weapon state and events (60, 61), moving targets (74), and every tag to come.
**Source**: MISB ST 0601.19, MISB ST 0107 (lengths), SMPTE ST 336 (keys, fill).
"""

import struct
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from watchfloor.base.errors import WireError

KEY = bytes.fromhex("060e2b34020b01010e01030101000000")
FILL_KEY = bytes.fromhex("060e2b34010101020301021001000000")
CHECKSUM, TIME, VERSION = 1, 2, 65
LEAST_FILL_BYTES = len(FILL_KEY) + 1
_MOST_TAG_BYTES = 3


class Item(NamedTuple):
    """An item that is taken: its name with its unit, its length, and what its numbers span."""

    name: str
    size_bytes: int
    is_signed: bool
    low: float
    high: float


ALLOWED: Mapping[int, Item] = {
    TIME: Item("time_us", 8, False, 0, 2**64 - 1),
    5: Item("platform_heading_deg", 2, False, 0, 360),
    6: Item("platform_pitch_deg", 2, True, -20, 20),
    7: Item("platform_roll_deg", 2, True, -50, 50),
    13: Item("sensor_lat_deg", 4, True, -90, 90),
    14: Item("sensor_lon_deg", 4, True, -180, 180),
    15: Item("sensor_alt_m", 2, False, -900, 19_000),
    16: Item("view_across_deg", 2, False, 0, 180),
    17: Item("view_up_deg", 2, False, 0, 180),
    18: Item("sensor_azimuth_deg", 4, False, 0, 360),
    19: Item("sensor_elevation_deg", 4, True, -180, 180),
    20: Item("sensor_roll_deg", 4, False, 0, 360),
    23: Item("frame_lat_deg", 4, True, -90, 90),
    24: Item("frame_lon_deg", 4, True, -180, 180),
    25: Item("frame_alt_m", 2, False, -900, 19_000),
    **{
        26 + place: Item(f"corner{place // 2 + 1}_{'lon' if place % 2 else 'lat'}_offset_deg", 2, True, -0.075, 0.075)
        for place in range(8)
    },
    VERSION: Item("version", 1, False, 0, 255),
    75: Item("sensor_height_m", 2, False, -900, 19_000),
    78: Item("frame_height_m", 2, False, -900, 19_000),
    **{
        82 + place: Item(
            f"corner{place // 2 + 1}_{'lon' if place % 2 else 'lat'}_deg", 4, True,
            -180 if place % 2 else -90, 180 if place % 2 else 90,
        )
        for place in range(8)
    },
}  # fmt: skip
_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}
_SIZES_BYTES = {tag: item.size_bytes for tag, item in ALLOWED.items()}


class Packet(NamedTuple):
    """A packet's items that are allowed, as bytes by tag in their order, and how many of each other tag there were."""

    items: Mapping[int, bytes]
    dropped: Mapping[int, int]


def parse(raw: bytes) -> Packet:
    """One whole packet, from its key to its checksum.

    **Raises**: WireError, when it is another set, a length lies, the checksum is missing or wrong, the time is not
    first, or an allowed item stands twice or has another length.
    """
    if raw[: len(KEY)] != KEY:
        raise WireError("no UAS metadata set")
    length, place = length_at(raw, len(KEY))
    if place + length != len(raw):
        raise WireError("the length lies")
    items: dict[int, bytes] = {}
    dropped: Counter[int] = Counter()
    end = len(raw)
    while place < end:
        begin = place
        if place + 1 < end and raw[place] < 0x80 and raw[place + 1] < 0x80:  # nearly every item
            tag, size = raw[place], raw[place + 1]
            place += 2
        else:
            tag, place = _tag(raw, place)
            size, place = length_at(raw, place)
        value = raw[place : place + size]
        place += size
        if place > end:
            raise WireError("an item is cut")
        if _SIZES_BYTES.get(tag) == size and tag not in items and (items or tag == TIME):
            items[tag] = value
        elif tag == CHECKSUM:
            if place != end or size != 2 or int.from_bytes(value) != _sum(raw[: begin + 2]):
                raise WireError("the checksum is wrong")
            return Packet(items, dropped)
        elif not items and tag != TIME:
            raise WireError("the time is not the first item")
        elif tag in ALLOWED:
            raise WireError(f"item {tag} has another length, or stands twice")
        else:
            dropped[tag] += 1
    raise WireError("the checksum is missing")


def values_of(packet: Packet) -> dict[str, float | int | None]:
    """The numbers of a packet by name; None where an item says that it is out of range."""
    steps_of, numbers = _reading_of(tuple(packet.items))
    return {
        name: steps if span is None else None if steps == none else low + span * steps / most_steps
        for (name, low, span, most_steps, none), steps in zip(
            numbers, steps_of(b"".join(packet.items.values())), strict=True
        )
    }


def encode(items: Mapping[int, bytes]) -> bytes:
    """A packet of these items with its checksum, all lengths in their shortest form."""
    body = b"".join([_head_of(tag, len(value)) + value for tag, value in items.items()])
    counted = KEY + _shortest(len(body) + 4) + body + bytes((CHECKSUM, 2))
    return counted + _sum(counted).to_bytes(2)


def is_plain(packet: Packet, size_bytes: int) -> bool:
    """Whether the packet's own bytes, so many, are what `encode` makes of it: nothing dropped, no length too long."""
    if packet.dropped:
        return False
    body = (
        len(b"".join(packet.items.values())) + 2 * len(packet.items) + 4
    )  # no allowed tag or value needs a longer head
    return size_bytes == len(KEY) + body + (1 if body < 0x80 else 2 if body < 0x100 else 3)


@lru_cache(maxsize=256)
def _head_of(tag: int, size_bytes: int) -> bytes:
    return bytes((tag,)) + _shortest(size_bytes)


def fill(size_bytes: int) -> bytes:
    """Fill items of so many bytes together; bytes of nothing, where that is too few for one.

    Two items, where one would need a length that is not in its shortest form: strict readers refuse those.
    """
    if size_bytes < LEAST_FILL_BYTES:
        return bytes(size_bytes)
    rest = size_bytes - len(FILL_KEY)
    for head in (1, 2, 3, 4):
        if rest >= head and len(_shortest(rest - head)) == head:
            return FILL_KEY + _shortest(rest - head) + bytes(rest - head)
    return fill(LEAST_FILL_BYTES) + fill(size_bytes - LEAST_FILL_BYTES)


def _shortest(number: int) -> bytes:
    if number < 0x80:
        return bytes((number,))
    raw = number.to_bytes((number.bit_length() + 7) // 8)
    return bytes((0x80 | len(raw),)) + raw


def length_at(raw: bytes, place: int) -> tuple[int, int]:
    """A length and where its bytes end.

    **Raises**: WireError, when there is none.
    """
    if place >= len(raw):
        raise WireError("a length is cut")
    first = raw[place]
    if first < 0x80:
        return first, place + 1
    count = first & 0x7F
    if not 0 < count <= 8 or place + 1 + count > len(raw):
        raise WireError("a length that is none")
    return int.from_bytes(raw[place + 1 : place + 1 + count]), place + 1 + count


def _tag(raw: bytes, place: int) -> tuple[int, int]:
    tag = 0
    for count in range(_MOST_TAG_BYTES):
        if place + count >= len(raw):
            break
        byte = raw[place + count]
        tag = tag << 7 | byte & 0x7F
        if byte < 0x80:
            return tag, place + count + 1
    raise WireError("a tag is cut, or over 21 bits")


def _sum(raw: bytes) -> int:
    """The sum of all bytes as 16-bit numbers, the first of each pair in the upper half."""
    return (sum(raw[0::2]) << 8) + sum(raw[1::2]) & 0xFFFF


class _Numbers(NamedTuple):
    """How an item's steps become its number; one without a span is a count. `none`: the steps that say it is none."""

    name: str
    low: float
    span: float | None
    most_steps: int
    none: int | None


def _numbers_of(item: Item) -> _Numbers:
    bits = 8 * item.size_bytes
    if item.name in ("time_us", "version"):
        return _Numbers(item.name, 0, None, 1, None)
    if item.is_signed:
        most = (1 << bits - 1) - 1
        return _Numbers(item.name, 0, item.high, most, -most - 1)
    return _Numbers(item.name, item.low, item.high - item.low, (1 << bits) - 1, None)


@lru_cache(maxsize=256)
def _reading_of(tags: tuple[int, ...]) -> tuple[Callable[[bytes], tuple[int, ...]], list[_Numbers]]:
    """What takes the steps from these items' bytes, and how they become numbers: a camera sends the same items anew."""
    items = [ALLOWED[tag] for tag in tags]
    codes = [_CODES[item.size_bytes] for item in items]
    signs = [code.lower() if item.is_signed else code for code, item in zip(codes, items, strict=True)]
    return struct.Struct(">" + "".join(signs)).unpack, [_numbers_of(item) for item in items]
