"""The default exercise with the other party's room beside it: the first call, and a counterpart that misreads once."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.test_line import End, volume
from tests.support.lines import words
from tests.support.running import RunningRoom, children_of, is_running, verified

Start = Callable[..., RunningRoom]
START_US = 1_931_270_400_000_000


def test_the_first_call_takes_place_at_half_past_eight_and_a_misread_digit_is_there_to_be_caught(
    start_room: Start, tmp_path: Path
) -> None:
    room = start_room("--from", "08:29:00", other_party=True)
    end = End(room, tmp_path / "room0-line" / "ours")
    assert room.started["other_party"] == "MRN"
    assert [name for name, _ in room.started["other_seats"]] == [
        "Duty chief, MRN",
        "Line officer, MRN",
        "Interpreter, MRN",
    ]
    end.until(lambda: end.line()["measured"] == "heard", "a heartbeat")
    assert room.sit("Exercise control, ALD").clock(rate_permille=5_000).status_code == 200
    due_us = end.line()["call_due_us"]
    end.until(lambda: room.get("/api/pulse")["room_us"] >= due_us, "half past eight")
    end.say("call", due_us=due_us, urgent=False)
    call = end.line()["calls"][0]
    end.say("roll", about=call["digest"], present=["line_officer"])
    end.until(lambda: end.line()["calls"][0]["state"] == "held", "the other side's roll")
    end.say("notice", volume=volume(room))
    misread = end.until(lambda: next((one for one in end.line()["notices"] if one["wrong"]), None), "a misread digit")
    assert misread["wrong"] == ["corner1_lat_e7deg"]
    assert misread["standing"] == "seen", "nothing stands by it"
    right = end.until(lambda: end.notice(misread["digest"])["standing"] == "read back", "a better read-back")
    assert right
    theirs = end.until(
        lambda: next((one for one in end.line()["notices"] if one["party"] == "MRN"), None), "their notice of 08:31"
    )
    assert theirs["volume"]["ceiling_ft"] == 4_000
    prepared = room.http.post(
        f"/api/lines/{end.line_id}/match",
        json={"from_us": START_US, "until_us": START_US + 7_200_000_000},
        headers={"authorization": f"Bearer {end.officer.seat['session']}"},
    ).json()
    end.say("match", terms=prepared["terms"], commitment=prepared["commitment"])
    end.until(lambda: end.line()["matches"][0]["state"] == "matched", "the match with the simulated counterpart", 60)
    (clash,) = {one["plan_id"] for one in end.line()["matches"][0]["clashes"]}
    assert clash == "Relief flight to Tolmere"
    end.say("minutes", about=call["digest"], heads=end.line()["heads"])
    end.until(lambda: end.line()["calls"][0]["state"] == "minuted", "their signature under the minutes")
    assert end.line()["missed_us"] == 0
    children = children_of(room.process.pid)
    assert room.stop() == 0
    assert not any(is_running(pid) for pid in children)
    copies = []
    for number, data in enumerate((room.data, tmp_path / "room0-MRN")):
        assert verified(data)["sealed"]
        copies.append(str(tmp_path / f"copy{number}"))
        words("log", "export", str(data), end.line_id, "--out", copies[-1])
    assert json.loads(words("log", "verify", *copies, "--json"))["finding"] == "holds"


def test_the_other_room_ends_with_a_room_that_is_killed(start_room: Start) -> None:
    room = start_room(other_party=True)
    children = children_of(room.process.pid)
    assert len(children) == 2, "the simulator and the other party's room"
    beyond = [pid for child in children for pid in children_of(child)]
    room.kill()
    left = [*children, *beyond]

    deadline = time.monotonic() + 15
    while any(is_running(pid) for pid in left) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(is_running(pid) for pid in left)
