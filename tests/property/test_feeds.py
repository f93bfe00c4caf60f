"""Feeds: AVR and BaseStation lines come back whatever the chunks; every feed holds to the kit, which sees lies."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.property.test_live_video import RAW as VIDEO
from watchfloor.app.feed_kit import NOW_US, check_feed
from watchfloor.app.intake import FeedSetup, Intake
from watchfloor.base.labels import label_for
from watchfloor.messages.air import Accuracy, Observation, Rejected
from watchfloor.messages.feeds import Arrival, FeedMessage, PassedOver, fault_of
from watchfloor.messages.room import Context
from watchfloor.picture.state import FeedLimits
from watchfloor.wire import adsb_encode, avr, beast, lines, sbs
from watchfloor.wire.avr import AvrFrame
from watchfloor.wire.feeds import BUILT_IN

FRAMES = [
    adsb_encode.position(0xF10001, 47.0, 8.0, 10_000, odd=False),
    adsb_encode.position(0xF10001, 47.0, 8.0, 10_000, odd=True),
    adsb_encode.velocity(0xF10001, 300.0, 90.0, 640, 100),
    adsb_encode.identification(0xF10001, "TEST1"),
]
EVENT = (
    '<event version="2.0" uid="A1" type="a-n-A-C" time="2031-03-14T16:00:00Z" start="2031-03-14T16:00:00Z" '
    'stale="2031-03-14T16:01:00Z" how="m-g"><point lat="47" lon="8" hae="1000" ce="1" le="1"/></event>'
)
BASESTATION = (
    b"MSG,1,1,1,4840D6,1,2031/03/14,16:00:00.000,2031/03/14,16:00:00.000,KLM1023,,,,,,,,,,,0\r\n"
    b"MSG,3,1,1,4840D6,1,2031/03/14,16:00:00.000,2031/03/14,16:00:00.000,,37000,,,52.25,3.92,,,0,0,0,0\r\n"
    b"MSG,4,1,1,4840D6,1,2031/03/14,16:00:00.000,2031/03/14,16:00:00.000,,,420,179.5,,,-64,,,,,0\r\n"
    b"MSG,6,1,1,4840D6,1,2031/03/14,16:00:00.000,2031/03/14,16:00:00.000,,37000,,,,,,1000,0,0,0,0\r\n"
    b"AIR,,1,1,4840D6,1,2031/03/14,16:00:00.000,2031/03/14,16:00:00.000\r\n"
)
SAMPLES = {
    "beast": b"".join(beast.encode(n * 6_000_000, frame) for n, frame in enumerate(FRAMES * 3)),
    "avr": b"".join(f"@{n * 6_000_000:012x}{frame.hex()};\r\n".encode() for n, frame in enumerate(FRAMES * 3)),
    "sbs": BASESTATION,
    "cot": EVENT.encode() * 3,
    "stanag4609": VIDEO,
}
DRONE = {
    "BasicID": {"IDType": 1, "UAType": 2, "UASID": "1596F350457791312345"},
    "Location": {
        "Status": 2, "Direction": 90.0, "SpeedHorizontal": 10.0, "SpeedVertical": 0.5, "Latitude": 47.0,
        "Longitude": 8.0, "AltitudeBaro": -1000, "AltitudeGeo": 500.0, "TimeStamp": 0.5,
    },
    "System": {"OperatorLatitude": 47.123456, "OperatorLongitude": 8.123456},
    "OperatorID": {"OperatorId": "FIN87astrdge12k8"},
}  # fmt: skip
SAMPLES["remote-id"] = b"".join(json.dumps(DRONE | {"SelfID": {"Desc": n}}).encode() + b"\n" for n in range(9))
CUTS = st.lists(st.integers(1, 90), min_size=1, max_size=8)


def cut(raw: bytes, sizes: list[int]) -> list[bytes]:
    pieces, place, turn = [], 0, 0
    while place < len(raw):
        pieces.append(raw[place : place + sizes[turn % len(sizes)]])
        place += sizes[turn % len(sizes)]
        turn += 1
    return pieces


@given(st.lists(st.tuples(st.sampled_from("*@<"), st.integers(0, 2**48 - 1), st.sampled_from(FRAMES))), CUTS)
def test_avr_frames_come_back_whatever_the_chunks(sent: list[tuple[str, int, bytes]], sizes: list[int]) -> None:
    raw, wanted = b"", []
    for form, counter, frame in sent:
        before = {"*": "*", "@": f"@{counter:012x}", "<": f"<{counter:012X}80"}[form]
        raw += f"{before}{frame.hex().upper()};\n".encode()
        wanted.append(AvrFrame(None if form == "*" else counter, frame))
    rest, found = b"", []
    for piece in cut(raw, sizes):
        rest, some = avr.step(rest, piece)
        found += some
    assert (rest, found) == (b"", wanted)


@pytest.mark.parametrize("line", [b"*8D;x", b"*zz;", b"@12;", b"8D4840D6", b"*" + b"8D" * 20 + b";", b"\xff\xfe"])
def test_what_is_no_avr_line_is_refused(line: bytes) -> None:
    assert [type(one) for one in avr.step(b"", line + b"\n")[1]] == [Rejected]
    assert avr.step(b"", b"*8D48;\n") == (b"", []), "Mode A/C has no address and is passed over"


def test_basestation_lines_are_read_as_of_their_arrival() -> None:
    _, (name, place, motion, code, other) = sbs.step(b"", BASESTATION, NOW_US)
    assert isinstance(name, Observation)
    assert (name.identity, name.callsign, name.toa_us) == ("icao:4840d6", "KLM1023", NOW_US)
    assert isinstance(place, Observation)
    assert (place.lat_deg, place.lon_deg, place.alt_ft, place.on_ground) == (52.25, 3.92, 37000, False)
    assert isinstance(motion, Observation)
    assert (motion.gs_kt, motion.trk_deg, motion.vs_fpm) == (420, 179.5, -64)
    assert isinstance(code, Observation)
    assert code.squawk == "1000"
    assert other == PassedOver()


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (1, "9"),
        (4, "XYZ123"),
        (4, ""),
        (11, "1e9"),
        (12, "nan"),
        (14, "91"),
        (15, ""),
        (16, "--1"),
        (17, "8888"),
        (21, "2"),
    ],
)
def test_a_basestation_line_with_one_field_that_cannot_be_is_refused_whole(place: int, text: str) -> None:
    fields = BASESTATION.splitlines()[1].decode().split(",")
    fields[place] = text
    assert [type(one) for one in sbs.step(b"", ",".join(fields).encode() + b"\n", NOW_US)[1]] == [Rejected]


@given(st.lists(st.binary(max_size=40), max_size=6), CUTS, st.integers(3, 30))
def test_lines_do_not_depend_on_cuts_and_are_never_kept_too_long(
    parts: list[bytes], sizes: list[int], most: int
) -> None:
    raw = b"\n".join(parts)
    whole = lines.step(b"", raw, most)
    rest, found = b"", []
    for piece in cut(raw, sizes):
        rest, some = lines.step(rest, piece, most)
        found += some
        assert len(rest) <= most + 2
    kinds = [one if isinstance(one, bytes) else type(one) for one in found]
    assert kinds == [one if isinstance(one, bytes) else type(one) for one in whole[1]]


def heard(*lines_sent: object) -> list[FeedMessage]:
    raw = b"".join(json.dumps(one).encode() + b"\n" for one in lines_sent)
    return BUILT_IN["remote-id"].step(b"", raw, Arrival(NOW_US))[1]


def test_a_drone_is_read_and_its_operator_is_not() -> None:
    passed, seen = heard(DRONE)
    assert passed == PassedOver(2)
    assert isinstance(seen, Observation)
    assert (seen.identity, seen.lat_deg, seen.alt_ft, seen.geo_alt_ft) == ("rid:1596F350457791312345", 47.0, None, 1640)
    assert (seen.on_ground, seen.trk_deg, seen.vs_fpm, seen.toa_us % 3_600_000_000) == (False, 90.0, 98, 500_000)
    assert seen.gs_kt == pytest.approx(19.44, abs=0.01)
    unknown = {"Latitude": 0, "Longitude": 0, "Direction": 361, "TimeStamp": 65535}
    _, blank = heard(DRONE | {"Location": DRONE["Location"] | unknown})
    assert isinstance(blank, Observation)
    assert (blank.lat_deg, blank.gs_kt, blank.toa_us) == (None, None, NOW_US)


OPERATOR = (b"47.123", b"8.123", b"FIN87")


@pytest.mark.parametrize(
    "changes",
    [
        {}, {"BasicID": {"IDType": 2, "UASID": "D-OWNER"}}, {"BasicID": None}, {"Location": {"Latitude": 1}},
        {"Location": DRONE["Location"] | {"Latitude": 99}}, {"Location": DRONE["Location"] | {"AltitudeGeo": 1e308}},
        {"BasicID": {"IDType": 1, "UASID": ""}}, {"pad": "x" * 5000},
    ],
)  # fmt: skip
def test_nothing_of_an_operator_gets_past_the_reader(changes: dict[str, Any]) -> None:
    raw = json.dumps(DRONE | changes).encode()
    feed = BUILT_IN["remote-id"]
    for sent in (raw + b"\n", raw, b"[" + raw + b"]\n", raw[:-1] + b"\n"):
        state, found = feed.step(b"", sent, Arrival(NOW_US))
        told = repr(found).encode() + feed.rest(state)
        assert not [mark for mark in (*OPERATOR, b"OWNER") if mark in told], told
    if changes:
        assert not [one for one in heard(DRONE | changes) if isinstance(one, Observation)]


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_feed_that_comes_along_holds_to_the_kit(name: str) -> None:
    assert set(SAMPLES) == set(BUILT_IN), "a feed needs a sample here"
    for check in check_feed(BUILT_IN[name], SAMPLES[name]):
        assert check.holds, f"{check.name}: {check.words}"


class Liar:
    """A stranger's feed with one fault."""

    name = "liar"

    def __init__(self, fault: str) -> None:
        self.fault, self.count = fault, 0

    def begin(self) -> bytes:
        return b""

    def step(self, state: bytes, chunk: bytes, arrival: Arrival) -> tuple[bytes, list[FeedMessage]]:
        self.count += 1
        data = state + chunk
        found: list[Any] = [
            Observation(identity="icao:4840d6", toa_us=NOW_US + line[0]) for line in data.split(b"\n")[:-1] if line
        ]
        rest = data.rpartition(b"\n")[2][:100]
        if self.fault == "raises" and b"\xff" in data:
            raise ValueError(data)
        if self.fault == "order" and found:
            found.append("attack at dawn")
        if self.fault == "far" and found:
            found.append(Observation(identity="icao:4840d6", toa_us=0, lat_deg=400.0, lon_deg=0.0))
        if self.fault == "moods":
            found = found[: self.count % 3]
        if self.fault == "cuts":
            rest = b""
        if self.fault == "hoards":
            rest = data
        if self.fault == "reads nothing":
            found = []
        return rest, found

    def rest(self, state: bytes) -> bytes:
        return state


BROKEN = {
    "raises": "no bytes make it raise",
    "order": "it gives messages only",
    "far": "it gives messages only",
    "moods": "the same again gives the same",
    "cuts": "how the stream is cut does not matter",
    "hoards": "it keeps no more than it may",
    "reads nothing": "it reads its sample",
}


@pytest.mark.parametrize("fault", BROKEN)
def test_the_kit_sees_what_a_feed_does_wrong(fault: str) -> None:
    sample = b"".join(bytes((65 + n % 20,)) + b" a line\n" for n in range(40))
    assert all(check.holds for check in check_feed(Liar(""), sample))
    assert BROKEN[fault] in [check.name for check in check_feed(Liar(fault), sample) if not check.holds]


def test_a_feed_at_fault_harms_only_its_own_chunk() -> None:
    limits = FeedLimits(15_000_000, 60_000_000)

    def intake(fault: str) -> Intake:
        return Intake(FeedSetup("L", "L", Liar(fault), label_for(("OWN",)), limits, Context.LIVE_CIVIL))

    raising = intake("raises")
    assert raising.receive(b"\xff\n", NOW_US).observations == ()
    assert raising.reasons == {"the feed's reader has a fault": 1}
    assert len(raising.receive(b"A line\n", NOW_US).observations) == 1
    for fault, reason in (("order", "the feed gave what is no message"), ("far", "`lat_deg` out of its limits")):
        lying = intake(fault)
        assert len(lying.receive(b"A line\n", NOW_US).observations) == 1
        assert lying.reasons == {reason: 1}


@pytest.mark.parametrize(
    "changes",
    [{"identity": "name:Jane"}, {"identity": "icao:XYZ"}, {"toa_us": -1}, {"toa_us": 1.5}, {"lat_deg": 1.0},
     {"gs_kt": 1.0}, {"alt_ft": float("nan")}, {"alt_ft": "high"}, {"vs_fpm": True}, {"callsign": 12345},
     {"callsign": "A\x01"}, {"callsign": "A" * 33}, {"squawk": "99zz"}, {"on_ground": "yes"}, {"party": "hostile"},
     {"accuracy": "bad"}, {"accuracy": Accuracy(0.0, float("nan"), -1.0)}],
)  # fmt: skip
def test_an_observation_that_cannot_be_is_named(changes: dict[str, Any]) -> None:
    assert fault_of(Observation(identity="icao:4840d6", toa_us=NOW_US)) is None
    assert fault_of(Observation(**({"identity": "icao:4840d6", "toa_us": NOW_US} | changes)))
