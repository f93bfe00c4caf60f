"""The room's beat: all feeds that it connects to are read at the same moments, and TAK clients are told just after.

A process that sleeps between two reports wakes with cold caches, and each waking costs several times what its report
does (docs/decisions/0015). What comes between two beats waits for the next one; what comes after a silence does not.
"""

import asyncio

BEAT_S = 0.039


def wait_s(now_s: float) -> float:
    """How long until the next beat by a monotonic clock [s]: half a beat to one and a half.

    A timer that fires a little early thereby never ends in the same beat twice.
    """
    return (round(now_s / BEAT_S) + 1) * BEAT_S - now_s


async def until_beat() -> None:
    """Wait for the next beat."""
    await asyncio.sleep(wait_s(asyncio.get_running_loop().time()))
