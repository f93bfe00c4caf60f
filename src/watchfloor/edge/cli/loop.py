"""Running asynchronous work: on uvloop where it exists."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any


def run_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end."""
    if sys.platform == "win32":
        asyncio.run(work)
    else:
        import uvloop  # noqa: PLC0415  # there is none for Windows

        uvloop.run(work)
