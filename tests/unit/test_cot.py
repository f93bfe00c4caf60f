"""CoT events: what is read, what is refused and why."""

import pytest

from watchfloor.base.errors import WireError
from watchfloor.base.labels import label_for
from watchfloor.messages.air import Party, Track
from watchfloor.messages.room import Context
from watchfloor.wire import cot

GOOD = (
    b'<event version="2.0" uid="U-1" type="a-f-A-M" time="2031-03-14T16:00:00Z" start="2031-03-14T16:00:00Z" '
    b'stale="2031-03-14T16:00:15Z" how="m-s" opex="e-eight-thirty"><point lat="-37.5" lon="-114.1" hae="3048.0" '
    b'ce="10" le="10"/><detail><contact callsign="TILLER21"/><track speed="100.0" course="359.5"/><x y="1"/></detail>'
    b"</event>"
)


def test_a_good_event_is_read_and_what_is_not_named_is_dropped_and_counted() -> None:
    event = cot.parse_event(GOOD)
    assert (event.uid, event.callsign, event.dropped_count) == ("U-1", "TILLER21", 1)
    assert event.is_air()
    assert event.is_exercise()
    seen = cot.observation_of(event)
    assert seen.geo_alt_ft == 10_000
    assert seen.alt_ft is None, "height above the ellipsoid is never put for pressure altitude"
    assert seen.party is Party.COALITION


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'lat="-37.5"', b'lat="-91"', "out of -90"),
        (b'lat="-37.5"', b'lat="NaN"', "not a decimal"),
        (b'lon="-114.1"', b'lon="1e2"', "not a decimal"),
        (b'hae="3048.0"', b'hae="60000"', "over 50,000"),
        (b'time="2031-03-14T16:00:00Z"', b'time="2031-03-14T16:00:00"', "`time`"),
        (b'uid="U-1"', b'uid=""', "`uid`"),
        (b'uid="U-1"', b"", "`uid`"),
        (b'version="2.0"', b'version="3.0"', "version"),
        (b'type="a-f-A-M"', b'type="a f"', "`type`"),
        (b"<detail>", b"<detail></detail><detail>", "twice"),
        (b'speed="100.0"', b'speed="-1"', "speed"),
        (b"</event>", b"", "well-formed"),
        (b"TILLER21", b"\xff\xfe", "well-formed"),
        (b"TILLER21", b"&undefined;", "well-formed"),
    ],
)
def test_an_event_with_a_fault_is_refused_with_its_reason(old: bytes, new: bytes, reason: str) -> None:
    assert old in GOOD
    with pytest.raises(WireError, match=reason):
        cot.parse_event(GOOD.replace(old, new, 1))


def test_document_types_and_entities_are_refused_before_they_are_read() -> None:
    bomb = b'<!DOCTYPE event [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + GOOD.replace(b"TILLER21", b"&b;")
    with pytest.raises(WireError, match="document type"):
        cot.parse_event(bomb)
    outside = b'<!DOCTYPE event [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + GOOD.replace(b"TILLER21", b"&x;")
    with pytest.raises(WireError, match="document type"):
        cot.parse_event(outside)


def test_no_sender_can_make_a_track_hostile() -> None:
    for affiliation in (b"h", b"s", b"j", b"k", b"u"):
        event = cot.parse_event(GOOD.replace(b"a-f-A", b"a-" + affiliation + b"-A"))
        assert cot.observation_of(event).party is Party.UNKNOWN


def test_an_encoded_track_says_exercise_in_its_bytes_and_unknown_height_as_unknown() -> None:
    track = Track(
        identity="icao:f10001",
        number=3,
        label=label_for(("ALD",)),
        sources=(),
        toa_us=0,
        lat_deg=-37.5,
        lon_deg=-114.1,
        alt_ft=9000,
        callsign='A<"&',
        party=Party.OTHER,
    )
    raw = cot.encode(
        cot.track_event(track, time_us=0, stale_us=1_000_000, mark=cot.mark_of(Context.EXERCISE, "eight-thirty"))
    )
    assert b'opex="e-eight-thirty"' in raw
    assert b"<remarks>EXERCISE</remarks>" in raw
    event = cot.parse_event(raw.strip())
    assert event.hae_m is None
    assert (event.uid, event.callsign, event.type) == ("ICAO-F10001", 'A<"&', "a-n-A-M")
    for context, opex, words in (
        (Context.REPLAY, b'how="m-s" opex="s-REPLAY"', b"<remarks>REPLAY</remarks>"),
        (Context.LIVE_CIVIL, b'how="m-r">', b"<remarks>LIVE - CIVIL, NOT CERTIFIED</remarks>"),
    ):
        raw = cot.encode(cot.track_event(track, time_us=0, stale_us=1, mark=cot.mark_of(context, "")))
        assert opex in raw, raw
        assert words in raw, raw
