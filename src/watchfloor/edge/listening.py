"""Loopback sockets, and the HTTP server's part that leaves signals to the room."""

import contextlib
import errno
import socket
from typing import Any

import uvicorn

from watchfloor.base.errors import InputError, UnavailableError

LOOPBACK = "127.0.0.1"


class QuietServer(uvicorn.Server):
    """uvicorn without its own signal handlers: the room ends it."""

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
