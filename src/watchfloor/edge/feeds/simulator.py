"""The simulator's process as the room holds it: started with the room, told the clock, ended with it."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from watchfloor.app.clock import room_time_us
from watchfloor.app.room import Room
from watchfloor.edge.feeds.admitted import AdmittedPort
from watchfloor.messages.entry import Entry
from watchfloor.messages.room import ClockSet

END_WAIT_S = 1.5
OPENING_WAIT_S = 10.0
_log = structlog.get_logger()


class Simulator:
    """A child process and its pipe."""

    def __init__(self, room: Room, ports: Mapping[str, AdmittedPort], now_us: Callable[[], int]) -> None:
        self._room, self._ports, self._now_us = room, ports, now_us
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._opened = asyncio.Event()
        room.on_jump(self._hang_up)

    async def start(
        self, pack_folder: Path, http_port: int, links: Mapping[str, str], *, opening_left: int, video: bool
    ) -> None:
        """Start the process, tell it what to fly, where to, and the time; wait until the opening record stands.

        **Args**: `opening_left`: how many acts of the opening record do not stand yet; `video`: whether drones film.
        """
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "watchfloor.exercise.simulator",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self._reader = asyncio.create_task(self._listen())
        self._tell(
            {
                "pack_folder": str(pack_folder),
                "feeds": {feed_id: port.port for feed_id, port in self._ports.items()},
                "http_port": http_port,
                "room_id": self._room.setup.room_id,
                "links": dict(links),
                "opening_left": opening_left,
                "video": video,
            }
        )
        if self._room.writer.state.clock is not None:
            self._tell_clock(self._room.writer.state.clock, jumped=True)
        self._room.writer.listen(self)
        if opening_left:
            waits = {asyncio.create_task(self._opened.wait()), asyncio.create_task(self._room.ending.wait())}
            _, left = await asyncio.wait(waits, timeout=OPENING_WAIT_S, return_when=asyncio.FIRST_COMPLETED)
            for task in left:
                task.cancel()

    def told(self, entries: Sequence[Entry]) -> None:
        """Pass on each setting of the clock."""
        for entry in entries:
            if isinstance(entry.body, ClockSet):
                self._tell_clock(entry.body, jumped=entry.body.jumped)

    def _tell_clock(self, setting: ClockSet, *, jumped: bool) -> None:
        self._tell(
            {
                "anchor_ns": time.monotonic_ns(),
                "room_us": room_time_us(setting, self._now_us()),
                "rate_permille": setting.rate_permille,
                "paused": setting.paused,
                "jumped": jumped,
            }
        )

    def _tell(self, message: dict[str, Any]) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _listen(self) -> None:
        stdout = self._process.stdout if self._process else None
        if stdout is None:
            return
        async for line in stdout:
            message = json.loads(line)
            if "announce" in message:
                self._ports[message["announce"]].announce(int(message["port"]))
            elif "opened" in message:
                self._opened.set()
                if not message["opened"]:
                    _log.error("the opening record was refused", reason=message["reason"])
        self._opened.set()
        if not self._room.ending.is_set():
            _log.error("the simulator ended; its feeds will show as lost")

    def _hang_up(self) -> None:
        for port in self._ports.values():
            port.hang_up()

    async def stop(self) -> None:
        """End the process: close its pipe, and kill it if it does not go."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), END_WAIT_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):  # it may have gone by itself just now
                self._process.kill()
            await self._process.wait()
        if self._reader is not None:
            self._reader.cancel()
