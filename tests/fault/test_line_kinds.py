"""Every kind of message, and at each step of its way a room that is killed: what was acknowledged is there, once."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.e2e.test_line import End, copies, fields_of, volume
from tests.e2e.test_matching import EPOCH_US, OURS, THEIRS, prepared
from tests.support.lines import free_port, opened_pair, words
from tests.support.proxy import Proxy
from tests.support.running import RunningRoom, verified

Start = Callable[..., RunningRoom]
ALD, MRN = 0, 1
STEPS = ("said", "heard", "receipted")
SEED, SAMPLED = 20_311, 7


class Pair:
    """Two rooms with a wire between them; either is killed and started again on its own record."""

    def __init__(self, start_room: Start, at: Path, wire: Proxy) -> None:
        port = free_port()
        self.folders = opened_pair(at, port, reached=wire.port)
        wire.to(port)
        self.start_room, self.wire, self.at = start_room, wire, at
        for name, plans in (("ours", OURS), ("theirs", THEIRS)):
            (at / f"{name}.json").write_text(f'{{"plans": {plans!r}}}'.replace("'", '"'))
        self.ends = [self.started(side) for side in (ALD, MRN)]
        self.await_heard()

    def started(self, side: int, **data: Path) -> End:
        plans = str(self.at / ("ours.json", "theirs.json")[side])
        return End(self.start_room("--line", str(self.folders[side]), "--plans", plans, **data), self.folders[side])

    def kill(self, side: int) -> None:
        room = self.ends[side].room
        os.kill(room.process.pid, signal.SIGKILL)
        room.kill()

    def again(self, side: int) -> None:
        self.ends[side] = self.started(side, data=self.ends[side].room.data)

    def await_heard(self) -> None:
        for end in self.ends:
            end.until(lambda end=end: end.line()["measured"] == "heard", "a heartbeat", 40)

    def await_receipts(self) -> None:
        for end in self.ends:
            end.until(lambda end=end: end.line()["unreceipted_count"] == 0, "every receipt", 40)

    def say(self, side: int, step: str, kind: str, body: dict[str, Any]) -> None:
        """Say it, and kill a room at that step of its way; what was acknowledged arrives all the same."""
        end = self.ends[side]
        heard_from_caller = side == MRN
        if step == "said":  # it is in the speaker's record, and has not left the wire
            self.wire.hold()
            said(end, kind, body)
            self.kill(side)
            self.wire.cut()
            self.again(side)
        elif step == "heard":  # the hearer has it, and its receipt has not left the wire
            before = len(self.log_of(1 - side))
            self.wire.hold(from_caller=not heard_from_caller)
            said(end, kind, body)
            end.until(lambda: len(self.log_of(1 - side)) > before, "the message in the other record")
            self.kill(1 - side)
            self.wire.cut()
            self.again(1 - side)
        else:  # both have all of it
            said(end, kind, body)
            self.await_receipts()
            for one in (ALD, MRN):
                self.kill(one)
            for one in (ALD, MRN):
                self.again(one)
        self.await_heard()
        self.await_receipts()

    def log_of(self, side: int) -> bytes:
        """What the other party's messages are in this side's record, as bytes that only grow."""
        files = sorted((self.ends[side].room.data / "record").iterdir())
        return b"".join(line for file in files for line in file.read_bytes().split(b"\n") if b"LineHeard" in line)

    def newest(self, side: int, what: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ends[side].line()[what][-1]
        return found


def said(end: End, kind: str, body: dict[str, Any]) -> None:
    who = end.room.sit("Interpreter, FNY") if kind == "translation" else None
    answer = end.try_to_say(kind, who, **body)
    assert answer.status_code == 200, (kind, answer.text)


def dialogue(pair: Pair) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Every kind once, in an order in which it can be said; each body is made when it is its turn."""
    yield ALD, "notice", {"volume": volume(pair.ends[ALD].room)}
    notice = pair.newest(MRN, "notices")
    yield MRN, "acknowledgement", {"about": notice["digest"]}
    read = [{"name": name, "value": str(value)} for name, value in fields_of(notice["volume"]).items()]
    yield MRN, "read_back", {"about": notice["digest"], "fields": read}
    yield MRN, "dispute", {"about": notice["digest"], "name": "floor_ft"}
    yield ALD, "correction", {"about": notice["digest"], "volume": volume(pair.ends[ALD].room, floor_ft=11_000)}
    better = pair.newest(ALD, "notices")
    yield ALD, "agenda", {"about": better["digest"]}
    yield ALD, "expiry", {"about": better["digest"]}
    yield MRN, "urgent", {"cause": "medical", "volume": volume(pair.ends[MRN].room)}
    yield ALD, "fallback", {"horizontal_m": 18_520, "vertical_ft": 2_000}
    yield MRN, "suspension", {}
    yield MRN, "resumption", {}
    yield ALD, "comment", {"words": "good morning", "language": "en"}
    yield MRN, "translation", {"about": pair.newest(MRN, "comments")["digest"], "words": "hola", "language": "es"}
    yield ALD, "call", {"due_us": 0, "urgent": False}
    call = pair.newest(MRN, "calls")["digest"]
    yield ALD, "roll", {"about": call, "present": ["line_officer"]}
    yield MRN, "roll", {"about": call, "present": ["line_officer"]}
    heads = pair.ends[ALD].line()["heads"]
    yield ALD, "minutes", {"about": call, "heads": heads}
    yield MRN, "minutes", {"about": call, "heads": heads}
    told = prepared(pair.ends[ALD], from_us=EPOCH_US[0], until_us=EPOCH_US[1]).json()
    yield ALD, "match", {"terms": told["terms"], "commitment": told["commitment"]}
    about = pair.newest(MRN, "matches")["digest"]
    accepted = prepared(pair.ends[MRN], about=about).json()
    yield MRN, "match_acceptance", {"about": about, "commitment": accepted["commitment"]}


KINDS = 20


def lived(start_room: Start, at: Path, wire: Proxy, steps: dict[int, tuple[str, ...]]) -> None:
    """The dialogue, with a kill at these steps of these messages; a message is said anew for each step of its own."""
    pair = Pair(start_room, at, wire)
    turns = dialogue(pair)
    for number in range(KINDS):
        side, kind, body = next(turns)
        if number not in steps:
            said(pair.ends[side], kind, body)
            pair.await_receipts()
        for step in steps.get(number, ()):
            pair.say(side, step, kind, body)
    pair.await_receipts()
    for end in pair.ends:
        end.until(lambda end=end: end.line()["matches"][-1]["state"] in ("matched", "failed"), "the match's end", 90)
    lines = [end.line() for end in pair.ends]
    for name in ("notices", "comments", "suspended", "fallbacks", "agenda", "heads"):
        assert lines[ALD][name] == lines[MRN][name], name
    assert [one["state"] for one in lines[ALD]["calls"]] == [one["state"] for one in lines[MRN]["calls"]]
    for end in pair.ends:
        assert end.room.stop() == 0
        assert verified(end.room.data)["holds"]
    found = copies(at, (pair.ends[ALD], pair.ends[MRN]))
    assert '"holds"' in words("log", "verify", *found, "--json")


@pytest.fixture
def wire() -> Iterator[Proxy]:
    proxy = Proxy()
    yield proxy
    proxy.close()


def test_a_sample_of_kinds_and_steps(start_room: Start, tmp_path: Path, wire: Proxy) -> None:
    dice = Random(SEED)
    lived(start_room, tmp_path, wire, {number: (dice.choice(STEPS),) for number in dice.sample(range(KINDS), SAMPLED)})


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("step", STEPS)
def test_every_kind_at_every_step(start_room: Start, tmp_path: Path, wire: Proxy, step: str) -> None:
    lived(start_room, tmp_path, wire, dict.fromkeys(range(KINDS), (step,)))
