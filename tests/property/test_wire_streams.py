"""Codecs of streams: chunking never matters, nothing is raised, what was encoded comes back."""

from hypothesis import example, given
from hypothesis import strategies as st

from watchfloor.messages.air import Observation, Rejected
from watchfloor.wire import adsb, adsb_encode, beast, cot, cot_stream
from watchfloor.wire.adsb import TimedFrame
from watchfloor.wire.cot_event import CotEvent
from watchfloor.wire.cot_stream import MAX_EVENT_BYTES, OVERSIZED, StreamState

EVENT = cot.encode(
    cot.Outgoing(
        uid="A-1",
        type="a-f-A-M",
        time_us=1_931_270_400_000_000,
        stale_us=1_931_270_415_000_000,
        lat_deg=-37.5,
        lon_deg=-114.1,
        hae_m=3000.5,
        callsign="TILLER21",
        speed_mps=100.0,
        course_deg=12.5,
        mark=cot.Mark("EXERCISE", "e-eight-thirty"),
    )
)
PIECES = st.lists(
    st.one_of(
        st.just(EVENT),
        st.just(b'<?xml version="1.0" encoding="UTF-8"?>\n'),
        st.just(EVENT[:100]),
        st.just(b'<event uid="x'),
        st.just(b"<event><!-- </event> --><![CDATA[</event>]]></event>"),
        st.just(b'<event a="1"/>'),
        st.just(b'<!DOCTYPE x [<!ENTITY a "b">]>'),
        st.binary(max_size=12),
        st.sampled_from([b"<", b">", b'"', b"'", b"</event>", b"<event", b"<event>", b"<!--", b"-->", b"]]>", b"&a;"]),
    ),
    max_size=12,
)


def cut(raw: bytes, sizes: list[int]) -> list[bytes]:
    chunks, place = [], 0
    for size in sizes:
        chunks.append(raw[place : place + size])
        place += size
    return [*chunks, raw[place:]]


@given(PIECES, st.lists(st.integers(0, 40), max_size=60))
def test_cot_events_do_not_depend_on_chunks(pieces: list[bytes], sizes: list[int]) -> None:
    raw = b"".join(pieces)
    _, whole = cot.step(StreamState(), raw)
    state, found = StreamState(), []
    for chunk in cut(raw, sizes):
        state, some = cot.step(state, chunk)
        found += some
    assert [one for one in found if isinstance(one, CotEvent)] == [one for one in whole if isinstance(one, CotEvent)]


@given(PIECES)
@example([b"\x00" * 5, b"<event"])
def test_a_good_event_after_any_rubbish_that_ends_is_found(pieces: list[bytes]) -> None:
    rubbish = b"".join(
        piece for piece in pieces if b"<!--" not in piece and b"CDATA" not in piece and b"<?" not in piece
    )
    rubbish = rubbish.replace(b"<!", b"!").replace(b"<?", b"?")
    _, found = cot.step(StreamState(), rubbish + b">" + EVENT + EVENT)
    assert any(isinstance(one, CotEvent) and one.uid == "A-1" for one in found)


@given(st.binary(max_size=400))
def test_no_bytes_raise_in_the_cot_codec(raw: bytes) -> None:
    cot.step(StreamState(), b"<event " + raw + b"</event>")
    cot.step(StreamState(), raw)


def test_a_stream_without_an_event_is_refused_at_one_mebibyte_and_goes_on() -> None:
    state, refused = StreamState(), []
    for _ in range(20):
        state, some = cot_stream.step(state, b"<event>" + b"x" * 65_536 if not state.rest else b"x" * 65_536)
        refused += some
    assert OVERSIZED in [one.reason for one in refused if isinstance(one, Rejected)]
    assert len(state.rest) < MAX_EVENT_BYTES
    _, found = cot.step(state, b">" + EVENT)
    assert any(isinstance(one, CotEvent) for one in found)


FRAMES = st.lists(
    st.tuples(
        st.integers(0, 2**48 - 1), st.one_of(st.binary(min_size=7, max_size=7), st.binary(min_size=14, max_size=14))
    ),
    max_size=8,
)


@given(FRAMES, st.lists(st.integers(0, 9), max_size=80))
def test_beast_frames_come_back_whatever_the_chunks(frames: list[tuple[int, bytes]], sizes: list[int]) -> None:
    raw = b"".join(beast.encode(counter, frame) for counter, frame in frames)
    state, found = beast.BeastState(), []
    for chunk in cut(raw, sizes):
        state, some = beast.step(state, chunk)
        found += some
    assert [(one.counter, one.frame) for one in found if isinstance(one, beast.BeastFrame)] == frames


@given(st.binary(max_size=300), st.lists(st.integers(0, 9), max_size=60))
def test_no_bytes_raise_in_the_beast_codec_and_chunks_do_not_matter(raw: bytes, sizes: list[int]) -> None:
    _, whole = beast.step(beast.BeastState(), raw)
    state, found = beast.BeastState(), []
    for chunk in cut(raw, sizes):
        state, some = beast.step(state, chunk)
        found += some
    assert [one for one in found if isinstance(one, beast.BeastFrame)] == [
        one for one in whole if isinstance(one, beast.BeastFrame)
    ]


@given(st.lists(st.binary(min_size=0, max_size=16), max_size=20))
def test_no_frame_raises_in_the_adsb_codec(frames: list[bytes]) -> None:
    adsb.step(adsb.AdsbState(), [TimedFrame(n * 1000, frame) for n, frame in enumerate(frames)])


@given(
    st.floats(-86, 86),
    st.floats(-180, 179.99),
    st.integers(-40, 1900),
    st.floats(1, 900),
    st.floats(0, 359.99),
    st.integers(-200, 200),
    st.integers(-100, 100),
    st.integers(0, 0o7777),
)
def test_what_a_transponder_sends_is_read_back(
    lat: float, lon: float, level: int, gs: float, trk: float, rate: int, gap: int, squawk: int
) -> None:
    address = 0xF10001
    sent = [adsb_encode.position(address, lat, lon, level * 25, odd=bool(turn % 2)) for turn in range(4)] + [
        adsb_encode.velocity(address, gs, trk, rate * 64, gap * 25),
        adsb_encode.identification(address, "CVE1A"),
        adsb_encode.status(address, f"{squawk:04o}"),
    ]
    _, found = adsb.step(adsb.AdsbState(), [TimedFrame(n * 500_000, frame) for n, frame in enumerate(sent)])
    seen = [one for one in found if isinstance(one, Observation)]
    assert not [one for one in found if isinstance(one, Rejected)]
    assert all(one.identity == "icao:f10001" for one in seen)
    places = [one for one in seen if one.lat_deg is not None]
    assert places, "two pairs fix a place"
    last = places[-1]
    assert abs(last.lat_deg - lat) < 5e-5
    assert min(abs(last.lon_deg - lon), 360 - abs(last.lon_deg - lon)) < 2e-3
    assert last.alt_ft == level * 25
    motion = next(one for one in seen if one.gs_kt is not None)
    assert abs(motion.gs_kt - gs) < 1
    assert motion.vs_fpm == rate * 64
    assert motion.geo_minus_pressure_ft == gap * 25
    assert [one.callsign for one in seen if one.callsign] == ["CVE1A"]
    assert [one.squawk for one in seen if one.squawk] == [f"{squawk:04o}"]


@given(st.integers(1, 400), st.booleans())
def test_a_selected_altitude_is_read_and_none_is_none(hundreds: int, fms: bool) -> None:
    """Type code 29, subtype 1: eleven bits of 32 ft steps, 0 for no information (DO-260B, 2.2.3.2.7.1.3.3)."""
    code = round(hundreds * 100 / 32) + 1
    for steps, told in ((code, hundreds * 100), (0, None)):
        target = adsb_encode.squitter(0xF10001, 29 << 51 | 1 << 49 | fms << 47 | steps << 36)
        _, found = adsb.step(adsb.AdsbState(), [TimedFrame(0, target)])
        assert [one.selected_ft for one in found if isinstance(one, Observation)] == ([told] if told else [])
