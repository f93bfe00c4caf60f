"""TAK protobuf: takproto reads what we write and writes what we read; cuts never matter, nothing is raised."""

import math
from collections.abc import Callable
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from takproto import functions as takproto
from takproto.proto import TakMessage

from tests.property.test_wire_streams import cut
from watchfloor.messages.air import Rejected
from watchfloor.wire import cot, tak
from watchfloor.wire.cot import Mark, Outgoing
from watchfloor.wire.cot_event import CotEvent

TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=32)
TIMES = st.integers(0, 4_000_000_000_000).map(lambda ms: ms * 1000)
EVENTS = st.builds(
    Outgoing,
    uid=TEXT,
    type=st.sampled_from(["a-f-A-M", "a-n-A-C", "a-u-G"]),
    time_us=TIMES,
    stale_us=TIMES,
    lat_deg=st.floats(-90, 90),
    lon_deg=st.floats(-180, 180),
    hae_m=st.none() | st.floats(-1_000, 50_000),
    callsign=st.just("") | TEXT,
    speed_mps=st.none() | st.floats(0, 1_500),
    course_deg=st.none() | st.floats(0, 360),
    mark=st.just(Mark()) | st.builds(Mark, TEXT, TEXT),
)
GOOD = Outgoing(
    uid="A-1", type="a-f-A-M", time_us=0, stale_us=1_000_000, lat_deg=-37.5, lon_deg=-114.1, hae_m=3000.5,
    callsign="TILLER21", speed_mps=100.0, course_deg=12.5, mark=Mark("EXERCISE", "e-eight-thirty"),
)  # fmt: skip


def same(read: CotEvent, sent: Outgoing, slack_us: int = 0) -> bool:
    moves = sent.speed_mps is not None and sent.course_deg is not None
    return (
        (read.uid, read.type, read.callsign or "", read.opex) == (sent.uid, sent.type, sent.callsign, sent.mark.opex)
        and abs(read.time_us - sent.time_us) <= slack_us
        and abs(read.stale_us - sent.stale_us) <= slack_us
        and abs(read.lat_deg - sent.lat_deg) < 1e-6
        and abs(read.lon_deg - sent.lon_deg) < 1e-6
        and (read.hae_m is None) == (sent.hae_m is None)
        and abs((read.hae_m or 0) - (sent.hae_m or 0)) < 0.01
        and (read.speed_mps is not None) == moves
        and (not moves or abs((read.course_deg or 0) - (sent.course_deg or 0)) < 0.001)
    )


@given(EVENTS)
def test_what_is_written_in_either_form_is_read_back_the_same(event: Outgoing) -> None:
    for raw, read in (
        (tak.encode(event), tak.step(b"", tak.encode(event))[1]),
        (tak.encode_datagram(event), tak.read_datagram(tak.encode_datagram(event))),
        (cot.encode(event), tak.read_datagram(cot.encode(event))),
    ):
        (one,) = read
        assert isinstance(one, CotEvent), (raw, one)
        assert same(one, event)


@given(EVENTS)
def test_takproto_reads_what_we_write(event: Outgoing) -> None:
    for raw in (tak.encode(event), tak.encode_datagram(event)):
        said = takproto.parse_proto(bytearray(raw)).cotEvent
        assert (said.uid, said.type, said.opex) == (event.uid, event.type, event.mark.opex)
        assert (said.sendTime * 1000, said.staleTime * 1000) == (event.time_us, event.stale_us)
        assert (said.lat, said.lon) == (event.lat_deg, event.lon_deg)
        assert escape(event.mark.words) in said.detail.xmlDetail


@given(EVENTS.filter(lambda event: event.time_us > 0 and event.stale_us > 0))
def test_what_takproto_makes_of_our_xml_is_read_as_the_xml_is(event: Outgoing) -> None:
    xml = b"<?xml version='1.0'?>" + cot.encode(event)
    for raw, read in (
        (takproto.xml2proto(xml.decode()), tak.read_datagram),
        (takproto.xml2proto(xml.decode(), takproto.TAKProtoVer.STREAM), lambda raw: tak.step(b"", raw)[1]),
    ):
        (one,) = read(bytes(raw))
        assert isinstance(one, CotEvent), one
        assert same(one, event, slack_us=1000), "takproto cuts a float's milliseconds"


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
@example('a-f-G;" how="h"/></event><event version="2.0" type="b-r-f-h-c', "", "")
@example("a-f-G", "A\x01\x00B", "")
@example("a-f-G", "\ud800", "")
def test_nothing_that_a_client_says_of_itself_makes_another_event_or_breaks_one(
    kind: str, callsign: str, uid: str
) -> None:
    message = TakMessage()
    said = message.cotEvent
    said.sendTime = said.startTime = said.staleTime = 1_931_270_400_000
    for name, text, where in (("type", kind, said), ("uid", uid, said), ("callsign", callsign, said.detail.contact)):
        try:
            setattr(where, name, text or "A")
        except UnicodeEncodeError:  # half a pair, which no protobuf text holds
            return
    raw = message.SerializeToString()
    for event in tak.read_datagram(tak.DATAGRAM_HEAD + raw):
        if isinstance(event, CotEvent):
            told = cot.encode(cot.relayed_event(event, event.stale_us, mark=Mark("EXERCISE", "e-one")))
            (read,) = tak.read_datagram(told)
            assert isinstance(read, CotEvent), read
            assert (read.uid, read.callsign or "", read.opex) == (event.uid, event.callsign or "", "e-one")


PIECES = st.lists(EVENTS.map(tak.encode) | st.binary(max_size=8) | st.just(b"\xbf\xff\xff\xff\xff\xff"), max_size=8)


@given(PIECES, st.lists(st.integers(0, 40), max_size=60))
def test_how_a_stream_is_cut_never_matters(pieces: list[bytes], sizes: list[int]) -> None:
    raw = b"".join(pieces)
    whole = tak.step(b"", raw)
    rest, found = b"", []
    for chunk in cut(raw, sizes):
        rest, more = tak.step(rest, chunk)
        found += more
    assert [one for one in found if isinstance(one, CotEvent)] == [one for one in whole[1] if isinstance(one, CotEvent)]


@given(st.binary(max_size=200))
@example(tak.encode(GOOD)[2:])
@example(b"\xbf\xff\xff\xff\xff\xff")
def test_nothing_is_raised(raw: bytes) -> None:
    for chunk in (raw, b"\xbf" + raw, b"\xbf" + bytes((len(raw),)) + raw):
        tak.step(b"", chunk)
    tak.read_datagram(raw)
    tak.read_datagram(tak.DATAGRAM_HEAD + raw)


Change = Callable[[TakMessage], None]
WRONG: dict[str, tuple[Change, str]] = {
    "latitude": (lambda said: setattr(said, "lat", 91), "`lat`"),
    "no number": (lambda said: setattr(said, "lon", math.nan), "`lon`"),
    "endless": (lambda said: setattr(said, "hae", math.inf), "`hae`"),
    "nameless": (lambda said: setattr(said, "uid", ""), "`uid`"),
    "far future": (lambda said: setattr(said, "sendTime", 2**63), "`time`"),
    "backwards": (lambda said: setattr(said.detail.track, "speed", -1), "`speed`"),
    "said twice": (lambda said: setattr(said.detail, "xmlDetail", '<track speed="1" course="1"/>'), "twice"),
    "unclosed": (lambda said: setattr(said.detail, "xmlDetail", "<a>"), "not well-formed"),
    "breaks out": (lambda said: setattr(said.detail, "xmlDetail", "</detail></event><event>"), "not well-formed"),
    "entity": (lambda said: setattr(said.detail, "xmlDetail", "<!DOCTYPE a>"), "not well-formed"),
}


def with_change(change: Change) -> bytes:
    message = TakMessage()
    message.ParseFromString(tak.encode_datagram(GOOD)[3:])
    change(message.cotEvent)
    return tak.DATAGRAM_HEAD + message.SerializeToString()


@pytest.mark.parametrize(("change", "word"), WRONG.values(), ids=WRONG.keys())
def test_fields_out_of_their_limits_are_refused_by_name(change: Change, word: str) -> None:
    (one,) = tak.read_datagram(with_change(change))
    assert isinstance(one, Rejected)
    assert word in one.reason


def test_a_length_over_the_limit_ends_the_reading_and_control_alone_is_passed_over() -> None:
    rest, found = tak.step(b"", b"\xbf\xff\xff\xff\x0f" + b"x" * 100)
    assert rest == b""
    assert isinstance(found[0], Rejected)
    assert found[0].reason == tak.OVERSIZED
    message = TakMessage()
    message.takControl.minProtoVersion = 1
    assert tak.read_datagram(tak.DATAGRAM_HEAD + message.SerializeToString()) == []


def test_what_is_not_read_is_counted() -> None:
    def say_more(said: TakMessage) -> None:
        said.detail.takv.device = "radio"
        said.detail.xmlDetail = "<usericon iconsetpath='x'/><archive/>"

    (one,) = tak.read_datagram(with_change(say_more))
    assert isinstance(one, CotEvent)
    assert one.dropped_count == 3
