"""ASTERIX: our reading beside libasterix's, on real samples and on blocks that one library wrote; and bad blocks."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asterix.base as base
import asterix.generated as spec
import numpy as np
import pyproj
import pytest
from aviconv_asterix import Cat021Record, Cat048Record, Cat062Record, encode_records
from hypothesis import example, given
from hypothesis import strategies as st

from watchfloor.app.feed_kit import NOW_US, check_feed
from watchfloor.app.intake import FeedSetup, Intake
from watchfloor.base.errors import InputError
from watchfloor.base.geodesy import destination, distance_m, place_of_echo, radar_at
from watchfloor.base.instants import DAY_US
from watchfloor.base.labels import label_for
from watchfloor.messages.air import Observation, Rejected, SourceAge, Track
from watchfloor.messages.feeds import Alive, Arrival, FeedMessage, PassedOver
from watchfloor.messages.room import Context, FeedState
from watchfloor.picture.state import FeedLimits
from watchfloor.wire.asterix import AsterixFeed, Site, blocks_with_times
from watchfloor.wire.asterix_encode import blocks_of, record_of

SITE = 50.0, 14.0, 300.0
FEED = AsterixFeed({(25, sic): Site(radar_at(*SITE)) for sic in range(256)})
CATEGORIES = {21: spec.Cat_021_2_6, 48: spec.Cat_048_1_32, 62: spec.Cat_062_1_20}


def datagrams(path: Path) -> list[tuple[int, bytes]]:
    """UDP payloads of a capture, with their times [us]."""
    raw, place, found = path.read_bytes(), 24, []
    while place < len(raw):
        seconds, micros, length, _ = struct.unpack("<IIII", raw[place : place + 16])
        packet = raw[place + 16 : place + 16 + length]
        head = 14 + 4 * (packet[14] & 0xF) + 8
        found.append((seconds * 1_000_000 + micros, packet[head : head + int.from_bytes(packet[head + 1 : head + 3])]))
        place += 16 + length
    return found


def told(raw: bytes, room_us: int = NOW_US, **words: Any) -> list[FeedMessage]:
    return FEED.step(FEED.begin(), raw, Arrival(room_us, is_datagram=True, **words))[1]


def item(record: Any, name: str) -> Any:
    """An item of a record as libasterix holds it; None, where it is not there."""
    return record.get_item(name)


def by_libasterix(raw: bytes) -> list[dict[str, Any]]:
    """The same fields, read by the other library."""
    found = []
    for block in base.RawDatablock.parse(base.Bits.from_bytes(raw)):
        category = block.get_category()
        if category not in CATEGORIES:
            continue
        parsed = CATEGORIES[category].cv_uap.parse(block.get_raw_records())
        assert not isinstance(parsed, ValueError), parsed
        for record in parsed:
            found.append(_fields(category, record))
    return found


def _fields(category: int, record: Any) -> dict[str, Any]:
    def number(name: str, *path: str) -> float | None:
        held = item(record, name)
        if held is None:
            return None
        variation = held.variation
        for part in path:
            variation = variation.get_item(part).variation
        content = variation.content
        return content.as_quantity() if hasattr(content, "as_quantity") else float(variation.as_uint())

    if category == 48:
        return {
            "address": number("220"), "level": number("090", "FL"), "time_s": number("140"),
            "rho_nm": number("040", "RHO"), "theta_deg": number("040", "THETA"), "squawk": number("070", "MODE3A"),
        }  # fmt: skip
    return {
        "address": None, "level": number("136"), "time_s": number("070"), "lat": number("105", "LAT"),
        "lon": number("105", "LON"), "vx": number("185", "VX"), "vy": number("185", "VY"), "climb": number("220"),
        "height": number("130"), "squawk": number("060", "MODE3A"),
    }  # fmt: skip


EARTH = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978")


def echo_of(site: tuple[float, float, float], lat: float, lon: Any, height_m: float) -> tuple[float, float]:
    """Azimuth [deg] and slant range [m] at which a radar sees a place, by PROJ's vectors."""
    here, there = (np.array(EARTH.transform(*place)) for place in (site, (lat, lon, height_m)))
    phi, lam = np.radians(site[:2])
    east = np.array([-np.sin(lam), np.cos(lam), 0])
    north = np.array([-np.sin(phi) * np.cos(lam), -np.sin(phi) * np.sin(lam), np.cos(phi)])
    way = there - here
    return float(np.degrees(np.arctan2(way @ east, way @ north))) % 360, float(np.linalg.norm(way))


@given(
    st.floats(-80, 80), st.floats(-180, 180), st.floats(0, 3000), st.floats(0, 360), st.floats(100, 440_000),
    st.floats(0, 15_000),
)  # fmt: skip
def test_an_echo_is_placed_where_proj_sees_it(
    lat: float, lon: float, site_m: float, azimuth: float, away_m: float, height_m: float
) -> None:
    there = destination(lat, lon, azimuth, away_m)
    seen_deg, slant_m = echo_of((lat, lon, site_m), *there, height_m)
    placed = place_of_echo(radar_at(lat, lon, site_m), seen_deg, slant_m, height_m)
    if slant_m > 1.2 * abs(height_m - site_m):
        assert distance_m(*placed, *there) < 20


def same(seen: Observation, read: dict[str, Any], room_us: int) -> None:
    assert abs((seen.toa_us % DAY_US) / 1e6 - read["time_s"]) < 1e-5
    assert abs(seen.toa_us - room_us) <= DAY_US / 2
    assert seen.alt_ft == (None if read["level"] is None else round(read["level"] * 100))
    if read["squawk"] is not None:
        assert seen.squawk == format(int(read["squawk"]), "04o")
    if "lat" in read:
        assert (seen.lat_deg, seen.lon_deg) == pytest.approx((read["lat"], read["lon"]), abs=1e-9)
        if read["vx"] is not None:
            assert seen.gs_kt is not None
            assert seen.gs_kt * 1852 / 3600 == pytest.approx((read["vx"] ** 2 + read["vy"] ** 2) ** 0.5, abs=1e-6)
        assert seen.vs_fpm == (None if read["climb"] is None else round(read["climb"]))
        assert seen.geo_alt_ft == (None if read["height"] is None else round(read["height"]))
    elif read["rho_nm"] is not None:
        names_somebody = read["address"] is not None
        assert seen.identity.startswith("icao:" if names_somebody else "plot:25/")
        assert not names_somebody or seen.identity == f"icao:{int(read['address']):06x}"
        assert seen.lat_deg is not None
        height_m = SITE[2] if seen.alt_ft is None else seen.alt_ft * 0.3048
        azimuth_deg, slant_m = echo_of(SITE, seen.lat_deg, seen.lon_deg, height_m)
        assert slant_m == pytest.approx(read["rho_nm"] * 1852, abs=20)
        assert abs((azimuth_deg - read["theta_deg"] + 180) % 360 - 180) * slant_m < 20 * 57.3


TRACKS = st.builds(
    Track,
    identity=st.integers(1, 0xFFFFFF).map(lambda address: f"icao:{address:06x}") | st.just("cot:TILLER21"),
    number=st.just(1),
    label=st.just(label_for(("ALD",))),
    sources=st.lists(st.just(SourceAge("A", NOW_US)), min_size=1, max_size=2).map(tuple),
    toa_us=st.just(NOW_US),
    lat_deg=st.floats(-90, 90),
    lon_deg=st.floats(-180, 179.999),
    alt_ft=st.none() | st.integers(-1_000, 100_000),
    geo_alt_ft=st.none() | st.integers(-1_000, 150_000),
    gs_kt=st.none() | st.floats(0, 2_000),
    trk_deg=st.floats(0, 359.9),
    vs_fpm=st.none() | st.integers(-30_000, 30_000),
    callsign=st.text("ABCXYZ 0189", max_size=8).map(str.strip),
    squawk=st.sampled_from(("", "0000", "7421")),
)


@given(st.lists(TRACKS, min_size=1, max_size=60), st.booleans())
def test_system_tracks_are_read_by_libasterix_and_by_our_own_feed(tracks: list[Track], exercise: bool) -> None:
    records = [
        record_of(track, number, (NOW_US - 500_000, NOW_US), (25, 1), simulated=exercise)
        for number, track in enumerate(tracks)
    ]
    blocks = blocks_of(records)
    assert all(len(block) <= 1_400 for block in blocks)
    parsed = [
        record
        for block in blocks
        for raw in base.RawDatablock.parse(base.Bits.from_bytes(block))
        for record in CATEGORIES[62].cv_uap.parse(raw.get_raw_records())
    ]
    assert len(parsed) == len(tracks)
    for number, record in enumerate(parsed):
        assert item(record, "040").as_uint() == number
        assert item(record, "080").unparse().to_bytes()[1] >> 7 == exercise
        assert item(record, "290").unparse().to_bytes() == b"\x80\x02"
    read = [one for block in blocks for one in told(block, in_exercise=exercise)]
    assert len(read) == len(tracks)
    for seen, track in zip(read, tracks, strict=True):
        assert isinstance(seen, Observation), seen
        if track.identity.startswith("icao:"):
            assert seen.identity == track.identity
        assert abs(seen.lat_deg - track.lat_deg) < 1e-5
        assert abs(seen.lon_deg - track.lon_deg) < 1e-5
        assert (seen.callsign or "", seen.squawk or "") == (track.callsign, track.squawk)
        assert (seen.alt_ft is None) == (track.alt_ft is None)
        assert abs((seen.alt_ft or 0) - (track.alt_ft or 0)) <= 13
        assert abs((seen.geo_alt_ft or 0) - (track.geo_alt_ft or 0)) <= 4
        assert abs((seen.vs_fpm or 0) - (track.vs_fpm or 0)) <= 4
        assert abs((seen.gs_kt or 0) - (track.gs_kt or 0)) < 0.6
        assert abs(seen.toa_us - (NOW_US - 500_000)) < 8_000


def test_every_record_of_the_real_samples_is_read_as_libasterix_reads_it(test_data: Path) -> None:
    folder = test_data / "asterix"
    given = [(NOW_US, (folder / name).read_bytes()) for name in ("cat034.raw", "cat048.raw", "cat062cat065.raw")]
    given += datagrams(folder / "cat_034_048.pcap")
    count = 0
    for room_us, raw in given:
        found = told(raw, room_us)
        assert not [one for one in found if isinstance(one, Rejected)], found
        seen = [one for one in found if isinstance(one, Observation)]
        read = [
            one for one in by_libasterix(raw) if "lat" in one or one["address"] is not None or one["rho_nm"] is not None
        ]
        assert len(seen) == len(read)
        for ours, theirs in zip(seen, read, strict=True):
            same(ours, theirs, room_us)
        count += len(seen)
    assert count > 80


ADSB = Cat021Record(
    sac=25, sic=1, icao_address="3C660C", lat=50.5, lon=-14.25, flight_level=330.0, ground_speed_kt=430.0,
    track_angle_deg=120.0, callsign="DLH65A", mode3a="1000", time_of_applicability_s=3600.5,
)  # fmt: skip


def test_cat_021_written_by_one_library_is_read_by_the_other_and_by_us() -> None:
    raw = encode_records([ADSB])
    (seen,) = told(raw)
    assert isinstance(seen, Observation)
    assert (seen.identity, seen.alt_ft, seen.callsign, seen.squawk) == ("icao:3c660c", 33000, "DLH65A", "1000")
    (block,) = base.RawDatablock.parse(base.Bits.from_bytes(raw))
    (record,) = CATEGORIES[21].cv_uap.parse(block.get_raw_records())
    place = record.get_item("130").variation
    assert seen.lat_deg == pytest.approx(place.get_item("LAT").variation.content.as_quantity(), abs=1e-9)
    assert seen.lon_deg == pytest.approx(place.get_item("LON").variation.content.as_quantity(), abs=1e-9)
    assert record.get_item("145").variation.content.as_quantity() == 330
    assert distance_m(50.5, -14.25, seen.lat_deg, seen.lon_deg) < 3
    assert seen.gs_kt == pytest.approx(430, abs=0.2)


@given(st.floats(0, 86_399.9), st.integers(NOW_US, NOW_US + 3 * DAY_US))
def test_a_time_of_day_is_of_the_day_that_brings_it_nearest(seconds: float, room_us: int) -> None:
    (seen,) = told(encode_records([ADSB.model_copy(update={"time_of_applicability_s": seconds})]), room_us)
    assert isinstance(seen, Observation)
    assert abs(seen.toa_us - room_us) <= DAY_US / 2 + 10_000
    assert abs((seen.toa_us % DAY_US) / 1e6 - seconds) < 0.01 or seconds > 86_399


def marked(raw: bytes, octet: int) -> bytes:
    """The same CAT 021 report with a target report descriptor (I021/040) of two octets."""
    assert (raw[0], raw[3] & 0x40) == (21, 0)
    end = 3
    while raw[end] & 1:
        end += 1
    specification = bytes((raw[3] | 0x40,)) + raw[4 : end + 1]
    body = specification + raw[end + 1 : end + 3] + bytes((0x01, octet)) + raw[end + 3 :]
    return raw[:1] + (len(body) + 3).to_bytes(2, "big") + body


def test_simulated_reports_enter_an_exercise_and_nothing_else_does() -> None:
    raw = encode_records([ADSB])
    for octet, exercise, reason in (
        (0x00, False, ""), (0x20, True, ""), (0x40, False, ""), (0x20, False, "simulated in a room that is real"),
        (0x00, True, "not marked as simulated"), (0x10, False, "a test target"), (0x30, True, "a test target"),
    ):  # fmt: skip
        (one,) = told(marked(raw, octet), in_exercise=exercise)
        assert (one.reason if isinstance(one, Rejected) else "") == reason
        if isinstance(one, Observation):
            assert one.on_ground is (octet == 0x40)
    track = Cat062Record(sac=1, sic=2, time_of_track_s=1.0, lat=1.0, lon=2.0)
    (nameless,) = told(encode_records([track]))
    assert isinstance(nameless, Rejected)
    assert "without an address or a track number" in nameless.reason


def test_a_plot_of_a_radar_that_nobody_placed_is_refused_and_one_without_a_place_or_a_name_passed_over() -> None:
    plot = {"sac": 9, "sic": 9, "time_of_day_s": 1.0, "rho_nm": 50.0, "theta_deg": 90.0}
    (nowhere,) = told(encode_records([Cat048Record(**plot, aircraft_address="3C660C")]))
    assert isinstance(nowhere, Rejected)
    assert "where radar 9/9 stands" in nowhere.reason
    assert told(encode_records([Cat048Record(sac=25, sic=9, time_of_day_s=1.0)])) == [PassedOver()]


def test_a_plot_without_an_address_names_its_radar_and_says_how_well_that_measures() -> None:
    plot = Cat048Record(sac=25, sic=9, time_of_day_s=1.0, rho_nm=54.0, theta_deg=90.0, mode3a="4261", flight_level=310)
    (seen,) = told(encode_records([plot]))
    assert isinstance(seen, Observation)
    assert (seen.identity, seen.squawk, seen.alt_ft) == ("plot:25/9", "4261", 31_000)
    assert seen.accuracy is not None
    assert seen.accuracy.bearing_deg == pytest.approx(90.0, abs=0.01)
    assert (seen.accuracy.along_m, round(seen.accuracy.across_m)) == (70.0, 140)
    better = FEED.with_options({"sites": {"25/9": [*SITE, 20, 0.02]}})
    (finer,) = better.step(better.begin(), encode_records([plot]), Arrival(NOW_US))[1]
    assert isinstance(finer, Observation)
    assert finer.accuracy is not None
    assert (finer.accuracy.along_m, round(finer.accuracy.across_m)) == (20.0, 35)


@given(st.binary(max_size=40))
def test_a_service_message_of_any_edition_tells_that_its_radar_is_there_and_raises_nothing(body: bytes) -> None:
    block = b"\x22" + (len(body) + 3).to_bytes(2) + body
    (alive,) = told(block)
    assert isinstance(alive, Alive)
    assert abs(alive.toa_us - NOW_US) <= DAY_US / 2


def test_a_radar_that_turns_is_alive_though_it_sees_nobody() -> None:
    (alive,) = told(bytes.fromhex("220010f6190e023a692b408840408000"))
    assert isinstance(alive, Alive)
    assert (alive.toa_us % DAY_US) / 1e6 == pytest.approx(29906.336, abs=0.001)
    intake = Intake(
        FeedSetup("RADAR", "RADAR", FEED, label_for(("OWN",)), FeedLimits(8_000_000, 30_000_000), Context.REPLAY)
    )
    day_us = NOW_US // DAY_US * DAY_US
    room_us = day_us + 29_907_000_000
    assert intake.state_at(room_us) is FeedState.WAITING
    intake.receive(bytes.fromhex("220010f6190e023a692b408840408000"), room_us, is_datagram=True)
    assert intake.state_at(room_us) is FeedState.FRESH
    intake.receive(bytes.fromhex("220010f6190e023a692b408840408000"), room_us + 60_000_000, is_datagram=True)
    assert intake.state_at(room_us + 60_000_000) is FeedState.LOST


def test_a_length_that_lies_costs_its_datagram_and_a_stream_waits_for_the_rest() -> None:
    raw = encode_records([ADSB])
    lying = raw[:1] + (len(raw) + 40).to_bytes(2, "big") + raw[3:]
    (refused,) = told(lying)
    assert isinstance(refused, Rejected)
    assert "length that lies" in refused.reason
    state, found = FEED.step(FEED.begin(), lying, Arrival(NOW_US))
    assert (FEED.rest(state), found) == (lying, [])
    assert isinstance(told(b"\x15\x00\x02" + raw)[0], Rejected)
    short = raw[:1] + (len(raw) - 2).to_bytes(2, "big") + raw[3:-2]
    kinds = [type(one) for one in told(short + raw)]
    assert kinds == [Rejected, Observation], "reading goes on behind a block that cannot be read"


@given(st.integers(-8, 40).filter(bool), st.integers(0, 30), st.lists(st.integers(60, 900), min_size=1, max_size=6))
@example(-5, 20, [97])
@example(5, 20, [97])
def test_after_a_length_that_lies_a_stream_is_read_on(lie: int, at: int, sizes: list[int]) -> None:
    counts = [1 + place * place % 7 for place in range(250)]
    blocks = [encode_records([ADSB] * count) for count in counts]
    one = blocks[at]
    blocks[at] = one[:1] + max(len(one) + lie, 0).to_bytes(2, "big") + one[3:]
    raw, state, seen, turn, place = b"".join(blocks), FEED.begin(), 0, 0, 0
    while place < len(raw):
        size = sizes[turn % len(sizes)]
        state, found = FEED.step(state, raw[place : place + size], Arrival(NOW_US))
        seen += sum(isinstance(one, Observation) for one in found)
        turn, place = turn + 1, place + size
    assert len(raw) > 3 * 8_192
    assert (sum(counts) - seen) * 33 <= 8_192 + 2 * 7 * 33, "no more is lost than the longest block"


@given(st.lists(TRACKS, min_size=30, max_size=60), st.integers(1, 12), st.binary(min_size=1, max_size=12))
def test_a_block_that_cannot_be_read_costs_itself_alone_where_its_length_was_right(
    tracks: list[Track], per_block: int, junk: bytes
) -> None:
    records = [
        record_of(track, number, (NOW_US, NOW_US), (25, 1), simulated=False) for number, track in enumerate(tracks)
    ]
    chunks = [b"".join(blocks_of(records[at : at + per_block])) for at in range(0, len(records), per_block)]
    bad = bytes((62,)) + (len(junk) + 3).to_bytes(2, "big") + junk
    state, seen = FEED.begin(), 0
    for chunk in (chunks[0], bad, *chunks[1:]):
        state, found = FEED.step(state, chunk, Arrival(NOW_US))
        seen += sum(isinstance(one, Observation) for one in found)
    assert seen >= len(tracks)


@given(st.binary(max_size=80), st.sampled_from((b"", b"\x15", b"\x30", b"\x3e", b"\x22")), st.booleans())
def test_no_bytes_make_it_raise(junk: bytes, category: bytes, is_datagram: bool) -> None:
    raw = category + (len(junk) + 3).to_bytes(2, "big") + junk if category else junk
    for exercise in (False, True):
        state, _ = FEED.step(FEED.begin(), raw, Arrival(NOW_US, in_exercise=exercise, is_datagram=is_datagram))
        FEED.step(state, raw, Arrival(NOW_US, in_exercise=exercise, is_datagram=is_datagram))
    list(pieces_of(raw))


def pieces_of(raw: bytes) -> Iterator[bytes]:
    """A file's blocks; none, where a length lies."""
    try:
        yield from (block for block, _ in blocks_with_times(raw))
    except InputError:
        return


def test_the_feed_holds_to_the_kit() -> None:
    for check in check_feed(FEED, encode_records([ADSB]) * 30):
        assert check.holds, f"{check.name}: {check.words}"
