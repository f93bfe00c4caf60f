"""Changes of one busy cell of the F3548 directory a second, each durable before it is answered, over HTTP.

Two cells: one whose intents lie beside each other, and one in which each meets others of its manager, whose OVNs it
shows, while every service is told of every change in the cell.
"""

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
WARM_S = 4.0


class Client:
    """One service on one connection, that changes its own intents in turn, and reads the key of whom it meets."""

    def __init__(self, port: int, token: str, names: list[str], number: int, *, is_dense: bool) -> None:
        self._port, self._token, self._names, self._number = port, token, names, number
        self._ovns: dict[str, str] = {}
        self._is_dense = is_dense
        self._volumes = [self._volume(place) for place in range(len(names))]
        self.latencies_s: list[float] = []

    async def open(self) -> None:
        """Connect, and set the intents that stand from then on."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        if self._is_dense:
            cell = volume(lng=7.03, lat=47.03, radius_m=12_000, low=0) | {"time_start": volume(begins=1)["time_start"]}
            del cell["volume"]["altitude_upper"]
            wish = {"extents": cell, "uss_base_url": "https://uss.example", "notify_for_operational_intents": True}
            await self._put(f"/dss/v1/subscriptions/{fresh()}", json.dumps(wish).encode())
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
        key = [ovn for other, ovn in self._ovns.items() if other != name] if self._is_dense else []
        body = {
            "extents": [self._volumes[place]],
            "uss_base_url": "https://uss.example",
            "state": "Accepted",
            "key": key,
        }
        answer = await self._put(path, json.dumps(body).encode())
        self._ovns[name] = answer["operational_intent_reference"]["ovn"]

    def _volume(self, place: int) -> dict[str, Any]:
        """Beside all others; or over those of the same manager that have numbers near this one's."""
        row, column = divmod(self._number * len(self._names) + place, 20)
        if self._is_dense:
            return volume(lng=7 + place * 0.0004, lat=47 + self._number * 0.008, radius_m=150)
        return volume(lng=7 + column * 0.003, lat=47 + row * 0.003, radius_m=90)

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


async def load(port: int, tokens: list[str], *, is_dense: bool) -> tuple[float, float]:
    """Changes a second, and the 99th part of a hundred of their times [s]."""
    each = STANDING // CLIENTS
    clients = [
        Client(port, token, [fresh() for _ in range(each)], number, is_dense=is_dense)
        for number, token in enumerate(tokens)
    ]
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
    for is_dense in (False, True):
        rates, slowest, calibrations = [], [], []
        for _ in range(ROUNDS):
            calibrations.append(calibration_s())
            rate, p99_s = measured(is_dense=is_dense)
            rates.append(rate)
            slowest.append(p99_s * 1000)
        cell = "each over its neighbours, all told of all" if is_dense else "beside each other"
        where = f"one cell of {STANDING} intents {cell}, {CLIENTS} services, each change durable"
        words: dict[str, Any] = {"unit": "1/s", "better": "higher", "goal": 500, "load": where}
        tell(absolute("changes of the directory", rates, calibrations, **words), as_json=as_json)
        words = {"unit": "ms", "better": "lower", "goal": 20, "load": where}
        tell(absolute("p99 of a change", slowest, calibrations, **words), as_json=as_json)
    return 0


def measured(*, is_dense: bool) -> tuple[float, float]:
    """Changes a second of one room, and their p99 [s]."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        authority = Authority(folder)
        (folder / "w.toml").write_text(f'[f3548]\npublic_keys = ["{authority.path}"]\n')
        room = RunningRoom(folder / "room", ("--config", str(folder / "w.toml")), "serve")
        try:
            tokens = [authority.token(f"uss{number}") for number in range(CLIENTS)]
            return asyncio.run(load(room.started["http_port"], tokens, is_dense=is_dense))
        finally:
            room.kill()


if __name__ == "__main__":
    sys.exit(main())
