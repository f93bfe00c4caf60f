"""People at their screens: a browser's page each, with an authenticator of its own."""

from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.support.running import RunningRoom

FLAGS = [
    "--no-sandbox",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
WAIT_MS = 40_000


def page_of(browser: Browser, address: str, faults: list[str], width: int = 1920, height: int = 1080) -> Page:
    """A page in a profile of its own, as another person at another screen has."""
    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
    page.set_default_timeout(WAIT_MS)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.authenticator = with_authenticator(page)
    page.goto(address)
    return page


def with_authenticator(page: Page) -> tuple[Any, str]:
    """Chromium's own virtual authenticator for this page; the person verifies themselves at once."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def sit(browser: Browser, room: RunningRoom, seat: str, faults: list[str]) -> Page:
    page = page_of(browser, dict(room.started["seats"])[seat], faults)
    page.get_by_test_id("sit").click()
    expect(page.get_by_test_id("sit")).to_have_count(0)
    assert "#seat" not in page.url
    return page
