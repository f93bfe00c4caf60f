"""Live video: what screens get has nothing in it that a kept file may not have, however it is cut, lost or spoilt."""

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.property.test_st0601 import BEGIN_US, DATA, OTHER, SECRET, SECRET_TAGS, SYNC, VIDEO, packet, stream
from watchfloor.base.errors import WireError
from watchfloor.messages.air import Observation, Rejected
from watchfloor.messages.feeds import Alive, Arrival, FeedMessage, PassedOver
from watchfloor.messages.video import CameraView, VideoPiece
from watchfloor.wire import klv_stream
from watchfloor.wire.live_video import LiveVideoFeed
from watchfloor.wire.mpegts import PACKET_BYTES

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


def test_a_datagram_is_whole_packets_and_what_is_not_is_refused() -> None:
    whole = [RAW[place : place + 7 * PACKET_BYTES] for place in range(0, len(RAW), 7 * PACKET_BYTES)]
    assert shown(told(whole, is_datagram=True)) == shown(told([RAW]))
    found = told([whole[0], whole[1][:-5], *whole[2:]], is_datagram=True)
    assert "half a packet in a datagram" in {one.reason for one in found if isinstance(one, Rejected)}
    assert Alive(BEGIN_US) in found
