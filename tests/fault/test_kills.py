"""A room that is killed again and again while people ask, advise and decide: nothing double, lost or unauthorised."""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from tests.support.running import Person, RunningRoom, verified
from watchfloor.edge.stores.folder import read_folder
from watchfloor.messages.outcomes import ActRefused, RequestDecided
from watchfloor.messages.signed import SignedAct
from watchfloor.record.log import entries_of

SEATS = {
    "watch": "Watch officer, DNM",
    "badge": "Red badge, ALD",
    "analyst": "Analyst, CVL",
    "legal": "Legal adviser, FNY",
}


class Stubborn:
    """People who send the same signed document until the room acknowledges it, whatever happens to the room."""

    def __init__(self, start: Callable[..., RunningRoom], data: Path, random: Random) -> None:
        self._start, self._data, self._random = start, data, random
        self._pool = ThreadPoolExecutor(1)
        self.acknowledged: dict[str, int] = {}
        self.kill_count = 0
        self.room = start("--from", "08:05:00", data=data)
        self.people = {short: Person(self.room, self.room.link(name)) for short, name in SEATS.items()}

    def again(self) -> None:
        """The room is started again; everybody sits down again with the key of before."""
        self.room.kill()
        self.room = self._start(data=self._data)
        self.people = {
            short: Person(self.room, self.room.link(name), again=self.people[short]) for short, name in SEATS.items()
        }

    def send(self, who: str, *, kill: bool, **words: Any) -> int:
        """Send one act; answers the status that acknowledged it. `kill`: the room is killed while it is on its way."""
        document = self.people[who].document(**words)
        while True:
            sending = self._pool.submit(self.people[who].send, document)
            if kill:
                self.room.process.kill()
                self.kill_count += 1
                kill = False
            try:
                answer = sending.result()
            except httpx.TransportError:
                self.again()
                continue
            self.acknowledged[json.loads(document)["act_id"]] = answer.status_code
            return answer.status_code


def lived(start: Callable[..., RunningRoom], data: Path, request_count: int, kill_count: int) -> Stubborn:
    """Requests that are asked, advised and decided, some before all advice, with kills at random acts."""
    random = Random(4)
    people = Stubborn(start, data, random)
    acts_in_all = request_count * 4
    kills = set(random.sample(range(acts_in_all), kill_count))
    count = iter(range(acts_in_all))

    def send(who: str, **words: Any) -> int:
        return people.send(who, kill=next(count) in kills, **words)

    info = people.people["watch"].info
    for number in range(request_count):
        now_us = people.room.get("/api/pulse")["room_us"]
        name = f"Q-{number}"
        asked = {"acting_nation": "ALD", "what": "a", "why": "b", "hoped_for": "c", "could_go_wrong": "d"}
        asked |= {"alternatives": "e", "area_id": "D01", "kind": "escort", "request_id": name}
        window = {"from_us": now_us, "until_us": now_us + 3_600_000_000}
        label = {"level": 0, "nations": info["nations"]}
        assert (
            send("watch", type="RequestWritten", **asked, **window, label=label, rules_digest=info["rules_digest"])
            == 200
        )
        advisers = ["analyst"] if number % 5 == 0 else ["analyst", "legal"]
        for who in advisers:
            assert send(who, type="AdviceGiven", request_id=name, version=1, verdict="concur", words="w") == 200
        decision = {"lawful_and_valid": "l", "expected_advantage": "a", "remaining_doubt": "r", "cited": []}
        digest = people.room.get("/api/screen", people.people["badge"].seat["session"])["digest"]
        answer = "no" if number % 3 == 0 else "yes"
        status = send(
            "badge", type="DecisionSigned", request_id=name, version=1, answer=answer, screen_digest=digest, **decision
        )
        is_allowed = answer == "no" or len(advisers) == 2
        assert status == (200 if is_allowed else 403), name
    return people


def held(people: Stubborn, data: Path, request_count: int) -> None:
    assert people.room.stop() == 0
    report = verified(data)
    assert report["holds"], report["problems"]
    entries = entries_of(read_folder(data))
    signed = Counter(
        json.loads(entry.body.document)["act_id"] for entry in entries if isinstance(entry.body, SignedAct)
    )
    refused = {entry.body.act_id for entry in entries if isinstance(entry.body, ActRefused)}
    assert max(signed.values()) == 1, "no act is there twice"
    assert all(act_id in signed for act_id in people.acknowledged), "nothing acknowledged is lost"
    assert {act_id for act_id, status in people.acknowledged.items() if status == 403} == refused
    decided = Counter(entry.body.request_id for entry in entries if isinstance(entry.body, RequestDecided))
    due = {f"Q-{number}" for number in range(request_count) if number % 3 == 0 or number % 5 != 0} | {"R-0"}
    assert set(decided) == due, "each that may be decided is, and no other"
    assert max(decided.values()) == 1, "nothing is decided twice"


def test_sixty_requests_and_three_kills(start_room: Callable[..., RunningRoom], tmp_path: Path) -> None:
    people = lived(start_room, tmp_path / "room", 60, 3)
    assert people.kill_count == 3
    held(people, tmp_path / "room", 60)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_six_hundred_requests_and_thirty_kills(start_room: Callable[..., RunningRoom], tmp_path: Path) -> None:
    people = lived(start_room, tmp_path / "room", 600, 30)
    assert people.kill_count == 30
    held(people, tmp_path / "room", 600)
