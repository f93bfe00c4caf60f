"""The room's two clocks. The only module below `edge` that reads the machine's time.

`toe` is monotone real time: it starts at the machine's UTC and advances with its monotonic clock, so that a
clock set back while the room runs changes nothing. Room time is what `ClockSet` says, reckoned from `toe`.
"""

import time

from watchfloor.base.errors import UnavailableError
from watchfloor.base.instants import rfc3339_from_us
from watchfloor.messages.room import ClockSet

RATE_ONE = 1000


class EntryClock:
    """Strictly advancing entry times."""

    def __init__(self, not_before_us: int = 0) -> None:
        now_us = time.time_ns() // 1000
        if now_us <= not_before_us:
            raise UnavailableError(
                f"this machine's clock says {rfc3339_from_us(now_us)}, but the record's newest entry is of "
                f"{rfc3339_from_us(not_before_us)}; set the clock, then start again"
            )
        self._start_us = now_us
        self._start_ns = time.monotonic_ns()
        self._last_us = not_before_us

    def now_us(self) -> int:
        """Real time now, as entries would count it; may repeat."""
        return self._start_us + (time.monotonic_ns() - self._start_ns) // 1000

    def next_us(self) -> int:
        """The time of the next entry: later than that of any before."""
        self._last_us = max(self.now_us(), self._last_us + 1)
        return self._last_us


def steady_s() -> float:
    """Seconds that only grow, to tell how long something has lasted."""
    return time.monotonic()


def room_time_us(setting: ClockSet, toe_us: int) -> int:
    """Room time at an entry time, by the newest setting.

    **Doubt**: before the setting's epoch it answers the epoch's room time.
    """
    if setting.paused:
        return setting.epoch_room_us
    passed_us = max(toe_us - setting.epoch_toe_us, 0)
    return setting.epoch_room_us + passed_us * setting.rate_permille // RATE_ONE
