"""`watchfloor serve` with a real recorded flight: one aircraft, from take-off to landing."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.support.running import RunningRoom, run_words, verified
from tests.unit.test_cot import GOOD
from watchfloor.app.intake import FeedSetup, Intake
from watchfloor.base.geodesy import distance_m
from watchfloor.base.labels import label_for
from watchfloor.edge.feeds.recorded_files import read_frames
from watchfloor.messages.room import Context
from watchfloor.picture.state import FeedLimits, Picture
from watchfloor.picture.step import step
from watchfloor.wire.feeds import BUILT_IN

FLIGHT = "modes/one-flight.csv"
TAKE_OFF, LANDING = (48.996, 2.560), (43.629, 1.364)  # Paris to Toulouse


def config(path: Path, flight: Path, speed: int) -> Path:
    path.write_text(
        f'[room]\ntitle = "One flight"\n\n[[feeds]]\nid = "TX"\nname = "Recorded transponder"\n'
        f'format = "modes-csv"\npath = {json.dumps(str(flight))}\nspeed = {speed}\n'
    )
    return path


def test_a_recorded_flight_becomes_one_track_from_take_off_to_landing(
    test_data: Path, tmp_path: Path, start_room: Callable[..., RunningRoom]
) -> None:
    room = start_room(
        "--config", str(config(tmp_path / "w.toml", test_data / FLIGHT, 600)), command="serve", data=tmp_path / "room"
    )
    assert room.started["context"] == "REPLAY"
    assert room.started["seats"] == []
    last_us = read_frames(test_data / FLIGHT)[-1].toa_us
    seen: dict[str, object] = {}

    def track() -> dict[str, object]:
        for feature in room.get("/api/tracks")["features"]:
            seen.update(room.get(f"/api/tracks/{feature['properties']['number']}"))
        return seen

    room.until(lambda: track() and room.get("/api/pulse")["room_us"] > last_us - 20_000_000, "the landing", 60)
    feed = room.until(
        lambda: next(
            (
                feed
                for feed in room.get("/api/pulse")["feeds"]
                if feed["newest_us"] and feed["newest_us"] > last_us - 9e6
            ),
            None,
        ),
        "the last frame",
    )
    document = track()
    assert (document["identity"], document["squawk"]) == ("icao:393322", "1000")
    assert 6135 + 500 <= feed["position_count"] <= 6457 + 1867
    trail = document["trail"]
    assert isinstance(trail, list)
    assert distance_m(trail[0][2], trail[0][1], *TAKE_OFF) < 30_000
    assert distance_m(trail[-1][2], trail[-1][1], *LANDING) < 5_000
    assert _fastest_mps(trail) <= 350
    assert room.stop() == 0
    assert verified(room.data)["holds"]


def _fastest_mps(trail: list[list[float]]) -> float:
    fastest = 0.0
    for (us1, lon1, lat1, _), (us2, lon2, lat2, _) in zip(trail, trail[1:], strict=False):
        if us2 > us1:
            fastest = max(fastest, distance_m(lat1, lon1, lat2, lon2) / ((us2 - us1) / 1e6))
        else:
            assert distance_m(lat1, lon1, lat2, lon2) < 1
    return fastest


def test_every_airborne_position_but_a_few_enters_the_picture_without_a_jump(test_data: Path) -> None:
    frames = read_frames(test_data / FLIGHT)
    limits = FeedLimits(15_000_000, 60_000_000)
    intake = Intake(FeedSetup("TX", "TX", None, label_for(("OWN",)), limits, Context.REPLAY))
    picture = Picture(limits={"TX": limits})
    trail = []
    for start in range(0, len(frames), 500):
        chunk = frames[start : start + 500]
        batch = intake.receive_frames(chunk, chunk[-1].toa_us)
        for seen in batch.observations:
            if seen.lat_deg is not None and not seen.on_ground:
                trail.append([seen.toa_us, seen.lon_deg, seen.lat_deg, 0.0])
        picture, _ = step(picture, batch, chunk[-1].toa_us)
    assert len(trail) >= 0.95 * 6457
    assert _fastest_mps(trail) <= 350
    assert list(picture.tracks) == ["icao:393322"]


def test_a_config_with_a_fault_names_it_and_exits_2(tmp_path: Path) -> None:
    for text, words in (
        ("", "feeds"),
        ("[[feeds]]\nid = 1", "str"),
        ('[[feeds]]\nid = "A"\nformat = "modes-csv"\npath = "no.csv"', "no.csv"),
        ('[[feeds]]\nid = "A"\nformat = "tele"\nconnect = "x:1"', "beast"),
        ('[[feeds]]\nid = "A"\nformat = "beast"\nconnect = "x:1"\nsecret = "y"', "secret"),
        ("[[feeds", "w.toml"),
        ('[[feeds]]\nid = "TAK"\nformat = "cot"\nconnect = "x:1"', "TAK"),
        ('[[feeds]]\nid = "A"\nformat = "cot"\nconnect = "x:99999"', "65535"),
    ):
        (tmp_path / "w.toml").write_text(text)
        done = run_words("serve", "--config", str(tmp_path / "w.toml"))
        assert done.returncode == 2, done
        assert words in done.stderr
    done = run_words("serve", "--config", str(tmp_path / "absent.toml"))
    assert done.returncode == 2


def test_a_recorded_file_with_a_bad_row_names_file_and_line(tmp_path: Path) -> None:
    flight = tmp_path / "f.csv"
    for rows, words in (
        ("timestamp,frame\n1.0,8f393322384a02aea63afc43dcba\n2.0,zz\n", "f.csv:3"),
        ("time,frame\n", "f.csv:1"),
        ("timestamp,frame\n9.0,8f393322384a02aea63afc43dcba\n1.0,8f393322384a02aea63afc43dcba\n", "goes back"),
        ("timestamp,frame\nnan,8f393322384a02aea63afc43dcba\n", "f.csv:2"),
    ):
        flight.write_text(rows)
        done = run_words("serve", "--config", str(config(tmp_path / "w.toml", flight, 1)))
        assert done.returncode == 2
        assert words in done.stderr, done.stderr


def test_a_served_room_refuses_tracks_marked_as_exercise() -> None:
    limits = FeedLimits(15_000_000, 60_000_000)
    live = Intake(FeedSetup("C", "C", BUILT_IN["cot"], label_for(("OWN",)), limits, Context.LIVE_CIVIL))
    assert not live.receive(GOOD, 0).observations
    assert list(live.reasons) == ["marked as exercise in a room that is none"]
    exercise = Intake(FeedSetup("C", "C", BUILT_IN["cot"], label_for(("OWN",)), limits, Context.EXERCISE))
    assert not exercise.receive(GOOD.replace(b' opex="e-eight-thirty"', b""), 0).observations
    assert len(exercise.receive(GOOD, 0).observations) == 1
