"""Live video: what screens get has nothing in it that a kept file may not have, however it is cut, lost or spoilt."""

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.property.test_st0601 import BEGIN_US, DATA, OTHER, SECRET, SECRET_TAGS, SYNC, VIDEO, packet, stream
from watchfloor.app.intake import FeedSetup, Intake
from watchfloor.base.errors import WireError
from watchfloor.base.labels import label_for
from watchfloor.messages.air import Observation, Rejected
from watchfloor.messages.feeds import Alive, Arrival, FeedMessage, PassedOver
from watchfloor.messages.room import Context
from watchfloor.messages.video import CameraView, VideoPiece
from watchfloor.picture.state import FeedLimits
from watchfloor.wire import klv_stream
from watchfloor.wire.live_video import LiveVideoFeed
from watchfloor.wire.mpegts import PACKET_BYTES, plain_packet
from watchfloor.wire.mpegts import SYNC as SYNC_BYTE

ARRIVAL = Arrival(BEGIN_US, in_exercise=True)
PLACE = {
    2: BEGIN_US.to_bytes(8), 13: bytes.fromhex("20000000"), 14: bytes.fromhex("10000000"),
    23: bytes.fromhex("20100000"), 24: bytes.fromhex("10100000"),
    **{tag: (100 * tag).to_bytes(2) for tag in range(26, 34)}, 65: b"\x13", 75: b"\x40\x00",
}  # fmt: skip
RAW = stream([packet(PLACE, SECRET_TAGS)] * 6, strange=True)


def told(pieces: list[bytes], feed: LiveVideoFeed | None = None, **words: Any) -> list[FeedMessage]:
    feed = feed or LiveVideoFeed()
    state, found = feed.begin(), []
    for piece in pieces:
        state, some = feed.step(state, piece, Arrival(BEGIN_US, in_exercise=True, **words))
        found += some
    return found


def shown(found: list[FeedMessage]) -> bytes:
    return b"".join(one.raw for one in found if isinstance(one, VideoPiece))


def by_pid(raw: bytes) -> dict[int, list[bytes]]:
    streams = defaultdict(list)
    for place in range(0, len(raw), PACKET_BYTES):
        one = raw[place : place + PACKET_BYTES]
        streams[(one[1] & 0x1F) << 8 | one[2]].append(one)
    return streams


def test_a_stream_as_it_comes_is_the_stream_that_may_be_kept() -> None:
    live, kept = by_pid(shown(told([RAW]))), by_pid(klv_stream.clean(RAW).raw)
    assert live.keys() == {0, 0x100, VIDEO, DATA, SYNC}
    for pid, packets in live.items():
        assert packets == kept[pid][: len(packets)]
    assert len(live[VIDEO]) == len(kept[VIDEO])
    assert len(live[DATA]) == len(kept[DATA])
    assert SECRET not in shown(told([RAW]))
    assert SECRET in RAW
    assert OTHER not in live


@given(st.lists(st.integers(1, len(RAW)), max_size=12))
def test_how_it_is_cut_never_matters(cuts: list[int]) -> None:
    places = sorted({0, *cuts, len(RAW)})
    pieces = [RAW[begin:end] for begin, end in zip(places, places[1:], strict=False)]
    parts, whole = told(pieces), told([RAW])
    assert shown(parts) == shown(whole)
    views = [[one for one in found if isinstance(one, CameraView)] for found in (parts, whole)]
    assert views[0] == views[1]
    passed = [sum(one.count for one in found if isinstance(one, PassedOver)) for found in (parts, whole)]
    assert passed[0] == passed[1] >= 12 * len(SECRET_TAGS)


@given(st.data())
def test_lost_and_spoilt_bytes_show_nothing_secret_and_raise_nothing(data: st.DataObject) -> None:
    raw = bytearray(RAW)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, max(len(raw) - 1, 0)))
        if data.draw(st.booleans()):
            del raw[place : place + data.draw(st.integers(1, 400))]
        else:
            raw[place : place + 1] = data.draw(st.binary(max_size=3))
    found = told([bytes(raw[place : place + 1316]) for place in range(0, len(raw), 1316)])
    pictures = by_pid(shown(found))
    for pid in (DATA, SYNC):
        assert SECRET not in b"".join(pictures.get(pid, []))
    assert len(shown(found)) % PACKET_BYTES == 0


def test_junk_in_between_costs_its_bytes_and_no_picture_behind_it() -> None:
    middle = 20 * PACKET_BYTES
    found = told([RAW[:middle] + b"junk\x47" * 30 + RAW[middle:]])
    (refused,) = [one for one in found if isinstance(one, Rejected)]
    assert refused.reason == "bytes outside any packet"
    assert by_pid(shown(found))[VIDEO] == by_pid(shown(told([RAW])))[VIDEO]


def test_a_camera_view_tells_where_it_is_and_what_it_sees() -> None:
    views = [one for one in told([RAW]) if isinstance(one, CameraView)]
    assert len(views) == 12
    (view,) = set(views[:1])
    assert (view.toa_us, view.lat_deg, view.lon_deg) == (BEGIN_US, pytest.approx(22.5), pytest.approx(22.5))
    assert view.geo_alt_ft == round((-900 + 19_900 * 0x4000 / 0xFFFF) / 0.3048)
    assert view.frame_lat_deg is not None
    assert len(view.corners) == 4
    assert view.corners[0].lat_deg - view.frame_lat_deg == pytest.approx(0.075 * 2600 / 0x7FFF)


def test_a_camera_whose_aircraft_is_named_is_a_source_of_its_track() -> None:
    feed = LiveVideoFeed().with_options({"platform": "cot:HERON"})
    seen = [one for one in told([RAW], feed) if isinstance(one, Observation)]
    assert {(one.identity, one.toa_us, round(one.lat_deg or 0, 6)) for one in seen} == {("cot:HERON", BEGIN_US, 22.5)}
    for wrong in ({"platform": "HERON"}, {"platform": 1}, {"camera": "x"}):
        with pytest.raises(WireError, match="platform"):
            LiveVideoFeed().with_options(wrong)


def test_a_late_viewer_gets_the_tables_and_begins_with_a_key_picture() -> None:
    raw = bytearray(RAW)
    starts = [place for place in range(0, len(raw), 188) if raw[place + 1] & 0x5F == 0x41 and raw[place + 2] == 1]
    for place in starts[2:4]:
        begin = raw.index(b"\x00\x00\x01\xe0", place)
        raw[begin + 9 : begin + 13] = b"\x00\x00\x01\x67"
    pieces = [one for one in told([bytes(raw)]) if isinstance(one, VideoPiece)]
    assert [one.begins_key for one in pieces] == [False, True, True]
    assert all(one.raw[:4] == bytes(raw[place : place + 4]) for one, place in zip(pieces[1:], starts[2:4], strict=True))
    assert [by_pid(one.tables).keys() for one in pieces] == [set(), {0, 0x100}, {0, 0x100}]


@st.composite
def picture_packets(draw: st.DrawFn) -> bytes:
    marks = draw(st.sampled_from((0x00, 0x20, 0x40, 0x60))) | VIDEO >> 8
    field = draw(
        st.sampled_from((b"", b"\x00", b"\x01\x00", b"\x01\x40", b"\x03\x02ab", b"\x04\x42\x01zz", b"\x07\x10" * 4))
    )
    head = bytes((SYNC_BYTE, marks, VIDEO & 0xFF, 0x30 if field else 0x10)) + field
    body = bytearray(draw(st.sampled_from((b"\x00", b"\x02", b"\x47")))) * (PACKET_BYTES - len(head))
    if draw(st.booleans()):
        place = draw(st.sampled_from((0, 1, 90, len(body) - 5, len(body) - 4, len(body) - 3)))
        body[place : place + 4] = draw(st.sampled_from((b"\x00\x00\x01\x67", b"\x00\x00\x01\x27", b"\x00\x00\x01\x65")))
    return (head + body)[:PACKET_BYTES]


@given(st.lists(picture_packets(), min_size=1, max_size=30), st.integers(1, 12))
def test_pictures_are_cut_where_one_packet_after_another_says_so(packets: list[bytes], at_once: int) -> None:
    expected: list[tuple[bool, bytes]] = []
    for one in packets:
        payload = one[5 + one[4] :] if one[3] & 0x20 else one[4:]
        heads = [b"\x00\x00\x01\x67" in payload, b"\x00\x00\x01\x27" in payload]
        may_begin = bool(one[3] & 0x20 and one[4] and one[5] & 0x40)
        is_key = bool(one[1] & 0x40) and (may_begin or any(heads))
        plain = plain_packet(one) if one[3] & 0x20 and one[4] and one[5] & 0x02 else one
        if is_key or not expected:
            expected.append((is_key, plain))
        else:
            expected[-1] = expected[-1][0], expected[-1][1] + plain
    feed = LiveVideoFeed()
    state, _ = feed.step(feed.begin(), RAW[: 2 * PACKET_BYTES], ARRIVAL)
    found: list[tuple[bool, bytes]] = []
    for place in range(0, len(packets), at_once):
        state, told_now = feed.step(state, b"".join(packets[place : place + at_once]), ARRIVAL)
        assert any(isinstance(one, Alive) for one in told_now)
        for one in told_now:
            if isinstance(one, VideoPiece) and (one.begins_key or not found):
                found.append((one.begins_key, one.raw))
            elif isinstance(one, VideoPiece):
                found[-1] = found[-1][0], found[-1][1] + one.raw
    assert found == expected


def test_a_datagram_is_whole_packets_and_what_is_not_is_refused() -> None:
    whole = [RAW[place : place + 7 * PACKET_BYTES] for place in range(0, len(RAW), 7 * PACKET_BYTES)]
    assert shown(told(whole, is_datagram=True)) == shown(told([RAW]))
    found = told([whole[0], whole[1][:-5], *whole[2:]], is_datagram=True)
    assert "half a packet in a datagram" in {one.reason for one in found if isinstance(one, Rejected)}
    assert Alive(BEGIN_US) in found


@pytest.mark.parametrize("spoil", [b"", bytes(3), b"\x47" * 50])
def test_nothing_of_what_is_refused_of_a_video_is_kept(spoil: bytes) -> None:
    one = FeedSetup("CAM", "", LiveVideoFeed(), label_for(("ALD",)), FeedLimits(1, 2), Context.EXERCISE)
    held = RAW.index(SECRET)
    for whole in (RAW[: held + 60], RAW[: held + 3] + spoil + RAW[held + 6 : held + 700]):
        intake = Intake(one)
        intake.receive(whole, BEGIN_US)
        intake.receive(RAW[held - 20 : held + 100], BEGIN_US, is_datagram=True)
        intake.hung_up(BEGIN_US)
        assert intake.quarantine, "something was refused"
        assert {entry.sample for entry in intake.quarantine} == {""}


class Stranger:
    """Somebody's reader, which gives a stream on as it came."""

    name = "stranger"

    def begin(self) -> None:
        """Nothing."""

    def step(self, _: None, chunk: bytes, arrival: Arrival) -> tuple[None, list[FeedMessage]]:
        """The chunk as a piece, and a view that is none."""
        return None, [VideoPiece(chunk), CameraView(toa_us=arrival.room_us, lat_deg=float("nan"), lon_deg=8.0)]

    def rest(self, _: None) -> bytes:
        """Nothing."""
        return b""


def test_video_of_a_strangers_reader_is_cut_as_ours_is_and_a_view_that_is_none_is_refused() -> None:
    intake = Intake(FeedSetup("CAM", "", Stranger(), label_for(("ALD",)), FeedLimits(1, 2), Context.EXERCISE))
    intake.receive(RAW, BEGIN_US)
    told_on = b"".join(one.raw for one in intake.take_video() if isinstance(one, VideoPiece))
    assert told_on == shown(told([RAW]))
    assert intake.reasons["a place that is none"] == 1


def hiding() -> bytes:
    """A stream with a secret in each place that is neither metadata nor picture."""
    packets = [RAW[place : place + PACKET_BYTES] for place in range(0, len(RAW), PACKET_BYTES)]
    maps = [place for place, one in enumerate(packets) if one[1] & 0x40 and one[1:3] in (b"\x40\x00", b"\x41\x00")]
    for place in maps:
        one = packets[place]
        table = one[5 + one[4] :] if one[3] & 0x20 else one[4:]
        packets[place] = (one[:3] + bytes((one[3] & 0x0F | 0x10,)) + table + SECRET).ljust(PACKET_BYTES, b"\xff")
    null = bytes((0x47, 0x1F, 0xFF, 0x10)) + SECRET.ljust(184, b"\xff")
    section = bytes((0x47, 0x41, 0x00, 0x10, 0x00, 0x80, 0xB0, len(SECRET))) + SECRET
    goes_on = bytes((0x47, 0x01, 0x00, 0x11)) + SECRET.ljust(184, b"\xff")
    head = bytes((0x47, VIDEO >> 8, VIDEO & 0xFF, 0x30, 60, 0x02, len(SECRET))) + SECRET
    picture = head.ljust(65, b"\xff") + bytes(123)
    hidden = [null, section.ljust(PACKET_BYTES, b"\xff"), goes_on, picture]
    at = len(packets) // 2
    return b"".join([*packets[:at], *hidden, *packets[at:]])


def test_nothing_hides_in_tables_null_packets_and_heads() -> None:
    raw = hiding()
    assert raw.count(SECRET) >= RAW.count(SECRET) + 5
    for pieces in ([raw], [raw[place : place + 1_000] for place in range(0, len(raw), 1_000)]):
        seen = shown(told(pieces))
        assert SECRET not in seen
        assert len(by_pid(seen)[VIDEO]) == len(by_pid(RAW)[VIDEO]) + 1, "the picture itself goes on"
    cleaned = klv_stream.clean(raw)
    assert SECRET not in cleaned.raw
    assert cleaned.dropped_packets["what is no table, where tables are"] == 2
    assert klv_stream.clean(cleaned.raw).raw == cleaned.raw


def test_a_stream_whose_pictures_ended_is_not_alive() -> None:
    streams = by_pid(RAW)
    for left in ([0], [DATA], [VIDEO]):
        found = told([b"".join(streams[0] + streams[0x100]), b"".join(one for pid in left for one in streams[pid])])
        assert any(isinstance(one, Alive) for one in found) == (left == [VIDEO]), left
    assert not any(isinstance(one, Alive) for one in told([bytes((0x47, 0x1F, 0xFF, 0x10)).ljust(188, b"\xff") * 7]))


def table_of(size: int, secret: bytes) -> list[bytes]:
    """A program map of several packets whose descriptors are plain, and what somebody hid behind its end."""
    entries = bytes((0x1B, 0xE0 | VIDEO >> 8, VIDEO & 0xFF, 0xF0 | size >> 8, size & 0xFF)) + bytes(size)
    body = bytes((0, 1, 0xC1, 0, 0, 0xE0 | VIDEO >> 8, VIDEO & 0xFF, 0xF0, 0)) + entries + bytes(4)
    section = bytes((2, 0xB0 | len(body) >> 8, len(body) & 0xFF)) + body
    raw = b"\x00" + section + secret
    pieces = [raw[place : place + 184] for place in range(0, len(raw), 184)]
    return [
        bytes((0x47, (0x40 if place == 0 else 0) | 1, 0, 0x10 | place & 15)) + piece.ljust(184, b"\xff")
        for place, piece in enumerate(pieces)
    ]


@pytest.mark.parametrize("size", [10, 170, 400, 900])
def test_a_table_of_several_packets_goes_on_whole_and_nothing_behind_it(size: int) -> None:
    streams = by_pid(RAW)
    hidden = table_of(size, SECRET * 60)
    plain = table_of(size, b"")
    packets = [*streams[0][:1], *hidden, *streams[VIDEO], *hidden, *streams[VIDEO]]
    seen = by_pid(shown(told([b"".join(packets)])))
    for live in (seen, by_pid(klv_stream.clean(b"".join(packets)).raw)):
        assert live[0x100] == plain * 2
    assert SECRET not in klv_stream.clean(b"".join(packets)).raw
    long = bytes((0x47, 0x41, 0, 0x10, 0, 2, 0xBF, 0xFF)) + SECRET * 17
    lying = [*streams[0][:1], *plain, long.ljust(PACKET_BYTES, b"\xff"), *[hidden[-1]] * 3, *streams[VIDEO]]
    assert SECRET not in shown(told([b"".join(lying)]))
    assert SECRET not in klv_stream.clean(b"".join(lying)).raw


def test_packets_without_a_payload_hide_nothing() -> None:
    hidden = [
        bytes((0x47, pid >> 8, pid & 0xFF, control, 183, 0x02, len(SECRET))) + SECRET.ljust(181, b"\xff")
        for pid in (VIDEO, DATA, OTHER, 0x100, 0, 0x1FFF, 0x0ABC)
        for control in (0x20, 0x00)
    ]
    at = len(RAW) // PACKET_BYTES // 2 * PACKET_BYTES
    raw = RAW[:at] + b"".join(hidden) + RAW[at:]
    assert SECRET not in shown(told([raw]))
    assert SECRET not in klv_stream.clean(raw).raw
    assert klv_stream.clean(klv_stream.clean(raw).raw).raw == klv_stream.clean(raw).raw
