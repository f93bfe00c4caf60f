"""The pack's traffic against its story: how many fly, who meets whom, and that no noise makes false alerts."""

from watchfloor.app.doctrine import minima_of, rings_of
from watchfloor.app.plan import exercise_setup
from watchfloor.base.instants import hms_from_us
from watchfloor.base.labels import Label
from watchfloor.deconflict import alerts
from watchfloor.deconflict.alerts import Watch
from watchfloor.exercise.flights import Flight, flights_of, truth_at
from watchfloor.exercise.transmit import Transmitters, squawk_of
from watchfloor.messages.air import Track, TrackPicture
from watchfloor.messages.alerts import AlertRaised
from watchfloor.messages.pack import Pack
from watchfloor.messages.room import FeedState

STEP_US = 10_000_000


def true_picture(flights: tuple[Flight, ...], label: Label, room_us: int) -> TrackPicture:
    tracks = []
    for number, flight in enumerate(flights):
        truth = truth_at(flight, room_us)
        if truth is not None:
            tracks.append(
                Track(
                    identity=f"cot:{truth.callsign}",
                    number=number,
                    label=label,
                    sources=(),
                    toa_us=room_us,
                    lat_deg=truth.lat_deg,
                    lon_deg=truth.lon_deg,
                    alt_ft=round(truth.alt_ft),
                    gs_kt=truth.gs_kt,
                    trk_deg=truth.trk_deg,
                    vs_fpm=round(truth.vs_fpm),
                    velocity_toa_us=room_us,
                    callsign=truth.callsign,
                    party=flight.route.party,
                )
            )
    return TrackPicture(room_us=room_us, tracks=tuple(tracks), states=(FeedState.FRESH,) * len(tracks))


def test_220_aircraft_fly_103_to_129_of_them_at_once(pack: Pack) -> None:
    flights = flights_of(pack)
    assert len(flights) == len({flight.callsign for flight in flights}) == 220
    airborne = [
        sum(truth_at(flight, room_us) is not None for flight in flights)
        for room_us in range(pack.start_us, pack.end_us + 1, 60_000_000)
    ]
    assert (min(airborne), max(airborne)) == (103, 129)


def test_the_straight_line_probe_raises_the_eight_pairs_of_the_story_and_no_other(pack: Pack) -> None:
    watch = Watch(minima_of(pack), rings_of(pack))
    flights, label = flights_of(pack), exercise_setup(pack, "r").label
    raised: dict[frozenset[str], str] = {}
    between = set()
    for room_us in range(pack.start_us, pack.end_us + 1, STEP_US):
        look = true_picture(flights, label, room_us)
        names = {f"T{track.number}": track.callsign for track in look.tracks}
        watch, changes = alerts.step(watch, look)
        for change in changes:
            if isinstance(change, AlertRaised):
                pair = frozenset((names[change.first.track_id], names[change.second.track_id]))
                raised[pair] = hms_from_us(change.at_us, pack.utc_offset_s)
                if change.between_parties:
                    between.add(pair)
    assert {tuple(sorted(pair)) for pair in raised} == {
        ("CVE1a", "CVE1b"),
        ("COE2a", "CVE2b"),
        ("CVE1b", "CVI23"),
        ("COE3a", "MRE3b"),
        ("COE4b", "TERN"),
        ("COE5a", "RFE5b"),
        ("COE6b", "MRE6a"),
        ("COP22", "MRE6a"),
    }
    assert raised[frozenset(("CVE1a", "CVE1b"))] == "08:08:10"
    assert raised[frozenset(("COE3a", "MRE3b"))] == "08:36:30"
    assert between == {
        frozenset(("COE3a", "MRE3b")),
        frozenset(("COE6b", "MRE6a")),
        frozenset(("COP22", "MRE6a")),
    }


def test_transmissions_are_the_same_for_the_same_start_and_keep_their_rates(pack: Pack) -> None:
    start_us = pack.start_us + 470_000_000
    first = list(Transmitters(pack, start_us).until(start_us + 10_000_000))
    again = list(Transmitters(pack, start_us).until(start_us + 10_000_000))
    assert first == again
    airborne_cot = sum(
        truth_at(flight, start_us) is not None for flight in flights_of(pack) if flight.route.feed == "COT"
    )
    reports = sum(feed == "COT" for feed, _ in first)
    assert airborne_cot * 9 <= reports <= airborne_cot * 11.5
    assert all(b'opex="e-eight-thirty"' in raw for feed, raw in first if feed == "COT")


def test_no_scripted_aircraft_squawks_an_emergency() -> None:
    codes = [squawk_of(place) for place in range(220)]
    assert len(set(codes)) == 220
    assert not {"7500", "7600", "7700"} & set(codes)
