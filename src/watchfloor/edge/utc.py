"""Real UTC, for ports whose protocol speaks in it."""

import time


def utc_us() -> int:
    """Real time now, microseconds since 1970."""
    return time.time_ns() // 1000
