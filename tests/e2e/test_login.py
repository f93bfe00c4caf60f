"""Logging in with a provider before sitting down: one login is one person, and nothing that is off is taken."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.support.browsing import page_of
from tests.support.provider import Provider, provider
from tests.support.running import Person, RunningRoom, run_words, verified


@pytest.fixture
def idp() -> Iterator[Provider]:
    with provider() as made:
        yield made


@pytest.fixture
def room(start_room: Callable[..., RunningRoom], idp: Provider) -> RunningRoom:
    return start_room("--from", "08:05:00", "--oidc", idp.base, "--oidc-client", "watchfloor")


def answered(room: RunningRoom, **changes: str) -> tuple[dict[str, str], str]:
    """What a tab brings back from the provider, and its secret."""
    begun = room.http.post("/api/login/begin", json={}).json()
    back = httpx.get(begun["url"]).headers["location"]
    assert back.startswith(f"{str(room.http.base_url).rstrip('/')}/?"), "it always comes back to the room's own page"
    query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    return query | changes, begun["tab"]


def finish(room: RunningRoom, answer: dict[str, str], tab: str) -> httpx.Response:
    return room.http.post("/api/login/finish", json={**answer, "tab": tab})


def logged_in(room: RunningRoom) -> str:
    return str(finish(room, *answered(room)).json()["login"])


def sit(room: RunningRoom, seat: str, login: str, **words: Any) -> Person:
    return Person(room, room.link(seat), login=login, **words)


def test_nobody_sits_down_who_did_not_log_in_and_one_login_is_one_person(room: RunningRoom, idp: Provider) -> None:
    assert room.get("/api/room")["login"] == urlsplit(idp.base).netloc
    refused = sit(room, "Watch officer, DNM", "").answer
    assert (refused.status_code, "log in at" in refused.json()["title"]) == (400, True)
    assert sit(room, "Watch officer, DNM", "made-up").answer.status_code == 400
    watch = sit(room, "Watch officer, DNM", logged_in(room))
    thief = sit(room, "Analyst, CVL", logged_in(room)).answer
    assert (thief.status_code, "passkey that you sat down with" in thief.json()["title"]) == (400, True)
    again = sit(room, "Analyst, CVL", logged_in(room), passkey=watch.passkey, comes_back=True)
    assert again.seat["person_id"] == watch.seat["person_id"], "another key, the same login and passkey"
    idp.subject = "grace"
    other = sit(room, "Red badge, ALD", logged_in(room))
    assert other.seat["person_id"] != watch.seat["person_id"]
    stolen = sit(room, "Legal adviser, FNY", logged_in(room), same=watch).answer
    assert (stolen.status_code, "another person's" in stolen.json()["title"]) == (400, True)
    assert watch.request("R-1").status_code == 200
    assert "author" in again.advise("R-1").json()["title"], "four eyes compares persons"
    assert room.stop() == 0
    assert verified(room.data)["holds"]
    record = b"".join(path.read_bytes() for path in (room.data / "record").iterdir())
    assert b"ada-the-first" not in record, "who logged in stands in the roster, outside the record, and there as a hash"
    assert b"ada-the-first" not in (room.data / "roster.json").read_bytes()


def test_a_seats_link_alone_shows_nothing_where_a_login_is_asked_for(room: RunningRoom) -> None:
    link = room.link("Watch officer, DNM")
    assert room.http.post("/api/link", json={"token": link}).json()["has_walls"] is False
    refused = room.http.post("/api/walls", json={"token": link})
    assert (refused.status_code, "asks for logins" in refused.json()["title"]) == (400, True)


def test_a_login_that_is_off_in_any_way_gives_nothing(room: RunningRoom, idp: Provider) -> None:
    now_s = int(time.time())
    for changes in (
        {"claims": {"nonce": "x"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "other"}},
        {"claims": {"aud": "other", "azp": "watchfloor"}},
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"exp": now_s - 60}},
        {"claims": {"exp": None}},
        {"claims": {"iat": now_s + 600}},
        {"claims": {"sub": None}},
        {"header": {"alg": "none"}},
        {"header": {"kid": "other"}},
        {"is_forged": True},
    ):
        for name, value in changes.items():
            setattr(idp, name, value)
        refused = finish(room, *answered(room))
        assert refused.status_code == 400, changes
        assert "does not hold" in refused.json()["title"]
        idp.claims, idp.header, idp.is_forged = {}, {}, False
    answer, tab = answered(room)
    for wrong, secret in (
        (answer | {"state": "x"}, tab),
        ({**answered(room)[0]}, "another tab's secret"),
        answered(room, iss="https://evil.example"),
        answered(room, code="made-up"),
        ({"error": "access_denied", "state": answered(room)[0]["state"]}, tab),
    ):
        assert finish(room, wrong, secret).status_code == 400
    assert finish(room, answer, tab).status_code == 200
    assert finish(room, answer, tab).status_code == 400, "a login is finished once"


def test_a_provider_that_is_not_there_or_no_provider_is_named(start_room: Callable[..., RunningRoom]) -> None:
    room = start_room("--from", "08:05:00", "--oidc", "http://127.0.0.1:1", "--oidc-client", "watchfloor")
    answer = room.http.post("/api/login/begin", json={})
    assert (answer.status_code, "does not answer as a provider" in answer.json()["title"]) == (503, True)
    for words, said in (
        (("--oidc", "http://idp.example", "--oidc-client", "x"), "no https address"),
        (("--oidc", "https://idp.example"), "--oidc-client"),
        (("--oidc", "https://idp.example", "--oidc-client", "x", "--oidc-secret-file", "/nowhere"), "cannot be read"),
    ):
        done = run_words("run", *words)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_a_person_logs_in_comes_back_and_sits_down(browser: Browser, room: RunningRoom) -> None:
    faults: list[str] = []
    page = page_of(browser, dict(room.started["seats"])["Watch officer, DNM"], faults)
    expect(page.get_by_test_id("sit")).to_have_count(0)
    page.get_by_test_id("log-in").click()
    page.get_by_test_id("sit").click()
    expect(page.get_by_test_id("sit")).to_have_count(0)
    expect(page.locator("header")).to_contain_text("Watch officer")
    assert "code=" not in page.url
    assert not faults
