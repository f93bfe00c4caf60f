"""Calls: members of each kind of line, an agenda that draws itself up, and six rooms called together."""

from collections.abc import Callable
from pathlib import Path

from tests.e2e.test_line import End, volume
from tests.support.lines import digits_in, free_port, id_of, words
from tests.support.running import RunningRoom

Start = Callable[..., RunningRoom]
HUB = "HUB"


def joined(at: Path, kind: str, listener: str, other: str) -> tuple[Path, Path]:
    """The two folders of a line of this kind; the first party listens."""
    ours, theirs = at / f"{listener}-{other}-{kind}", at / f"{other}-{listener}-{kind}"
    listen = f"127.0.0.1:{free_port()}"
    words("invite", str(ours), "--party", listener, "--listen", listen, "--kind", kind)
    second = words("accept", str(theirs), str(ours / "invitation.json"), "--party", other)
    first = words("accept", str(ours), str(theirs / "answer.json"))
    words("open", str(ours), "--heard", digits_in(second))
    words("open", str(theirs), "--heard", digits_in(first))
    return ours, theirs


def test_each_kind_of_line_has_members_of_its_own(start_room: Start, tmp_path: Path) -> None:
    folders = {kind: joined(tmp_path, kind, "ALD", "MRN")[0] for kind in ("air", "ground", "commander")}
    room = start_room(*(word for folder in folders.values() for word in ("--line", str(folder))))
    officer, badge, watch = (room.sit(name) for name in ("Line officer, BVY", "Red badge, ALD", "Watch officer, DNM"))
    ends = {kind: id_of(folder) for kind, folder in folders.items()}

    def said(who: object, kind: str, body: dict[str, object]) -> str:
        answer = who.act(type="LineSpoken", line_id=ends[kind], body=body)  # type: ignore[attr-defined]
        return "" if answer.status_code == 200 else str(answer.json()["title"])

    call = {"kind": "call", "due_us": 0, "urgent": False}
    assert said(officer, "air", call) == ""
    assert said(badge, "commander", call) == ""
    assert said(badge, "air", call) == "the air line is spoken on by line-officer, interpreter"
    assert said(officer, "commander", call) == "the commander line is spoken on by red-badge, interpreter"
    assert said(watch, "ground", call) == "", "a watch officer is a member there"
    assert "spoken on by" in said(watch, "commander", call)
    assert said(watch, "commander", {**call, "urgent": True}) == "", "an urgent one is any watch officer's"
    urgent = {"kind": "urgent", "cause": "medical", "volume": volume(room)}
    assert said(watch, "air", urgent) == ""


def test_the_agenda_is_drawn_from_what_changed_since_the_last_minutes(start_room: Start, tmp_path: Path) -> None:
    folders = joined(tmp_path, "air", "ALD", "MRN")
    ald, mrn = (End(start_room("--line", str(folder)), folder) for folder in folders)
    ald.until(lambda: ald.line()["measured"] == "heard", "a heartbeat")

    def agenda(end: End) -> dict[str, str]:
        return {one["about"]: one["why"] for one in end.line()["agenda"]}

    for feet in (9_000, 8_000, 7_000):
        ald.say("notice", volume=volume(ald.room, floor_ft=feet - 1_000, ceiling_ft=feet))
    first, second, third = mrn.until(lambda: len(mrn.line()["notices"]) == 3 and mrn.line()["notices"], "the notices")
    assert list(agenda(mrn).values()) == ["new", "new", "new"]
    mrn.read_back(first)
    mrn.say("dispute", about=third["digest"], name="ceiling_ft")
    ald.until(lambda: ald.notice(third["digest"])["standing"] == "disputed", "the dispute")
    assert next(iter(agenda(ald))) == third["digest"], "what is disputed comes first"
    minuted(ald, mrn)
    assert agenda(ald) == agenda(mrn) == {third["digest"]: "disputed", second["digest"]: "not read back"}
    ald.say("expiry", about=first["digest"])
    mrn.until(lambda: agenda(mrn).get(first["digest"]) == "changed", "that it counts no more")
    ald.say("correction", about=third["digest"], volume=volume(ald.room, floor_ft=5_000, ceiling_ft=5_500))
    ald.say("agenda", about=second["digest"])
    mrn.until(lambda: sorted(agenda(mrn).values()) == ["changed", "changed", "new", "proposed"], "all four")
    assert agenda(ald) == agenda(mrn)


def minuted(one: End, other: End) -> None:
    """A call from one to the other, held and minuted by both."""
    one.say("call", due_us=0, urgent=False)
    call = other.until(lambda: other.line()["calls"], "the call")[-1]
    for end in (one, other):
        end.say("roll", about=call["digest"], present=["line_officer"])
    one.until(lambda: one.line()["calls"][-1]["state"] == "held", "both rolls")
    heads = one.line()["heads"]
    one.say("minutes", about=call["digest"], heads=heads)
    other.until(lambda: other.line()["calls"][-1]["state"] == "over", "the minutes")
    other.say("minutes", about=call["digest"], heads=heads)
    for end in (one, other):
        end.until(lambda end=end: end.line()["calls"][-1]["state"] == "minuted", "both signatures")


def test_six_rooms_are_called_together_each_on_its_own_line(start_room: Start, tmp_path: Path) -> None:
    agencies = ("AG1", "AG2", "AG3", "AG4", "AG5")
    pairs = {name: joined(tmp_path, "air", HUB, name) for name in agencies}
    hub = start_room(*(word for ours, _ in pairs.values() for word in ("--line", str(ours))))
    officer = hub.sit("Line officer, BVY")
    others = {name: End(start_room("--line", str(theirs)), theirs) for name, (_, theirs) in pairs.items()}

    def lines() -> dict[str, dict]:  # type: ignore[type-arg]
        screen = hub.get("/api/screen", officer.seat["session"])["screen"]
        return {line["other_party"]: line for line in screen["lines"]}

    hub.until(lambda: all(line["measured"] == "heard" for line in lines().values()), "every heartbeat", 40)
    together = sorted((HUB, *agencies))
    for line in lines().values():
        call = {"kind": "call", "due_us": 0, "urgent": False, "joined": together}
        assert officer.act(type="LineSpoken", line_id=line["line_id"], body=call).status_code == 200
    for name, end in others.items():
        call = end.until(lambda end=end: end.line()["calls"], "the call")[0]
        assert call["joined"] == together
        assert len(end.room.get("/api/screen", end.officer.seat["session"])["screen"]["lines"]) == 1
        if name != "AG5":
            end.say("roll", about=call["digest"], present=["line_officer"])
    for line in lines().values():
        roll = {"kind": "roll", "about": line["calls"][0]["digest"], "present": ["line_officer"]}
        assert officer.act(type="LineSpoken", line_id=line["line_id"], body=roll).status_code == 200
    hub.until(lambda: sum(line["calls"][0]["state"] == "held" for line in lines().values()) == 4, "four that came")
    assert lines()["AG5"]["calls"][0]["state"] == "open", "who has not answered is not there"
