"""Notified places: seen by those whom the notifier names, checked for lead time, followed up, and never let out."""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.running import Person, RunningRoom, run_words, verified
from watchfloor.messages.pack import Pack
from watchfloor.record.log import batches_of

Start = Callable[..., RunningRoom]
HOUR_US = 3_600_000_000
SECRET_WORDS = "Two clinics and the people in them."


@pytest.fixture
def room(start_room: Start) -> RunningRoom:
    return start_room()


def middle_of(pack: Pack, area_id: str) -> dict[str, int]:
    ring = next(area.rings[0] for area in pack.areas if area.id == area_id)
    lon, lat = (sum(place[axis] for place in ring[:-1]) / (len(ring) - 1) for axis in (0, 1))
    return {"lat_e7deg": round(lat * 1e7), "lon_e7deg": round(lon * 1e7)}


def given(desk: Person, place: dict[str, int], **changes: Any) -> httpx.Response:
    now_us = desk.room.get("/api/pulse")["room_us"]
    words: dict[str, Any] = {
        "type": "NotificationGiven",
        "notification_id": "N-2",
        "kind": "site",
        "places": [place],
        "near_m": 2_000,
        "from_us": now_us + 50 * HOUR_US,
        "until_us": now_us + 80 * HOUR_US,
        "urgent": False,
        "contact_role": "Relief Desk, duty officer",
        "words": SECRET_WORDS,
        "label": {"level": 0, "nations": desk.info["nations"], "need_to_know": ["first-readers"]},
    }
    return desk.act(**(words | changes))


def notified(person: Person) -> list[dict[str, Any]]:
    screen = person.room.get("/api/screen", person.seat["session"])["screen"]
    return list(screen.get("notified", []))


def test_only_those_whom_the_notifier_names_see_it_and_their_word_is_kept(room: RunningRoom, pack: Pack) -> None:
    desk, line, legal = (room.sit(name) for name in ("Relief Desk, ALD", "Line officer, BVY", "Legal adviser, FNY"))
    others = [room.sit(name) for name in ("Watch officer, DNM", "Red badge, ALD", "Analyst, CVL")]
    assert given(desk, middle_of(pack, "D09")).status_code == 200
    for reader in (desk, line, legal):
        (told,) = notified(reader)
        assert (told["state"], told["late_us"], told["words"]) == ("given", 0, SECRET_WORDS)
        assert "D09" in told["area_ids"]
    assert [notified(other) for other in others] == [[], [], []]
    waits = ("notification", "N-2", "nobody has acknowledged it")
    assert waits in line.brief("due")
    assert not [one for other in others for one in other.brief("due") if one[0] == "notification"]
    assert "notified" not in room.get("/api/screen")["screen"], "the wall shows none"
    assert SECRET_WORDS not in str(room.get("/api/room")) + str(room.get("/api/screen"))
    unseen = others[0].act(type="NotificationAcknowledged", notification_id="N-2")
    assert "there is no such notification" in unseen.json()["title"], "who may not see it hears of none"
    assert "does not acknowledge it" in desk.act(type="NotificationAcknowledged", notification_id="N-2").json()["title"]
    assert legal.act(type="NotificationAcknowledged", notification_id="N-2").status_code == 200
    assert notified(line)[0]["acknowledged_by"] == ["legal-adviser, FNY"]
    assert desk.act(type="NotificationWithdrawn", notification_id="N-2", words="They have moved.").status_code == 200
    assert notified(line)[0]["state"] == "withdrawn"


def test_lead_time_is_checked_and_a_late_one_is_taken_and_says_so(room: RunningRoom, pack: Pack) -> None:
    desk, place = room.sit("Relief Desk, ALD"), middle_of(pack, "D10")
    now_us = desk.room.get("/api/pulse")["room_us"]
    ahead_us = 18 * HOUR_US + 45 * 60_000_000
    late = {"from_us": now_us + ahead_us, "until_us": now_us + 30 * HOUR_US}
    assert given(desk, place, notification_id="N-1", urgent=True, **late).status_code == 200
    assert given(desk, place, notification_id="N-3", **late).status_code == 200
    urgent, usual = notified(desk)
    assert abs(urgent["late_us"] - (24 * HOUR_US - ahead_us)) < 60_000_000, "24 h are due where it is urgent"
    assert abs(usual["late_us"] - (48 * HOUR_US - ahead_us)) < 60_000_000


def test_what_cannot_be_is_refused_with_the_reason(room: RunningRoom, pack: Pack) -> None:
    desk, place = room.sit("Relief Desk, ALD"), middle_of(pack, "D09")
    now_us = desk.room.get("/api/pulse")["room_us"]
    analyst = room.sit("Analyst, CVL")
    label = {"level": 0, "nations": desk.info["nations"]}
    for who, changes, reason in (
        (analyst, {"label": label}, "does not hold the power `notify`"),
        (desk, {"kind": "movement"}, "a movement is a way of two places or more"),
        (desk, {"places": [place, place]}, "a site is one place"),
        (desk, {"until_us": now_us}, "ends before it begins"),
        (desk, {"from_us": now_us - 10, "until_us": now_us - 5}, "it is over already"),
        (desk, {"until_us": now_us + 3_000 * HOUR_US}, "lasts over 90 days"),
        (desk, {"places": [{"lat_e7deg": 899_000_000, "lon_e7deg": 0}]}, "beyond 85 degrees"),
        (desk, {"label": {**label, "need_to_know": ["notified-sites", "x"]}}, "of a group that this seat is not in"),
        (desk, {"near_m": 100}, "near_m"),
        (desk, {"contact_name": "Somebody"}, "contact_name"),
    ):
        refused = given(who, place, **changes)
        assert refused.status_code in (400, 403), changes
        assert reason in refused.json()["title"], changes
    assert notified(desk) == []


def bodies(room: RunningRoom, kind: str) -> list[dict[str, Any]]:
    found = []
    for batch in batches_of({f"record/{path.name}": path.read_bytes() for path in (room.data / "record").iterdir()}):
        found += [json.loads(raw)["body"] for raw in batch.entries]
    return [body for body in found if body["type"] == kind]


def decided_in(room: RunningRoom, area_id: str, **changes: Any) -> dict[str, Person]:
    people = {
        name: room.sit(seat)
        for name, seat in (
            ("watch", "Watch officer, DNM"),
            ("analyst", "Analyst, CVL"),
            ("badge", "Red badge, ALD"),
            ("legal", "Legal adviser, FNY"),
            ("policy", "Policy adviser, JLN"),
        )
    }
    assert people["watch"].request("R-1", area_id=area_id, **changes).status_code == 200
    for adviser in ("analyst", "legal", "policy"):
        assert people[adviser].advise("R-1", words="Asked.").status_code == 200
    answer = people["badge"].decide("R-1", "yes")
    assert answer.status_code == 200, answer.text
    return people


def test_a_decision_near_a_notified_place_is_asked_of_the_rules_and_followed_up(
    room: RunningRoom, pack: Pack, tmp_path: Path
) -> None:
    desk = room.sit("Relief Desk, ALD")
    now_us = desk.room.get("/api/pulse")["room_us"]
    window = {"from_us": now_us, "until_us": now_us + 3 * HOUR_US}
    assert given(desk, middle_of(pack, "D01"), urgent=True, **window).status_code == 200
    far = middle_of(pack, "D01") | {"lat_e7deg": -300_000_000}
    assert given(desk, far, notification_id="N-far", urgent=True, **window).status_code == 200
    people = decided_in(room, "D01")
    told = [body for body in bodies(room, "RulesAnswered") if body["request_id"] == "R-1"]
    assert any(json.loads(body["facts"])["notified"] for body in told), "the rules were told"
    near, away = notified(desk)
    (follow,) = near["follow_ups"]
    assert (follow["event"], follow["about"], follow["closed"]) == ("decision", "R-1", False)
    assert away["follow_ups"] == []
    assert ("follow-up", follow["follow_id"], "decision near N-2") in desk.brief("due")
    assert not [one for one in people["watch"].brief("due") if one[0] == "follow-up"]
    close = {"type": "FollowUpClosed", "follow_id": follow["follow_id"], "words": "The crew was told where it is."}
    assert "there is no such follow-up" in people["watch"].act(**close).json()["title"]
    assert "power `review`" in desk.act(**close).json()["title"]
    assert "took part" in people["legal"].act(**close).json()["title"], "who advised on it"
    other = room.sit("Legal adviser, ALD")
    assert other.act(**close).status_code == 200
    (answered,) = notified(desk)[0]["follow_ups"]
    assert (answered["closed"], answered["words"]) == (True, "The crew was told where it is.")
    assert "answered already" in other.act(**close).json()["title"]
    assert room.stop() == 0
    assert verified(room.data)["holds"]
    out = tmp_path / "out"
    assert run_words("record", "export", str(room.data), str(out)).returncode == 0
    exported = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert b'\\"notified\\":true' not in exported, "nor that the rules were told of one"
    assert b'\\"notified\\":false' in exported, "so that the test would see it"
    assert verified(out)["holds"]


def test_harm_near_a_notified_place_is_followed_up_and_the_list_leaves_the_room_nowhere(
    room: RunningRoom, pack: Pack, tmp_path: Path
) -> None:
    desk = room.sit("Relief Desk, ALD")
    now_us = desk.room.get("/api/pulse")["room_us"]
    place = middle_of(pack, "D09")
    assert given(desk, place, urgent=True, from_us=now_us - HOUR_US, until_us=now_us + HOUR_US).status_code == 200
    harm = {
        "type": "HarmReported", "harm_id": "H-1", "about": "D09", "said_by": "a nurse", "words": "A wall fell.",
        "as_of_us": now_us, "label": {"level": 0, "nations": desk.info["nations"]},
    }  # fmt: skip
    assert desk.act(**harm).status_code == 200
    assert [one["event"] for one in notified(desk)[0]["follow_ups"]] == ["harm"]
    with socket.create_connection(("127.0.0.1", room.cot_port), timeout=5) as client:
        client.settimeout(5)
        told, until = b"", time.monotonic() + 3
        while time.monotonic() < until and len(told) < 200_000:
            told += client.recv(65_536)
    assert room.stop() == 0
    assert verified(room.data)["holds"]
    out = tmp_path / "out"
    assert run_words("record", "export", str(room.data), str(out)).returncode == 0
    exported = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    for way in (told, exported):
        assert SECRET_WORDS.encode() not in way
        assert str(place["lat_e7deg"]).encode() not in way
        assert b"FollowUpOpened" not in way
    assert b"a notification stays in its room" in exported, "that something was withheld is said"
    assert b"A wall fell." in exported, "so that the test would see what is let out"


def test_one_that_is_over_has_expired(room: RunningRoom, pack: Pack) -> None:
    desk, control = room.sit("Relief Desk, ALD"), room.sit("Exercise control, ALD")
    now_us = desk.room.get("/api/pulse")["room_us"]
    until_us = now_us + 600_000_000
    assert given(desk, middle_of(pack, "D09"), urgent=True, from_us=now_us, until_us=until_us).status_code == 200
    assert control.clock(jump_to_us=until_us + 1_000_000).status_code == 200
    room.until(lambda: notified(desk)[0]["state"] == "expired", "its end")
    again = desk.act(type="NotificationWithdrawn", notification_id="N-2", words="Over.")
    assert "expired already" in again.json()["title"]
