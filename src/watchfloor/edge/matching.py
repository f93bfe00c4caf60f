"""Matching in a process of its own, which alone holds the keys."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from typing import TypeVar

from watchfloor.base.errors import UnavailableError
from watchfloor.edge import match_keys

Told = TypeVar("Told")


class MatchProcess:
    """A Matcher: one process for one match, gone with its keys when the match is over."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), match_keys.end_with_parent)

    async def begin(self, elements: Sequence[str], size: int, *, only_counts: bool) -> tuple[bytes, bytes]:
        """Our set as a set, and as a question, under fresh keys."""
        return await self._do(partial(match_keys.begin, list(elements), size, only_counts=only_counts))

    async def answer(self, request: bytes) -> bytes:
        """The answer to the other side's question."""
        return await self._do(match_keys.answer, request)

    async def finish(self, setup: bytes, response: bytes) -> int | list[str]:
        """What both sets hold."""
        return await self._do(match_keys.finish, setup, response)

    async def close(self) -> None:
        """End the process."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _do(self, work: Callable[..., Told], *words: object) -> Told:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *words)
        except BrokenProcessPool as error:
            raise UnavailableError("the process that held the match's keys is gone") from error
