"""A line without a browser: called, answered, minuted and matched from the command line; an arbiter opens a plan."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.test_line import OFFICER
from tests.e2e.test_matching import OURS, THEIRS
from tests.support.lines import free_port, id_of, opened_pair, words
from tests.support.running import WATCHFLOOR, RunningRoom, run_words

Start = Callable[..., RunningRoom]


@pytest.fixture
def seats(start_room: Start, tmp_path: Path) -> tuple[tuple[RunningRoom, str], tuple[RunningRoom, str]]:
    """Two rooms on one line, each with plans, and the file of a line officer's seat in each."""
    found = []
    for number, (folder, plans) in enumerate(zip(opened_pair(tmp_path, free_port()), (OURS, THEIRS), strict=True)):
        file = tmp_path / f"plans{number}.json"
        file.write_text(json.dumps({"plans": plans}))
        room = start_room("--line", str(folder), "--plans", str(file), "--without-passkeys")
        link = next(link for name, link in room.started["seats"] if name == OFFICER)
        seat = str(tmp_path / f"seat{number}.json")
        assert run_words("seat", "take", link, "--file", seat).returncode == 0
        found.append((room, seat))
    return found[0], found[1]


def said(*line: str) -> str:
    done = run_words("line", *line)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_call_is_made_answered_and_minuted_without_a_browser(
    seats: tuple[tuple[RunningRoom, str], tuple[RunningRoom, str]],
) -> None:
    (room, ours), (other, theirs) = seats
    nobody = run_words("line", "call", theirs, "--answer")
    assert (nobody.returncode, "no call with ALD is open" in nobody.stderr) == (2, True)
    assert "is open; here: nobody yet" in said("call", ours)
    other.until(lambda: run_words("line", "call", theirs, "--answer").returncode == 0, "the call")
    assert "here: ALD" in said("call", ours, "--answer")
    room.until(lambda: json.loads(said("call", ours, "--answer", "--json"))["state"] == "held", "both")
    early = run_words("line", "call", theirs, "--answer", "--line", "air-0")
    assert (early.returncode, "name a line with --line; this room has: `air-" in early.stderr) == (2, True)
    said("call", ours, "--minutes")

    def is_minuted() -> bool:
        signed = run_words("line", "call", theirs, "--minutes", "--json")
        return signed.returncode == 0 and json.loads(signed.stdout)["state"] == "minuted"

    other.until(is_minuted, "the minutes that both signed")


def test_plans_are_matched_without_a_browser_and_an_arbiter_opens_what_was_put_in(
    seats: tuple[tuple[RunningRoom, str], tuple[RunningRoom, str]], tmp_path: Path
) -> None:
    (room, ours), (other, theirs) = seats
    odd = run_words("line", "match", ours, "--from", "2031-03-14T17:00:00Z")
    assert (odd.returncode, "begins at a multiple of its length: 2031-03-14T16:00:00" in odd.stderr) == (2, True)
    start = ("--from", "2031-03-14T16:00:00Z")
    proposing = subprocess.Popen(
        [WATCHFLOOR, "line", "match", ours, *start, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    session = {"authorization": f"Bearer {json.loads(Path(theirs).read_text())['session']}"}

    def proposal() -> bool:
        screen = other.http.get("/api/screen", headers=session).json()["screen"]
        return bool(screen["lines"][0]["matches"])

    other.until(proposal, "the proposal")
    accepted = run_words("line", "match", theirs)
    assert accepted.returncode == 1, accepted.stderr
    assert "CONDOR: 16:3" in accepted.stdout
    told, errors = proposing.communicate(timeout=60)
    assert proposing.returncode == 1, errors
    match = json.loads(told)
    assert {clash["plan_id"] for clash in match["clashes"]} == {"TILLER"}
    line_id = id_of(tmp_path / "line-ald")
    for one in (room, other):
        assert one.stop() == 0
    copy = tmp_path / "copy.jsonl"
    words("log", "export", str(other.data), line_id, "--out", str(copy))
    kept = next(path for path in (room.data / "media").iterdir() if b"TILLER" in path.read_bytes())
    assert words("log", "opens", str(kept), str(copy)).startswith("ALD committed to these 2 plans in its message 0")
    changed = tmp_path / "changed.json"
    changed.write_bytes(kept.read_bytes().replace(b"TILLER", b"TILLED"))
    refused = run_words("line", "log", "opens", str(changed), str(copy), "--json")
    assert (refused.returncode, json.loads(refused.stdout)["opens"]) == (1, False)
    garbage = run_words("line", "log", "opens", str(copy), str(copy))
    assert (garbage.returncode, "nothing that is put into a match" in garbage.stderr) == (2, True)
