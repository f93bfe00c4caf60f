"""On a full disk every open request shows STOPPED, nothing can be decided, a doubt is still recorded, nothing is lost.

The limit is the kernel's own on the running process (RLIMIT_FSIZE): every write behind it fails as on a full disk.
"""

import resource
from collections.abc import Callable

from tests.support.running import RunningRoom, verified


def limit_files(pid: int, size: int) -> None:
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_record_that_cannot_be_written_stops_every_open_request(
    start_room: Callable[..., RunningRoom],
) -> None:
    room = start_room("--from", "08:05:00")
    watch, legal = room.sit("Watch officer, DNM"), room.sit("Legal adviser, FNY")
    assert watch.request("R-1").status_code == 200
    limit_files(room.process.pid, 0)
    refused = legal.advise("R-1")
    assert refused.status_code == 503
    assert "record cannot be written" in refused.json()["title"]
    assert room.get("/api/pulse")["failed"]
    board = room.get("/api/screen")["screen"]["board"]
    assert {request["state"] for request in board} == {"stopped"}
    assert {request["stopped"]["cause"] for request in board} == {"record"}
    limit_files(room.process.pid, resource.RLIM_INFINITY)
    assert watch.request("R-2").status_code == 503, "nothing more is entered until the room is started again"
    assert room.stop() == 3
    assert "could not be written" in room.errors
    report = verified(room.data)
    assert report["holds"], report["problems"]
    again = start_room(data=room.data)
    requests = [request["request_id"] for request in again.get("/api/screen")["screen"]["board"]]
    assert requests == ["A", "R-1"], "what was acknowledged is there, and nothing else"
    assert again.stop() == 0
    assert verified(room.data)["holds"]


def test_a_full_disk_stops_all_and_a_doubt_is_still_recorded(start_room: Callable[..., RunningRoom]) -> None:
    room = start_room("--from", "08:05:00")
    watch, legal = room.sit("Watch officer, DNM"), room.sit("Legal adviser, FNY")
    decider = room.sit("Red badge, ALD")
    limit_files(room.process.pid, (room.data / "record" / "000001.wfl").stat().st_size)
    acknowledged = []
    for number in range(2000):
        answer = watch.request(f"Q-{number}", why="A full disk is coming. " * 60)
        if answer.status_code != 200:
            break
        acknowledged.append(f"Q-{number}")
    assert answer.status_code == 503
    assert "no space" in answer.json()["title"]
    assert acknowledged, "some were written before the space was gone"
    states = {request["state"] for request in room.get("/api/screen")["screen"]["board"]}
    assert states == {"stopped"}
    doubted = legal.doubt("Q-0", words="I doubted while the disk was full.")
    assert doubted.status_code == 200, doubted.text
    assert legal.advise("Q-0").status_code == 503
    assert decider.decide("Q-0", "yes").status_code == 503
    assert watch.request("R-late").status_code == 503
    assert room.get("/api/pulse")["failed"]
    limit_files(room.process.pid, resource.RLIM_INFINITY)
    assert decider.decide("Q-0", "yes").status_code == 503, "nothing is decided until the room is started again"
    assert room.stop() == 3
    report = verified(room.data)
    assert report["holds"], report["problems"]
    again = start_room(data=room.data)
    board = {request["request_id"]: request for request in again.get("/api/screen")["screen"]["board"]}
    assert set(acknowledged) | {"A"} == set(board)
    assert {request["state"] for request in board.values()} == {"stopped"}, "the stops are in the record"
    assert [doubt["words"] for doubt in board["Q-0"]["doubts"]] == ["I doubted while the disk was full."]
    assert again.stop() == 0
