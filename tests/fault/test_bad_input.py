"""What a source can send wrong: counted per feed, quarantined with its reason, shown; the room goes on."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.running import RunningRoom, verified
from watchfloor.base.instants import rfc3339_from_us
from watchfloor.wire import adsb_encode, beast

ADDRESS = 0xF10001


class Source:
    """A server as a receiver or gateway is one: the room connects to it."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._client: socket.socket | None = None
        self._ready = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            if self._client is not None:
                self._client.close()  # the room hung up on it: it was silent for too long
            self._client = client
            self._ready.set()

    def send(self, raw: bytes) -> None:
        assert self._ready.wait(20), "the room never connected"
        self._client.sendall(raw)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._server.close()


@pytest.fixture
def sources() -> Iterator[dict[str, Source]]:
    made = {"beast": Source(), "cot": Source()}
    yield made
    for source in made.values():
        source.close()


@pytest.fixture
def room(sources: dict[str, Source], tmp_path: Path, start_room: Callable[..., RunningRoom]) -> RunningRoom:
    config = tmp_path / "w.toml"
    config.write_text(
        "".join(
            f'[[feeds]]\nid = "{form.upper()}"\nformat = "{form}"\nconnect = "127.0.0.1:{source.port}"\n'
            "stale_s = 2\nlost_s = 4\n"
            for form, source in sources.items()
        )
    )
    return start_room("--config", str(config), command="serve")


def feed_of(room: RunningRoom, feed_id: str) -> dict[str, object]:
    return next(feed for feed in room.get("/api/pulse")["feeds"] if feed["feed_id"] == feed_id)


def positions(ticks: int, lat: float = -37.5) -> bytes:
    return b"".join(
        beast.encode(ticks + turn * 1_200_000, adsb_encode.position(ADDRESS, lat, -114.0, 9000, odd=bool(turn % 2)))
        for turn in range(6)
    )


def test_bad_transponder_frames_are_counted_and_good_ones_still_arrive(
    room: RunningRoom, sources: dict[str, Source]
) -> None:
    assert room.started["context"] == "LIVE - CIVIL, NOT CERTIFIED"
    good = adsb_encode.position(ADDRESS, -37.5, -114.0, 9000, odd=False)
    bad_crc = good[:-1] + bytes((good[-1] ^ 1,))
    source = sources["beast"]
    source.send(beast.encode(1, bad_crc) * 3)
    source.send(b"\x1a\x39" + b"noise" * 4 + b"\x1a3\x00\x00\x1a3")
    source.send(beast.encode(12_000_000, good)[:10])
    source.send(positions(12_000_000 * 2))
    tracks = room.until(lambda: room.get("/api/tracks")["features"], "the track")
    assert tracks[0]["properties"]["identity"] == "icao:f10001"
    feed = feed_of(room, "BEAST")
    reasons = feed["reasons"]
    assert isinstance(reasons, dict)
    assert reasons["Mode S frame fails its check or limits"] == 3
    assert reasons["unknown Beast frame kind"] == 1
    assert "Beast frame cut short" in reasons
    source.send(positions(12_000_000 * 3, lat=-30.0))
    room.until(
        lambda: room.get("/api/tracks")["features"][0]["properties"]["state"] in ("stale", "lost"), "the refusal's age"
    )
    assert abs(room.get("/api/tracks")["features"][0]["geometry"]["coordinates"][1] + 37.5) < 0.01, "no jump was drawn"


def test_a_feed_that_falls_silent_is_stale_then_lost_on_screen_and_in_the_record(
    room: RunningRoom, sources: dict[str, Source]
) -> None:
    sources["beast"].send(positions(12_000_000))
    seen: list[object] = []

    def state() -> bool:
        now = feed_of(room, "BEAST")["state"]
        if not seen or seen[-1] != now:
            seen.append(now)
        return now == "lost"

    room.until(state, "the loss")
    assert [one for one in seen if one != "waiting"] == ["fresh", "stale", "lost"]
    room.until(
        lambda: {track["properties"]["state"] for track in room.get("/api/tracks")["features"]} == {"lost"},
        "the track's loss",
    )
    assert room.stop() == 0
    assert verified(room.data)["holds"]


def test_malicious_and_broken_xml_is_refused_with_reasons_and_a_good_event_is_read_after_it(
    room: RunningRoom, sources: dict[str, Source]
) -> None:
    now_us = room.get("/api/pulse")["room_us"]
    now, later = rfc3339_from_us(now_us), rfc3339_from_us(now_us + 60_000_000)

    def event(uid: str, **changes: str) -> bytes:
        values = {"lat": "10.0", "time": now, "extra": ""} | changes
        return (
            f'<event version="2.0" uid="{uid}" type="a-n-A-C" time="{values["time"]}" start="{now}" stale="{later}" '
            f'how="m-g"{values["extra"]}><point lat="{values["lat"]}" lon="20.0" hae="100.0" ce="1" le="1"/></event>'
        ).encode()

    bomb = b'<!DOCTYPE e [<!ENTITY a "' + b"a" * 4000 + b'"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    source = sources["cot"]
    source.send(bomb + event("BOMB").replace(b"BOMB", b"&b;"))
    source.send(b'<!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + event("FILE").replace(b"FILE", b"&x;"))
    source.send(event("FAR", lat="95.0") + event("OLD", time="2001-01-01T00:00:00Z"))
    source.send(event("EX", extra=' opex="e-x"') + b"\xff\xfe\x00" + event("BAD").replace(b"how", b"\xff\xff"))
    source.send(event("CUT")[:60])
    source.send(b"<!---->" * 400 + event("GOOD"))
    wanted = {
        "out of -90",
        "15 s off",
        "marked as exercise",
        "not well-formed",
        "outside any event",
    }

    def all_there() -> bool:
        text = json.dumps(feed_of(room, "COT")["reasons"])
        return all(word in text for word in wanted)

    room.until(all_there, "the reasons")
    room.until(lambda: room.get("/api/tracks")["features"], "the good track")
    assert [track["properties"]["identity"] for track in room.get("/api/tracks")["features"]] == ["cot:GOOD"]
    kept = room.get("/api/quarantine")["COT"]
    assert kept
    assert all(len(one["sample"]) <= 128 and one["reason"] for one in kept)


def plain_event(uid: str, now: str) -> bytes:
    return (
        f'<event version="2.0" uid="{uid}" type="a-n-A-C" time="{now}" start="{now}" stale="{now}" how="m-g">'
        '<point lat="1" lon="2" hae="3" ce="1" le="1"/></event>'
    ).encode()


def test_what_a_source_said_just_before_it_went_is_read_whole(room: RunningRoom, sources: dict[str, Source]) -> None:
    now = rfc3339_from_us(room.get("/api/pulse")["room_us"])
    source = sources["cot"]
    for number in range(300):
        source.send(plain_event(f"N{number}", now))
    source.send(plain_event("CUT", now)[:60])
    source.close()
    room.until(lambda: "ended inside" in json.dumps(feed_of(room, "COT")["reasons"]), "the end")
    seen = {track["properties"]["identity"] for track in room.get("/api/tracks")["features"]}
    assert seen == {f"cot:N{number}" for number in range(300)}


def test_a_flood_without_an_event_is_refused_at_one_mebibyte_and_reading_goes_on(
    room: RunningRoom, sources: dict[str, Source]
) -> None:
    source = sources["cot"]
    source.send(b"<event>" + b"y" * (1 << 21))
    room.until(lambda: "over 1 MiB" in json.dumps(feed_of(room, "COT")["reasons"]), "the limit")
    now_us = room.get("/api/pulse")["room_us"]
    now = rfc3339_from_us(now_us)
    source.send(b">" + plain_event("G", now))
    room.until(lambda: room.get("/api/tracks")["features"], "the good track")
