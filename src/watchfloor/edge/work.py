"""Work beside the room's own: begun here, so that a part that ends with a fault says so in the log."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

_log = structlog.get_logger()


def begin(work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
    """A task of the running loop, whose fault is told when it ends."""
    task = asyncio.create_task(work, name=getattr(work, "__qualname__", "work"))
    task.add_done_callback(_tell_fault)
    return task


def _tell_fault(task: "asyncio.Task[Any]") -> None:
    fault = None if task.cancelled() else task.exception()
    if fault is not None:
        _log.error("a part of the room has a fault and ended", part=task.get_name(), error=repr(fault))
