"""Two rooms learn where their plans clash, and nothing else of each other's."""

import json
import os
import signal
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_line import End
from tests.support.lines import free_port, opened_pair
from tests.support.running import RunningRoom, children_of, is_running, run_words, verified

Start = Callable[..., RunningRoom]
EPOCH = ("2031-03-14T16:00:00Z", "2031-03-14T18:00:00Z")
EPOCH_US = (1_931_270_400_000_000, 1_931_277_600_000_000)


def flight(name: str, way: list[tuple[float, float]], level_ft: int, start: str, end: str) -> dict[str, Any]:
    points = [
        {"lat_deg": lat, "lon_deg": lon, "level_ft": level_ft, "at": f"2031-03-14T{at}:00Z"}
        for (lat, lon), at in zip(way, (start, end), strict=True)
    ]
    return {"id": name, "points": points}


OURS = [
    flight("TILLER", [(-37.5, -115.0), (-37.5, -113.0)], 20_000, "16:30", "16:45"),
    flight("HERON", [(-38.5, -115.0), (-38.5, -114.0)], 18_000, "16:30", "16:50"),
]
THEIRS = [
    flight("CONDOR", [(-38.2, -114.0), (-36.8, -114.0)], 20_500, "16:30", "16:45"),
    flight("GULL", [(-36.0, -113.0), (-35.0, -113.0)], 30_000, "16:30", "16:45"),
]


@pytest.fixture
def ends(start_room: Start, tmp_path: Path) -> tuple[End, End]:
    ours, theirs = opened_pair(tmp_path, free_port())
    found = []
    for folder, plans in ((ours, OURS), (theirs, THEIRS)):
        file = tmp_path / f"plans-{folder.name}.json"
        file.write_text(json.dumps({"plans": plans}))
        found.append(End(start_room("--line", str(folder), "--plans", str(file)), folder))
    return found[0], found[1]


def prepared(end: End, **wish: Any) -> Any:
    session = {"authorization": f"Bearer {end.officer.seat['session']}"}
    return end.room.http.post(f"/api/lines/{end.line_id}/match", json=wish, headers=session)


def proposed(end: End) -> dict[str, Any]:
    answer = prepared(end, from_us=EPOCH_US[0], until_us=EPOCH_US[1])
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    end.say("match", terms=told["terms"], commitment=told["commitment"])
    return told


def match_of(end: End) -> dict[str, Any]:
    found = end.line()["matches"]
    return dict(found[-1]) if found else {"state": "none"}


def test_both_rooms_learn_where_plans_clash_and_nothing_else(ends: tuple[End, End], tmp_path: Path) -> None:
    ald, mrn = ends
    ald.until(lambda: ald.line()["measured"] == "heard", "a heartbeat")
    told = proposed(ald)
    assert told["plan_count"] == 2
    theirs = mrn.until(lambda: match_of(mrn)["state"] == "proposed" and match_of(mrn), "the proposal")
    answer = prepared(mrn, about=theirs["digest"]).json()
    mrn.say("match_acceptance", about=theirs["digest"], commitment=answer["commitment"])
    for end, name in ((ald, "TILLER"), (mrn, "CONDOR")):
        end.until(lambda end=end: match_of(end)["state"] not in ("proposed", "agreed"), "the match's end", 60)
        match = match_of(end)
        assert (match["state"], match["reason"]) == ("matched", "")
        assert match["clashes"], "they cross near each other"
        assert {clash["plan_id"] for clash in match["clashes"]} == {name}
    one, other = match_of(ald), match_of(mrn)
    assert (one["coarse_count"], one["fine_count"]) == (other["coarse_count"], other["fine_count"])
    for clash in one["clashes"]:
        ald.say("notice", volume=clash["volume"])
    mrn.until(lambda: len(mrn.line()["notices"]) == len(one["clashes"]), "the notices")
    for end, secret in ((ald, b"GULL"), (mrn, b"HERON")):
        assert end.room.stop() == 0
        assert verified(end.room.data)["holds"]
        held = b"".join(path.read_bytes() for path in end.room.data.rglob("*") if path.is_file())
        assert secret not in held, "the other party's plan is nowhere here"
    file = ald.room.data / "media" / told["commitment"]
    found = next(path for path in ald.room.data.rglob("*") if told["commitment"] in path.name)
    assert sha256(found.read_bytes()).hexdigest() == told["commitment"], file


def agreed(ald: End, mrn: End) -> None:
    """A match that both people agreed to, and that is under way."""
    proposed(ald)
    theirs = mrn.until(lambda: match_of(mrn)["state"] == "proposed" and match_of(mrn), "the proposal")
    answer = prepared(mrn, about=theirs["digest"]).json()
    mrn.say("match_acceptance", about=theirs["digest"], commitment=answer["commitment"])


def test_a_room_killed_in_a_match_takes_its_keys_with_it_and_the_match_ends(
    ends: tuple[End, End], start_room: Start, tmp_path: Path
) -> None:
    ald, mrn = ends
    ald.until(lambda: ald.line()["measured"] == "heard", "a heartbeat")
    before = set(children_of(ald.room.process.pid))
    agreed(ald, mrn)
    workers = ald.until(lambda: set(children_of(ald.room.process.pid)) - before, "the process that holds the keys")
    os.kill(ald.room.process.pid, signal.SIGKILL)
    mrn.until(lambda: not any(is_running(worker) for worker in workers), "that the keys are gone")
    data = ald.room.data
    ald.room.kill()
    plans = str(tmp_path / "plans-line-ald.json")
    again = End(start_room("--line", str(tmp_path / "line-ald"), "--plans", plans, data=data), tmp_path / "line-ald")
    for end in (again, mrn):
        end.until(lambda end=end: match_of(end)["state"] in ("failed", "matched"), "the match's end", 60)
    for end in (again, mrn):
        assert end.room.stop() == 0
        assert verified(end.room.data)["holds"]


def test_plans_leave_their_room_in_no_export(ends: tuple[End, End], tmp_path: Path) -> None:
    ald, _ = ends
    ald.until(lambda: ald.line()["measured"] == "heard", "a heartbeat")
    told = proposed(ald)
    assert prepared(ald, from_us=EPOCH_US[0], until_us=EPOCH_US[1]).json() == told, "the same plans are kept once"
    assert ald.room.stop() == 0
    assert verified(ald.room.data)["holds"]
    out = tmp_path / "out"
    assert run_words("record", "export", str(ald.room.data), str(out)).returncode == 0
    exported = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert b"TILLER" not in exported
    assert told["commitment"].encode() in exported, "what was committed to is in what was said"
    assert b"a plan that was put into a match stays in its room" in exported
    assert verified(out)["holds"]


def test_a_match_that_cannot_be_is_refused_with_the_reason(ends: tuple[End, End]) -> None:
    ald, _ = ends
    hour_us = 3_600_000_000
    for wish, reason in (
        ({"from_us": EPOCH_US[0] + hour_us, "until_us": EPOCH_US[1] + hour_us}, "begins at a multiple of its length"),
        ({"from_us": EPOCH_US[0] - 8 * hour_us, "until_us": EPOCH_US[0] - 6 * hour_us}, "that epoch is over"),
        ({"from_us": EPOCH_US[1], "until_us": EPOCH_US[1] + 2 * hour_us}, "no plan of ours touches that epoch"),
        ({"about": "1" * 64}, "the line has no such match of theirs"),
        ({"about": "x"}, "about"),
    ):
        refused = prepared(ald, **wish)
        assert refused.status_code == 400, wish
        assert reason in refused.json()["title"], wish
