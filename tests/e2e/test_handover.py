"""A watch changes hands: what the brief tells whom, who must sign, and what every screen says until they have."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browsing import page_of, sit
from tests.support.pictures import picture
from tests.support.running import Person, RunningReplay, RunningRoom, run_words, verified
from watchfloor.edge.stores.folder import read_folder
from watchfloor.messages.handover import WatchAwaited
from watchfloor.record.log import entries_of

WATCH = "Watch officer, DNM"


@pytest.fixture
def room(start_room: Callable[..., RunningRoom]) -> RunningRoom:
    return start_room("--from", "08:05:00")


def brief(person: Person) -> dict[str, Any]:
    return person.room.get("/api/brief", person.seat["session"])


def watches(room: RunningRoom, session: str = "") -> list[dict[str, Any]]:
    return room.get("/api/screen", session)["screen"].get("watches", [])


def sign(person: Person, kind: str, words: str = "", digest: str = "") -> Any:
    return person.act(type=kind, brief=digest or brief(person)["digest"], words=words)


def test_a_watch_changes_hands_over_one_brief_that_both_sign(room: RunningRoom) -> None:
    first, analyst, legal = room.sit(WATCH), room.sit("Analyst, CVL"), room.sit("Legal adviser, FNY")
    assert room.http.get("/api/brief").status_code == 401
    early = brief(first)["digest"]
    assert first.request("R-1").status_code == 200
    assert analyst.doubt("R-1").status_code == 200
    assert first.request("R-2", label={"level": 0, "nations": ["DNM", "FNY"]}).status_code == 200
    assert {("request", "R-1", "held"), ("request", "R-2", "open")} <= set(first.brief("open"))
    assert "R-2" not in [about for _, about, _ in analyst.brief("open")], "which its nation may not see"
    assert first.brief("doubted") == [("request", "R-1", "doubt of analyst, CVL")]
    assert watches(room) == [], "nothing to say of a watch that nobody hands over"
    assert "power `run_watch`" in sign(analyst, "WatchHandedOver").json()["title"]
    stale = sign(first, "WatchHandedOver", digest=early)
    assert (stale.status_code, "read it again" in stale.json()["title"]) == (409, True)
    assert "it is yours already" in sign(first, "WatchTakenOver").json()["title"]
    assert sign(first, "WatchHandedOver", "Two calls to Lunet unanswered.").status_code == 200
    (shown,) = watches(room, first.seat["session"])
    assert (shown["state"], shown["words"]) == ("handed over", "Two calls to Lunet unanswered.")
    for session in ("", legal.seat["session"]):
        assert (watches(room, session)[0]["state"], watches(room, session)[0]["words"]) == ("handed over", "")

    second = room.sit(WATCH)
    assert watches(room)[0]["state"] == "not acknowledged"
    assert "you have not acknowledged" in sign(second, "WatchHandedOver").json()["title"]
    read = brief(second)["digest"]
    assert second.doubt("A").status_code == 200, "a doubt waits for no handover"
    assert sign(second, "WatchTakenOver", digest=read).status_code == 409
    assert sign(second, "WatchTakenOver", "Read.").status_code == 200
    assert watches(room)[0]["state"] == "kept"
    assert room.stop() == 0
    assert verified(room.data)["holds"]
    checked = run_words("replay", str(room.data), "--check")
    assert checked.returncode == 0, checked.stderr
    facts = [entry.body for entry in entries_of(read_folder(room.data))]
    assert [fact.person_id for fact in facts if isinstance(fact, WatchAwaited)] == [second.seat["person_id"]]


def test_who_keeps_a_watch_may_come_back_to_it_and_take_back_what_they_handed_over(room: RunningRoom) -> None:
    first = room.sit(WATCH)
    again = room.sit(WATCH, again=first)
    assert again.seat["person_id"] == first.seat["person_id"]
    assert watches(room) == []
    room.sit(WATCH)
    assert watches(room)[0]["state"] == "not acknowledged", "sat down without a handover"
    back = room.sit(WATCH, again=first)
    assert watches(room) == [], "nobody took it from who keeps it"
    assert sign(back, "WatchHandedOver").status_code == 200
    assert sign(back, "WatchTakenOver", "The next one is late.").status_code == 200
    assert watches(room)[0]["state"] == "kept"
    assert room.stop() == 0
    assert verified(room.data)["holds"]


def test_who_looks_back_from_a_watch_takes_it_from_nobody(
    start_room: Callable[..., RunningRoom], tmp_path: Path
) -> None:
    data = tmp_path / "room"
    room = start_room("--from", "08:05:00", data=data)
    first = room.sit(WATCH)
    assert sign(first, "WatchHandedOver").status_code == 200
    assert room.stop() == 0
    replay = RunningReplay(data)
    try:
        second = replay.sit(WATCH)
        assert second.seat["person_id"] != first.seat["person_id"]
        assert replay.stop() == 0
    finally:
        replay.kill()
    room = start_room(data=data)
    back = room.sit(WATCH, again=first)
    assert watches(room)[0]["state"] == "handed over"
    assert sign(back, "WatchTakenOver").status_code == 200
    other = room.sit(WATCH, again=second)
    assert "you have not acknowledged" in sign(other, "WatchHandedOver").json()["title"]
    assert sign(other, "WatchTakenOver").status_code == 200
    assert room.stop() == 0
    assert verified(data)["holds"]


def test_the_next_officer_is_shown_the_brief_and_every_wall_that_it_is_not_acknowledged(
    browser: Browser, start_room: Callable[..., RunningRoom]
) -> None:
    room, faults = start_room("--from", "08:07:50"), list[str]()
    wall = page_of(browser, room.started["url"], faults)
    first = sit(browser, room, WATCH, faults)
    first.keyboard.press("3")
    for _ in range(2):  # two doubts of one seat are two
        first.keyboard.press("d")
    expect(first.locator("[data-request=A]")).to_contain_text("HELD")
    wall.get_by_test_id("alert").wait_for()
    first.keyboard.press("h")
    page = first.get_by_test_id("handover")
    expect(page.locator("[data-matter=open]")).to_contain_text("Airdrop, Saltyard held")
    expect(page.locator("[data-matter=open]")).to_contain_text("nobody has acknowledged it")
    expect(page.locator("[data-matter=doubted] .line")).to_have_count(2)
    expect(page.locator("[data-matter=doubted]")).to_contain_text("doubt of Watch officer, DNM")
    expect(page.locator("[data-matter=suspended]")).to_contain_text("nothing that this seat may see")
    first.get_by_test_id("handover-words").fill("Saltyard waits for the analyst.")
    first.get_by_test_id("sign-handover").click()
    expect(page).to_contain_text("You keep the watch until somebody else sits here and signs")
    expect(wall.locator("[data-watch]")).to_contain_text("nobody has taken it")
    wall.keyboard.press("3")
    expect(wall.get_by_test_id("watch-strip")).to_contain_text("Watch not taken: Watch officer, DNM")
    first.get_by_test_id("take-back").click()
    expect(wall.get_by_test_id("watch-strip")).to_have_count(0)
    first.get_by_test_id("handover-words").fill("Saltyard waits for the analyst.")
    first.get_by_test_id("sign-handover").click()
    expect(wall.get_by_test_id("watch-strip")).to_have_count(1)
    second = sit(browser, room, WATCH, faults)
    page = second.get_by_test_id("handover")
    expect(page).to_contain_text("nobody has acknowledged the brief")
    expect(page).to_contain_text("Saltyard waits for the analyst.")
    expect(wall.get_by_test_id("watch-strip")).to_contain_text("Brief unread: Watch officer, DNM")
    wall.keyboard.press("1")
    expect(wall.locator("[data-watch]")).to_contain_text("has not acknowledged the brief")
    second.screenshot(path=picture("handover.png"))
    second.get_by_test_id("sign-handover").click()
    expect(wall.locator("[data-watch]")).to_have_count(0)
    expect(page).to_contain_text("Handover brief")
    assert not [fault for fault in faults if "401" not in fault], faults
