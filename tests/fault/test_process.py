"""Signals, kills, ports in use, strangers on feed ports: the room ends well, and starts again saying what was open."""

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.running import RunningRoom, children_of, is_running, run_words, verified
from tests.support.utm import Authority, settings


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_room_in_good_order_within_five_seconds(
    number: int, start_room: Callable[..., RunningRoom]
) -> None:
    room = start_room()
    room.until(lambda: len(room.get("/api/tracks")["features"]) > 50, "tracks")
    simulators = children_of(room.process.pid)
    assert len(simulators) == 1
    began = time.monotonic()
    assert room.stop(number) == 0
    assert time.monotonic() - began < 5
    assert room.errors == ""
    assert not is_running(simulators[0])
    report = verified(room.data)
    assert report["holds"]
    assert report["sealed"]
    assert not (room.data / "record" / "000001.wfl").read_bytes().endswith(b"\0"), "free space stays behind"


def test_a_room_that_still_compiles_ends_at_once_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start_room: Callable[..., RunningRoom]
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "compiled"))
    words = settings(tmp_path, Authority(tmp_path))
    room = start_room("--config", words, command="serve", data=tmp_path / "room")
    assert room.stop() == 0
    assert room.errors == ""
    assert not list((tmp_path / "compiled").rglob("*.nbc")), "the room waited for its compiler"


def test_signals_work_under_a_script_that_ignores_them(start_room: Callable[..., RunningRoom]) -> None:
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        room = start_room()
    finally:
        signal.signal(signal.SIGINT, previous)
    assert room.stop() == 0


def test_killing_the_room_ends_its_simulator_and_the_next_start_says_what_was_open(
    start_room: Callable[..., RunningRoom],
) -> None:
    room = start_room("--from", "08:05:00")
    watch = room.sit("Watch officer, DNM")
    room.until(lambda: verified_frames(room.data) >= 2, "two frames on the tape")
    assert watch.request("R-1").status_code == 200
    (simulator,) = children_of(room.process.pid)
    room.kill()
    deadline = time.monotonic() + 5
    while is_running(simulator):
        assert time.monotonic() < deadline, "the simulator outlived its room"
        time.sleep(0.05)  # between two looks at another process
    report = verified(room.data)
    assert report["holds"], report["problems"]
    assert any("open" in note for note in report["notes"])
    again = start_room(data=room.data)
    assert again.started["resumed"]
    assert any("was open" in note for note in again.started["notes"])
    board = again.get("/api/screen")["screen"]["board"]
    assert [request["request_id"] for request in board] == ["A", "R-1"]
    again.kill()
    assert verified(room.data)["holds"], "a room killed after a resume verifies too"
    third = start_room(data=room.data)
    assert third.stop() == 0
    report = verified(room.data)
    assert report["holds"]
    assert report["sealed"]


def verified_frames(folder: Path) -> int:
    return int(verified(folder)["frame_count"])


@pytest.mark.parametrize(
    "round_", [*range(3), *(pytest.param(number, marks=pytest.mark.long) for number in range(3, 100))]
)
def test_nothing_acknowledged_is_lost_when_the_room_is_killed_under_load(
    round_: int, start_room: Callable[..., RunningRoom]
) -> None:
    room = start_room("--from", "08:05:00", "--speed", "10")
    watch = room.sit("Watch officer, DNM")
    acknowledged = []
    for number in range(5 + 9 * (round_ % 9)):
        if watch.request(f"R-{number}").status_code == 200:
            acknowledged.append(f"R-{number}")
    room.kill()
    assert verified(room.data)["holds"]
    again = start_room(data=room.data)
    board = {request["request_id"] for request in again.get("/api/screen")["screen"]["board"]}
    assert set(acknowledged) <= board
    assert again.stop() == 0
    assert verified(room.data)["holds"]


def test_a_port_in_use_is_one_clear_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for option, other in (("--port", "--cot-port"), ("--cot-port", "--port")):
            done = run_words("run", "--headless", "--data", str(tmp_path / "r"), option, port, other, "0")
            assert done.returncode == 3
            assert done.stderr.count("\n") == 1
            assert f"port {port}" in done.stderr
            assert option in done.stderr
    done = run_words("run", "--headless", "--data", str(tmp_path / "r"), "--port", "99999", "--cot-port", "0")
    assert done.returncode == 2
    assert not (tmp_path / "r").exists()


def test_a_folder_in_use_is_refused_and_not_touched(start_room: Callable[..., RunningRoom]) -> None:
    room = start_room()
    done = run_words("run", "--headless", "--port", "0", "--cot-port", "0", "--data", str(room.data))
    assert done.returncode == 3
    assert "one folder has one writer" in done.stderr
    live = verified(room.data)
    assert live["holds"]
    assert any("running" in note for note in live["notes"])
    assert room.stop() == 0
    assert verified(room.data)["holds"]


def test_foreign_folders_and_other_versions_are_refused_and_not_touched(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "notes.txt").write_text("mine")
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / "FORMAT").write_text("watchfloor data folder 9\n")
    file = tmp_path / "file"
    file.write_text("x")
    for path in (foreign, newer, file):
        done = run_words("run", "--headless", "--port", "0", "--cot-port", "0", "--data", str(path))
        assert done.returncode == 3, done
        assert str(path) in done.stderr
    assert [entry.name for entry in foreign.iterdir()] == ["notes.txt"]


def test_a_folder_goes_on_only_as_what_it_began(start_room: Callable[..., RunningRoom], tmp_path: Path) -> None:
    room = start_room()
    assert room.stop() == 0
    config = tmp_path / "w.toml"
    config.write_text('[[feeds]]\nid = "X"\nformat = "cot"\nconnect = "127.0.0.1:9"\n')
    words = ("--data", str(room.data), "--headless", "--port", "0", "--cot-port", "0")
    before = (room.data / "record" / "000001.wfl").read_bytes()
    done = run_words("serve", "--config", str(config), *words)
    assert done.returncode == 2
    assert "choose another folder" in done.stderr
    assert (room.data / "record" / "000001.wfl").read_bytes() == before
    assert verified(room.data)["holds"]


def test_a_stranger_on_a_feed_port_is_refused_and_counted(start_room: Callable[..., RunningRoom]) -> None:
    room = start_room()
    room.until(lambda: len(room.get("/api/tracks")["features"]) > 50, "tracks")
    ports = feed_ports(room.process.pid, {room.started["http_port"], room.cot_port})
    for port in ports:
        with socket.create_connection(("127.0.0.1", port)) as stranger:
            stranger.settimeout(5)
            try:
                stranger.sendall(b"<event/>")
                assert stranger.recv(1) == b""
            except ConnectionError:
                pass

    def refused() -> list[int]:
        told = [feed["reasons"] for feed in room.get("/api/pulse")["feeds"]]
        return [reasons["connection from outside the simulator"] for reasons in told if reasons]

    room.until(lambda: refused() == [1] * len(ports), "a refusal by each simulated feed")
    assert room.stop() == 0


def feed_ports(pid: int, known: set[int]) -> set[int]:
    """Loopback ports that a process listens on, without those already known."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        target = os.readlink(entry) if entry.is_symlink() else ""
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    ports = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and fields[9] in inodes:
            ports.add(int(fields[1].partition(":")[2], 16))
    return ports - known
