"""How inner loops are compiled: once for a machine, or anew in each process where nothing can be kept."""

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

Loop = TypeVar("Loop", bound=Callable[..., object])


def compiled(loop: Loop) -> Loop:
    """A loop of numbers, compiled when it is first called; its machine code is kept beside it or in the user's cache.

    **Doubt**: where neither folder can be written, it is compiled in each process: two seconds, and it works.
    """
    try:
        return cast("Loop", njit(cache=True)(loop))
    except RuntimeError:
        return cast("Loop", njit(loop))
