"""The call on the wall: a notice is typed, read back with a wrong digit, and read back rightly, by two people."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.support.browsing import WAIT_MS, page_of, sit
from tests.support.lines import free_port, opened_pair
from tests.support.pictures import picture
from tests.support.running import RunningRoom
from watchfloor.edge.stores.packs import shipped_folder

OFFICER = "Line officer, BVY"
CORNERS = "37 35.00 S 114 08.00 W\n37 35.00 S 113 58.00 W\n37 25.00 S 113 58.00 W"


def read_back(page: Page, **wrong: str) -> None:
    """Type every field anew, as it is shown, but for those that a test says wrongly."""
    page.get_by_test_id("read-back").click()
    rows = page.locator("[data-field]")
    for place in range(rows.count()):
        row = rows.nth(place)
        name = row.get_attribute("data-field")
        row.locator("input").fill(wrong.get(name, row.locator("td").first.inner_text()))
    page.get_by_test_id("send-read-back").click()


def test_two_people_agree_on_a_volume_and_a_wrong_digit_is_caught(
    browser: Browser, start_room: Callable[..., RunningRoom], tmp_path: Path
) -> None:
    faults: list[str] = []
    rooms = [
        start_room("--line", str(folder), "--from", "08:27:14", "--plans", str(shipped_folder() / pack / "plans.json"))
        for folder, pack in zip(opened_pair(tmp_path, free_port()), ("eight-thirty", "mirrane"), strict=True)
    ]
    ald, mrn = (sit(browser, room, OFFICER, faults) for room in rooms)
    wall = page_of(browser, rooms[0].started["url"], faults)
    for page in (ald, mrn, wall):
        page.locator("nav.tabs button", has_text="Call").wait_for()
        page.keyboard.press("4")
        page.get_by_test_id("countdown").wait_for()
        expect(page.locator("[data-line]")).to_contain_text("HEARD", timeout=WAIT_MS)
    expect(wall.get_by_test_id("write-notice")).to_have_count(0)
    ald.get_by_test_id("write-notice").click()
    form = ald.get_by_test_id("notice-form")
    form.get_by_label("Corners").fill(CORNERS.replace("35.00", "60.00"))
    form.get_by_label("Floor").fill("10,000")
    form.get_by_label("Ceiling").fill("14000")
    form.get_by_test_id("send-notice").click()
    expect(ald.get_by_role("alert").last).to_contain_text("three corners or more")
    form.get_by_label("Corners").fill(CORNERS)
    form.get_by_test_id("send-notice").click()
    expect(ald.get_by_test_id("item")).to_contain_text("received, not agreed")
    read_back(mrn, corner1_lat_e7deg="37 53.00 S")
    for page in (ald, mrn):
        expect(page.get_by_test_id("differs")).to_contain_text("One field differs")
        expect(page.locator("[data-field=corner1_lat_e7deg]")).to_contain_text("37 53.00 S")
        expect(page.locator("[data-field=corner1_lat_e7deg]")).to_contain_text("DIFFERS")
        expect(page.locator("[data-field=floor_ft]")).to_contain_text("SAME")
    assert "read back wrong" in ald.get_by_test_id("item").inner_text()
    mrn.get_by_role("button", name="Dispute it").click()
    expect(ald.get_by_test_id("item")).to_contain_text("disputed")
    expect(ald.get_by_test_id("item").get_by_test_id("read-wrong")).to_have_count(0)
    ald.screenshot(path=picture("call.png"))
    mrn.get_by_test_id("suspend").click()
    expect(ald.locator("[data-line]")).to_contain_text("SUSPENDED")
    expect(ald.locator("[data-line]")).to_contain_text("HEARD")
    mrn.get_by_test_id("resume").click()
    expect(ald.locator("[data-line]")).to_contain_text("OPEN")
    read_back(mrn)
    for page in (ald, mrn, wall):
        expect(page.get_by_test_id("item")).to_contain_text("read back")
        expect(page.get_by_test_id("differs")).to_have_count(0)
    ald.get_by_test_id("call").click()
    ald.get_by_test_id("roll").click()
    mrn.get_by_label("with an interpreter").check()
    mrn.get_by_test_id("roll").click()
    expect(ald.get_by_test_id("call-state")).to_have_text("held")
    expect(ald.locator(".calls").first).to_contain_text("Line officer, Interpreter")
    ald.get_by_label("A comment, in your own language").fill("Nous serons au nord du couloir.")
    ald.get_by_role("button", name="Say it").click()
    expect(mrn.get_by_test_id("comment")).to_contain_text("untranslated")
    ald.get_by_test_id("minutes").click()
    expect(mrn.get_by_test_id("minutes")).to_have_text("Sign their minutes")
    mrn.get_by_test_id("minutes").click()
    expect(ald.get_by_test_id("countdown")).to_be_visible()
    wall.screenshot(path=picture("call-wall.png"))
    ald.get_by_test_id("propose-match").click()
    mrn.get_by_test_id("match-item").click()
    mrn.get_by_test_id("accept-match").click()
    ald.get_by_test_id("match-item").click()
    expect(ald.get_by_test_id("match-state").last).to_have_text("matched", timeout=WAIT_MS)
    clash = ald.get_by_test_id("clashes").locator("tbody tr").first
    expect(clash).to_contain_text("Relief flight to Tolmere")
    ald.screenshot(path=picture("match.png"))
    clash.get_by_test_id("write-clash").click()
    ald.get_by_test_id("notice-form").get_by_test_id("send-notice").click()
    expect(mrn.get_by_test_id("item").first).to_contain_text("5,500-6,500 ft")
    rooms[1].kill()
    expect(wall.get_by_test_id("silent")).to_contain_text("silent", timeout=WAIT_MS)
    wall.keyboard.press("1")
    expect(wall.get_by_test_id("line-alarm")).to_contain_text("The air line to MRN is silent")
    assert not [fault for fault in faults if "WebSocket" not in fault and "ERR_CONNECTION" not in fault]
