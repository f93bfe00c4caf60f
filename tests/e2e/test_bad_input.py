"""What nobody should send: too much, too old, too late, of the wrong shape, or with a script in it."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support.browsing import sit
from tests.support.running import RunningRoom

TEN_MB = 10 << 20
SCRIPT = '<img src=x onerror="window.taken = 1"><script>window.taken = 1</script>'


@pytest.fixture
def room(start_room: Callable[..., RunningRoom]) -> RunningRoom:
    return start_room("--from", "08:05:00")


@pytest.mark.parametrize("path", ["/api/acts", "/api/enter", "/api/link", "/api/rules/check", "/api/rules/compare"])
def test_ten_megabytes_are_refused_and_the_room_goes_on(room: RunningRoom, path: str) -> None:
    legal = room.sit("Legal adviser, FNY")
    headers = {"authorization": f"Bearer {legal.seat['session']}"}
    for body in (b"x" * TEN_MB, b'{"document":"' + b"x" * TEN_MB + b'"}'):
        assert room.http.post(path, content=body, headers=headers).status_code == 413
    deep = b'{"document":' + b"[" * 60_000 + b"]" * 100
    assert room.http.post(path, content=deep, headers=headers).status_code in (400, 413)
    assert legal.doubt("A").status_code == 200


def say_and_listen(socket: ClientConnection, text: str) -> None:
    """Say something, then listen until the room hangs up, which it may while this is said."""
    socket.send(text)
    while True:
        socket.recv(timeout=20)


def test_a_screen_that_says_ten_megabytes_is_cut_off(room: RunningRoom) -> None:
    address = f"ws://localhost:{room.http.base_url.port}/ws"
    with connect(address, max_size=None) as socket, pytest.raises(ConnectionClosed):
        say_and_listen(socket, json.dumps({"session": "x" * TEN_MB}))
    assert room.get("/api/pulse")["room_us"] > 0


def test_an_act_about_an_old_version_is_told_what_changed(room: RunningRoom) -> None:
    watch, analyst, legal = (room.sit(name) for name in ("Watch officer, DNM", "Analyst, CVL", "Legal adviser, FNY"))
    assert watch.request("R-1").status_code == 200
    assert analyst.doubt("R-1", words="It has likely moved.").status_code == 200
    doubt = watch.board("R-1")["doubts"][0]["doubt_id"]
    assert legal.resolve("R-1", doubt, words="Seen again at nine.").status_code == 200
    late = analyst.advise("R-1", version=1)
    assert late.status_code == 409
    assert "at version 2, the act is about 1" in late.json()["title"]
    assert "the doubt of analyst, CVL was answered: Seen again at nine." in late.json()["title"]


def test_a_session_that_ended_or_never_was_does_nothing(room: RunningRoom) -> None:
    first = room.sit("Watch officer, DNM")
    document = first.document(type="DoubtRaised", request_id="A", version=1, words="")
    second = room.sit("Watch officer, DNM")
    refused = first.send(document)
    assert (refused.status_code, "session has ended" in refused.json()["title"]) == (401, True)
    for session in ("made-up", "x" * 5000):
        headers = {"authorization": f"Bearer {session}"}
        assert room.http.post("/api/acts", json={"document": "{}", "signature": ""}, headers=headers).status_code == 401
    assert second.request("R-1").status_code == 200


def test_a_document_with_what_no_schema_knows_is_refused(room: RunningRoom) -> None:
    watch = room.sit("Watch officer, DNM")
    for words in ({"weapon": "x"}, {"aim_point": [1, 2]}, {"effect": "x"}, {"casualties": 3}, {"label": {"level": 0}}):
        assert watch.request("R-1", **words).status_code == 400, words
    assert watch.send("not json").status_code == 400
    assert watch.act(type="RequestApproved", request_id="R-1").status_code == 400


def test_a_script_in_words_is_shown_as_words(browser: Browser, room: RunningRoom) -> None:
    faults: list[str] = []
    watch, page = room.sit("Watch officer, DNM"), sit(browser, room, "Analyst, CVL", faults)
    assert watch.request("R-1", what=SCRIPT, why=SCRIPT).status_code == 200
    assert watch.doubt("R-1", words=SCRIPT).status_code == 200
    page.keyboard.press("3")
    expect(page.locator("[data-request=R-1]")).to_contain_text(SCRIPT)
    page.locator("[data-request=R-1]").click()
    expect(page.get_by_test_id("page")).to_contain_text(SCRIPT)
    assert page.evaluate("() => window.taken") is None
    policy = room.http.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert not faults
