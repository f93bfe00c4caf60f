"""What is marked reaches only whom it is marked for, at every way out: screens, acts, exports, replay."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.e2e.test_rules_in_room import state_fact
from tests.support.running import RunningRoom, run_words, verified
from watchfloor.record.tiles import split_bundle

SECRET, SITES = 2, ["notified-sites"]


@pytest.fixture
def room(start_room: Callable[..., RunningRoom]) -> RunningRoom:
    return start_room("--from", "08:05:00")


def texts_of(export: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(export.rglob("*")) if path.is_file())


def test_a_secret_request_is_not_there_for_who_is_not_cleared(room: RunningRoom, tmp_path: Path) -> None:
    watch, line = room.sit("Watch officer, DNM"), room.sit("Line officer, BVY")
    nations = watch.info["nations"]
    assert (
        watch.request("R-1", label={"level": SECRET, "nations": nations}, what="The quiet escort.").status_code == 200
    )
    assert watch.board("R-1")["label"]["level"] == SECRET
    for session in (line.seat["session"], ""):
        board = room.get("/api/screen", session)["screen"]["board"]
        assert "R-1" not in [request["request_id"] for request in board]
    answer = line.doubt("R-1")
    assert answer.status_code == 404
    assert line.doubt("R-77").json()["title"].replace("R-77", "R-1") == answer.json()["title"]
    assert room.stop() == 0
    for level, held in (("secret", True), ("restricted", False), ("open", False)):
        out = tmp_path / level
        done = run_words("record", "export", str(room.data), str(out), "--releasable-to", "BVY", "--level", level)
        assert done.returncode == 0, done.stderr
        assert (b"The quiet escort." in texts_of(out)) == held
        assert verified(out)["holds"]
    shown = run_words("replay", str(room.data), "--at", "08:06:00", "--screen", "line-bvy", "--json")
    assert "The quiet escort." not in shown.stdout
    check = run_words("replay", str(room.data), "--check", "--json")
    assert check.returncode == 0, check.stdout


def test_that_a_rule_spoke_of_a_notified_site_stays_among_those_who_need_to_know(
    room: RunningRoom, tmp_path: Path
) -> None:
    watch, badge = room.sit("Watch officer, DNM"), room.sit("Red badge, ALD")
    analyst, legal, relief = room.sit("Analyst, CVL"), room.sit("Legal adviser, FNY"), room.sit("Relief Desk, ALD")
    assert watch.request("R-1").status_code == 200
    assert analyst.advise("R-1").status_code == 200
    assert legal.advise("R-1").status_code == 200
    assert watch.board("R-1")["finding"]["answer"] == "no_objection"
    label = {"level": 0, "nations": watch.info["nations"], "need_to_know": SITES}
    site = {"words": "A ward behind the mill was notified.", "label": label}
    assert "group" in state_fact(analyst, "view", "D01", "seen", label=label).json()["title"]
    assert state_fact(relief, "notified", "D01", "yes", **site).status_code == 200
    seen, veiled = badge.board("R-1"), watch.board("R-1")
    assert (seen["finding"]["parts"], seen["absent"], seen["finding"]["withheld"]) == (
        ["R08"],
        ["legal-adviser"],
        False,
    )
    assert (veiled["finding"]["parts"], veiled["absent"], veiled["finding"]["withheld"]) == ([], [], True)
    refused = badge.decide("R-1", "yes")
    assert (refused.status_code, refused.json()["title"]) == (403, "advice is absent; its page says whose")
    assert room.stop() == 0
    assert verified(room.data)["holds"]
    for groups in ([], SITES):
        out = tmp_path / f"out{len(groups)}"
        words = [word for group in groups for word in ("--need-to-know", group)]
        export = ("record", "export", str(room.data), str(out), "--releasable-to", "CVL", "--level", "secret")
        done = run_words(*export, *words)
        assert done.returncode == 0, done.stderr
        text = texts_of(out)
        assert (b"behind the mill" in text) == bool(groups)
        assert (b'"part":"R08"' in text) == bool(groups)
        assert (b'"notified\\":true' in text) == bool(groups)
        assert verified(out)["holds"]


def test_an_export_is_handed_over_with_its_labels(room: RunningRoom, tmp_path: Path) -> None:
    watch = room.sit("Watch officer, DNM")
    secret = {"level": SECRET, "nations": ["ALD", "DNM"]}
    assert watch.request("R-1", label=secret).status_code == 200
    log = room.data / "record" / "000001.wfl"
    room.until(lambda: b'"frame_count":1' in log.read_bytes(), "a taped frame")
    assert room.stop() == 0
    export = ("record", "export", str(room.data), str(tmp_path / "out"), "--labels", str(tmp_path / "labels.xml"))
    wrong = run_words(*export, "--policy", "nothing")
    assert (wrong.returncode, "a policy is" in wrong.stderr) == (2, True)
    done = run_words(*export, "--review", "2036-01-01")
    assert done.returncode == 0, done.stderr
    root = ET.parse(tmp_path / "labels.xml").getroot()
    bound = {
        (binding.find(".//{*}Classification").text, *(one.text for one in binding.iterfind(".//{*}GenericValue"))): [
            one.get("URI") for one in binding.iterfind("{*}DataReference")
        ]
        for binding in root.iterfind(".//{*}MetadataBinding")
    }
    kept = [name for name in bound[("SECRET", "ALD", "DNM")] if "#" in name]
    entries = split_bundle((tmp_path / "out" / kept[0].partition("#")[0]).read_bytes())
    assert b"RequestWritten" in entries[int(kept[0].partition("#")[2])]
    assert "EXERCISE" in root.find(".//{*}PrivacyMark").text
    assert any(name.startswith("tape/") for names in bound.values() for name in names)
    assert sum("#" in name for names in bound.values() for name in names) == verified(tmp_path / "out")["entry_count"]


def test_a_count_of_other_requests_tells_nobody_of_those_they_may_not_see(room: RunningRoom) -> None:
    watch, badge = room.sit("Watch officer, DNM"), room.sit("Red badge, ALD")
    secret = {"level": SECRET, "nations": watch.info["nations"]}
    assert watch.request("R-1").status_code == 200
    assert [watch.request(f"R-{number}", label=secret).status_code for number in (2, 3)] == [200, 200]
    assert [badge.decide(name, "no").status_code for name in ("R-1", "R-2")] == [200, 200]
    counts = [watch.board(name)["decided"]["pressure"]["open_count"] for name in ("R-1", "R-2")]
    assert counts == [1, 2], "A of the opening record; for who sees R-2 also R-3"


def test_nobody_marks_an_item_so_that_they_could_not_see_it(room: RunningRoom) -> None:
    watch, line = room.sit("Watch officer, DNM"), room.sit("Line officer, BVY")
    nations = watch.info["nations"]
    for label in (
        {"level": 0, "nations": nations, "need_to_know": SITES},
        {"level": 0, "nations": nations, "need_to_know": ["no-such-group"]},
    ):
        answer = watch.request("R-1", label=label)
        assert (answer.status_code, "group" in answer.json()["title"]) == (403, True)
    above = {"level": SECRET, "nations": nations}
    assert "above this seat's level" in state_fact(line, "line", "room", "up", label=above).json()["title"]


def test_a_label_without_a_nation_is_no_audience(room: RunningRoom, tmp_path: Path) -> None:
    assert room.stop() == 0
    done = run_words("record", "export", str(room.data), str(tmp_path / "out"), "--level", "secret")
    assert done.returncode == 2, json.dumps(done.stderr)
    assert "which nation" in done.stderr
