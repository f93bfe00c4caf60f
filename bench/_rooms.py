"""A served room for a benchmark: its feed connects to a source that the benchmark writes."""

import asyncio
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil

WATCHFLOOR = str(Path(sys.executable).with_name("watchfloor"))


class ServedRoom(NamedTuple):
    """What the room said at its start, its process, and where its source writes."""

    started: dict[str, Any]
    process: psutil.Process
    source: asyncio.StreamWriter


@asynccontextmanager
async def served_room(form: str) -> AsyncIterator[ServedRoom]:
    """A room with one feed of this format, ended after use."""
    arrived: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda _, writer: arrived.set_result(writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "watchfloor.toml"
        config.write_text(f'[[feeds]]\nid = "LOAD"\nformat = "{form}"\nconnect = "127.0.0.1:{port}"\n')
        words = [WATCHFLOOR, "serve", "--config", str(config), "--data", folder + "/room"]
        words += ["--port", "0", "--cot-port", "0", "--headless", "--json"]
        room = subprocess.Popen(words, stdout=subprocess.PIPE)
        assert room.stdout is not None
        try:
            started = json.loads(await asyncio.to_thread(room.stdout.readline))
            yield ServedRoom(started, psutil.Process(room.pid), await asyncio.wait_for(arrived, 10))
        finally:
            room.send_signal(signal.SIGINT)
            await asyncio.to_thread(room.wait, 20)
            server.close()
