"""Loopback sockets, and the HTTP server's part that leaves signals to the room."""

import asyncio
import contextlib
import errno
import socket
from typing import Any

import uvicorn

from watchfloor.base.errors import InputError, UnavailableError

LOOPBACK = "127.0.0.1"


HEADER_EVERY_S = 1.0  # the date in answers


class QuietServer(uvicorn.Server):
    """uvicorn without its own signal handlers, and without its ten looks a second at whether it should end.

    The room ends it, and an idle room is idle.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let everybody go."""
        self.should_exit = self.force_exit = True
        self._ended.set()

    async def main_loop(self) -> None:
        """Serve until it is ended."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEADER_EVERY_S):
                    await self._ended.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Leave signals to the room."""
        yield


def bind(port: int, what: str, option: str) -> socket.socket:
    """A loopback socket on this port, which `option` of the command line names.

    **Raises**: UnavailableError, when the port is taken.
    """
    fresh = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    fresh.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        fresh.bind((LOOPBACK, port))
    except OverflowError as error:
        fresh.close()
        raise InputError(f"port {port} ({what}) is not from 0 to 65535", field="port") from error
    except OSError as error:
        fresh.close()
        why = "is in use by another program" if error.errno == errno.EADDRINUSE else f"cannot be had: {error.strerror}"
        raise UnavailableError(f"port {port} ({what}) {why}; choose another with `{option}`") from error
    return fresh
