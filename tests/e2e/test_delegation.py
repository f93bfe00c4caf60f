"""Delegated authority: rules changed by two persons, a grant, uses judged by the rules of their time, reviews, harm."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.test_rules_in_room import state_fact
from tests.support.running import Person, RunningRoom, run_words, verified

MINUTE_US = 60_000_000


@pytest.fixture
def room(start_room: Callable[..., RunningRoom]) -> RunningRoom:
    return start_room("--from", "09:00:30")


def rules(person: Person) -> dict[str, Any]:
    answer = person.room.http.get("/api/rules", headers=bearer(person))
    return {one["version"]: one for one in answer.json()["versions"]}


def bearer(person: Person) -> dict[str, str]:
    return {"authorization": f"Bearer {person.seat['session']}"}


def sign_rules(person: Person, version: str = "4", **changes: Any):
    known = rules(person)
    old = next(one for one in known.values() if one["in_force"])
    compared = known[version]["compared"] or {"report_digest": "0" * 64}
    words = {
        "type": "RuleChangeSigned",
        "from_digest": old["digest"],
        "to_version": version,
        "to_digest": known[version]["digest"],
        "report_digest": compared["report_digest"],
        "words": "Read, with the comparison.",
    }
    return person.act(**(words | changes))


def compare(person: Person, version: str = "4"):
    return person.room.http.post("/api/rules/compare", json={"version": version}, headers=bearer(person))


def version_four(room: RunningRoom) -> tuple[Person, Person]:
    """Version 4 in force; badge and legal adviser."""
    badge, legal = room.sit("Red badge, ALD"), room.sit("Legal adviser, FNY")
    assert compare(legal).status_code == 200
    assert sign_rules(badge).status_code == 200
    assert sign_rules(legal).status_code == 200
    assert rules(badge)["4"]["in_force"]
    return badge, legal


def people(room: RunningRoom) -> dict[str, Person]:
    names = {"crew": "Aircrew, ALD (Tiller 21)", "watch": "Watch officer, DNM", "analyst": "Analyst, CVL"}
    names |= {"policy": "Policy adviser, JLN", "reviewer": "Independent reviewer, DNM"}
    return {short: room.sit(name) for short, name in names.items()}


def granted(room: RunningRoom, **changes: Any) -> dict[str, Person]:
    """A delegation G-1 for Millrace, asked by the watch officer for Tiller 21, advised and signed."""
    badge, legal = version_four(room)
    found = people(room) | {"badge": badge, "legal": legal}
    until_us = room.get("/api/room")["end_us"]
    assert state_fact(found["watch"], "view", "D05", "seen").status_code == 200
    wish = {"holder": "tiller-ald", "area_id": "D05", "kind": "force_exercise_only", "until_us": until_us}
    digest = room.get("/api/room")["rules_digest"]
    answer = found["watch"].request("G-1", **(wish | {"rules_digest": digest} | changes))
    assert answer.status_code == 200, answer.text
    assert state_fact(found["watch"], "sensing", "G-1", "DNM").status_code == 200
    for adviser in ("analyst", "legal", "policy"):
        assert found[adviser].advise("G-1", words="On these terms.").status_code == 200
    assert badge.decide("G-1", "yes").status_code == 200
    return found


def use(person: Person, use_id: str = "U-1", **changes: Any):
    now_us = person.room.get("/api/pulse")["room_us"]
    words = {
        "type": "UseReported",
        "use_id": use_id,
        "request_id": "G-1",
        "kind": "force_exercise_only",
        "area_id": "D05",
        "event_us": now_us,
        "attacked": True,
        "waiting_costs": True,
        "crew_sees": True,
        "necessity": "They were being fired at; a minute would have been too long.",
        "label": {"level": 0, "nations": person.info["nations"]},
    }
    return person.act(**(words | changes))


def screen(room: RunningRoom) -> dict[str, Any]:
    shown: dict[str, Any] = room.get("/api/screen")["screen"]
    return shown


def request_of(room: RunningRoom, request_id: str) -> dict[str, Any]:
    return next(one for one in screen(room)["board"] if one["request_id"] == request_id)


def test_a_crew_cannot_grant_itself_a_delegation(room: RunningRoom) -> None:
    badge, watch = room.sit("Red badge, ALD"), room.sit("Watch officer, DNM")
    room.sit("Aircrew, ALD (Tiller 21)", same=badge)
    assert watch.request("G-1", holder="tiller-ald", until_us=room.get("/api/room")["end_us"]).status_code == 200
    assert "crew's seat" in badge.decide("G-1", "yes").json()["title"]
    assert badge.decide("G-1", "no").status_code == 200, "a refusal is always open"


def test_rules_change_when_they_were_compared_and_two_persons_signed(room: RunningRoom) -> None:
    badge, legal = room.sit("Red badge, ALD"), room.sit("Legal adviser, FNY")
    analyst = room.sit("Analyst, CVL")
    assert "was not compared" in sign_rules(badge).json()["title"]
    assert compare(analyst).status_code == 403
    told = compare(legal)
    assert told.status_code == 200, told.text
    assert told.json()["possible_count"] > 0
    assert "power `change_rules`" in sign_rules(analyst).json()["title"]
    assert sign_rules(badge).status_code == 200
    assert not rules(badge)["4"]["in_force"], "one signature changes nothing"
    assert "signed it already" in sign_rules(badge).json()["title"]
    same = room.sit("Legal adviser, ALD", same=badge)
    assert sign_rules(same).status_code == 403, "four eyes are two persons"
    assert "another one" in sign_rules(legal, report_digest="1" * 64).json()["title"]
    assert sign_rules(legal).status_code == 200
    assert rules(badge)["4"]["in_force"]
    assert room.get("/api/room")["rules_version"] == "4"
    assert room.stop() == 0
    report = verified(room.data)
    assert report["holds"], report["problems"]
    assert run_words("replay", str(room.data), "--check").returncode == 0


def test_before_and_after_a_change_are_compared_from_the_record(room: RunningRoom) -> None:
    found = granted(room)
    assert use(found["crew"]).status_code == 200
    assert room.stop() == 0
    told = run_words("rules", "history", str(room.data), "--json")
    assert told.returncode == 0, told.stderr
    before, after = (json.loads(line) for line in told.stdout.splitlines())
    assert (before["rules_version"], before["requests"], before["decided_no"], before["uses"]) == ("3", 2, 1, 0)
    assert (after["rules_version"], after["requests"], after["decided_yes"], after["uses"]) == ("4", 1, 1, 1)
    assert after["to_decision_s"] is not None
    assert "version 4, in force" in run_words("rules", "history", str(room.data)).stdout
    explained = run_words("rules", "explain", "G-1", "--data", str(room.data))
    assert explained.returncode == 0, explained.stderr
    assert "R12.advice: Legal and policy adviser are asked before a grant." in explained.stdout
    assert "no_objection by rules version 4" in explained.stdout
    past = run_words("rules", "compare", "4", "3", "--record", str(room.data), "--json")
    assert past.returncode == 0, past.stderr
    lines = [json.loads(line) for line in past.stdout.splitlines()]
    assert lines[-1]["otherwise"] >= 1, "version 3 would have stopped the grant"
    assert any(one["past"]["was_decided"] and one["past"]["would"] == "stop" for one in lines if "past" in one)
    assert run_words("rules", "explain", "Z-9", "--data", str(room.data)).returncode == 2


def test_a_version_does_not_take_effect_before_its_beginning(start_room: Callable[..., RunningRoom]) -> None:
    room = start_room("--from", "08:50:00")
    badge, legal = room.sit("Red badge, ALD"), room.sit("Legal adviser, FNY")
    control = room.sit("Exercise control, ALD")
    assert compare(legal).status_code == 200
    assert sign_rules(badge).status_code == 200
    assert sign_rules(legal).status_code == 200
    assert (rules(badge)["4"]["agreed"], rules(badge)["4"]["in_force"]) == (True, False)
    nine_us = room.get("/api/room")["start_us"] + 60 * MINUTE_US
    assert control.clock(jump_to_us=nine_us).status_code == 200
    room.until(lambda: rules(badge)["4"]["in_force"], "version 4")


def test_no_delegation_exists_under_version_three(room: RunningRoom) -> None:
    found = people(room)
    crew, watch = found["crew"], found["watch"]
    end_us = room.get("/api/room")["end_us"]
    assert watch.request("G-1", holder="tiller-ald", area_id="D05", until_us=end_us).status_code == 200
    assert request_of(room, "G-1")["finding"]["parts"] == ["R11"]
    later = watch.request("G-2", holder="tiller-ald", area_id="D05", until_us=end_us + 1)
    assert "ends with the watch" in later.json()["title"]
    assert use(crew, request_id="").status_code == 200
    told = screen(room)["uses"][0]
    assert (told["outside"], told["answer"]) == (["no delegation"], "stop")
    assert "R11" in told["parts"]


def test_a_use_within_a_delegation_is_reviewed_by_somebody_else(room: RunningRoom) -> None:
    found = granted(room)
    assert request_of(room, "G-1")["delegation"] == "in force"
    assert found["watch"].act(type="ReviewClosed", subject_id="U-1", words="x").status_code == 403
    assert use(found["crew"]).status_code == 200
    told = screen(room)["uses"][0]
    assert (told["outside"], told["answer"], told["parts"]) == ([], "no_objection", [])
    assert told["review"]["due_us"] == told["received_us"] + 30 * MINUTE_US
    close = {"type": "ReviewClosed", "subject_id": "U-1", "words": "As reported; the district was quiet after."}
    assert "power `review`" in found["badge"].act(**close).json()["title"]
    assert "took no part" in found["legal"].act(**close).json()["title"], "who advised the grant took part"
    assert found["reviewer"].act(**close).status_code == 200
    assert screen(room)["uses"][0]["review"]["closed_us"] > 0
    assert "closed already" in found["reviewer"].act(**close).json()["title"]
    assert room.stop() == 0
    report = verified(room.data)
    assert report["holds"], report["problems"]
    assert run_words("replay", str(room.data), "--check").returncode == 0


def test_a_late_use_outside_its_scope_keeps_both_times_is_flagged_and_suspends(room: RunningRoom) -> None:
    found = granted(room)
    control = room.sit("Exercise control, ALD")
    assert state_fact(found["watch"], "view", "D09", "seen").status_code == 200
    event_us = room.get("/api/pulse")["room_us"]
    assert control.clock(jump_to_us=event_us + 12 * MINUTE_US).status_code == 200
    assert use(found["crew"], area_id="D09", event_us=event_us).status_code == 200
    told = screen(room)["uses"][0]
    assert told["event_us"] == event_us
    assert told["received_us"] >= event_us + 12 * MINUTE_US
    assert told["outside"] == ["another district"]
    assert told["answer"] == "stop"
    assert {part.partition(".")[0] for part in told["parts"]} == {"R10", "R12", "R13"}, "as the pack's case says"
    assert request_of(room, "G-1")["delegation"] == "suspended"
    assert found["watch"].brief("suspended") == [("delegation", "G-1", "outside_scope")]
    assert ("use", "U-1", "review") in found["watch"].brief("due")
    assert use(found["crew"], "U-2").status_code == 200
    assert screen(room)["uses"][1]["outside"] == ["suspended"]


def test_an_overdue_review_is_shown_and_suspends(room: RunningRoom) -> None:
    found = granted(room)
    control = room.sit("Exercise control, ALD")
    assert use(found["crew"]).status_code == 200
    due_us = screen(room)["uses"][0]["review"]["due_us"]
    assert control.clock(jump_to_us=due_us + 1).status_code == 200
    overdue = room.until(lambda: screen(room)["uses"][0]["review"]["overdue"], "the overdue review")
    assert overdue
    room.until(lambda: request_of(room, "G-1")["delegation"] == "suspended", "the suspension")
    assert found["watch"].brief("due") == [("use", "U-1", "review overdue")]
    assert room.stop() == 0
    assert verified(room.data)["holds"]


def test_a_grant_is_revoked_at_once_by_its_own_side(room: RunningRoom) -> None:
    found = granted(room)
    revoke = {"type": "DelegationRevoked", "request_id": "G-1", "words": "The post has withdrawn."}
    other = room.sit("Red badge, JLN")
    assert "of ALD" in other.act(**revoke).json()["title"]
    assert found["badge"].act(**revoke).status_code == 200
    assert request_of(room, "G-1")["delegation"] == "revoked"
    assert use(found["crew"]).status_code == 200
    assert screen(room)["uses"][0]["outside"] == ["revoked"]


def test_reported_harm_is_attributed_and_reviewed_by_who_took_no_part(room: RunningRoom) -> None:
    found = granted(room)
    desk = room.sit("Relief Desk, ALD")
    now_us = room.get("/api/pulse")["room_us"]
    harm = {
        "type": "HarmReported",
        "harm_id": "H-1",
        "about": "G-1",
        "said_by": "a nurse whom the Relief Desk knows",
        "words": "People were hurt at the ferry steps about nine.",
        "as_of_us": now_us,
        "label": {"level": 0, "nations": desk.info["nations"]},
    }
    assert found["analyst"].act(**harm).status_code == 403
    assert "no request, use or area" in desk.act(**harm | {"about": "Z-9"}).json()["title"]
    assert desk.act(**harm).status_code == 200
    told = screen(room)["harm"][0]
    assert (told["said_by"], told["review"]["closed_us"]) == ("a nurse whom the Relief Desk knows", 0)
    close = {"type": "ReviewClosed", "subject_id": "H-1", "words": "Asked at the clinic; two were treated."}
    assert "took no part" in found["legal"].act(**close).json()["title"]
    assert found["reviewer"].act(**close).status_code == 200
    assert room.stop() == 0
    assert verified(room.data)["holds"]


def test_a_delegation_is_used_never_carried_out_and_judged_as_of_its_use(room: RunningRoom) -> None:
    found = granted(room)
    done = found["crew"].act(type="CarriedOut", request_id="G-1", version=1, words="")
    assert (done.status_code, "is used, not carried out" in done.json()["title"]) == (403, True)
    event_us = room.get("/api/pulse")["room_us"]
    assert found["watch"].doubt("G-1").status_code == 200
    assert use(found["crew"], event_us=event_us).status_code == 200
    shown = screen(room)["uses"][0]
    assert (shown["outside"], shown["answer"]) == ([], "no_objection"), "the doubt came after the event"
    assert use(found["crew"], "U-2").status_code == 200
    assert screen(room)["uses"][1]["outside"] == ["while a doubt held it"]
    closing = {"type": "ReviewClosed", "subject_id": "U-1", "words": "Looked into."}
    assert "took no part" in found["legal"].act(**closing).json()["title"], "who advised on the grant took part"
    assert found["reviewer"].act(**closing).status_code == 200
    assert room.stop() == 0
    assert verified(room.data)["holds"]
    assert run_words("replay", str(room.data), "--check").returncode == 0
