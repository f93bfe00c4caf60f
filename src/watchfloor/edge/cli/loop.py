"""Running asynchronous work: on uvloop where it exists, with the collector of garbage held to a minute's beat.

What a room holds is many small things that live long and are in no cycle. Looking at all of them whenever a quarter
more were made took a tenth of a core in a room of ten thousand aircraft, and a fifth of a second each time.
"""

import asyncio
import contextlib
import gc
import sys
from collections.abc import Coroutine
from typing import Any

YOUNG = (10_000, 50, 1_000_000)  # what is new is looked at as always, all of it only when we say so
COLLECT_EVERY_S = 60.0


def run_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end."""
    if sys.platform == "win32":
        asyncio.run(_with_collection(work))
    else:
        import uvloop  # noqa: PLC0415  # there is none for Windows

        uvloop.run(_with_collection(work))


async def _with_collection(work: Coroutine[Any, Any, None]) -> None:
    before = gc.get_threshold()
    gc.set_threshold(*YOUNG)
    collecting = asyncio.create_task(_collect())
    try:
        await work
    finally:
        collecting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await collecting
        gc.set_threshold(*before)


async def _collect() -> None:
    while True:
        await asyncio.sleep(COLLECT_EVERY_S)
        gc.collect()
