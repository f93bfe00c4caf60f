"""A clock that another room sets: lines of JSON on standard input; when they end, so does this room."""

import asyncio
import json
import secrets
import sys
import time

from watchfloor.app.clock import EntryClock
from watchfloor.app.room import Room
from watchfloor.app.writer import Input
from watchfloor.messages.room import ClockSet


async def follow_clock(room: Room, clock: EntryClock) -> None:
    """Enter each setting as it comes, carried on to now; ends the room when the other is gone."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        told = json.loads(line)
        passed_us = 0 if told["paused"] else (time.monotonic_ns() - int(told["anchor_ns"])) // 1000
        setting = ClockSet(
            epoch_toe_us=clock.now_us(),
            epoch_room_us=int(told["room_us"]) + passed_us * int(told["rate_permille"]) // 1000,
            rate_permille=int(told["rate_permille"]),
            paused=bool(told["paused"]),
            jumped=bool(told["jumped"]),
            label=room.setup.label,
        )
        await room.writer.enter(Input("room", f"followed-{secrets.token_hex(8)}", setting))
    room.end("the room whose clock it follows has ended")
