"""Passkeys: enrolled by a link, needed for what commits a person, refused when anything about them is off."""

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, expect

from tests.support.browsing import page_of
from tests.support.passkeys import PRESENT
from tests.support.running import Person, RunningRoom, run_words, verified
from watchfloor.edge.stores.folder import read_folder
from watchfloor.messages.passkeys import Assertion
from watchfloor.messages.signed import SignedAct
from watchfloor.record.log import entries_of


def sit(room: RunningRoom, name: str, **enrolment: Any) -> Person:
    return Person(room, room.link(name), **enrolment)


@pytest.fixture
def room(start_room: Callable[..., RunningRoom]) -> RunningRoom:
    return start_room("--from", "08:05:00")


def test_nobody_sits_down_without_a_passkey_that_holds(room: RunningRoom) -> None:
    key, token = Ed25519PrivateKey.generate(), room.link("Watch officer, DNM")
    public = key.public_key().public_bytes_raw().hex()
    text = f"watchfloor: take a seat\n{room.started['room_id']}\n{sha256(token.encode()).hexdigest()}\n{public}\n"
    wish = {"token": token, "public_key": public, "proof": key.sign(text.encode()).hex()}
    assert "asks for a passkey" in room.http.post("/api/enter", json=wish).json()["title"]
    for wrong in (
        {"flags": PRESENT},
        {"origin": "http://localhost:1"},
        {"challenge": "AAAA"},
        {"type": "webauthn.get"},
    ):
        refused = sit(room, "Watch officer, DNM", **wrong).answer
        assert refused.status_code == 400, wrong
        assert "the passkey does not hold" in refused.json()["title"]
    assert sit(room, "Watch officer, DNM").answer.status_code == 200


def test_a_confirmation_is_of_this_document_on_this_page_by_a_verified_person(room: RunningRoom) -> None:
    watch, analyst = sit(room, "Watch officer, DNM"), sit(room, "Analyst, CVL")
    assert watch.request("R-1").status_code == 200
    document = analyst.document(type="AdviceGiven", request_id="R-1", version=1, verdict="concur", words="w")
    flipped = analyst.document(type="AdviceGiven", request_id="R-1", version=1, verdict="concur", words="other")
    unconfirmed = {"document": document, "signature": analyst.key.sign(document.encode()).hex()}
    headers = {"authorization": f"Bearer {analyst.seat['session']}"}
    assert "confirm this" in room.http.post("/api/acts", json=unconfirmed, headers=headers).json()["title"]
    for assertion, said in (
        (analyst.passkey.confirm(flipped), "another document"),
        (analyst.passkey.confirm(document) | {"rendering": "verdict: doubt"}, "other words on the screen"),
        (analyst.passkey.confirm(document, origin="http://evil.example"), "another page"),
        (analyst.passkey.confirm(document, origin="http://localhost:1"), "another page"),
        (analyst.passkey.confirm(document, flags=PRESENT), "not verified"),
        (analyst.passkey.confirm(document, flags=0), "nobody was present"),
        (analyst.passkey.confirm(document, type="webauthn.create"), "not made for signing"),
        (analyst.passkey.confirm(document, crossOrigin=True), "not made for signing"),
        (watch.passkey.confirm(document), "another passkey"),
        (analyst.passkey.confirm(document) | {"signature": "AAAA"}, "signature does not fit"),
        (analyst.passkey.confirm(document) | {"client_data": "AAAA"}, "not readable"),
    ):
        refused = analyst.send(document, assertion=assertion)
        assert refused.status_code == 400, said
        assert said in refused.json()["title"]
    good = analyst.passkey.confirm(document)
    assert analyst.send(document, assertion=good).status_code == 200
    assert analyst.send(document, assertion=good).status_code == 200, "the same act again is one act"
    assert analyst.send(flipped, assertion=good).status_code == 400, "a replayed confirmation is of another document"
    assert len(watch.board("R-1")["advice"]) == 1


def test_a_copied_passkey_that_counts_backwards_is_refused(room: RunningRoom) -> None:
    watch, analyst = sit(room, "Watch officer, DNM"), sit(room, "Analyst, CVL")
    for name in ("R-1", "R-2"):
        assert watch.request(name).status_code == 200
    analyst.passkey.count = 9
    assert analyst.advise("R-1").status_code == 200
    analyst.passkey.count = 3
    assert "counts backwards" in analyst.advise("R-2").json()["title"]


def test_a_doubt_needs_no_passkey_and_all_is_checked_offline(room: RunningRoom, tmp_path: Any) -> None:
    watch, badge = sit(room, "Watch officer, DNM"), sit(room, "Red badge, ALD")
    analyst, legal = sit(room, "Analyst, CVL"), sit(room, "Legal adviser, FNY")
    for name in ("R-1", "R-2"):
        assert watch.request(name).status_code == 200
    for adviser in (analyst, legal):
        assert adviser.advise("R-1").status_code == 200
    assert badge.decide("R-1", "yes").status_code == 200
    plain = analyst.document(type="DoubtRaised", request_id="R-2", version=1, words="")
    body = {"document": plain, "signature": analyst.key.sign(plain.encode()).hex()}
    headers = {"authorization": f"Bearer {analyst.seat['session']}"}
    assert room.http.post("/api/acts", json=body, headers=headers).status_code == 200
    assert room.stop() == 0
    report = verified(room.data)
    assert report["holds"], report["problems"]
    signed = [entry.body for entry in entries_of(read_folder(room.data)) if isinstance(entry.body, SignedAct)]
    assert sum(act.assertion is not None for act in signed) == 3
    assert isinstance(signed[-1].assertion, Assertion | None)
    assert run_words("record", "export", str(room.data), str(tmp_path / "out")).returncode == 0
    assert verified(tmp_path / "out")["holds"]


def test_people_enrol_and_confirm_with_passkeys_in_their_browsers(browser: Browser, room: RunningRoom) -> None:
    faults: list[str] = []
    watch = sit(room, "Watch officer, DNM")
    page = page_of(browser, dict(room.started["seats"])["Analyst, CVL"], faults)
    session, authenticator = page.authenticator
    page.get_by_test_id("sit").click()
    expect(page.get_by_test_id("sit")).to_have_count(0)
    assert watch.request("R-1").status_code == 200
    page.keyboard.press("3")
    page.locator("[data-request=R-1]").click()
    page.get_by_test_id("words").fill("Likely, not sure.")
    session.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    page.get_by_role("button", name="Concur", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert watch.board("R-1")["advice"] == [], "without verification nothing was entered"
    session.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": True})
    page.get_by_role("button", name="Concur", exact=True).click()
    expect(page.locator("[data-request=R-1]")).to_contain_text("Analyst, CVL: concurs")
    page.keyboard.press("d")
    expect(page.locator("[data-request=R-1]")).to_contain_text("HELD")
    assert room.stop() == 0
    report = verified(room.data)
    assert report["holds"], report["problems"]
    signed = [entry.body for entry in entries_of(read_folder(room.data)) if isinstance(entry.body, SignedAct)]
    kept = [act.assertion for act in signed if act.assertion is not None]
    assert len(kept) == 1
    assert "verdict: concur" in kept[0].rendering
    assert "words: Likely, not sure." in kept[0].rendering
    assert json.loads(signed[-1].document)["type"] == "DoubtRaised"


def test_a_room_without_passkeys_says_so_on_every_decision(start_room: Callable[..., RunningRoom]) -> None:
    room = start_room("--from", "08:05:00", "--without-passkeys")
    watch, badge = room.sit("Watch officer, DNM"), room.sit("Red badge, ALD")
    assert room.get("/api/room")["passkeys"] is False
    assert watch.request("R-1").status_code == 200
    assert badge.decide("R-1", "no").status_code == 200
    assert watch.board("R-1")["decided"]["confirmed"] is False
    assert room.stop() == 0
    assert verified(room.data)["holds"]


def test_a_passkey_that_sat_here_brings_its_person_back_in_another_browser(browser: Browser, room: RunningRoom) -> None:
    faults: list[str] = []
    links = dict(room.started["seats"])
    page = page_of(browser, links["Analyst, CVL"], faults)
    page.get_by_test_id("sit").click()
    expect(page.get_by_test_id("sit")).to_have_count(0)
    forget = "async () => { localStorage.clear(); sessionStorage.clear(); indexedDB.deleteDatabase('watchfloor'); }"
    first = page.evaluate("() => JSON.parse(sessionStorage.getItem(Object.keys(sessionStorage)[0]))")
    page.evaluate(forget)
    page.goto("about:blank")
    page.goto(links["Legal adviser, FNY"])
    page.get_by_test_id("sit").click()
    expect(page.get_by_test_id("sit")).to_have_count(0)
    second = page.evaluate("() => JSON.parse(sessionStorage.getItem(Object.keys(sessionStorage)[0]))")
    assert second["seat_id"] == "legal-fny"
    assert second["person_id"] == first["person_id"], "one authenticator is one person, whichever browser holds the key"
    assert second["key_id"] != first["key_id"]
    watch = sit(room, "Watch officer, DNM")
    stolen = sit(room, "Analyst, BVY", passkey=watch.passkey, flags=PRESENT).answer
    assert stolen.status_code == 400


def test_nobody_comes_back_with_a_confirmation_that_does_not_hold(room: RunningRoom) -> None:
    watch = sit(room, "Watch officer, DNM")
    key, token = Ed25519PrivateKey.generate(), room.link("Analyst, CVL")
    public = key.public_key().public_bytes_raw().hex()
    text = f"watchfloor: take a seat\n{room.started['room_id']}\n{sha256(token.encode()).hexdigest()}\n{public}\n"
    wish = {"token": token, "public_key": public, "proof": key.sign(text.encode()).hex()}
    for assertion, said in (
        (watch.passkey.confirm(text + "x"), "another document"),
        (watch.passkey.confirm(text, flags=PRESENT), "not verified"),
        (watch.passkey.confirm(text, origin="http://localhost:1"), "another page"),
    ):
        answer = room.http.post("/api/enter", json=wish | {"assertion": assertion})
        assert (answer.status_code, said in answer.json()["title"]) == (400, True), answer.text
    back = room.http.post("/api/enter", json=wish | {"assertion": watch.passkey.confirm(text)}).json()
    assert back["person_id"] == watch.seat["person_id"]
