"""UAS metadata: stanag4609 reads what we keep, and nothing that is not on the list stays anywhere in a stream."""

from pathlib import Path
from typing import Any

import pytest
import stanag4609
from hypothesis import given
from hypothesis import strategies as st
from stanag4609.transport.metadata import asynchronous_klv_stream, synchronous_klv_stream
from stanag4609.transport.psi import ElementaryStreamInfo

from watchfloor.base.errors import WireError
from watchfloor.wire import klv_stream, st0601
from watchfloor.wire.mpegts import PACKET_BYTES

VIDEO, DATA, SYNC, OTHER = 0x101, 0x102, 0x103, 0x104
PRESERVE = stanag4609.FieldDecodingMode.PRESERVE
BEGIN_US = 1_931_270_400_000_000
SECRET = b"\x5a\xa5SECRET\x5a\xa5"
SECRET_TAGS = (3, 10, 40, 41, 42, 48, 60, 61, 74, 94, 141)


@st.composite
def item_sets(draw: st.DrawFn) -> dict[int, bytes]:
    tags = draw(st.lists(st.sampled_from([tag for tag in st0601.ALLOWED if tag != 2]), unique=True, max_size=12))
    sizes = {tag: st0601.ALLOWED[tag].size_bytes for tag in tags}
    values = {tag: draw(st.binary(min_size=size, max_size=size)) for tag, size in sizes.items()}
    return {2: BEGIN_US.to_bytes(8), **values, 65: b"\x13"}


ITEMS = item_sets()


def packet(items: dict[int, bytes], secrets: tuple[int, ...] = ()) -> bytes:
    """A packet as a sender makes one, with items that may not stay."""
    body = b""
    for tag, value in [*items.items(), *((tag, SECRET) for tag in secrets)]:
        name = bytes((tag,)) if tag < 128 else bytes((0x80 | tag >> 7, tag & 0x7F))
        body += name + bytes((len(value),)) + value
    size = len(body) + 4
    head = (
        st0601.KEY
        + (bytes((size,)) if size < 128 else bytes((0x81, size)) if size < 256 else b"\x82" + size.to_bytes(2))
        + body
        + b"\x01\x02"
    )
    total = 0
    for place, byte in enumerate(head):
        total += byte << (8 * ((place + 1) % 2))
    return head + (total & 0xFFFF).to_bytes(2)


@given(ITEMS)
def test_stanag4609_reads_the_same_numbers(items: dict[int, bytes]) -> None:
    raw = packet(items)
    theirs = stanag4609.decode_uas_local_set(raw, field_decoding=PRESERVE)
    ours = st0601.values_of(st0601.parse(raw))
    assert len(ours) == len(items)
    for tag in items:
        other, mine = theirs.value(tag), ours[st0601.ALLOWED[tag].name]
        if tag == 2 or isinstance(other, bytes) or other is None or not isinstance(other, int | float):
            continue
        assert mine is not None
        assert mine == pytest.approx(other, abs=1e-6), tag


@given(ITEMS, st.lists(st.sampled_from(SECRET_TAGS), unique=True))
def test_only_the_list_stays_and_the_rest_is_counted(items: dict[int, bytes], secrets: list[int]) -> None:
    raw = packet(items, tuple(secrets))
    read = st0601.parse(raw)
    assert (read.items, sorted(read.dropped)) == (items, sorted(secrets))
    kept = st0601.encode(read.items)
    assert klv_sets(kept) == [kept]
    assert SECRET not in kept
    assert st0601.parse(kept) == st0601.Packet(items, {})


def klv_sets(raw: bytes) -> list[bytes]:
    """Sets of a run, read by the rule of SMPTE ST 336 alone."""
    found, place = [], 0
    while place < len(raw) and raw[place : place + 4] == b"\x06\x0e\x2b\x34":
        begin, first = place, raw[place + 16]
        place += 17
        if first & 0x80:
            length = int.from_bytes(raw[place : place + (first & 0x7F)])
            place += first & 0x7F
        else:
            length = first
        place += length
        found.append(raw[begin:place])
    return found


@given(st.binary(max_size=60))
def test_nothing_but_a_wire_error_is_raised(raw: bytes) -> None:
    for one in (raw, st0601.KEY + raw, st0601.KEY + bytes((len(raw),)) + raw):
        try:
            st0601.parse(one)
        except WireError:
            continue


@pytest.mark.parametrize("size", range(400))
def test_fill_is_as_long_as_it_is_asked(size: int) -> None:
    made = st0601.fill(size)
    assert len(made) == size
    assert size < 17 or b"".join(klv_sets(made)) == made


def test_the_real_samples_are_told_apart(test_data: Path) -> None:
    good = (test_data / "klv" / "st0601-dynamic-only.bin").read_bytes()
    values = st0601.values_of(st0601.parse(good))
    assert values["time_us"] == 1_231_798_102_000_000
    theirs = stanag4609.decode_uas_local_set(good)
    for tag, item in st0601.ALLOWED.items():
        if item.name in values and tag != 2:
            assert values[item.name] == pytest.approx(theirs.value(tag), abs=1e-6)
    with pytest.raises(WireError, match="checksum"):
        st0601.parse((test_data / "klv" / "st0601-dynamic-constant.bin").read_bytes())


def stream(units: list[bytes], *, strange: bool = False) -> bytes:
    """A transport stream with pictures, and these units of metadata, each sent in both ways that there are."""
    muxer = stanag4609.TransportMuxer(
        transport_stream_id=1, program_number=1, program_map_pid=0x100, pcr_pid=VIDEO,
        streams=[ElementaryStreamInfo(0x1B, VIDEO, ()), asynchronous_klv_stream(DATA),
                 synchronous_klv_stream(SYNC, metadata_input_leak_rate=100, metadata_buffer_size=100),
                 *([ElementaryStreamInfo(0x0D, OTHER, ())] if strange else [])],
    )  # fmt: skip
    picture = b"\x00\x00\x01\xe0\x00\x00\x80\x00\x00" + bytes(range(256)) * 3
    packets: list[Any] = [*muxer.program_tables()]
    for place, unit in enumerate(units):
        packets += muxer.mux_pes(VIDEO, picture)
        packets += muxer.mux_async_klv(DATA, unit)
        packets += muxer.mux_sync_klv(SYNC, unit, pts=90_000 + place * 3_000)
    if strange:
        packets += muxer.mux_pes(OTHER, b"\x00\x00\x01\xbd\x00\x20\x80\x00\x00" + SECRET * 2)
    return b"".join(packets)


@given(st.lists(st.tuples(ITEMS, st.lists(st.sampled_from(SECRET_TAGS), unique=True)), min_size=1, max_size=4))
def test_a_stream_keeps_its_pictures_and_loses_every_secret(units: list[tuple[dict[int, bytes], list[int]]]) -> None:
    raw = stream([packet(items, tuple(secrets)) for items, secrets in units], strange=True)
    cleaned = klv_stream.clean(raw)
    assert len(cleaned.raw) == len(raw)
    assert b"SECRET" not in without_heads(cleaned.raw)
    for place in range(0, len(raw), PACKET_BYTES):
        pid = (raw[place + 1] & 0x1F) << 8 | raw[place + 2]
        if pid in (0, 0x100, VIDEO):
            assert cleaned.raw[place : place + PACKET_BYTES] == raw[place : place + PACKET_BYTES]
    counted = sum(len(secrets) for _, secrets in units) * 2
    assert cleaned.dropped_tags.total() == counted
    assert cleaned.dropped_packets["a data stream that is no metadata"] >= 1
    assert klv_stream.clean(cleaned.raw).raw == cleaned.raw, "what is clean stays as it is"

    assert read_by_stanag4609(cleaned.raw) == 2 * len(units)


def read_by_stanag4609(raw: bytes) -> int:
    """How many packets of UAS metadata the other implementation finds, strictly, in a stream."""
    demuxer, decoder, found = (
        stanag4609.TransportDemuxer(),
        stanag4609.MetadataStreamDecoder(field_decoding=PRESERVE),
        0,
    )
    for event in [*demuxer.feed(raw), *(demuxer.finish() or ())]:
        if getattr(event, "klv_carriage", None) is not None:
            found += sum(one.packet.key == st0601.KEY for one in decoder.feed(event))
    decoder.finish()
    return found


def without_heads(raw: bytes) -> bytes:
    """The payloads of a stream's packets, one behind the other, so that nothing hides across a border."""
    payload: dict[int, bytes] = {}
    for place in range(0, len(raw), PACKET_BYTES):
        pid = (raw[place + 1] & 0x1F) << 8 | raw[place + 2]
        begin = place + 4 + (1 + raw[place + 4] if raw[place + 3] & 0x20 else 0)
        payload[pid] = payload.get(pid, b"") + raw[begin : place + PACKET_BYTES]
    return b"|".join(payload.values())


@given(st.integers(0, 40), st.data())
def test_a_stream_that_lost_packets_or_bytes_gives_nothing_away(lost: int, data: st.DataObject) -> None:
    unit = packet({2: BEGIN_US.to_bytes(8), 65: b"\x13"}, SECRET_TAGS * 2)
    raw = stream([unit, unit, unit])
    packets = [raw[place : place + PACKET_BYTES] for place in range(0, len(raw), PACKET_BYTES)]
    kept = [one for place, one in enumerate(packets) if place < 2 or place != lost + 2]
    damaged = bytearray(b"".join(kept))
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(4 * PACKET_BYTES, len(damaged) - 1))
        if place % PACKET_BYTES > 3:
            damaged[place] ^= data.draw(st.integers(1, 255))
    cleaned = klv_stream.clean(bytes(damaged))
    assert b"SECRET" not in without_heads(cleaned.raw)


def test_private_data_in_the_heads_of_metadata_packets_does_not_stay() -> None:
    raw = stream([packet({2: BEGIN_US.to_bytes(8)})])
    place = next(place for place in range(0, len(raw), PACKET_BYTES) if raw[place + 1 : place + 3] == b"\x41\x02")
    one = raw[place : place + PACKET_BYTES]
    assert one[3] & 0x20, "a short unit is stuffed in the head of its packet"
    hidden = one[:5] + bytes((0x02, len(SECRET))) + SECRET + one[7 + len(SECRET) :]
    cleaned = klv_stream.clean(raw[:place] + hidden + raw[place + PACKET_BYTES :]).raw
    assert SECRET not in cleaned
    assert cleaned == klv_stream.clean(raw).raw


@given(ITEMS, st.lists(st.sampled_from(SECRET_TAGS), unique=True), st.booleans())
def test_a_packet_that_stays_as_it_is_is_what_it_would_be_written_as(
    items: dict[int, bytes], secrets: list[int], is_long: bool
) -> None:
    raw = packet(items, tuple(secrets))
    if is_long:  # a length in more bytes than it needs, and the checksum of that
        place = len(st0601.KEY)
        length, begin = st0601.length_at(raw, place)
        body = raw[begin:-2]
        counted = st0601.KEY + b"\x83" + length.to_bytes(3) + body
        raw = counted + ((sum(counted[0::2]) << 8) + sum(counted[1::2]) & 0xFFFF).to_bytes(2)
    read = st0601.parse(raw)
    assert st0601.is_plain(read, len(raw)) == (st0601.encode(read.items) == raw)
