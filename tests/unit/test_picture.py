"""Observations to tracks: what is kept, what is refused, how age shows."""

from watchfloor.base.labels import label_for
from watchfloor.messages.air import Entered, Observation, ObservationBatch, Oddity, Party, Rejected, Track
from watchfloor.messages.room import FeedState
from watchfloor.picture.state import Block, FeedLimits, Picture
from watchfloor.picture.step import snapshot, step, without_lost

LIMITS = {"TX": FeedLimits(10_000_000, 60_000_000), "COT": FeedLimits(15_000_000, 60_000_000)}
EMPTY = Picture(limits=LIMITS, blocks=(Block(0xF30000, 0xF3FFFF, Party.OTHER),))
NOW_US = 1_000_000_000


def batch(*seen: Observation, feed: str = "TX", nations: tuple[str, ...] = ("ALD", "BVY")) -> ObservationBatch:
    return ObservationBatch(feed_id=feed, tor_us=NOW_US, label=label_for(nations), observations=seen)


def at(toa_us: int, lat: float = 10.0, **more: object) -> Observation:
    return Observation(identity="icao:f30001", toa_us=toa_us, lat_deg=lat, lon_deg=20.0, **more)  # type: ignore[arg-type]


def test_a_track_begins_with_its_first_position_and_keeps_what_was_said_before() -> None:
    named = Observation(identity="icao:f30001", toa_us=NOW_US, callsign="MRQ11")
    picture, _ = step(EMPTY, batch(named), NOW_US)
    assert not picture.tracks
    picture, _ = step(picture, batch(at(NOW_US, alt_ft=9000)), NOW_US)
    (track,) = snapshot(picture, NOW_US).tracks
    assert (track.callsign, track.alt_ft, track.party, track.number) == (
        "MRQ11",
        9000,
        Party.OTHER,
        int(track.identity[5:], 16),
    )


def test_reports_from_far_off_times_and_out_of_reach_are_refused_with_reasons() -> None:
    picture, _ = step(EMPTY, batch(at(NOW_US)), NOW_US)
    after, refused = step(picture, batch(at(NOW_US + 1_000_000, lat=11.0)), NOW_US + 1_000_000)
    assert [one.reason for one in refused if isinstance(one, Rejected)] == ["position out of reach since the last one"]
    assert after.tracks["icao:f30001"].lat_deg == 10.0
    for off_us in (-16_000_000, 16_000_000):
        _, refused = step(picture, batch(at(NOW_US + off_us)), NOW_US)
        assert isinstance(refused[0], Rejected)
        assert "15 s off" in refused[0].reason
    _, refused = step(picture, batch(at(NOW_US - 1_000_000)), NOW_US)
    assert isinstance(refused[0], Rejected), "an older position never replaces a newer one"


def test_a_source_that_is_a_moment_behind_another_is_heard_and_moves_nothing_back() -> None:
    picture, _ = step(EMPTY, batch(at(NOW_US)), NOW_US)
    picture, told = step(picture, batch(at(NOW_US - 400_000, lat=10.0005, callsign="ONE"), feed="COT"), NOW_US)
    (track,) = picture.tracks.values()
    assert told == [Entered(NOW_US - 400_000, "icao:f30001")]
    assert (track.lat_deg, track.toa_us, track.callsign) == (10.0, NOW_US, "ONE")
    assert [source.feed_id for source in track.sources] == ["COT", "TX"]
    for late in (at(NOW_US - 400_000, lat=10.0005), at(NOW_US - 300_000, lat=10.3), at(NOW_US - 6_000_000)):
        _, told = step(picture, batch(late, feed="COT"), NOW_US)
        assert isinstance(told[0], Rejected), late


def other_place(second: float, lat: float = 12.0) -> Observation:
    return at(NOW_US + round(second * 1e6), lat=lat)


def told_after(seen: list[Observation]) -> Track:
    picture = EMPTY
    for one in seen:
        picture, _ = step(picture, batch(one), one.toa_us)
    return picture.tracks["icao:f30001"]


def test_one_place_out_of_reach_marks_the_track_for_a_minute_and_no_longer() -> None:
    jumped = [at(NOW_US), other_place(1)]
    assert told_after(jumped).oddity is Oddity.JUMPED
    steady = [at(NOW_US + second * 1_000_000) for second in range(2, 64)]
    assert told_after(jumped + steady[:59]).oddity is Oddity.JUMPED
    after = told_after(jumped + steady)
    assert (after.oddity, after.lat_deg) == (Oddity.NONE, 10.0)


def test_an_address_in_two_places_is_one_track_marked_as_doubled_and_never_drawn_between_them() -> None:
    seen = []
    for second in range(0, 20, 2):
        seen += [at(NOW_US + second * 1_000_000), other_place(second + 1)]
    track = told_after(seen)
    assert (track.oddity, track.lat_deg) == (Oddity.DOUBLED, 10.0)
    assert told_after(seen[:5]).oddity is Oddity.JUMPED


def test_places_out_of_reach_of_each_other_are_jumps_and_no_second_aircraft() -> None:
    seen = [at(NOW_US)] + [other_place(1 + n, lat=12.0 + n) for n in range(8)]
    assert told_after(seen).oddity is Oddity.JUMPED


def test_pressure_and_geometric_altitude_are_never_mixed() -> None:
    picture, _ = step(EMPTY, batch(at(NOW_US, alt_ft=9000)), NOW_US)
    (track,) = snapshot(picture, NOW_US).tracks
    assert (track.alt_ft, track.geo_alt_ft) == (9000, None)
    gap = Observation(identity="icao:f30001", toa_us=NOW_US, geo_minus_pressure_ft=150)
    picture, _ = step(picture, batch(gap, at(NOW_US + 1, alt_ft=9025)), NOW_US)
    (track,) = snapshot(picture, NOW_US).tracks
    assert (track.alt_ft, track.geo_alt_ft) == (9025, 9175)


def test_age_turns_fresh_to_stale_to_lost_and_then_the_track_goes() -> None:
    picture, _ = step(EMPTY, batch(at(NOW_US)), NOW_US)
    for age_s, state in ((0, FeedState.FRESH), (10, FeedState.FRESH), (11, FeedState.STALE), (61, FeedState.LOST)):
        assert snapshot(picture, NOW_US + age_s * 1_000_000).states == (state,)
    assert without_lost(picture, NOW_US + 179_000_000, 180_000_000).tracks
    assert not without_lost(picture, NOW_US + 181_000_000, 180_000_000).tracks


def test_a_track_is_as_fresh_as_a_feed_that_still_tells_of_it() -> None:
    limits = {"TX": FeedLimits(5_000_000, 10_000_000), "SLOW": FeedLimits(300_000_000, 600_000_000)}
    picture, _ = step(Picture(limits=limits), batch(at(NOW_US), feed="SLOW"), NOW_US)
    assert snapshot(picture, NOW_US + 200_000_000).states == (FeedState.FRESH,), "it reports that seldom"
    later_us = NOW_US + 3_600_000_000
    picture, _ = step(picture, batch(at(later_us)), later_us)
    assert snapshot(picture, later_us + 4_000_000).states == (FeedState.FRESH,)
    assert snapshot(picture, later_us + 60_000_000).states == (FeedState.LOST,), "the patient one is long silent"


def test_what_never_told_a_place_is_forgotten_as_a_lost_track_is() -> None:
    picture = EMPTY
    for number in range(50):
        seen = Observation(
            identity=f"icao:{number:06x}", toa_us=NOW_US, callsign=f"N{number}", geo_minus_pressure_ft=100
        )
        picture, _ = step(picture, batch(seen), NOW_US)
    assert len(picture.partials) == len(picture.gaps) == 50
    after = without_lost(picture, NOW_US + 181_000_000, 180_000_000)
    assert (after.partials, after.gaps) == ({}, {})


def test_a_difference_of_altitudes_that_was_told_long_ago_makes_no_height() -> None:
    seen = at(NOW_US, alt_ft=5_000, geo_minus_pressure_ft=900)
    picture, _ = step(EMPTY, batch(seen), NOW_US)
    for second, height_ft in ((30, 5_900), (90, None), (91, None)):
        now_us = NOW_US + second * 1_000_000
        picture, _ = step(picture, batch(at(now_us, alt_ft=5_000)), now_us)
        assert snapshot(picture, now_us).tracks[0].geo_alt_ft == height_ft


def test_a_track_of_two_sources_shows_both_with_their_ages_and_the_narrower_label() -> None:
    picture, _ = step(EMPTY, batch(at(NOW_US)), NOW_US)
    picture, _ = step(picture, batch(at(NOW_US + 2_000_000), feed="COT", nations=("ALD",)), NOW_US)
    (track,) = snapshot(picture, NOW_US).tracks
    assert [(source.feed_id, source.toa_us) for source in track.sources] == [
        ("COT", NOW_US + 2_000_000),
        ("TX", NOW_US),
    ]
    assert track.label.nations == ("ALD",)


def test_a_climb_is_reckoned_for_feeds_that_report_none_and_level_is_exactly_zero() -> None:
    picture, alt = EMPTY, 5000
    for second in range(12):
        seen = at(NOW_US + second * 1_000_000, geo_alt_ft=alt + second * 25)
        picture, _ = step(picture, batch(seen, feed="COT"), NOW_US + second * 1_000_000)
    assert snapshot(picture, NOW_US).tracks[0].vs_fpm == 1500
    for second in range(12, 24):
        seen = at(NOW_US + second * 1_000_000, geo_alt_ft=5275)
        picture, _ = step(picture, batch(seen, feed="COT"), NOW_US + second * 1_000_000)
    assert snapshot(picture, NOW_US).tracks[0].vs_fpm == 0


def test_a_step_leaves_the_picture_before_it_as_it_was() -> None:
    before, _ = step(EMPTY, batch(at(NOW_US)), NOW_US)
    kept = dict(before.tracks)
    step(before, batch(at(NOW_US + 500_000, lat=10.001)), NOW_US)
    assert before.tracks == kept
    assert not EMPTY.tracks
