"""A wall for a role: it shows what a seat may see, with nobody at it, and can do nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support.browsing import WAIT_MS, page_of
from tests.support.pictures import picture
from tests.support.running import Person, RunningRoom, run_words, verified
from watchfloor.edge.stores.folder import read_folder
from watchfloor.messages.keeping import ScreensSampled
from watchfloor.record.log import entries_of

LEGAL = "Legal adviser, FNY"
NARROW = {"level": 2, "nations": ["DNM", "FNY"]}


@pytest.fixture
def room(start_room: Callable[..., RunningRoom]) -> RunningRoom:
    return start_room("--from", "08:05:00")


def wall_of(room: RunningRoom, seat: str) -> str:
    answer = room.http.post("/api/walls", json={"token": room.link(seat)})
    answer.raise_for_status()
    return str(answer.json()["wall"])


def open_walls(room: RunningRoom) -> list[str]:
    return [wall["role"] for wall in room.get("/api/screen")["screen"].get("walls", [])]


def board(room: RunningRoom, wall: str) -> list[str]:
    answer = room.http.get("/api/screen", headers={"authorization": f"Wall {wall}"} if wall else {})
    answer.raise_for_status()
    return [request["request_id"] for request in answer.json()["screen"]["board"]]


def first_screen(room: RunningRoom, hello: dict[str, str]) -> dict[str, Any]:
    with connect(f"ws://localhost:{room.started['http_port']}/ws") as socket:
        socket.send(json.dumps(hello))
        while True:
            told = socket.recv(timeout=20)
            if isinstance(told, str) and (document := json.loads(told))["kind"] == "screen":
                return dict(document)


def until_closed(socket: ClientConnection) -> None:
    while True:
        socket.recv(timeout=20)


def test_a_wall_shows_what_its_seat_may_see_and_nobody_elses_does(room: RunningRoom) -> None:
    watch = room.sit("Watch officer, DNM")
    assert watch.request("R-1", label=NARROW).status_code == 200
    walls = {seat: wall_of(room, seat) for seat in (LEGAL, "Analyst, CVL")}
    assert "R-1" in board(room, walls[LEGAL])
    assert "R-1" not in board(room, walls["Analyst, CVL"])
    assert "R-1" not in board(room, "")
    seen = first_screen(room, {"wall": walls[LEGAL]})["screen"]
    assert "R-1" in [request["request_id"] for request in seen["board"]]
    assert not [seat for seat in seen["seats"] if seat["role"] == "legal-adviser"], "nobody sits there"
    assert "R-1" not in [one["request_id"] for one in first_screen(room, {})["screen"]["board"]]


def test_a_wall_can_read_and_do_nothing(room: RunningRoom) -> None:
    wall, watch = wall_of(room, LEGAL), room.sit("Watch officer, DNM")
    own = {"authorization": f"Wall {wall}"}
    told = room.http.get("/api/wall", headers=own).json()
    assert (told["role"], told["nation"]) == ("legal-adviser", "FNY")
    for path in ("/api/seat", "/api/brief", "/api/quarantine"):
        assert room.http.get(path, headers=own).status_code == 401, path
    document = watch.document(type="DoubtRaised", request_id="A", version=1, words="")
    signed = {"document": document, "signature": watch.key.sign(document.encode()).hex()}
    assert room.http.post("/api/acts", json=signed, headers=own).status_code == 401
    for path in ("/api/link", "/api/walls"):
        assert room.http.post(path, json={"token": wall}).status_code == 400, "it opens no seat, and no other wall"
    assert room.http.post("/api/walls/close", json={"seat_id": "legal-fny"}, headers=own).status_code == 401
    assert room.http.get("/api/screen", headers={"authorization": f"Bearer {wall}"}).status_code == 401
    assert room.http.get("/api/screen", headers={"authorization": f"Wall {room.link(LEGAL)}"}).status_code == 400
    assert room.http.get("/api/wall").status_code == 401
    with connect(f"ws://localhost:{room.started['http_port']}/ws") as socket:
        socket.send(json.dumps({"wall": "made-up"}))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=20)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_every_screen_says_which_walls_are_open_until_control_or_the_seat_closes_them(room: RunningRoom) -> None:
    legal, analyst, control = (room.sit(name) for name in (LEGAL, "Analyst, CVL", "Exercise control, ALD"))
    assert open_walls(room) == []

    def close(person: Person, seat_id: str) -> int:
        bearer = {"authorization": f"Bearer {person.seat['session']}"}
        return int(room.http.post("/api/walls/close", json={"seat_id": seat_id}, headers=bearer).status_code)

    for closer in (control, legal):
        wall = wall_of(room, LEGAL)
        assert open_walls(room) == ["legal-adviser"]
        with connect(f"ws://localhost:{room.started['http_port']}/ws") as socket:
            socket.send(json.dumps({"wall": wall}))
            socket.recv(timeout=20)
            assert close(analyst, legal.seat["seat_id"]) == 400
            assert open_walls(room) == ["legal-adviser"]
            assert close(closer, legal.seat["seat_id"]) == 200
            with pytest.raises(ConnectionClosed) as closed:
                until_closed(socket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401
        assert open_walls(room) == []
        assert room.http.get("/api/screen", headers={"authorization": f"Wall {wall}"}).status_code == 400
    for nothing in (legal.seat["seat_id"], "", "x" * 5_000):
        assert close(control, nothing) == 400, "no wall of it is open"
    for _ in range(20):
        wall_of(room, LEGAL)
    assert "close them first" in room.http.post("/api/walls", json={"token": room.link(LEGAL)}).json()["title"]
    assert room.stop() == 0
    assert verified(room.data)["holds"]


def test_a_roles_wall_is_a_screen_that_can_be_proved(browser: Browser, start_room: Callable[..., RunningRoom]) -> None:
    room, faults = start_room("--from", "08:07:50"), list[str]()
    page = page_of(browser, dict(room.started["seats"])[LEGAL], faults)
    open_wall = page_of(browser, room.started["url"], faults)
    page.get_by_test_id("show-wall").click()
    expect(page.get_by_test_id("whose")).to_have_text("Legal adviser")
    expect(page.locator("header")).to_contain_text("FNY, wall, read-only")
    expect(page.get_by_test_id("track-count")).to_have_text("122 tracks", timeout=WAIT_MS)
    page.reload()
    expect(page.get_by_test_id("whose")).to_have_text("Legal adviser")
    page.keyboard.press("3")
    expect(page.locator("[data-request=A]")).to_contain_text("OPEN")
    page.keyboard.press("d")
    expect(page.get_by_test_id("doubt")).to_have_count(0)
    expect(page.locator("[data-request=A]")).to_contain_text("OPEN")
    expect(open_wall.get_by_test_id("walls")).to_contain_text("Legal adviser, FNY")
    page.screenshot(path=picture("role-wall.png"))

    def sampled() -> list[ScreensSampled]:
        facts = [entry.body for entry in entries_of(read_folder(room.data))]
        return [fact for fact in facts if isinstance(fact, ScreensSampled) and fact.screens[0].nations == ("FNY",)]

    room.until(sampled, "the wall's screen in the record")
    page.close()
    assert not faults
    assert room.stop() == 0
    assert verified(room.data)["holds"]
    assert run_words("replay", str(room.data), "--check").returncode == 0
