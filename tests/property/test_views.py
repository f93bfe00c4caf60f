"""What a viewer may not see changes nothing that they see: every audience against every set of feeds."""

from hypothesis import given
from hypothesis import strategies as st

from watchfloor.app.sight import may_see
from watchfloor.app.views import Views
from watchfloor.base.labels import Audience, Level, label_for
from watchfloor.messages.air import Observation, ObservationBatch
from watchfloor.picture.moving import number_of
from watchfloor.picture.state import FeedLimits, Picture

BEGIN_US = 1_931_270_400_000_000
LABELS = {
    "ADSB": label_for(("ALD", "BVY", "DNM")),
    "OWN": label_for(("ALD",)),
    "SECRET": label_for(("ALD", "BVY"), Level.SECRET),
    "GROUP": label_for(("ALD", "BVY"), need_to_know=("SOURCES",)),
}
AUDIENCES = [
    Audience((nation,), level, groups)
    for nation in ("ALD", "BVY", "DNM", "ELSE")
    for level in (Level.OPEN, Level.SECRET)
    for groups in ((), ("SOURCES",))
]
EMPTY = Picture(limits={feed: FeedLimits(10_000_000, 60_000_000) for feed in LABELS})
IDENTITIES = ("icao:4840d6", "icao:393322", "cot:TILLER21", "radar:25-7", "plot:25/201")


@st.composite
def reports(draw: st.DrawFn) -> list[tuple[str, Observation]]:
    found = []
    for second in range(draw(st.integers(1, 25))):
        seen = Observation(
            identity=draw(st.sampled_from(IDENTITIES)),
            toa_us=BEGIN_US + second * 1_000_000,
            lat_deg=draw(st.sampled_from((None, 47.0, 47.001, 48.0))),
            lon_deg=None,
            alt_ft=draw(st.sampled_from((None, 30_000, 31_000))),
            callsign=draw(st.sampled_from((None, "ONE", "TWO"))),
        )
        if seen.lat_deg is not None:
            seen = Observation(**{name: getattr(seen, name) for name in seen.__struct_fields__} | {"lon_deg": 8.0})
        found.append((draw(st.sampled_from(tuple(LABELS))), seen))
    return found


def after(reports: list[tuple[str, Observation]], audience: Audience, feeds: set[str]) -> tuple[object, ...]:
    """What an audience sees, and what it was told of, when there are only these feeds."""
    views = Views(EMPTY, {feed: LABELS[feed] for feed in feeds})
    view = views.of(audience)
    told: list[str] = []
    view.on_moved(told.append)
    for feed, seen in reports:
        if feed in feeds:
            batch = ObservationBatch(feed_id=feed, tor_us=seen.toa_us, label=LABELS[feed], observations=(seen,))
            views.take(batch, seen.toa_us)
            views.trim(seen.toa_us)
    look = view.snapshot(BEGIN_US + 30_000_000)
    assert all(may_see(track.label, audience) for track in look.tracks)
    return look, told, [view.trail(identity) for identity in IDENTITIES]


@given(reports())
def test_feeds_that_an_audience_may_not_see_change_nothing_for_it(reports: list[tuple[str, Observation]]) -> None:
    for audience in AUDIENCES:
        releasable = {feed for feed, label in LABELS.items() if may_see(label, audience)}
        assert after(reports, audience, set(LABELS)) == after(reports, audience, releasable), audience


@given(reports())
def test_how_a_feed_does_tells_nothing_of_feeds_that_its_viewers_may_not_see(
    reports: list[tuple[str, Observation]],
) -> None:
    def told(one: str, feeds: set[str]) -> list[object]:
        views, found = Views(EMPTY, {feed: LABELS[feed] for feed in feeds}), []
        for feed, seen in reports:
            if feed in feeds:
                batch = ObservationBatch(feed_id=feed, tor_us=seen.toa_us, label=LABELS[feed], observations=(seen,))
                answer = views.take(batch, seen.toa_us)
                found += [answer] if feed == one else []
        return found

    for one, label in LABELS.items():
        least = Audience(label.nations, label.level, label.need_to_know)
        known = {feed for feed, other in LABELS.items() if may_see(other, least)}
        assert told(one, set(LABELS)) == told(one, known)


def test_a_number_tells_nothing_but_whose_it_is() -> None:
    assert number_of("icao:4840d6") == 0x4840D6
    made = [number_of(f"cot:{place}") for place in range(10_000)]
    assert len(set(made)) > 9_990
    assert all(1 << 24 <= number < 1 << 32 for number in made)
