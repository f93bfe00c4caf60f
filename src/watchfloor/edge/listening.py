"""Loopback sockets, and the HTTP server's part that leaves signals to the room."""

import asyncio
import contextlib
import errno
import socket
from typing import Any

import uvicorn

from watchfloor.base.errors import InputError, UnavailableError

LOOPBACK = "127.0.0.1"


class QuietServer(uvicorn.Server):
    """uvicorn without its own signal handlers, and without its ten looks a second at whether it should end.

    The room ends it, and an idle room is idle. The date in answers is set where they are made.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        config.date_header = False
        super().__init__(config)
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let everybody go."""
        self.should_exit = self.force_exit = True
        self._ended.set()

    async def main_loop(self) -> None:
        """Serve until it is ended."""
        await self.on_tick(0)
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
