"""Looking back: replay that is provably what screens showed, hindsight that is hidden and recorded, branches apart."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browsing import page_of
from tests.support.pictures import picture
from tests.support.running import Person, RunningReplay, RunningRoom, run_words, verified
from watchfloor.app.recording import Recording
from watchfloor.app.rejudging import rejudge
from watchfloor.edge.stores.folder import read_folder
from watchfloor.messages.entry import Entry
from watchfloor.messages.keeping import ScreensSampled
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.signed import SignedAct
from watchfloor.record.log import entries_of


class Reviewer(Person):
    """A person who looks back; a replay has no pulse and no screen over HTTP."""

    def document(self, **words: Any) -> str:
        import secrets  # noqa: PLC0415

        from watchfloor.messages.canonical import canonical_bytes  # noqa: PLC0415

        body = {
            "act_id": secrets.token_hex(16),
            "room_id": self.info["room_id"],
            "person_id": self.seat["person_id"],
            "seat_id": self.seat["seat_id"],
            "at_us": 1,
            "head": {"size_count": 0, "root": "0" * 64},
        }
        return canonical_bytes(body | words).decode()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A room in which R-1 was decided and R-2 doubted; with samples of its screens."""
    data = tmp_path_factory.mktemp("lived") / "room"
    room = RunningRoom(data, ("--from", "08:07:50", "--speed", "5"))
    try:
        watch, legal = room.sit("Watch officer, DNM"), room.sit("Legal adviser, FNY")
        others = [room.sit(name) for name in ("Analyst, CVL", "Policy adviser, JLN")]
        decider = room.sit("Red badge, ALD")
        assert watch.request("R-1").status_code == 200
        assert watch.request("R-2", label={"level": 0, "nations": ["DNM", "FNY"]}).status_code == 200
        for adviser in (legal, *others):
            assert adviser.advise("R-1").status_code == 200
        room.until(
            lambda: room.get("/api/pulse")["room_us"] > room.get("/api/room")["start_us"] + 495e6, "half a minute"
        )
        assert decider.decide("R-1", "yes").status_code == 200
        assert legal.doubt("R-2", words="Not before the weather is known.").status_code == 200
        room.until(lambda: room.get("/api/screen")["screen"]["alerts"], "an alert")
        began = room.get("/api/room")["head"]["size_count"]
        room.until(lambda: room.get("/api/room")["head"]["size_count"] > began + 40, "more of the record", 60)
        assert room.stop() == 0
    finally:
        room.kill()
    return data


def entries(folder: Path) -> list[Entry]:
    return entries_of(read_folder(folder))


def test_every_sampled_screen_and_every_judgement_comes_out_the_same(lived: Path) -> None:
    done = run_words("replay", str(lived), "--check", "--json")
    assert done.returncode == 0, done.stdout
    told = json.loads(done.stdout)
    assert told["same"]
    assert told["decision_count"] == 2
    assert told["alert_count"] >= 1
    assert told["screen_count"] >= 14, "the wall's and six nations', twice or more"


def test_what_screens_showed_is_frozen_with_a_decision(lived: Path) -> None:
    """The document carries its own screen's hash and what was cited; the room samples every screen at once."""
    all_entries = entries(lived)
    signed = next(
        entry
        for entry in all_entries
        if isinstance(entry.body, SignedAct)
        and '"DecisionSigned"' in entry.body.document
        and '"R-1"' in entry.body.document
    )
    document = json.loads(signed.body.document)  # type: ignore[union-attr]
    assert re.fullmatch(r"[0-9a-f]{64}", document["screen_digest"])
    assert isinstance(document["cited"], list)
    later = [entry for entry in all_entries if isinstance(entry.body, ScreensSampled) and entry.seq > signed.seq]
    assert later[0].toe_us - signed.toe_us < 2_000_000
    assert later[0].body.size_count > signed.seq  # type: ignore[union-attr]


def test_a_role_sees_what_it_saw_and_only_that(lived: Path) -> None:
    samples = [entry.body for entry in entries(lived) if isinstance(entry.body, ScreensSampled)]
    sampled = samples[-1]
    when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(sampled.at_us / 1e6)) + f".{sampled.at_us % 10**6:06d}Z"
    by_nations: dict[tuple[str, ...], set[str]] = {}
    for shown in (one.screens[0] for one in samples if one.at_us == sampled.at_us):
        by_nations.setdefault(shown.nations, set()).add(shown.digest)
    for screen, nations in (("wall", max(by_nations, key=len)), ("legal-fny", ("FNY",)), ("red-badge", ("ALD",))):
        words = ("replay", str(lived), "--at", when, "--screen", screen, "--hash")
        done = run_words(*words)
        if done.returncode == 2 and "name the seat" in done.stderr:
            continue
        if done.returncode == 2:
            seats = done.stderr
            raise AssertionError(seats)
        assert done.stdout.strip() in by_nations[nations], screen
    board = json.loads(run_words("replay", str(lived), "--at", when, "--screen", "analyst", "--json").stdout)
    assert [request["request_id"] for request in board["board"]] == ["R-0", "A", "R-1"], "R-2 is not releasable to CVL"
    assert run_words("replay", str(lived), "--at", when, "--screen", "nobody").returncode == 2


def test_a_room_that_was_killed_is_looked_back_on_and_still_verifies(tmp_path: Path) -> None:
    """Its last block is open: looking back without writing shows that too; looking back with seats ends it first."""
    data = tmp_path / "room"
    room = RunningRoom(data, ("--from", "08:07:50", "--speed", "5"))
    try:
        room.until(lambda: room.get("/api/tracks")["features"], "tracks")
        began = room.get("/api/room")["head"]["size_count"]
        room.until(lambda: room.get("/api/room")["head"]["size_count"] > began + 20, "some seconds of tape", 60)
    finally:
        room.kill()
    assert list((data / "tape").glob("tracks-*.wfj")), "the block was open"
    recording = Recording(entries(data), read_folder(data))
    last = recording.span_us(0)[1]
    shown = recording.picture(len(recording.entries), 0, last)
    assert shown is not None
    assert last - shown.room_us < 20_000_000, "what an open journal holds is shown"
    replay = RunningReplay(data)
    code = replay.stop()
    assert code == 0, replay.errors
    assert not list((data / "tape").glob("*.wfj"))
    report = verified(data)
    assert report["holds"], report["problems"]


def test_a_rule_that_judged_otherwise_is_named_with_its_entry(lived: Path) -> None:
    from msgspec.structs import replace  # noqa: PLC0415

    altered = entries(lived)
    place = next(n for n, entry in enumerate(altered) if type(entry.body).__name__ == "RequestHeld")
    altered[place] = replace(altered[place], body=replace(altered[place].body, words="Something else."))  # type: ignore[call-overload]
    found = rejudge(altered)
    assert (found.divergences[0].seq, found.divergences[0].field) == (place, "words")
    sample = next(n for n, entry in enumerate(altered) if isinstance(entry.body, ScreensSampled))
    body = altered[sample].body
    screens = (replace(body.screens[0], digest="0" * 64), *body.screens[1:])  # type: ignore[union-attr]
    altered[sample] = replace(altered[sample], body=replace(body, screens=screens))  # type: ignore[call-overload]
    assert any(one.seq == sample and "screen" in one.field for one in rejudge(altered).divergences)


def test_hindsight_is_hidden_until_a_person_opens_it_and_that_is_on_record(lived: Path, tmp_path: Path) -> None:
    import shutil  # noqa: PLC0415

    data = tmp_path / "room"
    shutil.copytree(lived, data)
    decided = next(
        entry.seq
        for entry in entries(data)
        if isinstance(entry.body, SignedAct)
        and '"DecisionSigned"' in entry.body.document
        and '"R-1"' in entry.body.document
    )
    replay = RunningReplay(data)
    try:
        legal = Reviewer(replay, replay.link("Legal adviser, FNY"))
        crew = Reviewer(replay, replay.link("Aircrew, ALD (Tiller 21)"))
        moment = {"request_id": "R-1", "moment_seq": decided - 1}
        thought = {
            "type": "SecondThought",
            **moment,
            "as_seat_id": "red-badge-ald",
            "answer": "no",
            "words": "Too soon.",
        }
        assert legal.act(**thought).status_code == 200
        assert legal.act(type="NotePinned", **moment, moment_us=5, words="Here it turned.").status_code == 200
        assert legal.act(type="HindsightRevealed", **moment).status_code == 200
        late = legal.act(**thought)
        assert late.status_code == 403
        assert "opened what came after" in late.json()["title"]
        assert crew.act(**thought).status_code == 200, "another person's second thought still counts"
        assert crew.act(type="NotePinned", request_id="R-2", moment_seq=3, moment_us=5, words="x").status_code == 404
        ahead = crew.act(type="NotePinned", request_id="R-1", moment_seq=10**6, moment_us=5, words="x")
        assert ahead.status_code == 403
        asked = legal.act(type="DoubtRaised", request_id="R-1", version=1, words="")
        assert asked.status_code == 400, "nothing of the room itself is done while looking back"
        facts = replay.http.get(
            "/api/replay/facts",
            params={"request_id": "R-1", "number": 0, "moment_seq": 10**6},
            headers={"authorization": f"Bearer {crew.seat['session']}"},
        ).json()
        assert max(fact["seq"] for fact in facts) < decided, "facts behind the horizon are hidden"
    finally:
        code = replay.stop()
    assert code == 0, replay.errors
    report = verified(data)
    assert report["holds"], report["problems"]
    kept = [entry.body for entry in entries(data) if isinstance(entry.body, SignedAct)]
    assert sum("HindsightRevealed" in act.document for act in kept) == 1
    refused = [entry.body for entry in entries(data) if isinstance(entry.body, ActRefused)]
    assert any("opened what came after" in one.sentence for one in refused)
    assert run_words("replay", str(data), "--check").returncode == 0


def test_a_branch_shows_what_would_have_been_and_writes_nothing(lived: Path, tmp_path: Path) -> None:
    before = read_folder(lived)
    advice = next(
        entry.seq
        for entry in entries(lived)
        if isinstance(entry.body, SignedAct) and '"AdviceGiven"' in entry.body.document and "R-1" in entry.body.document
    )
    file = tmp_path / "other.yaml"
    file.write_text(f"advice:\n  - entry: {advice}\n    verdict: doubt\n    words: Not yet.\n")
    done = run_words("replay", str(lived), "--what-if", str(file))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("WHAT IF")
    assert "R-1: decided on record; held in the branch" in done.stdout
    told = json.loads(run_words("replay", str(lived), "--what-if", str(file), "--json").stdout)
    assert told["context"] == "WHAT IF"
    file.write_text("rules: 4-draft\n")
    assert run_words("replay", str(lived), "--what-if", str(file)).returncode == 0
    for bad in ("rules: '9'", "advice: [{entry: 0, verdict: doubt}]", "without: [999999]", "other: 1", "{"):
        file.write_text(bad)
        assert run_words("replay", str(lived), "--what-if", str(file)).returncode == 2, bad
    assert read_folder(lived) == before, "a branch never touches the record"


def test_a_person_looks_back_on_the_wall(lived: Path, tmp_path: Path, browser: Browser) -> None:
    import shutil  # noqa: PLC0415

    data = tmp_path / "room"
    shutil.copytree(lived, data)
    replay, faults = RunningReplay(data), []
    try:
        page = page_of(browser, dict(replay.started["seats"])["Legal adviser, FNY"], faults)
        page.get_by_test_id("sit").click()
        expect(page.get_by_role("status")).to_have_text("EXERCISE REPLAY")
        expect(page.get_by_test_id("horizon")).to_contain_text("is hidden")
        for _ in ("R-0 asked", "R-0 refused", "A asked", "R-1 asked"):
            page.get_by_test_id("step").click()
        page.keyboard.press("3")
        expect(page.locator("[data-request='R-1']")).to_contain_text("OPEN")
        page.get_by_test_id("speed").select_option("60000")
        page.get_by_test_id("play").click()
        expect(page.get_by_test_id("play")).to_have_text("Play", timeout=20_000)
        expect(page.locator("[data-request='R-1']")).to_contain_text("OPEN")
        page.locator("[data-request='R-1']").click()
        page.get_by_test_id("note").fill("Everybody had spoken by now.")
        page.get_by_test_id("pin").click()
        expect(page.get_by_test_id("pinned")).to_contain_text("Everybody had spoken")
        page.get_by_test_id("thought-answer").select_option("no")
        page.get_by_test_id("thought-words").fill("I would have waited for the weather.")
        page.get_by_test_id("think").click()
        expect(page.get_by_test_id("thought")).to_contain_text("would have said no")
        page.get_by_test_id("facts").click()
        expect(page.get_by_test_id("who-knew")).to_contain_text("the request")
        expect(page.locator("[data-request='R-1']")).to_contain_text("OPEN")
        page.screenshot(path=picture("replay.png"))
        page.get_by_role("button", name="Close").click()
        page.get_by_test_id("open").click()
        expect(page.get_by_test_id("horizon")).to_have_count(0)
        page.get_by_test_id("step").click()
        expect(page.locator("[data-request='R-1']")).to_contain_text("DECIDED")
        link = page.get_by_test_id("link").get_attribute("href") or ""
        other = page_of(browser, link, faults)
        expect(other.get_by_test_id("horizon")).to_contain_text("opens only to a person")
        instant = link.partition("#at=")[2].partition("&")[0]
        assert instant
        expect(other.get_by_test_id("room-time")).to_have_text(instant, timeout=9000)
        assert not [fault for fault in faults if "404" not in fault], faults
    finally:
        assert replay.stop() == 0
    assert verified(data)["holds"]


def test_a_branch_on_the_wall_is_marked_and_takes_nobody(lived: Path, tmp_path: Path, browser: Browser) -> None:
    file = tmp_path / "other.yaml"
    file.write_text("without: []\n")
    replay, faults = RunningReplay(lived, "--what-if", str(file)), []
    try:
        assert replay.started["seats"] == []
        page = page_of(browser, replay.started["url"], faults)
        expect(page.get_by_role("status")).to_have_text("WHAT IF")
        expect(page.get_by_test_id("horizon")).to_have_count(0)
    finally:
        assert replay.stop() == 0
