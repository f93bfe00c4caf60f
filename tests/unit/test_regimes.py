"""Minima that hold for some pairs, somewhere, sometimes; and the levels at which climbs end."""

import pytest
from msgspec.structs import replace

from tests.unit.test_alerts import MINIMA, NO_RINGS, NOW_US, look, track
from watchfloor.app.rejudging import rejudge
from watchfloor.base.labels import label_for
from watchfloor.deconflict import alerts
from watchfloor.deconflict.alerts import Watch
from watchfloor.deconflict.probe import NO_ALTITUDE_FT, Candidate, columns_of
from watchfloor.deconflict.regimes import Flying, Judged, Regime, in_force, judge_columns, with_fallback
from watchfloor.messages.air import Party, Track
from watchfloor.messages.alerts import AlertRaised, Broken, ProbedState
from watchfloor.messages.entry import VERSIONS, Entry

FIRE = Regime(name="the fire", horizontal_m=926, vertical_ft=300, around=(0.0, 0.0), radius_m=20_000, below_ft=5000)
WIDE = Regime(name="suspended", horizontal_m=18_520, vertical_ft=2000, between_parties=True, line=("suspended",))
NM_DEG = 1852 / 111_195


def craft(
    north_nm: float,
    east_nm: float,
    trk: int = 90,
    *,
    kt: int = 120,
    level: int = 3000,
    party: Party = Party.UNKNOWN,
    callsign: str = "",
    lon: float = 0.0,
    climb: int = 0,
    cleared: int | None = None,
) -> Flying:
    east_deg = (lon + east_nm * NM_DEG + 180) % 360 - 180
    state = ProbedState(
        "T", NOW_US, round(north_nm * NM_DEG * 1e7), round(east_deg * 1e7), level, kt * 10, trk * 100, climb, cleared
    )
    return Flying(Candidate(state, level), party, callsign)


def judged(*flying: Flying, regimes: tuple[Regime, ...] = (FIRE,)) -> list[Judged]:
    found, back = (
        judge_columns(columns_of([one.candidate for one in order]), order.__getitem__, regimes, MINIMA, NOW_US)
        for order in (flying, flying[::-1])
    )
    assert [(hit.regime, hit.encounter.loss_us) for hit in found] == [
        (hit.regime, hit.encounter.loss_us) for hit in back
    ], "a pair is judged the same from both ends"
    return found


def test_in_a_ring_its_own_minima_hold_and_outside_the_rooms() -> None:
    abreast = (craft(0, -2), craft(2, -2))
    assert judged(*abreast, regimes=())[0].minima == MINIMA
    assert judged(*(craft(north, -2, kt=10) for north in (0, 2))) == []
    (close,) = judged(craft(0, -2, kt=10), craft(0.3, -2, kt=10))
    assert (close.regime, close.minima.horizontal_m, close.minima.vertical_ft) == ("the fire", 926, 300)
    (outside,) = judged(craft(0, 30), craft(2, 30))
    assert (outside.regime, outside.minima) == ("", MINIMA)
    (one_inside,) = judged(craft(0, 10), craft(0, 12))
    assert one_inside.regime == ""


def test_two_that_leave_the_ring_near_each_other_are_told_of_before_they_do() -> None:
    (hit,) = judged(craft(0, 5), craft(2, 5))
    assert hit.regime == "the room, once beyond the fire"
    assert hit.minima == MINIMA
    ahead_s = (hit.encounter.loss_us - NOW_US) / 1e6
    leaves_s = (20_000 / 1852 - 5) / 120 * 3600  # the second of the two is beyond the ring a little earlier
    assert leaves_s - 12 < ahead_s < leaves_s + 4


def test_a_regime_that_looks_less_far_ahead_tells_of_nothing_later() -> None:
    short = replace(FIRE, lookahead_us=60_000_000)
    assert judged(craft(0, -6), craft(0, 0, 270), regimes=(FIRE,))
    assert judged(craft(0, -6), craft(0, 0, 270), regimes=(short,)) == []
    assert judged(craft(0, -2), craft(0, 0, 270), regimes=(short,))
    assert judged(craft(0, 5), craft(2, 5), regimes=(short,)) == [], "leaving the ring is told as late"
    small = replace(short, radius_m=5_000)
    outside = (craft(0, -5), craft(0, 5, 270))
    assert judged(*outside, regimes=(replace(small, lookahead_us=None),))
    assert judged(*outside, regimes=(small,)), "who is outside yet is looked for as far ahead as the room looks"


def test_levels_callsigns_parties_and_the_line_narrow_a_regime() -> None:
    pair = (craft(0, 0, kt=1), craft(2, 0, kt=1))
    assert judged(*pair) == []
    above = (craft(0, 0, kt=1, level=5000), craft(2, 0, kt=1, level=5000))
    assert [hit.regime for hit in judged(*above)] == [""]
    unknown = [Flying(replace(one.candidate, pressure_ft=NO_ALTITUDE_FT)) for one in pair]
    unknown = [
        Flying(replace(one.candidate, state=replace(one.candidate.state, alt_ft=NO_ALTITUDE_FT))) for one in unknown
    ]
    assert [hit.regime for hit in judged(*unknown)] == [""], "who has no level is in no place that has levels"
    tankers = replace(FIRE, callsigns=("TANKER",))
    assert [hit.regime for hit in judged(*pair, regimes=(tankers,))] == [""]
    named = tuple(replace(one, callsign=f"TANKER{n}") for n, one in enumerate(pair))
    assert judged(*named, regimes=(tankers,)) == []
    relief = replace(FIRE, parties=(Party.HUMANITARIAN,))
    assert [hit.regime for hit in judged(*pair, regimes=(relief,))] == [""]
    assert judged(*(replace(one, party=Party.HUMANITARIAN) for one in pair), regimes=(relief,)) == []


def test_the_first_that_fits_counts_and_wider_minima_are_looked_for() -> None:
    far = (craft(0, 0, kt=1, party=Party.OTHER), craft(8, 0, kt=1, party=Party.COALITION))
    assert judged(*far) == []
    assert [hit.regime for hit in judged(*far, regimes=in_force((WIDE, FIRE), "suspended"))] == ["suspended"]
    assert judged(*far, regimes=in_force((WIDE, FIRE), "up")) == []
    assert judged(*(replace(one, party=Party.OTHER) for one in far), regimes=(WIDE,)) == []
    inside = (craft(0, 0, kt=1, party=Party.OTHER), craft(2, 0, kt=1, party=Party.COALITION))
    assert [hit.regime for hit in judged(*inside, regimes=(WIDE, FIRE))] == ["suspended"]
    assert judged(*inside, regimes=(FIRE, WIDE)) == []


def test_what_parties_declare_holds_first_and_the_wider_of_all_counts() -> None:
    assert with_fallback((WIDE, FIRE), ()) == (WIDE, FIRE)
    first, *others = with_fallback((WIDE, FIRE), [(9_260, 3_000), (20_000, 1_000)])
    assert (first.horizontal_m, first.vertical_ft, first.line, others) == (20_000, 3_000, ("suspended",), [WIDE, FIRE])
    narrow, *_ = with_fallback((WIDE, FIRE), [(1, 1)])
    assert (narrow.horizontal_m, narrow.vertical_ft) == (WIDE.horizontal_m, WIDE.vertical_ft), "nobody narrows ours"
    assert with_fallback((FIRE,), [(1, 1)])[0].horizontal_m == 1


def test_a_corridor_may_lie_on_the_date_line() -> None:
    ring = ((179.5, -0.5), (-179.5, -0.5), (-179.5, 0.5), (179.5, 0.5))
    across = tuple((lon if lon > 0 else lon + 360, lat) for lon, lat in ring)
    for corners in (ring, across):
        lane = Regime(name="lane", horizontal_m=926, vertical_ft=300, corridor=corners)
        pair = (craft(0, -1, kt=1, lon=180), craft(2, 1, kt=1, lon=180))
        assert judged(*pair, regimes=(lane,)) == []
        far = (craft(0, 40, kt=1, lon=180), craft(2, 40, kt=1, lon=180))
        assert [hit.regime for hit in judged(*far, regimes=(lane,))] == [""]


def test_a_climb_to_a_cleared_level_under_the_other_is_no_loss_and_one_through_it_is() -> None:
    level = craft(0, 0, kt=400, level=30_000)
    for cleared, is_told in ((29_000, False), (29_001, True), (None, True), (24_000, True)):
        climbs = craft(0, 30, 270, kt=400, level=25_000, climb=2500, cleared=cleared)
        found = judged(level, climbs, regimes=())
        assert bool(found) is is_told, cleared
        if found:
            assert found[0].encounter.breaks_first is Broken.LEVEL


def raised(pair: tuple[Track, Track], watch: Watch, line: str = "") -> list[AlertRaised]:
    watch, none = alerts.step(watch, look(*pair), line)
    assert none == []
    return [change for change in alerts.step(watch, look(*pair), line)[1] if isinstance(change, AlertRaised)]


def test_an_alert_says_by_which_minima_and_is_found_again_in_replay() -> None:
    label = label_for(("ALD", "BVY"))
    pair = (track(1, 0.0, 90.0, party=Party.OTHER), track(2, 8 * NM_DEG, 90.0, party=Party.COALITION))
    watch = Watch(MINIMA, NO_RINGS, regimes=(WIDE,))
    assert raised(pair, watch) == raised(pair, watch, "up") == []
    (alert,) = raised(pair, watch, "suspended")
    assert (alert.regime, alert.minima.horizontal_m, alert.label) == ("suspended", 18_520, label)
    at_border = replace(alert, regime="the room, once beyond x", encounter=replace(
        alert.encounter, loss_us=alert.encounter.loss_us + 40_000_000))  # fmt: skip
    for held, count in ((alert, 0), (at_border, 0), (replace(at_border, regime=""), 1)):
        entry = Entry(0, "0" * 64, 1, NOW_US, "room", "k", VERSIONS["AlertRaised"], held)
        assert len(rejudge([entry]).divergences) == count


@pytest.mark.parametrize(("age_s", "is_believed"), [(20, True), (40, False)])
def test_a_selected_level_is_believed_while_it_is_fresh(age_s: int, is_believed: bool) -> None:
    level = track(1, 0.0, 90.0, alt_ft=8000)
    climbs = track(
        2, 0.5, 270.0, alt_ft=4000, vs_fpm=1000, selected_ft=7000, selected_toa_us=NOW_US - age_s * 1_000_000
    )
    assert (raised((level, climbs), Watch(MINIMA, NO_RINGS)) == []) is is_believed
