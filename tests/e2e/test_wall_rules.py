"""Rules, facts, owed words and reviews in real browsers: what people press and see."""

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from tests.support.browsing import sit
from tests.support.running import RunningRoom, run_words, verified


def write(page: Page, *, holder: str = "", kind: str = "escort", area: str = "D05", until: str = "09:29") -> None:
    page.keyboard.press("3")
    page.get_by_role("button", name="Write a request").click()
    form = page.get_by_test_id("request-form")
    form.get_by_label("Kind").select_option(kind)
    form.get_by_label("Area").select_option(area)
    form.get_by_label("Until").fill(until)
    form.get_by_label("From").fill("09:01")
    if holder:
        form.get_by_test_id("holder").select_option(holder)
    for name in ("what", "why", "hoped_for", "could_go_wrong", "alternatives"):
        form.locator(f"textarea[name={name}]").fill("In words.")
    page.get_by_test_id("send").click()


def test_two_persons_change_the_rules_and_a_crew_acts_under_a_grant(
    browser: Browser, start_room: Callable[..., RunningRoom]
) -> None:
    room, faults = start_room("--from", "09:01:00"), []
    names = ("Red badge, ALD", "Legal adviser, FNY", "Watch officer, DNM", "Policy adviser, JLN")
    badge, legal, watch, policy = (sit(browser, room, name, faults) for name in names)
    analyst = sit(browser, room, "Analyst, CVL", faults)
    for page in (badge, legal):
        page.keyboard.press("6")
        page.locator("[data-version='4']").click()
        page.get_by_test_id("compare").click()
        expect(page.get_by_test_id("rules")).to_contain_text("proved that none is missing", timeout=20_000)
        expect(page.get_by_test_id("rules")).to_contain_text("R12.grant")
        page.get_by_test_id("rule-words").fill("Read with the comparison.")
        page.get_by_test_id("sign-rules").click()
    expect(legal.locator("[data-version='4']")).to_contain_text("IN FORCE")
    expect(badge.locator("[data-version='4']")).to_contain_text("IN FORCE")
    watch.reload()
    expect(watch.get_by_test_id("room-time")).to_contain_text(re.compile(r"09:0\d"))
    expect(watch.locator("header")).to_contain_text("Watch officer")
    write(watch, holder="tiller-ald", kind="force_exercise_only")
    card = "[data-request=R-1]"
    expect(watch.locator(card)).to_contain_text("delegation: not granted")
    expect(watch.locator(card)).to_contain_text("rules stop it: R06.none")
    watch.locator(card).click()
    watch.get_by_test_id("facts").get_by_role("button", name="view").click()
    watch.get_by_test_id("state").click()
    expect(watch.get_by_test_id("finding")).to_contain_text("R14")
    watch.get_by_test_id("facts").get_by_role("button", name="sensing").click()
    watch.get_by_test_id("value").fill("DNM")
    watch.get_by_test_id("state").click()
    expect(watch.get_by_test_id("finding")).to_contain_text("R12.advice")
    for page in (analyst, legal, policy):
        page.keyboard.press("3")
        page.locator(card).click()
        page.get_by_test_id("words").fill("On these terms.")
        page.get_by_role("button", name="Concur", exact=True).click()
    badge.keyboard.press("3")
    badge.locator(card).click()
    expect(badge.get_by_test_id("finding")).to_contain_text("No rule objects. That approves nothing")
    badge.get_by_test_id("yes").click()
    expect(watch.locator(card)).to_contain_text("words owed")
    expect(watch.locator(card)).to_contain_text("delegation: in force")
    for question in ("lawful", "advantage", "remaining"):
        badge.get_by_test_id(question).fill("As I said.")
    badge.get_by_test_id("give").click()
    expect(watch.locator(card)).not_to_contain_text("words owed")
    crew = sit(browser, room, "Aircrew, ALD (Tiller 21)", faults)
    crew.get_by_test_id("new-use").click()
    crew.get_by_label("Delegation").select_option("R-1")
    crew.get_by_label("Where").select_option("D09")
    crew.get_by_test_id("necessity").fill("They were being fired at.")
    crew.get_by_test_id("send-use").click()
    expect(watch.locator("[data-review=U-1]")).to_contain_text("outside its scope: another district")
    expect(watch.locator(card)).to_contain_text("delegation: suspended")
    reviewer = sit(browser, room, "Independent reviewer, DNM", faults)
    reviewer.locator("[data-review=U-1]").click()
    reviewer.get_by_test_id("review-words").fill("Canal Side was not Millrace; the crew was told.")
    reviewer.get_by_test_id("close-review").click()
    expect(watch.locator("[data-review=U-1]")).to_contain_text("REVIEWED")
    assert not faults
    assert room.stop() == 0
    assert verified(room.data)["holds"]


def test_one_key_enters_a_crews_doubt_and_text_stays_text(
    browser: Browser, start_room: Callable[..., RunningRoom]
) -> None:
    room, faults = start_room("--from", "09:01:00"), []
    watch = sit(browser, room, "Watch officer, DNM", faults)
    write(watch)
    other = room.sit("Legal adviser, FNY")
    script = "<img src=x onerror=\"document.title='broken'\"> is not sure"
    watch.locator("[data-request=R-1]").click()
    watch.keyboard.press("c")
    expect(watch.locator("[data-request=R-1]")).to_contain_text("HELD")
    expect(watch.get_by_test_id("page")).to_contain_text("heard from tiller-ald by radio")
    assert other.doubt("R-1", words=script).status_code == 200
    expect(watch.get_by_test_id("page")).to_contain_text("<img src=x")
    assert watch.title() != "broken"
    assert not faults


def test_a_person_writes_a_version_that_is_checked_compared_and_signed_by_two(
    browser: Browser, start_room: Callable[..., RunningRoom]
) -> None:
    room, faults = start_room("--from", "08:30:00"), []
    badge, legal = (sit(browser, room, name, faults) for name in ("Red badge, ALD", "Legal adviser, FNY"))
    legal.keyboard.press("6")
    legal.locator("[data-version='4']").click()
    legal.get_by_test_id("edit").click()
    legal.get_by_test_id("draft-name").fill("5")
    legal.get_by_test_id("draft-file").select_option("rules/v4.cedar")
    text = legal.get_by_test_id("draft-text")
    before = text.input_value()
    text.fill(before.replace("600", "900 900", 1))
    check = legal.get_by_test_id("draft-check")
    expect(check).to_contain_text(re.compile(r"rules/v4\.cedar:\d+:\d+"))
    expect(legal.get_by_test_id("draft-keep")).to_be_disabled()
    text.fill(before.replace("600", "900", 1))
    expect(check).to_contain_text("It parses, fits the schema")
    expect(check).to_contain_text("The cases of version 4, under yours")
    legal.get_by_test_id("draft-words").fill("Ten minutes was too short over the strait.")
    legal.get_by_test_id("draft-keep").click()
    mine = "[data-version='5']"
    expect(legal.locator(mine)).to_contain_text("written here by legal-fny: Ten minutes was too short")
    for page in (legal, badge):
        page.keyboard.press("6")
        page.locator(mine).click()
        page.get_by_test_id("compare").click()
        expect(page.get_by_test_id("rules")).to_contain_text("proved that none is missing", timeout=20_000)
        page.get_by_test_id("rule-words").fill("Read with the comparison.")
        page.get_by_test_id("sign-rules").click()
    expect(badge.locator(mine)).to_contain_text("IN FORCE")
    assert room.get("/api/room")["rules_version"] == "5"
    assert not faults
    assert room.stop() == 0
    report = verified(room.data)
    assert report["holds"], report["problems"]
    assert run_words("replay", str(room.data), "--check").returncode == 0


def test_four_people_at_their_screens_decide_in_under_fifteen_seconds(
    browser: Browser, start_room: Callable[..., RunningRoom]
) -> None:
    room, faults = start_room("--from", "08:59:30"), []
    names = ("Watch officer, DNM", "Analyst, CVL", "Legal adviser, FNY", "Red badge, ALD")
    watch, analyst, legal, badge = (sit(browser, room, name, faults) for name in names)
    write(watch, area="D01")
    card = "[data-request=R-1]"
    for page in (analyst, legal):
        page.keyboard.press("3")
        page.locator(card).click()
        page.get_by_role("button", name="Concur", exact=True).click()
    badge.keyboard.press("3")
    badge.locator(card).click()
    expect(badge.get_by_test_id("yes")).to_be_enabled()
    badge.get_by_test_id("yes").click()
    expect(badge.get_by_test_id("pressure")).to_be_visible()
    expect(watch.locator(card)).to_contain_text("words owed")
    shown = room.get("/api/screen")["screen"]["board"]
    decided = next(one["decided"] for one in shown if one["request_id"] == "R-1")
    assert decided["pressure"]["since_asked_us"] < 15_000_000, "by the room's own clock, on record"
    assert decided["confirmed"], "with a passkey, and the words owed"
    assert not faults
