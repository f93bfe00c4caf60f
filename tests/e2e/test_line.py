"""Two rooms on one line: what was said is received, read back, disputed; both copies are one log."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.support.lines import Stranger, digits_in, free_port, id_of, opened_pair, words
from tests.support.running import Person, RunningRoom, run_words, verified
from watchfloor.base.instants import rfc3339_from_us

Start = Callable[..., RunningRoom]
OFFICER = "Line officer, BVY"
CORNERS = ((-375_000_000, 1_140_000_000), (-375_000_000, 1_141_000_000), (-374_000_000, 1_140_000_000))


def volume(room: RunningRoom, **changes: Any) -> dict[str, Any]:
    now_us = room.get("/api/pulse")["room_us"] // 1_000_000 * 1_000_000
    return {
        "outline": [{"lat_e7deg": lat, "lon_e7deg": lon} for lat, lon in CORNERS],
        "floor_ft": 10_000, "ceiling_ft": 14_000, "from_us": now_us, "until_us": now_us + 1_800_000_000,
    } | changes  # fmt: skip


def fields_of(told: dict[str, Any]) -> dict[str, int]:
    """Every field that is read back, written for this test."""
    found = {name: told[name] for name in ("floor_ft", "ceiling_ft", "from_us", "until_us")}
    for number, corner in enumerate(told["outline"], 1):
        found |= {f"corner{number}_lat_e7deg": corner["lat_e7deg"], f"corner{number}_lon_e7deg": corner["lon_e7deg"]}
    return found


class End:
    """A room and the person who speaks there."""

    def __init__(self, room: RunningRoom, folder: Path) -> None:
        self.room, self.line_id = room, id_of(folder)
        self.officer: Person = room.sit(OFFICER)

    def say(self, kind: str, **body: Any) -> None:
        answer = self.try_to_say(kind, **body)
        assert answer.status_code == 200, answer.text

    def try_to_say(self, kind: str, who: Person | None = None, **body: Any) -> Any:
        return (who or self.officer).act(type="LineSpoken", line_id=self.line_id, body={"kind": kind, **body})

    def line(self) -> dict[str, Any]:
        screen = self.room.get("/api/screen", self.officer.seat["session"])["screen"]
        return next(line for line in screen["lines"] if line["line_id"] == self.line_id)

    def notice(self, digest: str = "") -> dict[str, Any] | None:
        found = [one for one in self.line()["notices"] if digest in ("", one["digest"])]
        return found[-1] if found else None

    def until(self, wanted: Callable[[], Any], what: str, wait_s: float = 30) -> Any:
        return self.room.until(wanted, what, wait_s)

    def read_back(self, notice: dict[str, Any], **changes: int) -> None:
        said = fields_of(notice["volume"]) | changes
        fields = [{"name": name, "value": str(value)} for name, value in said.items()]
        self.say("read_back", about=notice["digest"], fields=fields)


@pytest.fixture
def ends(start_room: Start, tmp_path: Path) -> tuple[End, End]:
    ours, theirs = opened_pair(tmp_path, free_port())
    rooms = start_room("--line", str(ours)), start_room("--line", str(theirs))
    return End(rooms[0], ours), End(rooms[1], theirs)


def copies(at: Path, ends: tuple[End, End]) -> list[str]:
    found = []
    for number, end in enumerate(ends):
        out = at / f"copy{number}.jsonl"
        words("log", "export", str(end.room.data), end.line_id, "--out", str(out))
        found.append(str(out))
    return found


def test_a_notice_is_received_then_read_back_and_both_copies_are_one_log(ends: tuple[End, End], tmp_path: Path) -> None:
    ald, mrn = ends
    ald.until(lambda: ald.line()["measured"] == "heard", "a heartbeat")
    ald.say("notice", volume=volume(ald.room))
    sent = ald.until(lambda: (ald.notice() or {}).get("standing") == "received" and ald.notice(), "a receipt")
    got = mrn.until(mrn.notice, "the notice")
    assert (got["party"], got["volume"]) == ("ALD", sent["volume"])
    mrn.say("acknowledgement", about=got["digest"])
    ald.until(lambda: ald.notice()["standing"] == "seen", "that a person saw it")
    mrn.read_back(got, floor_ft=1_000)
    ald.until(lambda: ald.notice()["wrong"] == ["floor_ft"], "the wrong field")
    assert ald.notice()["standing"] == "seen", "a wrong digit is no read-back"
    assert ald.officer.brief("doubted") == [("line", got["digest"], "notice of ALD read back otherwise (floor_ft)")]
    mrn.say("dispute", about=got["digest"], name="until_us")
    ald.until(lambda: ald.notice()["standing"] == "disputed", "the dispute")
    assert ald.officer.brief("doubted") == [("line", got["digest"], "notice of ALD disputed")]
    ald.say("correction", about=got["digest"], volume=volume(ald.room, ceiling_ft=13_000))
    better = mrn.until(
        lambda: next((one for one in mrn.line()["notices"] if one["volume"]["ceiling_ft"] == 13_000), None), "it anew"
    )
    mrn.read_back(better)
    ald.until(lambda: ald.notice(better["digest"])["standing"] == "read back", "the read-back")
    assert ald.notice(got["digest"])["standing"] == "corrected"
    for end in ends:
        end.until(lambda end=end: end.line()["unreceipted_count"] == 0, "every receipt")
        assert end.room.stop() == 0
        assert verified(end.room.data)["holds"]
    verdict = json.loads(words("log", "verify", *copies(tmp_path, ends), "--json"))
    assert (verdict["finding"], verdict["messages"]) == ("holds", 6)


def test_a_suspended_line_stands_beside_what_is_heard_and_is_resumed_by_who_suspended_it(ends: tuple[End, End]) -> None:
    ald, mrn = ends
    ald.until(lambda: ald.line()["measured"] == "heard", "a heartbeat")
    mrn.say("suspension")
    ald.until(lambda: ald.line()["suspended"] == ["MRN"], "the suspension")
    assert ald.line()["measured"] == "heard", "that it is heard does not make it agreed"
    assert "we have not suspended" in ald.try_to_say("resumption").json()["title"]
    assert "resume it first" in mrn.try_to_say("notice", volume=volume(mrn.room)).json()["title"]
    watch = mrn.room.sit("Watch officer, DNM")
    warned = mrn.try_to_say("urgent", watch, cause="aircraft_near_line", volume=volume(mrn.room))
    assert warned.status_code == 200, "a warning is never held up"
    warning = ald.until(lambda: ald.line()["urgents"], "the warning")[0]
    assert not warning["is_seen"]
    assert ald.officer.brief("suspended") == [("line", ald.line_id, "declared by MRN")]
    assert ("line", warning["digest"], "urgent, of MRN: aircraft_near_line") in ald.officer.brief("open")
    ald.say("acknowledgement", about=warning["digest"])
    mrn.until(lambda: mrn.line()["urgents"][0]["is_seen"], "that somebody saw it")
    mrn.say("resumption")
    ald.until(lambda: not ald.line()["suspended"], "the resumption")


def test_a_call_is_held_and_minuted_by_both_and_words_stay_in_their_own_language(ends: tuple[End, End]) -> None:
    ald, mrn = ends
    interpreter = mrn.room.sit("Interpreter, FNY")
    ald.say("call", due_us=0, urgent=False)
    call = mrn.until(lambda: mrn.line()["calls"], "the call")[0]
    assert call["state"] == "open"
    ald.say("roll", about=call["digest"], present=["line_officer"])
    early = ald.try_to_say("minutes", about=call["digest"], heads=ald.line()["heads"])
    assert "a roll is missing" in early.json()["title"]
    mrn.say("roll", about=call["digest"], present=["line_officer", "interpreter"])
    ald.until(lambda: ald.line()["calls"][0]["state"] == "held", "the other roll")
    ald.say("comment", words="We will be north of the corridor.", language="en")
    said = mrn.until(lambda: mrn.line()["comments"], "the comment")[0]
    assert said["translations"] == []
    assert "`interpret`" not in ald.try_to_say("comment", words="x", language="en").text
    refused = mrn.try_to_say("translation", about=said["digest"], words="No", language="es")
    assert "interpret" in refused.json()["title"]
    told = mrn.try_to_say("translation", interpreter, about=said["digest"], words="Al norte.", language="es")
    assert told.status_code == 200
    ald.until(lambda: ald.line()["comments"][0]["translations"], "the translation")
    assert ald.line()["comments"][0]["words"] == "We will be north of the corridor."
    heads = ald.line()["heads"]
    ald.say("minutes", about=call["digest"], heads=heads)
    mrn.until(lambda: mrn.line()["calls"][0]["state"] == "over", "their minutes")
    longer = [{**head, "count": head["count"] + 1} for head in heads]
    assert "do not go that far" in mrn.try_to_say("minutes", about=call["digest"], heads=longer).json()["title"]
    mrn.say("minutes", about=call["digest"], heads=heads)
    ald.until(lambda: ald.line()["calls"][0]["state"] == "minuted", "the same minutes")


def test_who_may_not_say_something_is_told_why_and_nothing_goes_out(ends: tuple[End, End]) -> None:
    ald, mrn = ends
    now_us = ald.room.get("/api/pulse")["room_us"]
    analyst = ald.room.sit("Analyst, CVL")
    for who, kind, body, reason in (
        (analyst, "notice", {"volume": volume(ald.room)}, "one of the powers call"),
        (None, "notice", {"volume": volume(ald.room, floor_ft=14_000)}, "its floor is not below its ceiling"),
        (None, "notice", {"volume": volume(ald.room, from_us=now_us - 10, until_us=now_us - 5)}, "over already"),
        (None, "notice", {"volume": volume(ald.room, until_us=now_us + 49 * 3_600_000_000)}, "over 48 hours"),
        (None, "acknowledgement", {"about": "0" * 64}, "the line has no such"),
        (None, "expiry", {"about": "0" * 64}, "our own notice"),
        (None, "attachment", {"about": "0" * 64}, "attachment"),
    ):
        answer = ald.try_to_say(kind, who, **body)
        assert answer.status_code in (400, 403), (kind, answer.text)
        assert reason in answer.json()["title"], answer.text
    far = [{"lat_e7deg": -900_000_001, "lon_e7deg": 0}, *volume(ald.room)["outline"][1:]]
    assert "beyond a pole" in ald.try_to_say("notice", volume=volume(ald.room, outline=far)).json()["title"]
    assert mrn.line()["notices"] == []
    assert ald.line()["unreceipted_count"] == 0


def test_wrong_digits_other_offers_and_unopened_lines_are_refused(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "a", tmp_path / "b"
    words("invite", str(ours), "--party", "ALD", "--listen", f"127.0.0.1:{free_port()}")
    assert (ours / "key").stat().st_mode & 0o077 == 0
    told = words("accept", str(theirs), str(ours / "invitation.json"), "--party", "MRN")
    held = run_words("run", "--line", str(theirs), "--headless", "--data", str(tmp_path / "room"))
    assert (held.returncode, "compare its digits by voice" in held.stderr) == (2, True)
    assert not (tmp_path / "room").exists()
    for said, reason in (
        (("open", str(ours), "--heard", "1"), "answer is missing"),
        (("accept", str(ours), str(ours / "invitation.json")), "our own offer"),
        (("open", str(theirs), "--heard", digits_in(told)), "somebody stands between you"),
        (("open", str(theirs), "--heard", "12345 12345 12345 12345"), "somebody stands between you"),
        (("accept", str(tmp_path / "c"), str(ours / "invitation.json"), "--party", "ALD"), "the other party"),
        (("accept", str(theirs), str(ours / "invitation.json"), "--party", "MRN"), "holds a line already"),
        (("accept", str(tmp_path / "c"), str(ours / "key"), "--party", "MRN"), "key"),
        (("invite", str(tmp_path / "d"), "--party", "A L", "--listen", "127.0.0.1:9"), "cannot be a party"),
        (("invite", str(tmp_path / "d"), "--party", "A", "--listen", "0.0.0.0:9"), "beyond this machine"),
        (("invite", str(tmp_path / "d"), "--party", "A", "--listen", "nowhere"), "no `host:port`"),
    ):
        done = run_words("line", *said)
        assert done.returncode == 2, (said, done.stdout)
        assert reason in done.stderr, (said, done.stderr)
    other = tmp_path / "e"
    words("invite", str(other), "--party", "MRN")
    done = run_words("line", "accept", str(ours), str(other / "invitation.json"))
    assert (done.returncode, "of another line" in done.stderr) == (2, True)


def test_a_suspension_reaches_rules_and_minima_at_once(start_room: Start, tmp_path: Path) -> None:
    """Exercise 09:13: a pair that stays outside the room's minima, and loses the wider ones that were declared."""
    port = free_port()
    ours, theirs = opened_pair(tmp_path, port)
    end = End(start_room("--line", str(ours), "--from", "09:13:00", "--speed", "4"), ours)
    watch = end.room.sit("Watch officer, DNM")
    assert watch.request("R-1").status_code == 200
    before = watch.board("R-1")["finding"]
    assert "R07" not in str(before["parts"])
    mrn = Stranger(theirs, port)
    mrn.hello()
    assert mrn.frame()["frame"] == "hello"
    mrn.say({"kind": "fallback", "horizontal_m": 18_520, "vertical_ft": 2_000})
    mrn.say({"kind": "suspension"})
    end.until(lambda: end.line()["suspended"] == ["MRN"], "the suspension")
    assert end.line()["fallbacks"] == [{"party": "MRN", "horizontal_m": 18_520, "vertical_ft": 2_000}]
    found = watch.board("R-1")
    assert (found["finding"]["answer"], found["decided"]) == ("stop", None)
    assert "R07" in str(found["finding"]["parts"])

    def alerted() -> list[dict[str, Any]]:
        alerts = end.room.get("/api/screen", end.officer.seat["session"])["screen"]["alerts"]
        return [alert for alert in alerts if alert["regime"] == "declared fallback"]

    alert = end.until(alerted, "an alert by the declared separation", wait_s=60)[0]
    assert (alert["minimum_m"], alert["minimum_ft"], alert["between_parties"]) == (18_520, 2_000, True)
    mrn.close()


def test_a_missed_call_is_an_alarm_and_an_urgent_one_asks_the_next_role_within_seconds(
    start_room: Start, tmp_path: Path
) -> None:
    port = free_port()
    ours, theirs = opened_pair(tmp_path, port)
    end = End(start_room("--line", str(ours), "--from", "08:29:00"), ours)
    due_us = end.line()["call_due_us"]
    assert rfc3339_from_us(due_us) == "2031-03-14T16:30:00.000Z", "08:30 in the room's own time"
    assert end.line()["missed_us"] == 0
    assert end.room.sit("Exercise control, ALD").clock(rate_permille=20_000).status_code == 200
    end.until(lambda: end.line()["missed_us"] == due_us, "the alarm")
    assert end.line()["call_due_us"] == due_us + 86_400_000_000
    mrn = Stranger(theirs, port)
    mrn.hello()
    assert mrn.frame()["frame"] == "hello"
    mrn.say({"kind": "call", "due_us": due_us, "urgent": True})
    call = end.until(lambda: end.line()["calls"], "the call")[0]
    end.until(lambda: end.line()["calls"][0]["asked"][:1] == ["line-officer"], "who is asked first")
    end.until(lambda: end.line()["calls"][0]["asked"] == ["line-officer", "watch-officer", "red-badge"], "more roles")
    watch = end.room.sit("Watch officer, DNM")
    answered = end.try_to_say("roll", watch, about=call["digest"], present=["watch_officer"])
    assert answered.status_code == 200, "any watch officer takes it"
    assert end.line()["missed_us"] == due_us, "a call to which one side came was not held"
    receipt = mrn.frame()
    assert receipt["frame"] == "receipt"
    mrn.heard.append(sha256(mrn.frame()["document"].encode()).hexdigest())
    mrn.say({"kind": "roll", "about": call["digest"], "present": ["line_officer"]})
    end.until(lambda: end.line()["missed_us"] == 0, "the alarm's end: a call was held")
    mrn.close()
    assert end.room.stop() == 0
    assert verified(end.room.data)["holds"]
