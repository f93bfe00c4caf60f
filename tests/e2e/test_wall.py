"""The wall in a real browser: what people see, press and sign. Makes docs/wall.png."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.support.browsing import WAIT_MS, page_of, sit
from tests.support.pictures import picture
from tests.support.running import RunningRoom, run_words, verified

ROOT = Path(__file__).parents[2]
WORDS = {
    "what": "Escort of two relief transports from Lunet to the north field.",
    "why": "Their crews asked not to fly alone past the harbour.",
    "hoped_for": "Both land before ten, and nobody on the ground is startled.",
    "could_go_wrong": "People near the harbour could take the escort for something else.",
    "alternatives": "Flying at night; going round by <sea>, which takes forty minutes more.",
}


def moving(page: Page) -> Any:
    """A picture of the overlay's pixels."""
    return page.evaluate("() => document.querySelector('canvas.overlay').toDataURL()")


def test_the_wall_shows_moving_aircraft_an_alert_and_the_board(
    browser: Browser, start_room: Callable[..., RunningRoom]
) -> None:
    room, faults = start_room("--from", "08:07:50"), []
    began = time.monotonic()
    page = page_of(browser, room.started["url"], faults)
    page.locator(".map[data-ready=true]").wait_for()
    expect(page.get_by_role("status")).to_have_text("EXERCISE")
    expect(page.get_by_test_id("track-count")).to_have_text("122 tracks", timeout=WAIT_MS)
    page.get_by_test_id("alert").wait_for()
    assert time.monotonic() - began < 60
    expect(page.get_by_test_id("alert")).to_contain_text("Loss of separation in")
    expect(page.get_by_test_id("alert")).to_contain_text("CVE1A")
    expect(page.get_by_test_id("alert")).to_contain_text("nobody has been told")
    expect(page.locator("header")).to_contain_text("UTC, REAL")
    first = moving(page)
    clock = page.get_by_test_id("room-time").inner_text()
    expect(page.get_by_test_id("room-time")).not_to_have_text(clock, timeout=WAIT_MS)
    page.wait_for_timeout(1500)
    assert moving(page) != first
    expect(page.locator("[data-feed=TX]")).to_contain_text("FRESH")
    page.screenshot(path=picture("wall.png"))
    page.keyboard.press("3")
    expect(page.locator("[data-request=A]")).to_contain_text("Airdrop, Saltyard")
    expect(page.locator("[data-request=A]")).to_contain_text("Analyst: absent")
    expect(page.get_by_test_id("doubt")).to_have_count(0)
    assert not faults


def test_people_write_advise_doubt_reopen_and_decide_in_their_browsers(
    browser: Browser, start_room: Callable[..., RunningRoom]
) -> None:
    room, faults = start_room("--from", "08:05:00"), []
    wall = page_of(browser, room.started["url"], faults)
    wall.keyboard.press("3")
    watch = sit(browser, room, "Watch officer, DNM", faults)
    analyst = sit(browser, room, "Analyst, CVL", faults)
    legal = sit(browser, room, "Legal adviser, FNY", faults)
    badge = sit(browser, room, "Red badge, ALD", faults)
    watch.get_by_role("button", name="Write a request").click()
    form = watch.get_by_test_id("request-form")
    form.get_by_label("Kind").select_option("escort")
    form.get_by_label("Area").select_option("D01")
    for name in ("what", "why", "hoped_for", "could_go_wrong", "alternatives"):
        form.locator(f"textarea[name={name}]").fill(WORDS[name])
    watch.get_by_test_id("send").click()
    card = "[data-request=R-1]"
    expect(wall.locator(card)).to_contain_text("OPEN")
    expect(wall.locator(card)).to_contain_text("two relief transports")
    for page in (analyst, legal, badge):
        page.locator(card).click()
    expect(badge.get_by_test_id("page")).to_contain_text("round by <sea>")
    legal.get_by_role("button", name="Concur", exact=True).click()
    expect(wall.locator(card)).to_contain_text("Legal adviser, FNY: concurs")
    analyst.keyboard.press("d")
    expect(wall.locator(card)).to_contain_text("HELD")
    expect(badge.get_by_test_id("page")).to_contain_text("Held by one doubt")
    badge.screenshot(path=picture("board.png"))
    expect(wall.locator(card)).to_contain_text("Analyst, CVL")
    for question in ("lawful", "advantage", "remaining"):
        badge.get_by_test_id(question).fill("in words")
    expect(badge.get_by_test_id("yes")).to_be_disabled()
    expect(badge.get_by_test_id("yes")).to_contain_text("not while held")
    legal.get_by_test_id("words").fill("The picture was looked at again.")
    legal.get_by_role("button", name="Answer the doubt").click()
    expect(wall.locator(card)).to_contain_text("R-1 v2")
    expect(badge.get_by_test_id("yes")).to_contain_text("not before all advice")
    for page in (analyst, legal):
        page.get_by_role("button", name="Concur", exact=True).click()
    for question in ("lawful", "advantage", "remaining"):
        badge.get_by_test_id(question).fill("in words")
    badge.get_by_test_id("yes").click()
    expect(wall.locator(card)).to_contain_text("DECIDED")
    expect(wall.locator(card)).to_contain_text("Yes, signed")
    assert not faults
    assert room.stop() == 0
    report = verified(room.data)
    assert report["holds"]
    assert report["decision_count"] == 2, "with the opening record's refusal"


def test_the_signing_key_cannot_leave_the_browser_and_survives_a_reload(
    browser: Browser, start_room: Callable[..., RunningRoom]
) -> None:
    room, faults = start_room(), []
    watch = sit(browser, room, "Watch officer, DNM", faults)
    extractable = watch.evaluate(
        """() => new Promise((resolve, reject) => {
            const open = indexedDB.open('watchfloor', 1);
            open.onsuccess = () => {
                const all = open.result.transaction('keys').objectStore('keys').getAll();
                all.onsuccess = () => resolve(all.result.map((pair) => pair.privateKey.extractable));
                all.onerror = () => reject(all.error);
            };
        })"""
    )
    assert extractable == [False]
    watch.reload()
    expect(watch.locator("header")).to_contain_text("Watch officer")
    watch.keyboard.press("3")
    expect(watch.get_by_test_id("page")).to_contain_text("Waiting for")
    watch.keyboard.press("d")
    expect(watch.locator("[data-request=A]")).to_contain_text("HELD")
    assert not faults


def test_control_pauses_and_paces_the_room_from_its_seat(
    browser: Browser, start_room: Callable[..., RunningRoom]
) -> None:
    room, faults = start_room(), []
    control = sit(browser, room, "Exercise control, ALD", faults)
    control.get_by_test_id("pause").click()
    expect(control.locator("header")).to_contain_text("Room time paused")
    control.get_by_test_id("pause").click()
    control.get_by_test_id("rate-10").click()
    expect(control.locator("header")).to_contain_text("Room time ×10")
    control.get_by_label("room time to jump to").fill("08:36:00")
    control.get_by_role("button", name="Jump").click()
    expect(control.get_by_test_id("room-time")).to_contain_text("08:36", timeout=WAIT_MS)
    control.keyboard.press("Tab")
    assert not faults


def test_a_room_that_goes_is_said_to_be_gone(browser: Browser, start_room: Callable[..., RunningRoom]) -> None:
    room, faults = start_room(), []
    page = page_of(browser, room.started["url"], faults)
    expect(page.get_by_test_id("track-count")).not_to_have_text("0 tracks", timeout=WAIT_MS)
    room.kill()
    expect(page.get_by_text("No connection to the room")).to_be_visible(timeout=WAIT_MS)
    clock = page.get_by_test_id("room-time").inner_text()
    page.wait_for_timeout(3000)
    still = page.get_by_test_id("room-time").inner_text()
    page.wait_for_timeout(1500)
    assert page.get_by_test_id("room-time").inner_text() == still, f"a dead room's clock ran on from {clock}"


def test_a_laptop_screen_keeps_the_map_and_its_alert(browser: Browser, start_room: Callable[..., RunningRoom]) -> None:
    room, faults = start_room("--from", "08:07:50"), []
    page = page_of(browser, room.started["url"], faults, 1280, 720)
    page.locator(".map[data-ready=true]").wait_for()
    page.get_by_test_id("alert").wait_for()
    stage, rail = page.locator(".stage .map").bounding_box(), page.locator(".rail").bounding_box()
    assert stage is not None
    assert rail is not None
    assert stage["width"] > 850
    assert stage["x"] + stage["width"] <= rail["x"] + 1
    assert not faults


def test_an_alert_that_nobody_answers_says_so_on_every_screen_until_somebody_does(
    browser: Browser, start_room: Callable[..., RunningRoom]
) -> None:
    room, faults = start_room("--from", "08:07:50"), []
    page = page_of(browser, room.started["url"], faults)
    page.get_by_test_id("alert").wait_for()
    alert = room.get("/api/screen")["screen"]["alerts"][0]
    assert alert["escalated_us"] == 0
    assert room.sit("Exercise control, ALD").clock(rate_permille=5000).status_code == 200
    expect(page.get_by_test_id("unanswered")).to_contain_text("say it aloud", timeout=WAIT_MS)
    late = next(one for one in room.get("/api/screen")["screen"]["alerts"] if one["alert_id"] == alert["alert_id"])
    assert 30_000_000 <= late["escalated_us"] - late["raised_us"] < 90_000_000
    watch = room.sit("Watch officer, DNM")
    assert watch.act(type="AlertAcknowledged", alert_id=alert["alert_id"]).status_code == 200
    expect(page.get_by_test_id("alert")).to_contain_text("seen by Watch officer")
    expect(page.get_by_test_id("unanswered")).to_have_count(0)
    assert room.stop() == 0
    assert verified(room.data)["holds"]
    assert run_words("replay", str(room.data), "--check").returncode == 0
    assert not faults
