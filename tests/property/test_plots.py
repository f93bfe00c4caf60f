"""Whatever radars and aircraft report, near poles and date line too: nothing breaks, and doubt stays a doubt."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.base.geodesy import destination
from watchfloor.base.labels import label_for
from watchfloor.messages.air import Accuracy, Observation, ObservationBatch
from watchfloor.picture.estimating import DOUBT, FIRST, PLACE, SECOND
from watchfloor.picture.state import FeedLimits, Picture
from watchfloor.picture.step import snapshot, step, without_lost

START_US = 1_931_270_400_000_000
MIDDLES = ((47.0, 8.0), (89.9, 0.0), (-89.95, 120.0), (0.0, 179.99), (-16.0, -179.99))


@st.composite
def skies(draw: st.DrawFn) -> list[tuple[str, Observation]]:
    middle, found = draw(st.sampled_from(MIDDLES)), []
    second = 0.0
    for _ in range(draw(st.integers(1, 30))):
        second += draw(st.floats(-2, 5))
        bearing, away_m = draw(st.floats(0, 360)), draw(st.floats(0, 4_000))
        lat_deg, lon_deg = destination(*middle, bearing, away_m)
        is_plot = draw(st.booleans())
        toa_us = START_US + round(second * 1e6)
        said = draw(st.booleans())
        seen = Observation(
            identity="plot:1/1" if is_plot else draw(st.sampled_from(("icao:4b1234", "icao:4b1235"))),
            toa_us=toa_us,
            lat_deg=lat_deg,
            lon_deg=lon_deg,
            alt_ft=draw(st.sampled_from((None, 10_000, 30_000))),
            gs_kt=200.0 if said and not is_plot else None,
            trk_deg=bearing if said and not is_plot else None,
            accuracy=Accuracy(bearing, draw(st.floats(1, 500)), draw(st.floats(1, 5_000))) if is_plot else None,
        )
        found.append((draw(st.sampled_from(("RA", "RB"))) if is_plot else "TX", seen))
    return found


@settings(max_examples=60, deadline=None)
@given(skies())
def test_every_estimate_stays_on_the_earth_with_a_doubt_that_is_one(sky: list[tuple[str, Observation]]) -> None:
    picture = Picture({name: FeedLimits(12_000_000, 30_000_000) for name in ("TX", "RA", "RB")})
    now_us = START_US
    for feed, seen in sky:
        now_us = max(now_us, seen.toa_us)
        batch = ObservationBatch(feed_id=feed, tor_us=now_us, label=label_for(("OWN",)), observations=(seen,))
        picture, _ = step(picture, batch, now_us)
        picture = without_lost(picture, now_us, 180_000_000)
        assert picture.estimates.keys() <= picture.tracks.keys()
        assert picture.unnamed.keys() <= picture.tracks.keys()
        rows = [*picture.estimates.values(), *(one.row for one in picture.tentative.values())]
        for row in rows:
            assert np.isfinite(row).all()
            assert np.linalg.eigvalsh(row[DOUBT].reshape(4, 4)).min() > 0
            assert abs(np.dot(row[FIRST], row[SECOND])) < 1e-9
            assert 6_356_000 < np.linalg.norm(row[PLACE]) < 6_379_000
    look = snapshot(picture, now_us)
    assert len({track.number for track in look.tracks}) == len(look.tracks)
    for track in look.tracks:
        assert -90 <= track.lat_deg <= 90
        assert -180 <= track.lon_deg <= 180
        assert track.gs_kt is None or track.gs_kt >= 0
