"""Alerts: raised when a loss is seen twice running, told again when it moves, ended when it is gone for a while."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.base.labels import label_for
from watchfloor.deconflict import alerts
from watchfloor.deconflict.alerts import END_AFTER, Rings, Watch
from watchfloor.deconflict.probe import NO_ALTITUDE_FT, columns_of
from watchfloor.messages.air import Party, Track, TrackPicture
from watchfloor.messages.alerts import AlertEnded, AlertRaised, AlertUpdated, EndCause, Minima
from watchfloor.messages.pack import Airfield
from watchfloor.messages.room import FeedState

NOW_US = 1_931_270_400_000_000
MINIMA = Minima(horizontal_m=9260, vertical_ft=1000, lookahead_us=300_000_000)
FIELD = Airfield(id="F", name="Field", use="civil", lat_deg=0.0, lon_deg=0.25)
NO_RINGS = Rings((), 0, 0)


def track(number: int, lon: float, trk: float, **more: object) -> Track:
    words = {"party": Party.CIVIL, "alt_ft": 4000, "label": label_for(("ALD", "BVY"))} | more
    return Track(
        identity=f"icao:{number:06x}",
        number=number,
        sources=(),
        toa_us=NOW_US,
        velocity_toa_us=NOW_US,
        lat_deg=0.0,
        lon_deg=lon,
        gs_kt=240.0,
        trk_deg=trk,
        **words,  # type: ignore[arg-type]
    )


def look(*tracks: Track, room_us: int = NOW_US, state: FeedState = FeedState.FRESH) -> TrackPicture:
    return TrackPicture(room_us=room_us, tracks=tracks, states=(state,) * len(tracks))


HEAD_ON = (track(1, 0.0, 90.0), track(2, 0.5, 270.0))


def raised(watch: Watch) -> tuple[Watch, AlertRaised]:
    watch, first = alerts.step(watch, look(*HEAD_ON))
    assert first == []
    watch, (alert,) = alerts.step(watch, look(*HEAD_ON))
    assert isinstance(alert, AlertRaised)
    return watch, alert


def test_one_look_raises_nothing_and_two_running_raise_one_alert() -> None:
    watch, alert = raised(Watch(MINIMA, NO_RINGS))
    assert (alert.first.track_id, alert.second.track_id) == ("T1", "T2")
    assert 185 < (alert.encounter.loss_us - NOW_US) / 1e6 < 190
    assert alerts.step(watch, look(*HEAD_ON))[1] == []
    passing = Watch(MINIMA, NO_RINGS)
    for _ in range(4):
        passing, none = alerts.step(passing, look(*HEAD_ON))
        assert none == [] or passing.standing
        passing, none = alerts.step(passing, look(HEAD_ON[0]))
        assert none == [], "a loss seen every other time is noise"


def test_an_alert_is_told_again_when_it_moves_and_ends_after_it_is_gone_for_a_while() -> None:
    watch, alert = raised(Watch(MINIMA, NO_RINGS))
    slower = (HEAD_ON[0], track(2, 0.52, 270.0))
    watch, (moved,) = alerts.step(watch, look(*slower))
    assert isinstance(moved, AlertUpdated)
    apart = (track(1, 0.0, 270.0), track(2, 0.52, 90.0))
    for _ in range(END_AFTER - 1):
        watch, none = alerts.step(watch, look(*apart))
        assert none == []
    watch, (ended,) = alerts.step(watch, look(*apart))
    assert isinstance(ended, AlertEnded)
    assert (ended.alert_id, ended.cause) == (alert.alert_id, EndCause.DIVERGED)
    assert not watch.standing


def test_an_alert_whose_track_is_lost_ends_saying_so() -> None:
    watch, _ = raised(Watch(MINIMA, NO_RINGS))
    for _ in range(END_AFTER):
        watch, changes = alerts.step(watch, look(HEAD_ON[0]))
    assert [change.cause for change in changes if isinstance(change, AlertEnded)] == [EndCause.TRACK_LOST]


def test_stale_tracks_old_velocities_and_aircraft_on_the_ground_are_not_probed() -> None:
    for tracks, state in (
        (HEAD_ON, FeedState.STALE),
        ((HEAD_ON[0], track(2, 0.5, 270.0, on_ground=True)), FeedState.FRESH),
    ):
        watch = Watch(MINIMA, NO_RINGS)
        for _ in range(3):
            watch, changes = alerts.step(watch, look(*tracks, state=state))
            assert changes == []


def test_near_one_airfield_and_below_its_level_separation_is_the_towers_business() -> None:
    low = (track(1, 0.0, 90.0, alt_ft=3000), track(2, 0.5, 270.0, alt_ft=3000))
    ring = Rings((FIELD,), 12 * 1852, 6000)
    watch = Watch(MINIMA, ring)
    for _ in range(3):
        watch, changes = alerts.step(watch, look(*low))
        assert changes == []
    high = (track(1, 0.0, 90.0, alt_ft=6000), track(2, 0.5, 270.0, alt_ft=6000))
    watch, _ = alerts.step(Watch(MINIMA, ring), look(*high))
    assert alerts.step(watch, look(*high))[1]


def test_an_alert_is_releasable_only_to_those_who_may_see_both_and_says_when_it_is_between_parties() -> None:
    pair = (HEAD_ON[0], track(2, 0.5, 270.0, party=Party.OTHER, label=label_for(("ALD",))))
    watch, _ = alerts.step(Watch(MINIMA, NO_RINGS), look(*pair))
    _, (alert,) = alerts.step(watch, look(*pair))
    assert isinstance(alert, AlertRaised)
    assert alert.label.nations == ("ALD",)
    assert alert.between_parties


TRACKS = st.builds(
    Track,
    identity=st.just("icao:000001"),
    number=st.integers(1, 9),
    label=st.just(label_for(("ALD",))),
    sources=st.just(()),
    toa_us=st.integers(NOW_US - 90_000_000, NOW_US),
    velocity_toa_us=st.integers(NOW_US - 90_000_000, NOW_US),
    lat_deg=st.floats(-90, 90),
    lon_deg=st.floats(-180, 180),
    alt_ft=st.none() | st.integers(-1_000, 60_000),
    geo_alt_ft=st.none() | st.integers(-1_000, 60_000),
    gs_kt=st.none() | st.floats(0, 2_000),
    trk_deg=st.none() | st.floats(0, 360),
    vs_fpm=st.none() | st.integers(-9_000, 9_000),
    selected_ft=st.none() | st.integers(0, 50_000),
    selected_toa_us=st.integers(NOW_US - 90_000_000, NOW_US),
    on_ground=st.booleans(),
)


@given(st.lists(TRACKS, max_size=20))
def test_many_tracks_at_once_are_told_to_the_probe_as_each_alone_is(tracks: list[Track]) -> None:
    one_by_one = [candidate for track in tracks if (candidate := alerts.candidate_of(track)) is not None]
    usable = [track for track in tracks if alerts.is_usable(track)]
    assert len(usable) == len(one_by_one)
    at_once, wanted = alerts.columns_of_tracks(usable), columns_of(one_by_one)
    levels = np.array([one.state.alt_ft for one in one_by_one])
    for name in wanted.__struct_fields__:
        assert np.array_equal(getattr(at_once, name), getattr(wanted, name), equal_nan=True), name
    known = [track.geo_alt_ft if track.alt_ft is None else track.alt_ft for track in usable]
    assert levels.tolist() == [NO_ALTITUDE_FT if level is None else level for level in known]
