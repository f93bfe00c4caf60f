"""Rules in a running room: asked beside every signature, again when the ground shifts; words owed; earlier refusals."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.running import Person, RunningRoom, run_words, verified


@pytest.fixture
def room(start_room: Callable[..., RunningRoom]) -> RunningRoom:
    return start_room("--from", "08:05:00")


def state_fact(person: Person, fact: str, about: str, value: str, **changes: Any):
    now_us = person.room.get("/api/pulse")["room_us"]
    words = {"fact": fact, "about": about, "value": value, "as_of_us": now_us, "until_us": 0, "words": "Seen by me."}
    label = {"level": 0, "nations": person.info["nations"]}
    return person.act(**({"type": "FactStated", **words, "label": label} | changes))


def advised(room: RunningRoom, request_id: str = "R-1", **changes: Any) -> tuple[Person, Person, Person, Person]:
    """A request that analyst and legal adviser concur with; watch officer, badge, analyst, legal."""
    people = tuple(
        room.sit(name) for name in ("Watch officer, DNM", "Red badge, ALD", "Analyst, CVL", "Legal adviser, FNY")
    )
    watch, _, analyst, legal = people
    assert watch.request(request_id, **changes).status_code == 200
    assert analyst.advise(request_id, words="Likely, not sure.").status_code == 200
    assert legal.advise(request_id, words="Lawful as asked.").status_code == 200
    return people


def test_what_the_rules_answer_is_shown_with_whom_they_ask(room: RunningRoom) -> None:
    watch, analyst = room.sit("Watch officer, DNM"), room.sit("Analyst, CVL")
    assert watch.request("R-1").status_code == 200
    finding = watch.board("R-1")["finding"]
    assert (finding["answer"], finding["parts"]) == ("ask", ["R02.analyst", "R02.legal"])
    assert finding["asked"] == ["analyst", "legal-adviser"]
    assert analyst.advise("R-1").status_code == 200
    assert watch.board("R-1")["finding"]["parts"] == ["R02.legal"]
    notes = room.get("/api/room")["rules"]
    assert "asked always" in notes["R02.legal"]


def test_a_line_that_is_suspended_after_the_signature_asks_again_and_says_so(room: RunningRoom) -> None:
    watch, badge, _, _ = advised(room)
    line = room.sit("Line officer, BVY")
    assert badge.decide("R-1", "yes").status_code == 200
    assert "power" in state_fact(watch, "line", "room", "suspended").json()["title"]
    assert state_fact(line, "line", "room", "suspended").status_code == 200
    again = watch.board("R-1")
    assert (again["state"], again["version"], again["decided"]) == ("open", 2, None)
    assert [past["answer"] for past in again["past_decisions"]] == ["yes"]
    assert again["finding"]["parts"] == ["R07.suspended"]
    assert state_fact(line, "line", "room", "up").status_code == 200
    assert watch.board("R-1")["absent"] == ["analyst", "legal-adviser"], "every adviser is asked again"
    assert badge.decide("R-1", "yes", version=2).status_code == 403
    assert room.stop() == 0
    report = verified(room.data)
    assert report["holds"], report["problems"]
    check = run_words("replay", str(room.data), "--check", "--json")
    assert check.returncode == 0, check.stdout
    assert json.loads(check.stdout)["ruling_count"] > 3


def test_what_is_carried_out_is_not_asked_again(room: RunningRoom) -> None:
    watch, badge, analyst, _ = advised(room)
    line = room.sit("Line officer, BVY")
    assert badge.decide("R-1", "yes").status_code == 200
    assert badge.act(type="CarriedOut", request_id="R-1", version=1, words="").status_code == 403
    assert watch.act(type="CarriedOut", request_id="R-1", version=1, words="Both landed.").status_code == 200
    assert state_fact(line, "line", "room", "suspended").status_code == 200
    assert watch.board("R-1")["state"] == "carried out"
    assert analyst.doubt("R-1").status_code == 409
    assert room.stop() == 0
    assert verified(room.data)["holds"]


def test_a_signature_while_the_rules_stop_ends_the_request(room: RunningRoom) -> None:
    _, badge, _, _ = advised(room)
    line = room.sit("Line officer, BVY")
    assert state_fact(line, "line", "room", "suspended").status_code == 200
    assert badge.board("R-1")["finding"]["answer"] == "stop"
    assert badge.decide("R-1", "yes").status_code == 200
    stopped = badge.board("R-1")["stopped"]
    assert (stopped["cause"], stopped["sentence"]) == ("rule", "the rules in force stop it; its page says by which")
    assert room.stop() == 0
    assert verified(room.data)["holds"]


def test_an_earlier_refusal_is_shown_to_whom_it_is_releasable_and_answered_in_writing(room: RunningRoom) -> None:
    watch, legal = room.sit("Watch officer, DNM"), room.sit("Legal adviser, FNY")
    other = room.sit("Analyst, BVY")
    force = {"kind": "force_exercise_only", "area_id": "D09"}
    assert state_fact(watch, "view", "D09", "seen").status_code == 200
    assert watch.request("R-1", **force).status_code == 200
    assert "R14" in watch.board("R-1")["finding"]["parts"], "nobody has said whose sensors it rests on"
    assert state_fact(watch, "sensing", "R-1", "DNM").status_code == 200
    seen, veiled = watch.board("R-1"), other.board("R-1")
    assert seen["earlier"] == ["R-0"]
    assert "Families were crossing" in watch.board("R-0")["decided"]["remaining_doubt"]
    assert "R05" in seen["finding"]["parts"]
    assert not seen["finding"]["withheld"]
    assert veiled["earlier"] == []
    assert "R05" not in veiled["finding"]["parts"]
    assert veiled["finding"]["withheld"], "that something is withheld is said, and not what"
    assert legal.advise("R-1").status_code == 200
    assert "R05" in watch.board("R-1")["finding"]["parts"], "a press is not the words that R05 asks for"


def test_the_words_of_a_decision_in_seconds_are_owed_by_who_signed(room: RunningRoom) -> None:
    watch, badge, _, _ = advised(room)
    empty = {"lawful_and_valid": "", "expected_advantage": "", "remaining_doubt": ""}
    screen = room.get("/api/screen", badge.seat["session"])
    words = {"request_id": "R-1", "version": 1, "answer": "yes", "cited": [], "screen_digest": screen["digest"]}
    assert badge.act(type="DecisionSigned", **words, **empty).status_code == 200
    decided = watch.board("R-1")["decided"]
    assert decided["owed_us"] == decided["at_us"] + 600_000_000
    given = dict.fromkeys(empty, "As I said when I signed.")
    owed = {"type": "WordsGiven", "request_id": "R-1", "decision_id": decided["act_id"], **given}
    assert "only who signed" in watch.act(**owed).json()["title"]
    assert badge.act(**owed).status_code == 200
    after = watch.board("R-1")["decided"]
    assert (after["owed_us"], after["remaining_doubt"]) == (0, "As I said when I signed.")
    assert "no words are owed" in badge.act(**owed).json()["title"]


def test_the_watch_officer_enters_a_crews_radioed_doubt(room: RunningRoom) -> None:
    watch, badge, analyst, _ = advised(room)
    crew = {"type": "DoubtRaised", "request_id": "R-1", "version": 1, "words": "", "heard_from": "tiller-ald"}
    assert "who runs the watch" in analyst.act(**crew).json()["title"]
    assert watch.act(**crew).status_code == 200
    held = badge.board("R-1")
    assert (held["state"], held["doubts"][0]["heard_from"]) == ("held", "tiller-ald")
    assert badge.decide("R-1", "yes").status_code == 403


def test_who_radioed_a_doubt_does_not_answer_it_from_another_seat(room: RunningRoom) -> None:
    watch, *_ = advised(room)
    crew = room.sit("Aircrew, ALD (Tiller 21)")
    words = {"type": "DoubtRaised", "request_id": "R-1", "version": 1, "words": "", "heard_from": "tiller-ald"}
    assert watch.act(**words).status_code == 200
    doubt_id = watch.board("R-1")["doubts"][0]["doubt_id"]
    elsewhere = room.sit("Policy adviser, JLN", same=crew)
    room.sit("Aircrew, ALD (Tiller 21)")
    assert "doubter" in elsewhere.resolve("R-1", doubt_id).json()["title"], "who sat there then is known"
    late = room.sit("Aircrew, ALD (Tiller 21)")
    also = room.sit("Policy adviser, JLN", same=late)
    assert "doubter" in also.resolve("R-1", doubt_id).json()["title"], "and who sits there now"
    assert room.sit("Policy adviser, JLN").resolve("R-1", doubt_id).status_code == 200
    assert room.stop() == 0
    assert verified(room.data)["holds"]


def test_advice_given_beforehand_counts_once_and_on_its_conditions(room: RunningRoom) -> None:
    watch, badge = room.sit("Watch officer, DNM"), room.sit("Red badge, ALD")
    analyst, legal = room.sit("Analyst, CVL"), room.sit("Legal adviser, FNY")
    now_us = room.get("/api/pulse")["room_us"]
    standing = {
        "type": "StandingAdviceGiven",
        "kind": "escort",
        "area_id": "D01",
        "conditions": "By day, above 3,000 ft.",
        "until_us": now_us + 600_000_000,
    }
    assert badge.act(**standing).status_code == 403
    assert analyst.act(**standing | {"until_us": now_us}).status_code == 403
    assert legal.act(**standing).status_code == 200
    assert watch.request("R-1").status_code == 200
    shown = watch.board("R-1")
    assert [(one["beforehand"], one["words"]) for one in shown["advice"]] == [(True, "By day, above 3,000 ft.")]
    assert shown["absent"] == ["analyst"]
    assert analyst.advise("R-1").status_code == 200
    assert badge.decide("R-1", "yes").status_code == 200
    assert analyst.doubt("R-1").status_code == 200
    held = watch.board("R-1")["doubts"][0]["doubt_id"]
    policy = room.sit("Policy adviser, JLN")
    assert policy.resolve("R-1", held).status_code == 200
    assert watch.board("R-1")["absent"] == ["analyst", "legal-adviser"], "a reopened request is asked again from all"
    assert room.stop() == 0
    report = verified(room.data)
    assert report["holds"], report["problems"]


@pytest.mark.parametrize(
    ("fact", "about", "value", "changes", "said"),
    [
        ("line", "D01", "up", {}, "about the room"),
        ("line", "room", "down", {}, "no value"),
        ("notice", "Atlantis", "told", {}, "no area or city"),
        ("view", "D01", "seen", {}, "one of the powers"),
        ("line", "room", "up", {"label": {"level": 0, "nations": ["ALD"]}}, "label"),
        ("line", "room", "up", {"as_of_us": 2**53 - 1}, "of now or of before"),
        ("line", "room", "up", {"until_us": 5}, "lapsed"),
        ("weather", "room", "up", {}, "enum value"),
    ],
)
def test_facts_that_cannot_be_stated_are_refused_with_a_reason(
    shared_room: RunningRoom, fact: str, about: str, value: str, changes: dict[str, Any], said: str
) -> None:
    line = shared_room.sit("Line officer, BVY")
    answer = state_fact(line, fact, about, value, **changes)
    assert answer.status_code in (400, 403)
    assert said in answer.json()["title"]


@pytest.fixture(scope="module")
def shared_room(tmp_path_factory: pytest.TempPathFactory):
    room = RunningRoom(tmp_path_factory.mktemp("rules") / "room", ("--from", "08:05:00"))
    yield room
    room.kill()


def test_one_person_never_counts_for_two_roles_nor_answers_the_own_decision(room: RunningRoom) -> None:
    watch, badge = room.sit("Watch officer, DNM"), room.sit("Red badge, ALD")
    analyst = room.sit("Analyst, CVL")
    same = room.sit("Legal adviser, FNY", same=analyst)
    now_us = room.get("/api/pulse")["room_us"]
    standing = {"kind": "escort", "area_id": "D01", "conditions": "By day.", "until_us": now_us + 600_000_000}
    assert analyst.act(type="StandingAdviceGiven", **standing).status_code == 200
    assert watch.request("R-1").status_code == 200
    assert "one role" in same.advise("R-1").json()["title"]
    legal = room.sit("Legal adviser, ALD")
    assert legal.advise("R-1").status_code == 200
    assert badge.decide("R-1", "yes").status_code == 200
    late = room.sit("Analyst, BVY")
    assert late.advise("R-1", verdict="doubt", words="I was about to say it.").status_code == 200
    held = watch.board("R-1")
    assert (held["state"], held["doubts"][0]["words"]) == ("held", "I was about to say it."), (
        "a doubt is never too late"
    )
    own = room.sit("Policy adviser, JLN", same=badge)
    assert "own decision" in own.resolve("R-1", held["doubts"][0]["doubt_id"]).json()["title"]
    assert room.stop() == 0
    report = verified(room.data)
    assert report["holds"], report["problems"]


def test_advice_given_beforehand_of_who_may_not_see_the_request_counts_nowhere(room: RunningRoom) -> None:
    watch, badge, analyst = (room.sit(name) for name in ("Watch officer, DNM", "Red badge, ALD", "Analyst, CVL"))
    own, other = room.sit("Legal adviser, ALD"), room.sit("Legal adviser, FNY")
    now_us = room.get("/api/pulse")["room_us"]
    standing = {"kind": "escort", "area_id": "D01", "conditions": "By day.", "until_us": now_us + 600_000_000}
    for adviser in (own, other):
        assert adviser.act(type="StandingAdviceGiven", **standing).status_code == 200
    label = {"level": 0, "nations": [nation for nation in watch.info["nations"] if nation != "FNY"]}
    assert watch.request("R-1", label=label).status_code == 200
    assert analyst.advise("R-1").status_code == 200
    assert badge.decide("R-1", "yes").status_code == 200
    assert room.stop() == 0
    report = verified(room.data)
    assert report["holds"], report["problems"]
