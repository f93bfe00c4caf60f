"""Rules written in the room: checked as they are typed, kept in full, compared and signed by two like any other."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.test_delegation import bearer, compare, granted, people, rules, sign_rules, use
from tests.e2e.test_rules_in_room import state_fact
from tests.support.running import Person, RunningRoom, run_words, verified


@pytest.fixture
def room(start_room: Callable[..., RunningRoom]) -> RunningRoom:
    return start_room("--from", "09:00:30")


def draft(person: Person, room: RunningRoom, **changes: Any) -> dict[str, Any]:
    """Version 4 with one number changed, as an editor holds it."""
    four = rules(person)["4"]
    files = [{"name": one["name"], "text": one["text"].replace("<= 600", "<= 900")} for one in four["files"]]
    version = {"version": "5", "title": "Fifteen minutes", "from_us": 0, "until_us": None, "files": files}
    return {"version": {**version, "schema": four["schema"]} | changes, "like": "4"}


def check(person: Person, wish: dict[str, Any]):
    return person.room.http.post("/api/rules/check", json=wish, headers=bearer(person))


def propose(person: Person, checked: dict[str, Any], **changes: Any):
    in_force = next(one["digest"] for one in rules(person).values() if one["in_force"])
    words = {"type": "RulesProposed", "from_digest": in_force, "to_version": "5", "words": "Ten was too short."}
    return person.act(**(words | {"to_digest": checked["digest"], "rules_text": checked["text"]} | changes))


def test_a_version_written_in_the_room_is_kept_in_full_and_takes_effect_like_any_other(room: RunningRoom) -> None:
    badge, legal = room.sit("Red badge, ALD"), room.sit("Legal adviser, FNY")
    checked = check(legal, draft(legal, room)).json()
    assert (checked["faults"], len(checked["digest"])) == ([], 64)
    assert {case["holds"] for case in checked["cases"]} == {True, False}
    assert propose(legal, checked).status_code == 200
    assert rules(badge)["5"]["written_by"] == "legal-fny"
    assert "was not compared" in sign_rules(badge, "5").json()["title"]
    compared = compare(legal, "5")
    assert compared.status_code == 200, compared.text
    assert compared.json()["new_digest"] == checked["digest"]
    assert sign_rules(badge, "5").status_code == 200
    assert sign_rules(legal, "5").status_code == 200
    assert rules(badge)["5"]["in_force"]
    assert room.stop() == 0
    assert verified(room.data)["holds"]
    assert run_words("replay", str(room.data), "--check").returncode == 0
    again = RunningRoom(room.data, ())
    assert again.get("/api/room")["rules_version"] == "5", "the record holds the full text"
    assert again.stop() == 0


def test_a_comparison_asks_again_about_the_rooms_own_decisions_that_one_may_see(room: RunningRoom) -> None:
    found = granted(room)
    told = compare(found["badge"], "3").json()
    assert told["past"][-1]["request_id"] == "G-1"
    assert (told["past"][-1]["signed"], told["past"][-1]["was"], told["past"][-1]["would"]) == (
        "yes",
        "no_objection",
        "stop",
    )
    assert "R11" in told["past"][-1]["by"]


def test_a_version_with_a_fault_never_enters_the_record(room: RunningRoom) -> None:
    legal, analyst = room.sit("Legal adviser, FNY"), room.sit("Analyst, CVL")
    good = draft(legal, room)
    assert check(analyst, good).status_code == 403
    checked = check(legal, good).json()
    for old, new, said in (
        ("<= 900", "<= 900 900", "unexpected token"),
        ('@answer("stop")\n@note("Force: only', '@note("Force: only', "`@answer` is"),
        ('@ask("legal-adviser policy-adviser")', '@ask("weather-frog")', "no role of the pack"),
        ("context.grant.own_badge", "context.grant.own_flag", "own_flag"),
    ):
        files = [{**one, "text": one["text"].replace(old, new)} for one in good["version"]["files"]]
        faults = check(legal, {**good, "version": good["version"] | {"files": files}}).json()["faults"]
        assert any(said in fault["sentence"] for fault in faults), (new, faults)
        assert all(fault["line"] for fault in faults)
    assert check(legal, {**good, "version": {"version": "5"}}).status_code == 400
    for changes, said in (
        ({"rules_text": checked["text"].replace("<= 900", "<= 901")}, "the digest is not that of the text"),
        ({"rules_text": "{}"}, "no version of rules"),
        ({"rules_text": checked["text"] + " "}, "not spelled as the room spells it"),
        ({"to_version": "4"}, "of another version"),
        ({"from_digest": "0" * 64}, "in force are others"),
    ):
        refused = propose(legal, checked, **changes)
        assert said in refused.json()["title"], refused.text
    assert "change_rules" in propose(analyst, checked).json()["title"]
    assert "5" not in rules(legal)
    assert propose(legal, checked).status_code == 200
    assert "already" in propose(legal, checked).json()["title"]


def test_a_rule_asks_the_acting_nations_own_adviser_and_another_nations_does_not_do(room: RunningRoom) -> None:
    badge, legal, watch = (room.sit(name) for name in ("Red badge, ALD", "Legal adviser, FNY", "Watch officer, DNM"))
    own, analyst = room.sit("Legal adviser, ALD"), room.sit("Analyst, CVL")
    wish = draft(legal, room)
    rule = (
        '\n@id("R15")\n@answer("ask")\n@ask("legal-adviser@acting")\n@note("The acting nation\'s own legal adviser.")\n'
        'forbid (principal, action, resource)\nunless { context.advised_by.contains("legal-adviser@acting") };\n'
    )
    files = wish["version"]["files"]
    files[0] = {**files[0], "text": files[0]["text"] + rule}
    strange = [{**files[0], "text": files[0]["text"].replace('@ask("legal-adviser@acting', '@ask("legal-adviser@ZZZ')}]
    faults = check(legal, {**wish, "version": wish["version"] | {"files": [*strange, *files[1:]]}}).json()["faults"]
    assert "no nation of the pack" in faults[0]["sentence"]
    assert propose(legal, check(legal, wish).json()).status_code == 200
    assert compare(legal, "5").status_code == 200
    assert [sign_rules(one, "5").status_code for one in (badge, legal)] == [200, 200]
    assert watch.request("R-1", rules_digest=room.get("/api/room")["rules_digest"]).status_code == 200
    assert watch.board("R-1")["absent"] == ["analyst", "legal-adviser", "legal-adviser@ALD"]
    assert [one.advise("R-1").status_code for one in (analyst, legal)] == [200, 200]
    assert watch.board("R-1")["absent"] == ["legal-adviser@ALD"]
    assert "legal-adviser@ALD" in badge.decide("R-1", "yes").json()["title"]
    assert own.advise("R-1").status_code == 200
    assert badge.decide("R-1", "yes").status_code == 200
    assert watch.board("R-1")["state"] == "decided"
    assert room.stop() == 0
    assert verified(room.data)["holds"]


def test_only_a_nations_own_people_change_its_caveats(room: RunningRoom) -> None:
    legal = room.sit("Legal adviser, FNY")
    wish = draft(legal, room)
    left_out = [one for one in wish["version"]["files"] if "bvy" not in one["name"]]
    checked = check(legal, {**wish, "version": wish["version"] | {"files": left_out}}).json()
    refused = propose(legal, checked)
    assert (refused.status_code, "only its people change it" in refused.json()["title"]) == (400, True), refused.text
    same = check(legal, draft(legal, room, files=rules(legal)["4"]["files"])).json()
    assert "of the pack holds the same policies" in propose(legal, same).json()["title"]
    twice = [*wish["version"]["files"], wish["version"]["files"][0]]
    assert "stands twice" in check(legal, {**wish, "version": wish["version"] | {"files": twice}}).text


def test_a_rule_that_asks_a_nations_own_adviser_is_answered_by_the_advice_on_the_delegation(room: RunningRoom) -> None:
    badge, legal, own = (room.sit(name) for name in ("Red badge, ALD", "Legal adviser, FNY", "Legal adviser, ALD"))
    wish = draft(legal, room)
    rule = (
        '\n@id("R15")\n@answer("ask")\n@ask("legal-adviser@acting")\n@note("The acting nation\'s own legal adviser.")\n'
        'forbid (principal, action, resource)\nunless { context.advised_by.contains("legal-adviser@acting") };\n'
    )
    files = wish["version"]["files"]
    files[0] = {**files[0], "text": files[0]["text"] + rule}
    assert propose(legal, check(legal, wish).json()).status_code == 200
    assert compare(legal, "5").status_code == 200
    assert [sign_rules(one, "5").status_code for one in (badge, legal)] == [200, 200]
    found = people(room)
    assert state_fact(found["watch"], "view", "D05", "seen").status_code == 200
    told = room.get("/api/room")
    grant = {"holder": "tiller-ald", "area_id": "D05", "kind": "force_exercise_only", "until_us": told["end_us"]}
    assert found["watch"].request("G-1", **grant, rules_digest=told["rules_digest"]).status_code == 200
    assert state_fact(found["watch"], "sensing", "G-1", "DNM").status_code == 200
    for adviser in (found["analyst"], found["policy"], own, legal):
        assert adviser.advise("G-1", words="On these terms.").status_code == 200
    assert badge.decide("G-1", "yes").status_code == 200
    assert use(found["crew"]).status_code == 200
    shown = room.get("/api/screen")["screen"]["uses"][0]
    assert (shown["answer"], shown["outside"]) == ("no_objection", [])
