"""The loop that rooms run on: garbage in cycles goes, however seldom all of it is looked for."""

import asyncio
import gc
import weakref

import pytest

from watchfloor.edge.cli import loop


class Knot:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.itself = self


def test_garbage_that_grew_old_is_collected_and_the_settings_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "COLLECT_EVERY_S", 0.01)
    before, seen = gc.get_threshold(), []

    async def work() -> None:
        assert gc.get_threshold() == loop.YOUNG
        knot = Knot()
        gone = weakref.ref(knot)
        gc.collect(1)  # it is of the oldest generation now
        del knot
        async with asyncio.timeout(10):
            while gone() is not None:
                await asyncio.sleep(0.01)
        seen.append(gone())

    loop.run_loop(work())
    assert seen == [None]
    assert gc.get_threshold() == before
