"""Changes of one busy cell of the F3548 directory a second, each durable before it is answered, over HTTP."""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from _figures import absolute, calibration_s, tell

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.running import RunningRoom
from tests.support.utm import Authority, fresh, volume

CLIENTS, SECONDS, ROUNDS, STANDING = 8, 6.0, 3, 304
WARM_S = 1.0


class Client:
    """One service on one connection, that changes its own intents in turn, and reads the key of whom it meets."""

    def __init__(self, port: int, token: str, names: list[str], number: int) -> None:
        self._port, self._token, self._names, self._number = port, token, names, number
        self._ovns: dict[str, str] = {}
        self._bodies = [self._body(place) for place in range(len(names))]
        self.latencies_s: list[float] = []

    async def open(self) -> None:
        """Connect, and set the intents that stand from then on."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        for place in range(len(self._names)):
            await self.change(place)

    async def run(self, until_s: float) -> None:
        """Change one after the other until then."""
        place = 0
        while time.perf_counter() < until_s:
            begin_s = time.perf_counter()
            await self.change(place % len(self._names))
            self.latencies_s.append(time.perf_counter() - begin_s)
            place += 1

    async def change(self, place: int) -> None:
        """Set one intent anew."""
        name = self._names[place]
        path = f"/dss/v1/operational_intent_references/{name}"
        if name in self._ovns:
            path += f"/{self._ovns[name]}"
        answer = await self._put(path, self._bodies[place])
        self._ovns[name] = answer["operational_intent_reference"]["ovn"]

    def _body(self, place: int) -> bytes:
        """An intent beside the others of the cell, so that only its own OVN is needed."""
        row, column = divmod(self._number * len(self._names) + place, 20)
        held = volume(lng=7 + column * 0.003, lat=47 + row * 0.003, radius_m=90)
        body = {"extents": [held], "uss_base_url": "https://uss.example", "state": "Accepted", "key": []}
        return json.dumps(body).encode()

    async def _put(self, path: str, body: bytes) -> Any:
        head = (
            f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        length = next(int(line.partition(":")[2]) for line in lines if line.lower().startswith("content-length"))
        answer = json.loads(await self._reader.readexactly(length))
        if not lines[0].startswith("HTTP/1.1 20"):
            raise RuntimeError(f"{lines[0]}: {answer}")
        return answer


async def load(port: int, tokens: list[str]) -> tuple[float, float]:
    """Changes a second, and the 99th part of a hundred of their times [s]."""
    each = STANDING // CLIENTS
    clients = [Client(port, token, [fresh() for _ in range(each)], number) for number, token in enumerate(tokens)]
    for client in clients:
        await client.open()
    await asyncio.gather(*(client.run(time.perf_counter() + WARM_S) for client in clients))
    for client in clients:
        client.latencies_s.clear()
    begin_s = time.perf_counter()
    await asyncio.gather(*(client.run(begin_s + SECONDS) for client in clients))
    took_s = time.perf_counter() - begin_s
    latencies = np.array([latency for client in clients for latency in client.latencies_s])
    return len(latencies) / took_s, float(np.quantile(latencies, 0.99))


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    rates, slowest, calibrations = [], [], []
    for _ in range(ROUNDS):
        calibrations.append(calibration_s())
        with TemporaryDirectory() as name:
            folder = Path(name)
            authority = Authority(folder)
            (folder / "w.toml").write_text(f'[f3548]\npublic_keys = ["{authority.path}"]\n')
            room = RunningRoom(folder / "room", ("--config", str(folder / "w.toml")), "serve")
            try:
                tokens = [authority.token(f"uss{number}") for number in range(CLIENTS)]
                rate, p99_s = asyncio.run(load(room.started["http_port"], tokens))
            finally:
                room.kill()
        rates.append(rate)
        slowest.append(p99_s * 1000)
    where = f"one cell of {STANDING} intents, {CLIENTS} services, each change durable"
    words: dict[str, Any] = {"unit": "1/s", "better": "higher", "goal": 500, "load": where}
    tell(absolute("changes of the directory", rates, calibrations, **words), as_json=as_json)
    words = {"unit": "ms", "better": "lower", "goal": 20, "load": where}
    tell(absolute("p99 of a change", slowest, calibrations, **words), as_json=as_json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
