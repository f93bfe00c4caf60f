"""Radar plots: whose they are, what they make of a track, and what they leave as it was said."""

import numpy as np
import pytest
from msgspec.structs import replace

from watchfloor.base.geodesy import destination, distance_m
from watchfloor.base.labels import label_for
from watchfloor.messages.air import Accuracy, Entered, Observation, ObservationBatch, Oddity, Rejected, Track
from watchfloor.messages.room import FeedState
from watchfloor.picture.plots import MOST_TENTATIVE
from watchfloor.picture.state import FeedLimits, Picture
from watchfloor.picture.step import snapshot, step

LIMITS = {name: FeedLimits(12_000_000, 30_000_000) for name in ("TX", "RA", "RB")}
START_US = 1_931_270_400_000_000
FINE = Accuracy(30.0, 60.0, 120.0)


class Sky:
    """A picture that reports are given to, second by second."""

    def __init__(self) -> None:
        self.picture = Picture(LIMITS)
        self.entered: list[Entered] = []

    def take(self, second: float, feed: str, *seen: Observation) -> None:
        now_us = START_US + round(second * 1e6)
        batch = ObservationBatch(feed_id=feed, tor_us=now_us, label=label_for(("ALD",)), observations=seen)
        self.picture, told = step(self.picture, batch, now_us)
        assert all(isinstance(one, Entered) for one in told), told
        self.entered = [one for one in told if isinstance(one, Entered)]

    def tracks(self) -> list[Track]:
        return sorted(self.picture.tracks.values(), key=lambda track: track.identity)

    def only(self) -> Track:
        (track,) = self.tracks()
        return track


def along(second: float, gs_mps: float = 200.0, aside_m: float = 0.0) -> tuple[float, float]:
    """Where an aircraft is that flies east from 47 N 8 E."""
    lat, lon = destination(47.0, 8.0, 90.0, gs_mps * second)
    return destination(lat, lon, 0.0, aside_m)


def plot(second: float, place: tuple[float, float], **more: object) -> Observation:
    toa_us = START_US + round(second * 1e6)
    return Observation(  # type: ignore[arg-type]
        identity="plot:25/201", toa_us=toa_us, lat_deg=place[0], lon_deg=place[1], accuracy=FINE, **more
    )


def said(second: float, place: tuple[float, float], **more: object) -> Observation:
    toa_us = START_US + round(second * 1e6)
    flown: dict[str, object] = {"gs_kt": 388.77, "trk_deg": 90.0, **more}
    return Observation(identity="icao:4b1234", toa_us=toa_us, lat_deg=place[0], lon_deg=place[1], **flown)  # type: ignore[arg-type]


def ages(track: Track) -> dict[str, float]:
    """When each source saw it last, in seconds since the start."""
    return {source.feed_id: (source.toa_us - START_US) / 1e6 for source in track.sources}


def seen_by_radar(sky: Sky, seconds: range, **more: object) -> None:
    for second in seconds:
        sky.take(second, "RA", plot(second, along(second), **more))


def test_three_plots_on_one_way_are_an_aircraft_and_two_are_none() -> None:
    sky = Sky()
    seen_by_radar(sky, range(0, 8, 4))
    assert not sky.tracks()
    seen_by_radar(sky, range(8, 24, 4), alt_ft=12_000, squawk="4261")
    track = sky.only()
    assert track.identity.startswith("radar:RA/")
    assert (track.alt_ft, track.squawk, track.callsign) == (12_000, "4261", "")
    assert distance_m(track.lat_deg, track.lon_deg, *along(20)) < 60
    assert track.gs_kt == pytest.approx(388.8, abs=12)
    assert track.trk_deg == pytest.approx(90, abs=3)
    assert sky.entered == [Entered(START_US + 20_000_000, track.identity, has_place=True)]


def test_clutter_is_no_aircraft_and_keeps_the_feed_alive() -> None:
    sky, dice = Sky(), np.random.default_rng(3)
    for second in range(0, 60, 4):
        places = zip(dice.uniform(46, 48, 10), dice.uniform(7, 9, 10), strict=True)
        sky.take(second, "RA", *(plot(second, place) for place in places))
        assert len(sky.entered) == 10
    assert not sky.tracks()


def test_a_storm_of_plots_is_held_in_bounds() -> None:
    sky, dice = Sky(), np.random.default_rng(5)
    for part in range(30):
        places = zip(dice.uniform(40, 50, 200), dice.uniform(0, 10, 200), strict=True)
        sky.take(part * 0.1, "RA", *(plot(part * 0.1, place) for place in places))
    assert len(sky.picture.tentative) <= MOST_TENTATIVE


def test_what_an_aircraft_says_stands_as_it_said_it_until_a_radar_sees_it_later() -> None:
    sky = Sky()
    sky.take(0, "TX", said(0, along(0)))
    sky.take(1, "TX", said(1, along(1)))
    sky.take(1.2, "RA", plot(0.9, along(0.9, aside_m=50)))
    track = sky.only()
    assert (track.lat_deg, track.lon_deg) == along(1)
    assert ages(track) == {"RA": 0.9, "TX": 1.0}
    sky.take(5, "RA", plot(5, along(5, aside_m=50)))
    track = sky.only()
    assert track.toa_us == START_US + 5_000_000
    assert 0 < distance_m(track.lat_deg, track.lon_deg, *along(5)) < 45
    assert track.gs_kt == 388.77
    sky.take(6, "TX", said(6, along(6)))
    assert (sky.only().lat_deg, sky.only().lon_deg) == along(6)
    assert not sky.picture.estimates


def test_a_report_that_comes_after_a_plot_it_is_older_than_is_no_fault() -> None:
    sky = Sky()
    sky.take(0, "TX", said(0, along(0)))
    sky.take(4, "RA", plot(4, along(4, aside_m=80)))
    before = sky.only()
    sky.take(4.1, "TX", said(3.8, along(3.8)))
    after = sky.only()
    assert after.toa_us == before.toa_us
    assert distance_m(after.lat_deg, after.lon_deg, *along(4)) < distance_m(before.lat_deg, before.lon_deg, *along(4))


def test_a_silent_aircraft_goes_on_by_radar_alone_under_its_own_name() -> None:
    sky = Sky()
    for second in range(3):
        sky.take(second, "TX", said(second, along(second), callsign="SWR1"))
    seen_by_radar(sky, range(4, 44, 4))
    track = sky.only()
    assert (track.identity, track.callsign) == ("icao:4b1234", "SWR1")
    assert distance_m(track.lat_deg, track.lon_deg, *along(40)) < 60
    assert track.velocity_toa_us == START_US + 40_000_000, "its velocity is estimated once its own is old"


def test_an_aircraft_that_begins_to_name_itself_takes_over_the_track_that_plots_made() -> None:
    sky = Sky()
    seen_by_radar(sky, range(0, 24, 4))
    assert sky.only().identity.startswith("radar:")
    for second in range(24, 40, 4):
        for part in range(4):
            sky.take(second + part, "TX", said(second + part, along(second + part)))
        sky.take(second + 3.5, "RA", plot(second + 3.5, along(second + 3.5)))
    track = sky.only()
    assert track.identity == "icao:4b1234"
    assert {source.feed_id for source in track.sources} == {"RA", "TX"}


def test_two_that_fly_one_above_the_other_stay_two() -> None:
    sky = Sky()
    for second in range(0, 40, 4):
        sky.take(second, "TX", said(second, along(second), alt_ft=30_000))
        sky.take(second + 0.5, "RA", plot(second + 0.5, along(second + 0.5), alt_ft=24_000))
    names = [track.identity[:5] for track in sky.tracks()]
    assert names == ["icao:", "radar"]
    assert [source.feed_id for source in sky.tracks()[0].sources] == ["TX"]


def test_two_radars_see_one_aircraft_as_one_track_with_both_their_ages() -> None:
    sky = Sky()
    for second in range(30):
        if second % 4 == 0:
            sky.take(second, "RA", plot(second, along(second)))
        if second % 6 == 1:
            sky.take(second, "RB", plot(second, along(second, aside_m=60)))
    assert ages(sky.only()) == {"RA": 28.0, "RB": 25.0}


def test_crossing_aircraft_keep_their_names_apart() -> None:
    sky = Sky()
    for second in range(0, 60, 4):
        east = destination(47.0, 8.0, 90.0, 200.0 * (second - 30))
        north = destination(47.0, 8.0, 0.0, 200.0 * (second - 30))
        sky.take(second, "RA", plot(second, east), plot(second, north))
    tracks = sky.tracks()
    assert sorted(round((track.trk_deg or 0) / 90) % 4 for track in tracks) == [0, 1]


def test_a_track_of_plots_grows_old_like_any_other_and_is_not_carried_on() -> None:
    sky = Sky()
    seen_by_radar(sky, range(0, 24, 4))
    place = sky.only().lat_deg, sky.only().lon_deg
    look = snapshot(sky.picture, START_US + 51_000_000)
    assert look.states == (FeedState.LOST,)
    assert (look.tracks[0].lat_deg, look.tracks[0].lon_deg) == place


def test_a_step_leaves_the_picture_before_it_as_it_was() -> None:
    sky = Sky()
    seen_by_radar(sky, range(0, 12, 4))
    before, kept = sky.picture, sky.picture.copied()
    rows = {name: row.copy() for name, row in before.estimates.items()}
    seen_by_radar(sky, range(12, 16, 4))
    assert before.tracks == kept.tracks
    assert before.unnamed == kept.unnamed
    assert all(np.array_equal(row, rows[name]) for name, row in before.estimates.items())


def echo(second: float, place: tuple[float, float], accuracy: Accuracy, **more: object) -> Observation:
    toa_us = START_US + round(second * 1e6)
    return Observation(  # type: ignore[arg-type]
        identity="icao:4b1234", toa_us=toa_us, lat_deg=place[0], lon_deg=place[1], accuracy=accuracy, **more
    )


def missed(place: tuple[float, float], accuracy: Accuracy, draw: np.random.Generator) -> tuple[float, float]:
    """Where a radar sees it, with its errors."""
    along_m, across_m = draw.normal(0, accuracy.along_m), draw.normal(0, accuracy.across_m)
    return destination(*destination(*place, accuracy.bearing_deg, along_m), accuracy.bearing_deg + 90, across_m)


@pytest.mark.parametrize("range_nm", [30, 60, 100])
def test_a_radar_that_hears_the_address_spoils_nothing_that_the_aircraft_says(range_nm: int) -> None:
    draw, sky = np.random.default_rng(range_nm), Sky()
    beam = Accuracy(20.0, 50.0, range_nm * 1852 * np.radians(0.08))
    worst_m = 0.0
    for second in range(300):
        sky.take(second, "TX", said(second, along(second)))
        if second % 4 == 2:
            sky.take(second + 0.5, "RA", echo(second + 0.5, missed(along(second + 0.5), beam, draw), beam))
            worst_m = max(worst_m, distance_m(sky.only().lat_deg, sky.only().lon_deg, *along(second + 0.5)))
        assert sky.only().oddity is Oddity.NONE
    assert set(ages(sky.only())) == {"TX", "RA"}
    assert worst_m < 40, "the aircraft's own word, four seconds old at most, is the better one"


def test_an_aircraft_that_only_a_radar_hears_flies_as_the_filter_has_it() -> None:
    draw, sky = np.random.default_rng(5), Sky()
    beam = Accuracy(20.0, 50.0, 100 * 1852 * float(np.radians(0.08)))
    off_m, raw_m = [], []
    for second in range(0, 400, 4):
        seen = missed(along(second), beam, draw)
        sky.take(second, "RA", echo(second, seen, beam, callsign="HEARD"))
        if second > 60:
            off_m.append(distance_m(sky.only().lat_deg, sky.only().lon_deg, *along(second)))
            raw_m.append(distance_m(*seen, *along(second)))
    track = sky.only()
    assert (track.callsign, track.oddity) == ("HEARD", Oddity.NONE)
    assert track.gs_kt == pytest.approx(388.8, abs=40)
    assert np.mean(off_m) < 0.8 * np.mean(raw_m)


def test_an_echo_where_its_aircraft_cannot_be_is_refused_and_the_track_is_doubted() -> None:
    sky = Sky()
    for second in range(8):
        sky.take(second, "TX", said(second, along(second)))
    batch = ObservationBatch(
        feed_id="RA", tor_us=START_US, label=label_for(("ALD",)), observations=(echo(8, along(8, aside_m=9_000), FINE),)
    )
    after, told = step(sky.picture, batch, START_US + 8_000_000)
    assert [type(one) for one in told] == [Rejected]
    (track,) = after.tracks.values()
    assert track.oddity is Oddity.JUMPED
    assert (track.lat_deg, track.lon_deg) == along(7)


def of_system(second: float, place: tuple[float, float], number: int = 7) -> Observation:
    """What another system tells of a track of its own, without an address."""
    toa_us = START_US + round(second * 1e6)
    return Observation(
        identity=f"radar:25.1.{number}", toa_us=toa_us, lat_deg=place[0], lon_deg=place[1], gs_kt=388.77, trk_deg=90.0
    )


def test_another_systems_track_without_an_address_becomes_part_of_the_aircraft_that_it_is() -> None:
    sky = Sky()
    for second in range(40):
        sky.take(second, "TX", said(second, along(second)))
        if second % 4 == 1:
            sky.take(second, "RA", of_system(second, along(second, aside_m=70)))
    track = sky.only()
    assert (track.identity, track.oddity) == ("icao:4b1234", Oddity.NONE)
    assert ages(track) == {"TX": 39, "RA": 37}
    assert distance_m(track.lat_deg, track.lon_deg, *along(39)) < 1, "its own word stands"
    sky.take(45, "RA", of_system(45, along(45, aside_m=70)))
    assert distance_m(sky.only().lat_deg, sky.only().lon_deg, *along(45)) < 100, "it is silent: the other moves it"


def test_two_that_part_are_two_again() -> None:
    sky = Sky()
    for second in range(20):
        sky.take(second, "TX", said(second, along(second)))
        sky.take(second, "RA", of_system(second, along(second)))
    assert sky.only().identity == "icao:4b1234"
    for second in range(20, 60):
        sky.take(second, "TX", said(second, along(second)))
        sky.take(second, "RA", of_system(second, along(second, aside_m=120.0 * (second - 20))))
    named, other = sky.tracks()
    assert (named.identity, other.identity) == ("icao:4b1234", "radar:25.1.7")
    assert named.oddity is Oddity.NONE
    assert distance_m(other.lat_deg, other.lon_deg, *along(59, aside_m=120.0 * 39)) < 1


def test_two_systems_that_fly_beside_each_other_at_other_levels_stay_two() -> None:
    sky = Sky()
    for second in range(30):
        sky.take(second, "TX", said(second, along(second), alt_ft=30_000))
        sky.take(second, "RA", replace(of_system(second, along(second)), alt_ft=33_000))
    assert [track.identity for track in sky.tracks()] == ["icao:4b1234", "radar:25.1.7"]


def test_a_wingman_that_the_same_system_tells_apart_stays_an_aircraft_of_its_own() -> None:
    sky = Sky()
    for second in range(30):
        lead = replace(of_system(second, along(second)), identity="icao:4b1234")
        sky.take(second, "RA", lead, of_system(second, along(second, aside_m=100)))
    assert [track.identity for track in sky.tracks()] == ["icao:4b1234", "radar:25.1.7"]


def test_a_false_echo_is_a_question_for_a_minute_and_not_for_ever() -> None:
    sky = Sky()
    for second in range(0, 40, 4):
        sky.take(second, "RA", echo(second, along(second), FINE))
    batch = ObservationBatch(
        feed_id="RA", tor_us=START_US, label=label_for(("ALD",)),
        observations=(echo(40, along(40, aside_m=20_000), FINE),),
    )  # fmt: skip
    sky.picture, _ = step(sky.picture, batch, START_US + 40_000_000)
    assert sky.only().oddity is Oddity.JUMPED
    for second in range(44, 160, 4):
        sky.take(second, "RA", echo(second, along(second), FINE))
    assert sky.only().oddity is Oddity.NONE


def test_an_echo_after_a_long_silence_tells_a_place_and_no_speed() -> None:
    sky = Sky()
    for second in range(0, 40, 4):
        sky.take(second, "RA", echo(second, along(second), FINE))
    known = sky.only()
    assert known.gs_kt == pytest.approx(388.8, abs=60)
    sky.take(140, "RA", echo(140, along(140), FINE))
    track = sky.only()
    assert (track.lat_deg, track.lon_deg) == along(140)
    assert (track.gs_kt, track.velocity_toa_us) == (known.gs_kt, known.velocity_toa_us), "its old word, and as old"
    for second in range(144, 200, 4):
        sky.take(second, "RA", echo(second, along(second), FINE))
    assert sky.only().gs_kt == pytest.approx(388.8, abs=60)
