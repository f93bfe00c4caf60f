"""Live video: screens see it without what may not be kept, know how old it is, and never take a last frame for live."""

import io
import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.property.test_live_video import PLACE
from tests.property.test_st0601 import SECRET, SECRET_TAGS, packet, stream
from tests.support.browsing import page_of
from tests.support.running import RunningReplay, RunningRoom, run_words, verified
from watchfloor.app.video import MOST_HELD_BYTES, Video
from watchfloor.edge.stores.folder import read_folder
from watchfloor.edge.stores.packs import load_pack, shipped_folder
from watchfloor.messages.keeping import VideoTold
from watchfloor.messages.video import CameraView, VideoPiece
from watchfloor.record.log import entries_of
from watchfloor.wire import klv_stream

COLOURS = """canvas => { const found = new Set();
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  for (let at = 0; at < data.length; at += 4093 * 4) found.add(data[at]); return found.size; }"""
SUM = """canvas => { let sum = 0;
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  for (let at = 0; at < data.length; at += 997 * 4) sum = (sum * 31 + data[at]) % 1000003; return sum; }"""


PICTURE = b"\x00\x00\x01\xe0\x00\x00\x80\x00\x00"


class Source:
    """A camera's line: a TCP port that gives every room that connects what it is told to send."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._lines: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                self._lines.append(self._server.accept()[0])
            except OSError:
                return

    def is_heard(self) -> bool:
        return bool(self._lines)

    def send(self, raw: bytes) -> None:
        for line in tuple(self._lines):
            try:
                line.sendall(raw)
            except OSError:  # the room heard nothing for too long, and came a second time
                self._lines.remove(line)
                line.close()

    def close(self) -> None:
        self._server.close()
        for line in self._lines:
            line.close()


@pytest.fixture
def source() -> Iterator[Source]:
    opened = Source()
    yield opened
    opened.close()


def config(path: Path, where: str, **more: object) -> Path:
    lines = [f"{name} = {json.dumps(value)}" for name, value in more.items()]
    path.write_text("\n".join(['[[feeds]]\nid = "CAM"\nname = "A camera"\nformat = "stanag4609"', where, *lines]))
    return path


def metadata_now(behind_us: int = 0) -> dict[int, bytes]:
    return {**PLACE, 2: (time.time_ns() // 1000 - behind_us).to_bytes(8)}


@contextmanager
def watching(room: RunningRoom, feed_id: str, session: str = "") -> Iterator[Any]:
    with connect(f"ws://localhost:{room.started['http_port']}/ws/video/{feed_id}") as viewer:
        viewer.send(json.dumps({"session": session}))
        yield viewer


def shown_of(room: RunningRoom, feed_id: str = "CAM", session: str = "") -> dict[str, Any] | None:
    pulse = room.get("/api/pulse", session)
    return next((one for one in pulse["videos"] if one["feed_id"] == feed_id), None)


@pytest.mark.parametrize("way", ["connect", "listen"])
def test_what_may_not_be_kept_reaches_no_screen_no_interface_and_no_tape(
    way: str, source: Source, tmp_path: Path, start_room: Callable[..., RunningRoom]
) -> None:
    port = source.port
    if way == "listen":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    served = config(tmp_path / "w.toml", f'{way} = "127.0.0.1:{port}"\noptions = {{platform = "icao:3c660c"}}')
    room = start_room("--config", str(served), command="serve", data=tmp_path / "room")
    if way == "connect":
        room.until(source.is_heard, "the room at the source")
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def send() -> bytes:
        raw = stream([packet(metadata_now(400_000), SECRET_TAGS)] * 3, strange=True)
        raw = raw.replace(PICTURE + b"\x00\x01\x02\x03", PICTURE + b"\x00\x00\x01\x67")  # as a key picture begins
        for place in range(0, len(raw), 7 * 188):
            if way == "connect":
                source.send(raw[place : place + 7 * 188])
            else:
                sender.sendto(raw[place : place + 7 * 188], ("127.0.0.1", port))
        return raw

    assert SECRET in send()
    room.until(lambda: (send(), shown_of(room))[1], "the video")
    with watching(room, "CAM") as viewer:
        seen = b""
        while len(seen) < 20_000:
            send()
            seen += viewer.recv(timeout=5)
    assert seen[:1] == b"\x47"
    assert len(seen) % 188 == 0
    assert SECRET not in seen
    video = shown_of(room)
    assert video is not None
    assert 350_000 < video["behind_us"] < 2_000_000
    assert video["is_off"]
    assert video["place"] == {"lat_e7deg": 225000000, "lon_e7deg": 225000000}
    assert len(video["corners"]) == 4

    def fresh() -> Any:
        send()
        feeds = room.get("/api/pulse")["feeds"]
        return next((one for one in feeds if (one["feed_id"], one["state"]) == ("CAM", "fresh")), None)

    feed = room.until(fresh, "that the feed is fresh")
    assert feed["dropped_count"] >= 6 * len(SECRET_TAGS)
    track = room.until(lambda: room.get("/api/tracks")["features"], "the aircraft that the camera is on")[0]
    assert track["properties"]["identity"] == "icao:3c660c"
    sender.close()
    assert SECRET.decode("latin-1") not in json.dumps(room.get("/api/tracks"))
    assert room.stop() == 0
    assert not [path for path in (tmp_path / "room").rglob("*") if path.is_file() and SECRET in path.read_bytes()]


def pictures(seconds: int) -> list[bytes]:
    """What a simulated camera sends, a piece a picture."""
    from watchfloor.exercise.camera import Cameras  # noqa: PLC0415  # it takes a while

    pack = load_pack("eight-thirty")
    cameras = Cameras(pack)
    cameras.begin(pack.start_us)
    return [dict(cameras.at(pack.start_us + n * 100_000))["HV"] for n in range(10 * seconds)]


def canvas_of(page: Page, feed_id: str) -> Any:
    return page.locator(f'[data-feed="{feed_id}"][data-testid=video] canvas').first


def changes(page: Page, feed_id: str) -> None:
    """Wait until the canvas shows another picture than now."""
    before = canvas_of(page, feed_id).evaluate(SUM)
    page.wait_for_function(
        f"before => {{ const sum = {SUM}; const one = document.querySelector('[data-feed=\"{feed_id}\"] canvas');"
        " return one && sum(one) !== before; }",
        arg=before,
        timeout=20_000,
    )


def test_a_screen_shows_pictures_and_says_when_they_are_old_and_when_they_are_lost(
    source: Source, tmp_path: Path, start_room: Callable[..., RunningRoom], browser: Browser
) -> None:
    served = config(tmp_path / "w.toml", f'connect = "127.0.0.1:{source.port}"', stale_s=1, lost_s=3)
    room = start_room("--config", str(served), command="serve", data=tmp_path / "room")
    room.until(source.is_heard, "the room at the source")
    clip = pictures(4)
    ended = threading.Event()

    def film() -> None:
        while not ended.is_set():
            for piece in clip:
                source.send(piece)
                if ended.wait(0.05):
                    return

    camera = threading.Thread(target=film)
    camera.start()
    try:
        page = page_of(browser, room.started["url"], [])
        expect(canvas_of(page, "CAM")).to_be_visible()
        changes(page, "CAM")
        changes(page, "CAM")
        assert canvas_of(page, "CAM").evaluate(COLOURS) > 10
        page.keyboard.press("2")
        expect(page.get_by_text("A camera")).to_be_visible()
        changes(page, "CAM")
    finally:
        ended.set()
        camera.join()
    tile = page.locator('[data-feed="CAM"][data-testid=video]')
    expect(tile).to_contain_text("STALE")
    expect(tile.locator(".picture")).to_have_class("picture stale")
    expect(tile).to_contain_text("LOST")
    expect(tile.locator("canvas")).to_be_hidden()
    source.send(b"".join(clip))
    expect(tile.locator("canvas")).to_be_visible()
    expect(tile).not_to_contain_text("LOST")


def test_the_exercise_has_two_cameras_on_the_clock_of_its_tracks(
    tmp_path: Path, browser: Browser, start_room: Callable[..., RunningRoom]
) -> None:
    room = start_room("--without-passkeys", "--from", "08:10:00", data=tmp_path / "room", video=True)
    page = page_of(browser, room.started["url"], [])
    expect(page.get_by_test_id("video")).to_have_count(1, timeout=30_000)
    changes(page, "HV")
    expect(page.get_by_test_id("drift")).to_contain_text("ms off the tracks' clock")
    page.keyboard.press("2")
    expect(page.get_by_test_id("video")).to_have_count(2)
    changes(page, "PV")
    video = shown_of(room, "HV")
    assert video is not None
    assert abs(video["behind_us"]) < 250_000

    def heron() -> dict[str, Any] | None:
        found = room.get("/api/tracks")["features"]
        return next((one["properties"] for one in found if one["properties"]["callsign"] == "HERON"), None)

    track = room.until(heron, "Heron")
    room.until(lambda: {one["feed_id"] for one in heron()["sources"]} == {"COT", "HV"}, "both sources of Heron")
    assert track["identity"] == "cot:eight-thirty-HERON"
    (coalition,) = [one for one in room.get("/api/pulse")["feeds"] if one["feed_id"] == "COT"]
    assert coalition["bad_count"] == 0
    live = {one["feed_id"]: one for one in room.get("/api/pulse")["videos"]}
    now_us = room.get("/api/pulse")["room_us"]
    room.until(lambda: room.get("/api/pulse")["room_us"] > now_us + 3_000_000, "what was seen to be taped")
    assert room.stop() == 0
    told = [entry.body for entry in entries_of(read_folder(tmp_path / "room")) if isinstance(entry.body, VideoTold)]
    assert {one.feed_id for one in told} == {"HV", "PV"}, "what screens were sent is in the record by its hash"
    assert verified(tmp_path / "room")["holds"]
    again = looked_back(tmp_path / "room", now_us)
    for feed_id, video in live.items():
        assert len(again[feed_id]["corners"]) == 4, "a past scene has the frames that its cameras drew on the map"
        for axis in ("lat_e7deg", "lon_e7deg"):
            assert abs(again[feed_id]["frame"][axis] - video["frame"][axis]) < 200_000


def looked_back(folder: Path, room_us: int) -> dict[str, Any]:
    """The videos that a replay of the room shows at an instant, by feed."""
    replay = RunningReplay(folder)
    try:
        with connect(f"ws://localhost:{replay.started['http_port']}/ws") as viewer:
            viewer.send('{"session": ""}')
            viewer.send(json.dumps({"number": 0, "seek_us": room_us, "paused": True}))
            while True:
                raw = viewer.recv(timeout=20)
                told = json.loads(raw) if isinstance(raw, str) else {}
                if told.get("kind") == "pulse" and len(told.get("videos", [])) == 2:
                    return {one["feed_id"]: one for one in told["videos"]}
    finally:
        replay.stop()


def test_a_video_of_one_nation_is_not_there_for_others(tmp_path: Path, start_room: Callable[..., RunningRoom]) -> None:
    shutil.copytree(shipped_folder() / "eight-thirty", tmp_path / "pack")
    told = tmp_path / "pack" / "pack.yaml"
    text = told.read_text()
    before, line, after = text.partition("camera: HERON, stale_s: 3, lost_s: 15, nations: ")
    told.write_text(before + line + "[DNM]" + after[after.index("]") + 1 :])
    room = start_room(str(tmp_path / "pack"), "--without-passkeys", data=tmp_path / "room", video=True)
    names = dict(room.started["seats"])
    theirs = room.sit(next(name for name in names if name.endswith(", DNM") or ", DNM (" in name))
    others = room.sit(next(name for name in names if ", ALD" in name))
    room.until(lambda: shown_of(room, "PV") and shown_of(room, "HV", theirs.seat["session"]), "both videos", 40)
    for session in ("", others.seat["session"]):
        assert shown_of(room, "HV", session) is None
        with watching(room, "HV", session) as viewer, pytest.raises(ConnectionClosed) as refused:
            viewer.recv(timeout=5)
        assert refused.value.rcvd is not None
        assert (refused.value.rcvd.code, refused.value.rcvd.reason) == (4404, "no video `HV`")
    with watching(room, "HV", theirs.seat["session"]) as viewer:
        assert viewer.recv(timeout=10)[:1] == b"\x47"
    with watching(room, "NONE") as viewer, pytest.raises(ConnectionClosed):
        viewer.recv(timeout=5)


def test_a_viewer_that_does_not_read_costs_a_bounded_store_and_goes_on_with_a_key_picture() -> None:
    video, woken = Video(), []
    key = VideoPiece(b"K" * 188, begins_key=True, tables=b"T" * 376)
    video.take([key], 0)
    slow = video.watch(lambda: woken.append(1))
    piece = VideoPiece(b"P" * (1 << 20))
    for _ in range(9):
        video.take([piece], 0)
    assert slow.skipped_count >= 5
    assert len(slow.take()) <= MOST_HELD_BYTES
    video.take([piece, key, piece], 0)
    assert slow.take() == key.tables + key.raw + piece.raw
    late = video.watch(lambda: None)
    assert late.take() == key.tables + key.raw + piece.raw


def test_the_drift_is_what_stays_when_jitter_is_left_out() -> None:
    video = Video()
    assert video.drift() is None
    for number, late_us in enumerate((900_000, 310_000, 700_000, 330_000)):
        video.take([CameraView(toa_us=number * 1_000_000)], number * 1_000_000 + late_us)
    drift = video.drift()
    assert drift is not None
    assert (drift.behind_us, drift.is_off) == (310_000, True)


def test_a_video_that_is_to_be_kept_is_in_the_record_as_screens_had_it(
    source: Source, tmp_path: Path, start_room: Callable[..., RunningRoom]
) -> None:
    served = config(tmp_path / "w.toml", f'connect = "127.0.0.1:{source.port}"', keep=True)
    room = start_room("--config", str(served), command="serve", data=tmp_path / "room")
    room.until(source.is_heard, "the room at the source")
    clip = b"".join(pictures(3))
    source.send(clip + stream([packet(metadata_now(), SECRET_TAGS)])[376:])
    room.until(lambda: shown_of(room), "the video")
    assert room.stop() == 0
    assert run_words("record", "verify", str(tmp_path / "room")).returncode == 0
    (told,) = [
        json.loads(line)
        for line in run_words("record", "media", "list", str(tmp_path / "room"), "--json").stdout.splitlines()
    ]
    assert (told["kind"], told["source"], told["there"]) == ("video", "CAM", True)
    kept = (tmp_path / "room" / "media" / told["digest"]).read_bytes()
    assert SECRET not in kept
    assert klv_stream.clean(kept).raw == kept
    assert len(klv_stream.clean(kept).packets) >= 10
    with av.open(io.BytesIO(kept)) as played:
        assert sum(1 for _ in played.decode(video=0)) >= 20
    for wrong, why in (('format = "cot"', "is for video"), ('format = "beast"', "is for video")):
        served.write_text(served.read_text().replace('format = "stanag4609"', wrong))
        refused = run_words("serve", "--config", str(served), "--headless")
        assert (refused.returncode, why in refused.stderr) == (2, True)
