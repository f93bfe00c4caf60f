"""The other party's room of an exercise: a second process with its own folder, keys and record, on this machine.

Its line's keys are exchanged by the exercise itself, as two people would; from then on the two rooms know of each other
what is said on the line. It goes by our clock, and ends with us.
"""

import asyncio
import contextlib
import json
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog

from watchfloor.app.clock import room_time_us
from watchfloor.app.writer import Writer
from watchfloor.base.errors import UnavailableError
from watchfloor.edge.lines import HeldLine, held_lines
from watchfloor.edge.recovery import held_room_id
from watchfloor.edge.stores.line_folder import LineFolder, digits_of
from watchfloor.messages.entry import Entry
from watchfloor.messages.line_record import LineKind
from watchfloor.messages.pack import PackOtherRoom
from watchfloor.messages.room import ClockSet

START_WAIT_S, END_WAIT_S = 60.0, 8.0
_log = structlog.get_logger()


class OtherRoom:
    """The second process. `data`: our own data folder; the other's, and the line's two folders, lie beside it."""

    def __init__(self, plan: PackOtherRoom, data: Path, options: Sequence[str]) -> None:
        self._plan, self._options = plan, tuple(options)
        self._beside = data.parent / f"{data.name}-line"
        self._own = data
        self._data = data.parent / f"{data.name}-{plan.their_party}"
        self._process: asyncio.subprocess.Process | None = None
        self.started: dict[str, Any] = {}

    def line(self) -> HeldLine:
        """Our end of the line to it; made on first use, on a port that is free now.

        **Raises**: InputError or UnavailableError, when its folders cannot be used.
        """
        ours, theirs = LineFolder(self._beside / "ours"), LineFolder(self._beside / "theirs")
        address = f"127.0.0.1:{free_port()}"
        if not (ours.is_open() and theirs.is_open()) or ours.read().room_id not in ("", held_room_id(self._own)):
            for half in (ours, theirs):  # none yet, what a start left that was cut off, or of a record that is gone
                shutil.rmtree(half.path, ignore_errors=True)
            line_id = f"air-{secrets.token_hex(4)}"
            kind, plan = LineKind.AIR, self._plan
            first = ours.begin(line_id, kind, plan.our_party, listen=address, address=address, invited=True)
            second = theirs.begin(line_id, kind, plan.their_party)
            theirs.accept(first.ours)
            ours.accept(second.ours)
            theirs.open(digits_of(ours.read())[0])
            ours.open(digits_of(theirs.read())[0])
        ours.move(address)
        theirs.move(address)
        return held_lines([ours.path])[0]

    async def start(self, writer: Writer) -> None:
        """Start it by our clock as it is now, and wait until it has told what it is.

        **Raises**: UnavailableError, when it does not start.
        """
        words = [sys.executable, "-m", "watchfloor.edge.cli.main", "run", self._plan.pack, "--line"]
        words += [str(self._beside / "theirs"), "--data", str(self._data), "--headless", "--json", "--follow-clock"]
        words += ["--port", "0", "--cot-port", "0", "--alone", *self._options]
        self._process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        self._writer = writer
        if writer.state.clock is not None:
            self._tell_clock(writer.state.clock)
        writer.listen(self)
        line = b""
        if self._process.stdout is not None:
            with contextlib.suppress(TimeoutError):
                line = await asyncio.wait_for(self._process.stdout.readline(), START_WAIT_S)
        if not line:
            raise UnavailableError(
                f"the room of {self._plan.their_party} did not start; `--alone` runs the exercise without it"
            )
        self.started = json.loads(line)

    def shown(self) -> dict[str, Any]:
        """What a user should know of it."""
        told = self.started
        return {
            "other_party": self._plan.their_party,
            "other_url": told["url"],
            "other_data": told["data"],
            "other_seats": tuple((name, link) for name, link in told["seats"]),
        }

    def told(self, entries: Sequence[Entry]) -> None:
        """Pass on each setting of the clock."""
        for entry in entries:
            if isinstance(entry.body, ClockSet):
                self._tell_clock(entry.body)

    def _tell_clock(self, setting: ClockSet) -> None:
        told = {
            "anchor_ns": time.monotonic_ns(),
            "room_us": room_time_us(setting, self._writer.entry_now_us()),
            "rate_permille": setting.rate_permille,
            "paused": setting.paused,
            "jumped": setting.jumped,
        }
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(json.dumps(told).encode() + b"\n")

    async def stop(self) -> None:
        """End it in good order: its pipe ends, and with it the room."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), END_WAIT_S)
        except TimeoutError:
            _log.error("the other party's room did not end by itself")
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])
