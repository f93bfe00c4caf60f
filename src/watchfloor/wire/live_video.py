"""A drone's video as it comes: whole packets for screens, its metadata cut to the allow-list, where its camera looks.

| packet | what becomes of it |
|---|---|
| pictures, sound | given on as they are, without private data in their heads, cut before each key picture |
| tables | given on with nothing beside them |
| metadata | held until its unit is whole, then given on with nothing but allowed items (`klv_stream`) |
| any other data, what no table names, what has an error bit | dropped and counted |
| bytes outside any packet | refused; reading goes on where three packets begin 188 bytes apart |

A camera's place is an observation too, where the feed's option `platform` says which aircraft it is on.
**Source**: ISO/IEC 13818-1, section 2.4.3; MISB ST 1402, ST 0601.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from watchfloor.base.errors import WireError
from watchfloor.base.units import M_PER_FT
from watchfloor.messages.air import Observation, Rejected
from watchfloor.messages.feeds import Alive, Arrival, FeedMessage, PassedOver
from watchfloor.messages.video import CameraView, Corner, VideoPiece
from watchfloor.wire import st0601
from watchfloor.wire.klv_stream import ASYNCHRONOUS, SYNCHRONOUS, Kept
from watchfloor.wire.mpegts import (
    NULL_PID,
    PACKET_BYTES,
    PICTURES,
    PICTURES_AND_SOUND,
    SYNC,
    Tables,
    hides_data,
    plain_head,
    plain_packet,
    plain_table,
    with_table,
)


def _with_bits(bits: int) -> bytes:
    """All bytes that have one of these bits, for a class of a pattern."""
    return b"".join(rb"\x%02x" % byte for byte in range(256) if byte & bits)


H264, HEVC = 0x1B, 0x24
_MOST_UNIT_BYTES = 6 + 0xFFFF + 8 * PACKET_BYTES
_MOST_UNITS = 8
_PLATFORM = re.compile(r"icao:[0-9a-f]{6}|(cot|rid):[\x21-\x7e]{1,64}")
_SEQUENCE_HEAD = rb"\x00\x00\x01[\x67\x27]"
_BEGINS_SEQUENCE = re.compile(_SEQUENCE_HEAD)
# What goes on as it is: packets of one stream that begin nothing, or one that begins a picture that is no key picture.
# One pattern finds their end in a fifth of the time that looking at each takes.
_PLAIN = rb"[\x10-\x1f\x50-\x5f\x90-\x9f\xd0-\xdf].{184}"
_WITH_FIELD = rb"[\x20-\x3f\x60-\x7f\xa0-\xbf\xe0-\xff].(?![%s]).{183}"
_GOES_ON = rb"(?:%s|%s)" % (_PLAIN, _WITH_FIELD % _with_bits(0x02))
_BEGINS = rb"(?:%s|%s)" % (_PLAIN, _WITH_FIELD % _with_bits(0x42))
_RUN = re.compile(
    rb"G([\x00-\x3f].)%s(?:G\1%s)*+|G[\x40-\x7f].(?!.{1,181}%s)%s" % (_GOES_ON, _GOES_ON, _SEQUENCE_HEAD, _BEGINS),
    re.DOTALL,
)


class Unit(Struct, frozen=True):
    """A unit of metadata that has begun: its packets, and the counter of the last."""

    packets: tuple[bytes, ...]
    counter: int


class VideoState(Struct, frozen=True):
    """What a stream has told: half a packet, its tables, the packets that hold them, and metadata that is not whole.

    `pictures` are the PIDs of pictures and sound, `shows` those of pictures alone. `is_lost`: nobody knows where its
    next packet begins.
    """

    rest: bytes = b""
    is_lost: bool = False
    tables: Tables = Tables(frozenset(), {})
    pictures: frozenset[int] = frozenset()
    shows: frozenset[int] = frozenset()
    table_packets: Mapping[int, bytes] = {}
    table_left: Mapping[int, int] = {}
    units: Mapping[int, Unit] = {}


class LiveVideoFeed:
    """MPEG transport streams with ST 0601 metadata. `platform`: the identity of the aircraft that the camera is on."""

    name = "stanag4609"
    withholds = True

    def __init__(self, platform: str = "") -> None:
        self._platform = platform

    def with_options(self, options: Mapping[str, Any]) -> "LiveVideoFeed":
        """This feed with `platform`.

        **Raises**: WireError, when that is no identity.
        """
        platform = options.get("platform", "")
        is_one = isinstance(platform, str) and (not platform or _PLATFORM.fullmatch(platform))
        if set(options) - {"platform"} or not is_one:
            raise WireError('stanag4609 takes the option `platform`, an identity as in `platform = "icao:3c660c"`')
        return LiveVideoFeed(platform)

    def begin(self) -> VideoState:
        """Nothing read."""
        return VideoState()

    def step(self, state: VideoState, chunk: bytes, arrival: Arrival) -> tuple[VideoState, list[FeedMessage]]:
        """Pieces, camera views and observations in a chunk."""
        pid = 0 if state.rest or state.is_lost or len(chunk) < PACKET_BYTES else _pid_at(chunk, 0)
        run = _RUN.match(chunk) if pid in state.pictures else None  # of other streams it would be read in vain
        if run is not None and run.end() == len(chunk):
            piece = VideoPiece(chunk)
            return state, [piece, Alive(arrival.room_us)] if pid in state.shows else [piece]
        read = _Reading(state)
        rest = read.read(chunk if arrival.is_datagram else state.rest + chunk)
        if rest and arrival.is_datagram:
            read.refuse("half a packet in a datagram", rest)
            rest, read.is_lost = b"", False
        found: list[FeedMessage] = [*read.pieces(), *read.found]
        if read.is_alive:
            found.append(Alive(arrival.room_us))
        if read.kept is not None:
            for packet_read in read.kept.packets:
                found += self._seen(packet_read)
        found += read.counted()
        return read.state(rest), found

    def rest(self, state: VideoState) -> bytes:
        """Half a packet, and metadata that is not whole."""
        return b"".join(packet for unit in state.units.values() for packet in unit.packets) + state.rest

    def _seen(self, packet: st0601.Packet) -> list[FeedMessage]:
        view = view_of(packet)
        if view is None:
            return []
        if not self._platform or view.lat_deg is None or view.lon_deg is None:
            return [view]
        place = Observation(
            identity=self._platform,
            toa_us=view.toa_us,
            lat_deg=view.lat_deg,
            lon_deg=view.lon_deg,
            geo_alt_ft=view.geo_alt_ft,
        )
        return [view, place]


class _Reading:
    """One chunk's reading: what of the state changes, and what is found."""

    def __init__(self, state: VideoState) -> None:
        self.tables, self.table_packets, self.units = state.tables, state.table_packets, dict(state.units)
        self.table_left = state.table_left
        self.is_lost, self.is_alive = state.is_lost, False
        self.pictures, self.shows = state.pictures, state.shows
        self.kept: Kept | None = None
        self.found: list[FeedMessage] = []
        self._out: list[bytearray] = []
        self._keys: list[bool] = []
        self._passed = 0

    def state(self, rest: bytes) -> VideoState:
        """The state after it."""
        tables = self.table_packets, self.table_left
        return VideoState(rest, self.is_lost, self.tables, self.pictures, self.shows, *tables, self.units)

    def read(self, raw: bytes) -> bytes:
        """Take whole packets, and answer what is left; what stands between them is refused."""
        place = 0
        while place + PACKET_BYTES <= len(raw):
            if self.is_lost or raw[place] != SYNC:
                begin, place = place, _next_packet(raw, place)
                if not self.is_lost:
                    self.refuse("bytes outside any packet", raw[begin:place])
                self.is_lost = place + 2 * PACKET_BYTES >= len(raw)
                if self.is_lost:
                    break
            pid = _pid_at(raw, place)
            run = _RUN.match(raw, place) if pid in self.pictures else None
            if run is not None:
                end = run.end()
                self._give_pictures(pid, raw[place:end])
            else:
                end = place + PACKET_BYTES
                self._take(pid, raw[place:end])
            place = end
        return raw[place:]

    def refuse(self, reason: str, sample: bytes) -> None:
        """Count something that is no part of a stream."""
        self.found.append(Rejected(reason=reason, sample=sample[:64]))

    def _take(self, pid: int, packet: bytes) -> None:
        """A packet that may begin a key picture, has something to hide, or is of something else than pictures."""
        if packet[1] & 0x80 or pid == NULL_PID or not packet[3] & 0x30:
            self._passed += 1
            return
        if pid in self.pictures:
            packet = plain_packet(packet) if hides_data(packet) else packet
            is_key = self.tables.streams[pid] in (H264, HEVC) and _begins_key(packet)
            self._give_pictures(pid, packet, begins_key=is_key)
            return
        if pid == 0 or pid in self.tables.maps:
            self._take_table(pid, packet)
            return
        kind = self.tables.streams.get(pid)
        if kind in (SYNCHRONOUS, ASYNCHRONOUS) and packet[3] & 0x10:
            self._metadata(pid, kind, packet)
        else:
            self._passed += 1

    def _take_table(self, pid: int, packet: bytes) -> None:
        """A packet of tables; most say what the one before said, behind another counter, and are as plain as it is."""
        held = self.table_packets.get(pid)
        is_same = held is not None and held[4:] == packet[4:] and not (held[3] ^ packet[3]) & 0x30
        if is_same and pid not in self.table_left:
            self._give(packet)
            return
        if packet[3] & 0x30 == 0x20:
            self._give(plain_packet(packet))
            return
        plain, left_bytes = plain_table(packet, self.table_left.get(pid, 0))
        if left_bytes or pid in self.table_left:  # a table of more than one packet is read anew each time
            self.table_left = {**self.table_left, pid: left_bytes}
        if plain is None:
            self._passed += 1
            return
        self._give(plain)
        if not packet[1] & 0x40:
            return
        self.table_packets = {**self.table_packets, pid: plain}
        tables = with_table(self.tables, plain)
        if tables is not self.tables:
            self.tables = tables
            self.pictures, self.shows = _pids(tables, PICTURES_AND_SOUND), _pids(tables, PICTURES)

    def _give_pictures(self, pid: int, packets: bytes, *, begins_key: bool = False) -> None:
        """Packets of one stream of pictures or sound."""
        self.is_alive = self.is_alive or pid in self.shows
        self._give(packets, begins_key=begins_key)

    def _give(self, packets: bytes, *, begins_key: bool = False) -> None:
        if begins_key or not self._out:
            self._out.append(bytearray())
            self._keys.append(begins_key)
        self._out[-1] += packets

    def _metadata(self, pid: int, kind: int, packet: bytes) -> None:
        """A packet of metadata: its unit is given on once it is whole, or another begins."""
        held, starts, counter = self.units.get(pid), bool(packet[1] & 0x40), packet[3] & 0x0F
        goes_on = held is not None and not starts and counter == (held.counter + 1) & 0x0F
        if held is not None and not goes_on:
            self._ended(pid, kind, held)
        if held is None and not starts:
            self._ended(pid, kind, Unit((packet,), counter))
            return
        packets = (*held.packets, packet) if held is not None and goes_on else (packet,)
        if len(self.units) >= _MOST_UNITS and pid not in self.units:
            self._passed += 1
            return
        unit = self.units[pid] = Unit(packets, counter)
        if _is_whole(unit) or len(packets) * PACKET_BYTES > _MOST_UNIT_BYTES:
            self._ended(pid, kind, unit)

    def _ended(self, pid: int, kind: int, unit: Unit) -> None:
        self.units.pop(pid, None)
        self.kept = self.kept or Kept()
        fresh = self.kept.unit(b"".join(packet[_payload_at(packet) :] for packet in unit.packets), kind)
        for packet in unit.packets:
            head = plain_head(packet)
            size = PACKET_BYTES - len(head)
            self._give(head + fresh[:size])
            fresh = fresh[size:]

    def pieces(self) -> list[FeedMessage]:
        """What screens may have, cut before key pictures."""
        return [
            VideoPiece(bytes(raw), begins_key, self._tables() if begins_key else b"")
            for raw, begins_key in zip(self._out, self._keys, strict=True)
        ]

    def _tables(self) -> bytes:
        return b"".join(packet for _, packet in sorted(self.table_packets.items()))

    def counted(self) -> Iterator[FeedMessage]:
        """What was dropped, and what was refused of the metadata."""
        dropped = self._passed + (sum(self.kept.tags.values()) if self.kept else 0)
        if dropped:
            yield PassedOver(dropped)
        for reason, count in self.kept.refused.items() if self.kept else ():
            yield Rejected(reason=f"metadata: {reason}", sample=b"", count=count)


def view_of(packet: st0601.Packet) -> CameraView | None:
    """Where a camera is and looks by a packet of its metadata; None, when that tells no time."""
    values = st0601.values_of(packet)
    time_us = values.get("time_us")
    if not isinstance(time_us, int) or not 0 < time_us < 2**53:
        return None
    height_m = values.get("sensor_height_m")
    frame = values.get("frame_lat_deg"), values.get("frame_lon_deg")
    sensor = values.get("sensor_lat_deg"), values.get("sensor_lon_deg")
    if None in frame:
        frame = None, None
    if None in sensor:
        sensor = None, None
    return CameraView(
        toa_us=time_us,
        lat_deg=sensor[0],
        lon_deg=sensor[1],
        geo_alt_ft=None if height_m is None else round(height_m / M_PER_FT),
        frame_lat_deg=frame[0],
        frame_lon_deg=frame[1],
        corners=_corners(values),
    )


def _corners(values: Mapping[str, float | int | None]) -> tuple[Corner, ...]:
    """All four corners, told whole or beside the frame's centre; none, when one is missing."""
    found: list[Corner] = []
    for place in range(1, 5):
        lat_deg, lon_deg = values.get(f"corner{place}_lat_deg"), values.get(f"corner{place}_lon_deg")
        if lat_deg is None or lon_deg is None:
            parts = [
                values.get(name)
                for name in (
                    "frame_lat_deg",
                    f"corner{place}_lat_offset_deg",
                    "frame_lon_deg",
                    f"corner{place}_lon_offset_deg",
                )
            ]
            known = [part for part in parts if part is not None]
            if len(known) < len(parts):
                return ()
            lat_deg, lon_deg = known[0] + known[1], known[2] + known[3]
        if abs(lat_deg) > 90:
            return ()
        found.append(Corner(lat_deg, (lon_deg + 180) % 360 - 180))
    return tuple(found)


def _pids(tables: Tables, kinds: frozenset[int]) -> frozenset[int]:
    """The PIDs of streams of these kinds."""
    return frozenset(pid for pid, kind in tables.streams.items() if kind in kinds) - tables.maps - {0, NULL_PID}


def _next_packet(raw: bytes, place: int) -> int:
    """Where three packets begin one behind the other, or may, once more bytes are there: one alone says little."""
    while place + 2 * PACKET_BYTES < len(raw):
        if raw[place] == raw[place + PACKET_BYTES] == raw[place + 2 * PACKET_BYTES] == SYNC:
            return place
        place += 1
    return place


def _begins_key(packet: bytes) -> bool:
    """Whether decoding can begin with this packet: it says so, or a sequence's head stands in it."""
    says = packet[3] & 0x20 and packet[4] and packet[5] & 0x40
    return bool(packet[1] & 0x40) and bool(says or _BEGINS_SEQUENCE.search(packet))


def _pid_at(raw: bytes, place: int) -> int:
    return (raw[place + 1] & 0x1F) << 8 | raw[place + 2]


def _payload_at(packet: bytes) -> int:
    return min(4 + (1 + packet[4] if packet[3] & 0x20 else 0), PACKET_BYTES)


def _is_whole(unit: Unit) -> bool:
    """Whether as many bytes are there as the unit's head tells; one that tells no length ends with the next."""
    size = sum(PACKET_BYTES - _payload_at(packet) for packet in unit.packets)
    first = unit.packets[0]
    head = first[_payload_at(first) :][:6]
    length = int.from_bytes(head[4:6]) if len(head) == 6 else 0
    return length > 0 and size >= 6 + length
