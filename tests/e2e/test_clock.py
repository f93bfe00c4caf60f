"""Room time pauses, jumps and runs at ten times, and nothing in picture, alerts or record goes wrong."""

from collections.abc import Callable

from tests.support.running import RunningRoom, run_words, verified


def reasons_of(room: RunningRoom) -> dict[str, dict[str, int]]:
    return {feed["feed_id"]: feed["reasons"] for feed in room.get("/api/pulse")["feeds"] if feed["reasons"]}


def test_the_room_pauses_jumps_and_runs_at_ten_times(start_room: Callable[..., RunningRoom]) -> None:
    room = start_room("--from", "08:05:00", "--speed", "10")
    control = room.sit("Exercise control, ALD")
    info = room.get("/api/room")
    room.until(lambda: len(room.get("/api/tracks")["features"]) >= 110, "tracks at x10")
    room.until(lambda: room.get("/api/screen")["screen"]["alerts"], "the first alert at x10", 60)
    states = [feature["properties"]["state"] for feature in room.get("/api/tracks")["features"]]
    assert states.count("fresh") >= 105, "only aircraft that landed may age"
    assert control.clock(paused=True).status_code == 200
    still = room.get("/api/pulse")["room_us"]
    before = room.get("/api/tracks")["features"]
    control.room.until(lambda: room.get("/api/pulse")["paused"], "the pause")
    assert room.get("/api/pulse")["room_us"] == room.get("/api/pulse")["room_us"] >= still
    assert len(room.get("/api/tracks")["features"]) >= len(before) - 3
    jump_us = info["start_us"] + 36 * 60_000_000
    assert control.clock(rate_permille=1000, jump_to_us=jump_us).status_code == 200
    assert room.get("/api/screen")["screen"]["alerts"][0]["ended"] == "clock_jumped"
    room.until(lambda: len(room.get("/api/tracks")["features"]) >= 110, "tracks after the jump", 30)
    for feature in room.get("/api/tracks")["features"]:
        assert feature["properties"]["age_s"] < 60, "nothing measured before the jump is shown after it"
    alert = room.until(
        lambda: [
            alert
            for alert in room.get("/api/screen")["screen"]["alerts"]
            if alert["between_parties"] and not alert["ended"]
        ],
        "the 08:36 alert between the parties",
        50,
    )[0]
    assert alert["loss_us"] > room.get("/api/pulse")["room_us"]
    assert control.clock(jump_to_us=info["start_us"] + 60_000_000, rate_permille=10_000).status_code == 200
    room.until(lambda: len(room.get("/api/tracks")["features"]) >= 110, "tracks after a jump back", 30)
    assert reasons_of(room) == {}, "no simulated report was refused, whatever the clock did"
    assert room.stop() == 0
    report = verified(room.data)
    assert report["holds"]
    assert report["sealed"]


def test_a_time_that_was_there_twice_is_replayed_with_a_word_about_the_other(
    start_room: Callable[..., RunningRoom],
) -> None:
    room = start_room("--from", "08:05:00", "--speed", "10")
    control = room.sit("Exercise control, ALD")
    start_us = room.get("/api/pulse")["room_us"]
    room.until(lambda: room.get("/api/pulse")["room_us"] > start_us + 40_000_000, "forty seconds")
    assert control.clock(rate_permille=10_000, jump_to_us=start_us).status_code == 200
    room.until(lambda: room.get("/api/pulse")["room_us"] > start_us + 40_000_000, "forty seconds again")
    assert room.stop() == 0
    told = run_words("replay", str(room.data), "--at", "08:05:20").stdout
    assert "room time was here before too" in told
    other = told.split("--at ")[1].split(" ")[0]
    assert "08:05:" in run_words("replay", str(room.data), "--at", other).stdout


def test_a_run_ends_by_itself_at_the_time_given(start_room: Callable[..., RunningRoom]) -> None:
    room = start_room("--from", "08:00:00", "--until", "08:00:30", "--speed", "20")
    assert room.process.wait(20) == 0
    assert verified(room.data)["sealed"]
