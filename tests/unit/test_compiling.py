"""Loops compile also where their code cannot be kept."""

import pytest
from numba.core import caching

from watchfloor.deconflict.compiling import compiled


def test_where_no_folder_can_be_written_a_loop_still_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])

    def doubled(value: int) -> int:
        return 2 * value

    assert compiled(doubled)(21) == 42
