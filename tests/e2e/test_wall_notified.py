"""The Relief Desk notifies a place at its screen; a reader acknowledges, harm is followed up, nobody else sees it."""

from collections.abc import Callable

from playwright.sync_api import Browser, expect

from tests.support.browsing import page_of, sit
from tests.support.pictures import picture
from tests.support.running import RunningRoom


def test_a_place_is_notified_seen_and_followed_up_at_the_screens_of_its_readers_only(
    browser: Browser, start_room: Callable[..., RunningRoom]
) -> None:
    faults: list[str] = []
    room = start_room("--without-passkeys")
    desk, legal, watch = (
        sit(browser, room, name, faults) for name in ("Relief Desk, ALD", "Legal adviser, FNY", "Watch officer, DNM")
    )
    wall = page_of(browser, room.started["url"], faults)
    for page in (desk, legal, watch, wall):
        page.locator("nav.tabs button", has_text="Board").wait_for()
        page.keyboard.press("3")
    desk.get_by_test_id("new-notification").click()
    form = desk.get_by_test_id("notified-page")
    form.get_by_label("Where").fill("nowhere")
    form.get_by_label("What it is").fill("A clinic.")
    form.get_by_label("From").fill("141600Z")
    form.get_by_test_id("give-notification").click()
    expect(desk.get_by_role("alert").last).to_contain_text("one place for a site")
    form.get_by_label("Where").fill("37 34.40 S 114 11.90 W")
    form.get_by_label("To, UTC").fill("150400Z")
    form.get_by_label("Within").fill("2000")
    form.get_by_label("urgent").check()
    desk.screenshot(path=picture("notify.png"))
    form.get_by_test_id("give-notification").click()
    card = legal.locator("[data-notified]")
    expect(card).to_contain_text("later than due")
    for page in (watch, wall):
        expect(page.locator("[data-notified]")).to_have_count(0)
    desk.get_by_test_id("new-harm").click()
    harm = desk.get_by_test_id("review-page")
    harm.get_by_label("Where").select_option("D09")
    harm.get_by_test_id("said").fill("a nurse")
    harm.get_by_test_id("harm-words").fill("A wall fell.")
    harm.get_by_test_id("send-harm").click()
    expect(card).to_contain_text("1 to follow up")
    card.click()
    expect(legal.get_by_test_id("notified-page")).to_contain_text("Nobody has acknowledged it yet")
    legal.get_by_test_id("acknowledge-notification").click()
    expect(desk.locator("[data-notified]")).to_contain_text("acknowledged")
    legal.screenshot(path=picture("notified.png"))
    legal.get_by_label("In words").fill("The crew was told.")
    legal.get_by_test_id("close-follow-up").click()
    expect(legal.locator("[data-follow]")).to_contain_text("The crew was told.")
    assert not faults
