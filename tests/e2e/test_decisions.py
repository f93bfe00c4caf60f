"""The decision board over HTTP, with people who sign: written, advised, doubted, held, reopened, decided."""

import json
import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from tests.support.running import RunningRoom, run_words, verified
from watchfloor.base.instants import rfc3339_from_us
from watchfloor.edge.stores.folder import read_folder
from watchfloor.messages.outcomes import RequestDecided
from watchfloor.record.log import entries_of


@pytest.fixture
def room(start_room: Callable[..., RunningRoom]) -> RunningRoom:
    return start_room("--from", "08:05:00")


def test_a_request_goes_from_written_over_held_to_decided_and_verifies(room: RunningRoom) -> None:
    watch, badge = room.sit("Watch officer, DNM"), room.sit("Red badge, ALD")
    analyst, legal, policy = (
        room.sit("Analyst, CVL"),
        room.sit("Legal adviser, FNY"),
        room.sit("Policy adviser, JLN"),
    )
    assert watch.request("R-1").status_code == 200
    assert badge.board("R-1")["absent"] == ["analyst", "legal-adviser"]
    refused = badge.decide("R-1", "yes")
    assert refused.status_code == 403
    assert "not yet advised by" in refused.json()["title"]
    assert analyst.advise("R-1", words="Likely, not sure.").status_code == 200
    assert legal.advise("R-1").status_code == 200
    assert analyst.doubt("R-1").status_code == 200
    held = badge.board("R-1")
    assert held["state"] == "held"
    assert badge.decide("R-1", "yes").status_code == 403
    doubt_id = held["doubts"][0]["doubt_id"]
    assert "power `resolve`" in analyst.resolve("R-1", doubt_id).json()["title"]
    assert policy.resolve("R-1", doubt_id, words="The report was read again.").status_code == 200
    reopened = badge.board("R-1")
    assert (reopened["state"], reopened["version"]) == ("open", 2)
    assert reopened["absent"] == ["analyst", "legal-adviser"]
    assert badge.decide("R-1", "yes", version=2).status_code == 403
    assert analyst.advise("R-1", version=2).status_code == 200
    assert legal.advise("R-1", version=2).status_code == 200
    assert badge.decide("R-1", "yes", version=2).status_code == 200
    decided = watch.board("R-1")
    assert decided["state"] == "decided"
    assert decided["advice"][0]["words"] == "Likely, not sure."
    assert analyst.doubt("R-1", version=2, words="Now I see people.").status_code == 200
    again = watch.board("R-1")
    assert (again["state"], again["decided"], len(again["past_decisions"])) == ("held", None, 1)
    assert room.stop() == 0
    report = verified(room.data)
    assert report["holds"], report["problems"]
    assert report["decision_count"] == 2, "one by a simulated seat before the start, which can only refuse"


def test_the_server_takes_no_act_that_the_persons_own_key_did_not_sign(room: RunningRoom) -> None:
    watch, analyst = room.sit("Watch officer, DNM"), room.sit("Analyst, CVL")
    document = watch.document(type="DoubtRaised", request_id="A", version=1, words="")
    forged = watch.send(document, analyst.key.sign(document.encode()).hex())
    assert forged.status_code == 400
    assert "signature" in forged.json()["title"]
    flipped = document.replace('"version":1', '"version":2')
    assert watch.send(flipped, watch.key.sign(document.encode()).hex()).status_code == 400
    assert analyst.send(document).status_code == 400
    spaced = document.replace(":", ": ", 1)
    assert "canonical" in watch.send(spaced).json()["title"]
    assert room.http.post("/api/acts", json={"document": document, "signature": "0" * 128}).status_code == 401


def test_an_act_over_a_log_that_this_room_never_had_is_refused(room: RunningRoom) -> None:
    """A document carries the head that its screen showed; else one stale tab could make the whole record doubtful."""
    watch = room.sit("Watch officer, DNM")
    size = room.get("/api/screen")["head"]["size_count"]
    for head in ({"size_count": size, "root": "ab" * 32}, {"size_count": size + 10**6, "root": "0" * 64}):
        refused = watch.act(type="DoubtRaised", request_id="A", version=1, words="", head=head)
        assert refused.status_code == 400
        assert "load it again" in refused.json()["title"]
    assert watch.act(type="DoubtRaised", request_id="A", version=1, words="").status_code == 200


def test_four_eyes_counts_persons_not_seats(room: RunningRoom) -> None:
    watch = room.sit("Watch officer, DNM")
    same = room.sit("Analyst, CVL", same=watch)
    assert same.seat["person_id"] == watch.seat["person_id"]
    assert watch.request("R-1").status_code == 200
    refused = same.advise("R-1")
    assert refused.status_code == 403
    assert "author" in refused.json()["title"]
    legal = room.sit("Legal adviser, FNY")
    also_policy = room.sit("Policy adviser, JLN", same=legal)
    assert watch.request("R-2", area_id="D10").status_code == 200
    assert legal.advise("R-2").status_code == 200
    assert "one role" in also_policy.advise("R-2").json()["title"]


def test_advice_of_simulated_seats_is_shown_and_never_counts(room: RunningRoom) -> None:
    badge = room.sit("Red badge, ALD")
    opening = room.until(
        lambda: [r for r in room.get("/api/screen")["screen"]["board"] if len(r["advice"]) == 2], "the opening record"
    )[0]
    assert opening["request_id"] == "A"
    assert opening["author"]["simulated"]
    assert [advice["counts"] for advice in opening["advice"]] == [False, False]
    assert opening["absent"] == ["analyst", "legal-adviser", "policy-adviser"]
    assert badge.decide("A", "yes").status_code == 403


def test_the_same_document_twice_is_one_act(room: RunningRoom) -> None:
    watch = room.sit("Watch officer, DNM")
    assert watch.request("R-1").status_code == 200
    document = watch.document(type="DoubtRaised", request_id="R-1", version=1, words="once")
    first, second = watch.send(document), watch.send(document)
    assert first.json() == second.json()
    assert len(watch.board("R-1")["doubts"]) == 1


def test_a_nation_outside_the_label_gets_404_and_sees_nothing(room: RunningRoom) -> None:
    watch, analyst = room.sit("Watch officer, DNM"), room.sit("Analyst, CVL")
    assert watch.request("R-1", label={"level": 0, "nations": ["ALD", "DNM"]}).status_code == 200
    assert analyst.doubt("R-1").status_code == 404
    seen = room.get("/api/screen", analyst.seat["session"])["screen"]["board"]
    assert "R-1" not in [request["request_id"] for request in seen]
    assert "R-1" not in [request["request_id"] for request in room.get("/api/screen")["screen"]["board"]]


def test_requests_that_must_not_be_are_refused_with_a_reason(room: RunningRoom) -> None:
    watch, analyst = room.sit("Watch officer, DNM"), room.sit("Analyst, CVL")
    force = {"kind": "force_exercise_only", "area_id": "D09"}
    for changes, words in (
        ({"area_id": "D99"}, "no area"),
        ({"from_us": 5, "until_us": 4}, "window"),
        ({"rules_digest": "1" * 64}, "not in force"),
        ({"label": {"level": 0, "nations": ["ALD"]}}, "label"),
        (force | {"what": "At 37.5210, -114.2211."}, "coordinates"),
        (force | {"alternatives": "Use 37°31' south."}, "coordinates"),
        (force | {"why": "At 37.5N 115.2W, go."}, "coordinates"),
        (force | {"why": "355350S1143700W"}, "coordinates"),
        (force | {"why": "11S MS 12345 67890"}, "coordinates"),
        ({"what": ""}, "length"),
        ({"aim_point": "x"}, "unknown field"),
    ):
        answer = watch.request("R-9", **changes)
        assert answer.status_code in (400, 403), changes
        assert words in answer.json()["title"], answer.text
    assert watch.request("R-9", **force).status_code == 200
    assert "power `write`" in analyst.request("R-10").json()["title"]


def test_another_act_under_the_id_of_one_that_stands_is_a_conflict(room: RunningRoom) -> None:
    watch = room.sit("Watch officer, DNM")
    assert watch.request("R-1").status_code == 200
    doubt = watch.document(type="DoubtRaised", request_id="R-1", version=1, words="one")
    assert watch.send(doubt).status_code == 200
    other = watch.send(doubt.replace('"words":"one"', '"words":"two"'))
    assert other.status_code == 409
    assert watch.board("R-1")["doubts"][0]["words"] == "one"


def test_a_seat_that_is_taken_says_so_and_its_first_session_ends(room: RunningRoom) -> None:
    first = room.sit("Watch officer, DNM")
    offer = room.http.post("/api/link", json={"token": room.link("Watch officer, DNM")})
    assert offer.json()["taken"]
    second = room.sit("Watch officer, DNM")
    assert second.seat["person_id"] != first.seat["person_id"]
    assert room.http.get("/api/seat", headers={"authorization": f"Bearer {first.seat['session']}"}).status_code == 401
    assert second.request("R-1").status_code == 200


def test_an_expired_window_can_only_stop(room: RunningRoom) -> None:
    watch, control = room.sit("Watch officer, DNM"), room.sit("Exercise control, ALD")
    now_us = room.get("/api/pulse")["room_us"]
    assert watch.request("R-1", until_us=now_us + 60_000_000).status_code == 200
    assert watch.clock().status_code == 403
    assert control.clock(jump_to_us=now_us + 61_000_000).status_code == 200
    stopped = room.until(lambda: watch.board("R-1")["stopped"], "the stop")
    assert stopped["cause"] == "expiry"
    assert watch.doubt("R-1").status_code == 409


def test_links_end_and_sessions_end_when_the_room_is_resumed(
    room: RunningRoom, start_room: Callable[..., RunningRoom]
) -> None:
    watch = room.sit("Watch officer, DNM")
    assert watch.request("R-1").status_code == 200
    old = room.link("Watch officer, DNM")
    assert room.stop() == 0
    again = start_room(data=room.data)
    assert again.started["resumed"]
    assert again.http.post("/api/link", json={"token": old}).status_code == 400
    seen = again.get("/api/screen")["screen"]["board"]
    assert [request["request_id"] for request in seen] == ["A", "R-1"]
    assert again.stop() == 0
    assert verified(room.data)["holds"]


def test_deleting_the_roster_leaves_everything_verifiable(room: RunningRoom) -> None:
    token = room.link("Watch officer, DNM")
    person = room.sit("Watch officer, DNM")
    wish = {"token": token, "public_key": person.key.public_key().public_bytes_raw().hex(), "name": "Ada Example"}
    text = (
        f"watchfloor: take a seat\n{person.info['room_id']}\n{sha256(token.encode()).hexdigest()}\n"
        f"{wish['public_key']}\n"
    )
    assert room.http.post("/api/enter", json=wish | {"proof": person.key.sign(text.encode()).hex()}).status_code == 200
    assert room.stop() == 0
    roster = room.data / "roster.json"
    assert "Ada Example" in roster.read_text()
    for file in room.data.rglob("*"):
        if file.is_file() and file != roster:
            assert b"Ada Example" not in file.read_bytes()
    roster.unlink()
    report = verified(room.data)
    assert report["holds"]
    assert any("roster" in note for note in report["notes"])


def test_replay_shows_board_and_tracks_as_they_stood(room: RunningRoom) -> None:
    watch = room.sit("Watch officer, DNM")
    room.until(lambda: len(room.get("/api/tracks")["features"]) > 60, "tracks")
    began_us = room.get("/api/pulse")["room_us"]
    assert watch.request("R-1").status_code == 200
    room.until(lambda: room.get("/api/pulse")["room_us"] > began_us + 3_000_000, "three seconds")
    assert watch.doubt("R-1", words="The report is old.").status_code == 200
    held_us = watch.board("R-1")["doubts"][0]["at_us"]
    room.until(lambda: room.get("/api/pulse")["room_us"] > held_us + 2_000_000, "two seconds")
    live = room.get("/api/screen")
    assert room.stop() == 0
    early = run_words("replay", str(room.data), "--at", "08:04:00")
    assert early.returncode == 2
    assert "it holds 08:05:00 to" in early.stderr
    before = _replayed(room, held_us - 1_000_000)
    assert before["context"] == "EXERCISE REPLAY"
    assert [request["state"] for request in before["board"]] == ["open", "open"]
    assert len(before["tracks"]) > 60
    after = _replayed(room, held_us + 1_500_000)
    assert after["board"][1]["doubts"][0]["words"] == "The report is old."
    assert after["screen_digest"] == live["digest"]
    assert "HELD" in run_words("replay", str(room.data), "--at", rfc3339_from_us(held_us + 1_500_000)).stdout


def _replayed(room: RunningRoom, room_us: int) -> dict[str, Any]:
    done = run_words("replay", str(room.data), "--at", rfc3339_from_us(room_us), "--json")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_bodies_hosts_and_origins_that_are_not_ours_are_refused(room: RunningRoom) -> None:
    assert room.http.post("/api/link", content=b"x" * 70_000).status_code == 413
    assert room.http.post("/api/link", content=b"[1]").status_code == 400
    assert room.http.post("/api/link", json={"token": secrets.token_urlsafe(24)}).status_code == 400
    assert room.http.get("/api/room", headers={"host": "evil.example"}).status_code == 403
    foreign = room.http.post("/api/link", json={}, headers={"origin": "http://evil.example"})
    assert foreign.status_code == 403
    page = room.http.get("/")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert room.http.get("/api/nothing").status_code == 404
    assert set(foreign.json()) >= {"type", "title", "status", "code", "id"}


def test_how_long_stages_took_and_under_what_pressure_it_was_decided_is_recorded(room: RunningRoom) -> None:
    watch, badge = room.sit("Watch officer, DNM"), room.sit("Red badge, ALD")
    analyst, legal = room.sit("Analyst, CVL"), room.sit("Legal adviser, FNY")
    assert [watch.request(name).status_code for name in ("R-1", "R-2")] == [200, 200]
    assert analyst.doubt("R-1").status_code == 200
    doubt = watch.board("R-1")["doubts"][0]["doubt_id"]
    assert legal.resolve("R-1", doubt).status_code == 200
    assert [one.advise("R-1", version=2).status_code for one in (analyst, legal)] == [200, 200]
    assert badge.decide("R-1", "yes", version=2).status_code == 200
    shown = watch.board("R-1")
    names = [stage["name"] for stage in shown["stages"]]
    assert names == ["asked", "held", "answered", "first advice", "last advice", "decided"]
    times = [stage["at_us"] for stage in shown["stages"]]
    pressure = shown["decided"]["pressure"]
    assert times == sorted(times)
    assert pressure["since_asked_us"] == times[-1] - times[0]
    assert pressure["left_us"] == shown["until_us"] - times[-1]
    assert pressure["open_count"] == 2, "R-2, and A of the opening record"
    assert room.stop() == 0
    assert verified(room.data)["holds"]
    decided = [entry.body for entry in entries_of(read_folder(room.data)) if isinstance(entry.body, RequestDecided)]
    assert msgspec.to_builtins(decided[-1].pressure) == pressure
