"""The other party's line officer while nobody plays that part: answers, reads back, signs minutes, matches plans.

It is a simulated seat and says so; it goes by the room's own clock and knows what its room's screen shows, nothing
else. It reads back by rote, at first with two digits turned round, so that whoever listens has something to catch.
"""

import time
from collections.abc import Iterator
from typing import Any

import msgspec

from watchfloor.base.errors import UnavailableError
from watchfloor.base.instants import us_from_hms
from watchfloor.base.units import US_PER_S
from watchfloor.exercise.front_door import FrontDoor
from watchfloor.messages.line import AnyLineBody
from watchfloor.messages.line_record import LineSpoken
from watchfloor.messages.pack import CounterpartNotice, Pack, PackCounterpart

LOOK_S = 0.5
_LATE_US = 60 * US_PER_S


class Counterpart:
    """What the simulated seat does next, by what it last saw."""

    def __init__(self, pack: Pack, script: PackCounterpart, door: FrontDoor) -> None:
        self._pack, self._script, self._door = pack, script, door
        self._since_us: dict[str, int] = {}
        self._said: set[str] = set()
        self._misreads_left = script.misread_count

    def run(self) -> None:
        """Look and answer until the process ends."""
        while True:
            time.sleep(LOOK_S)
            try:
                self._look()
            except UnavailableError:
                continue  # the room is starting, ending or refuses; it is asked again

    def _look(self) -> None:
        screen = self._door.ask("/api/screen", self._script.seat)["screen"]
        if any(seat["seat_id"] == self._script.unless_taken for seat in screen["seats"]):
            return
        now_us = int(self._door.ask("/api/pulse")["room_us"])
        for line in screen.get("lines", ()):
            for mark, body in self._due(line, now_us):
                if mark not in self._said:
                    self._say(line["line_id"], body, now_us)
                    self._said.add(mark)

    def _say(self, line_id: str, body: dict[str, Any], now_us: int) -> None:
        if body["kind"] == "match_acceptance":
            told = self._door.put(f"/api/lines/{line_id}/match", {"about": body["about"]}, self._script.seat)
            body = {**body, "commitment": told["commitment"]}
        said: AnyLineBody = msgspec.convert(body, AnyLineBody)
        envelope = self._door.envelope(self._script.seat, now_us)
        self._door.act(self._script.seat, LineSpoken(line_id=line_id, body=said, **envelope))

    def _due(self, line: dict[str, Any], now_us: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """What is to be said now, each with a mark, so that nothing is said twice."""
        us = line["party"]
        for call in line["calls"]:
            digest, here = call["digest"], {roll["party"] for roll in call["rolls"]}
            is_asked = us not in here and call["state"] == "open"
            if is_asked and self._has_waited(digest, self._script.answer_after_s, now_us):
                yield f"roll {digest}", {"kind": "roll", "about": digest, "present": ["line_officer", "interpreter"]}
            minutes = {one["party"]: one["heads"] for one in call["minutes"]}
            if minutes and us not in minutes:
                yield f"minutes {digest}", {"kind": "minutes", "about": digest, "heads": next(iter(minutes.values()))}
        for urgent in line["urgents"]:
            if urgent["party"] != us and not urgent["is_seen"]:
                yield f"seen {urgent['digest']}", {"kind": "acknowledgement", "about": urgent["digest"]}
        for notice in line["notices"]:
            if notice["party"] != us:
                yield from self._answers(notice, now_us)
        for match in line["matches"]:
            if match["party"] != us and match["state"] == "proposed" and not match["objection"]:
                yield f"match {match['digest']}", {"kind": "match_acceptance", "about": match["digest"]}
        for number, notice in enumerate(self._script.says):
            at_us = self._pack.epoch_us + us_from_hms(notice.at)
            if at_us <= now_us < at_us + _LATE_US:
                yield f"says {number}", {"kind": "notice", "volume": _volume(notice, at_us)}

    def _answers(self, notice: dict[str, Any], now_us: int) -> Iterator[tuple[str, dict[str, Any]]]:
        digest = notice["digest"]
        if notice["standing"] == "received":
            yield f"seen {digest}", {"kind": "acknowledgement", "about": digest}
        elif notice["standing"] == "seen":
            again = " again" if notice["wrong"] else ""
            if self._has_waited(digest + again, self._script.read_back_after_s, now_us):
                yield f"read {digest}{again}", self._read_back(notice, is_wrong=not again and self._misreads_left > 0)

    def _read_back(self, notice: dict[str, Any], *, is_wrong: bool) -> dict[str, Any]:
        fields = _fields(notice["volume"])
        if is_wrong:
            self._misreads_left -= 1
            name = next((name for name, value in fields.items() if _turned(value) != value), "floor_ft")
            fields[name] = _turned(fields[name])
        return {
            "kind": "read_back",
            "about": notice["digest"],
            "fields": [{"name": name, "value": str(value)} for name, value in fields.items()],
        }

    def _has_waited(self, what: str, wait_s: int, now_us: int) -> bool:
        return now_us - self._since_us.setdefault(what, now_us) >= wait_s * US_PER_S


def _volume(notice: CounterpartNotice, at_us: int) -> dict[str, Any]:
    return {
        "outline": [{"lat_e7deg": round(lat * 1e7), "lon_e7deg": round(lon * 1e7)} for lat, lon in notice.outline],
        "floor_ft": notice.floor_ft,
        "ceiling_ft": notice.ceiling_ft,
        "from_us": at_us,
        "until_us": at_us + notice.lasts_min * 60 * US_PER_S,
    }


def _fields(volume: dict[str, Any]) -> dict[str, int]:
    """A volume's fields one by one; latitudes first, where a turned digit is miles."""
    found: dict[str, int] = {}
    for number, corner in enumerate(volume["outline"], 1):
        found[f"corner{number}_lat_e7deg"] = corner["lat_e7deg"]
        found[f"corner{number}_lon_e7deg"] = corner["lon_e7deg"]
    return found | {name: volume[name] for name in ("floor_ft", "ceiling_ft", "from_us", "until_us")}


def _turned(value: int) -> int:
    """A place with the two digits of its minutes turned round, as 37 35 becomes 37 53."""
    size = abs(value)
    degrees, minutes = divmod(round(size * 60 / 1e7), 60)
    turned = minutes % 10 * 10 + minutes // 10
    if turned >= 60 or size <= 1e7:
        return value
    moved = degrees * 10_000_000 + round(turned * 1e7 / 60) + (size - degrees * 10_000_000 - round(minutes * 1e7 / 60))
    return moved if value > 0 else -moved
