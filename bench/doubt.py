"""From a doubt's key to the stop on every screen: a running exercise, 30 open requests, viewers of several nations.

The clock starts when the signed document is sent and stops when the last viewer was told that the request is held.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from _figures import absolute, calibration_s, tell
from websockets.asyncio.client import ClientConnection, connect

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.support.running import Person, RunningRoom

ROUNDS, REQUESTS = 7, 30
VIEWERS = ("", "Red badge, ALD", "Analyst, CVL", "Policy adviser, JLN", "Line officer, BVY", "Aircrew, ALD (Tiller 21)")


async def told_held(viewer: ClientConnection, request_id: str) -> float:
    """When a viewer was told that a request is held."""
    while True:
        message = await viewer.recv()
        if isinstance(message, bytes) or not message.startswith('{"kind":"screen"'):
            continue
        board = json.loads(message)["screen"]["board"]
        if any(one["request_id"] == request_id and one["state"] == "held" for one in board):
            return time.perf_counter()


async def measure(room: RunningRoom, doubter: Person, sessions: list[str]) -> list[float]:
    """Milliseconds from sending a doubt to the last screen, one request a round."""
    url = f"ws://localhost:{room.started['http_port']}/ws"
    viewers = [await connect(url, max_size=None) for _ in sessions]
    for viewer, session in zip(viewers, sessions, strict=True):
        await viewer.send(json.dumps({"session": session}))
    spent = []
    for number in range(ROUNDS):
        name = f"Q-{number}"
        document = doubter.document(type="DoubtRaised", request_id=name, version=1, words="")
        waiting = [asyncio.create_task(told_held(viewer, name)) for viewer in viewers]
        await asyncio.sleep(0)
        start = time.perf_counter()
        answer = await asyncio.to_thread(doubter.send, document)
        assert answer.status_code == 200, answer.text
        spent.append((max(await asyncio.gather(*waiting)) - start) * 1000)
    for viewer in viewers:
        await viewer.close()
    return spent


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    room = RunningRoom(Path(tempfile.mkdtemp()) / "room", ("--from", "08:05:00"))
    try:
        watch, doubter = room.sit("Watch officer, DNM"), room.sit("Legal adviser, FNY")
        sessions = [room.sit(name).seat["session"] if name else "" for name in VIEWERS]
        for number in range(REQUESTS):
            assert watch.request(f"Q-{number}").status_code == 200
        before = calibration_s()
        spent = asyncio.run(measure(room, doubter, sessions))
        load = f"{REQUESTS} open requests, {len(sessions)} viewers, 220 aircraft; the slowest screen of each round"
        words = {"unit": "ms", "better": "lower", "goal": 100, "load": load}
        tell(absolute("doubt to the last screen", spent, [before, calibration_s()], **words), as_json=as_json)
    finally:
        room.kill()


if __name__ == "__main__":
    main()
