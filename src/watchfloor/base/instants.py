"""Instants as whole microseconds since 1970-01-01T00:00:00Z, and the texts people write for them.

Three times are kept apart by name: `toa` (of applicability), `tor` (of receipt), `toe` (of entry).
Microseconds fit a JSON number exactly until the year 2255 (2**53).
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from watchfloor.base.errors import InputError
from watchfloor.base.units import US_PER_S, Micros

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HMS = re.compile(r"(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?")
_RFC3339 = re.compile(r"(\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_MICROS_LENGTH = len("1970-01-01T00:00:00.000000Z")
DAY_US = 86_400 * US_PER_S


def us_from_rfc3339(text: str) -> Micros:
    """The instant that an RFC 3339 text names; digits below a microsecond are cut.

    **Raises**: InputError, when the text is no date-time or has no zone.
    **Source**: RFC 3339 section 5.6.
    **Example**:
    >>> us_from_rfc3339("1970-01-01T00:00:01.5Z")
    1500000
    """
    found = _RFC3339.fullmatch(text)
    if not found:
        raise InputError(f"`{text}` is not a time with a zone, as in `2031-03-14T16:00:00Z`", field="time")
    second, fraction, zone = found.groups()
    whole_us = _us_of_second(second + zone)
    return Micros(whole_us + int(fraction[:6].ljust(6, "0"))) if fraction else whole_us


def us_from_zulu(text: str) -> int:
    """The instant of a text that is known to have the form `YYYY-MM-DDThh:mm:ss[.f...]Z`.

    **Raises**: InputError, when there is no such time.
    """
    if len(text) == _MICROS_LENGTH:  # as most write it
        return _us_of_second(text[:19] + "Z") + int(text[20:26])
    return _us_of_second(text[:19] + "Z") + int(text[20:26].strip("Z").ljust(6, "0"))


@lru_cache(maxsize=1024)
def _us_of_second(text: str) -> Micros:
    """The instant of a date-time without a fraction; those of a stream are few, and come again.

    **Raises**: InputError, when it is none.
    """
    try:
        if text[11:13] == "24":
            raise ValueError("hours end at 23")  # later versions of Python read this as the next day's midnight
        return us_from_datetime(datetime.fromisoformat(text.upper()))
    except (ValueError, OverflowError) as error:
        raise InputError(f"`{text}` is not a time: {error}", field="time") from error


def us_from_datetime(moment: datetime) -> Micros:
    """The instant of a zone-aware `datetime`, exactly."""
    return Micros((moment - _EPOCH) // timedelta(microseconds=1))


def rfc3339_from_us(instant_us: int) -> str:
    """An instant as UTC text with milliseconds, cut.

    **Example**:
    >>> rfc3339_from_us(1_500_000)
    '1970-01-01T00:00:01.500Z'
    """
    second, left_us = divmod(instant_us, US_PER_S)
    return f"{_text_of_second(second)}.{left_us // 1000:03}Z"


@lru_cache(maxsize=1024)
def _text_of_second(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).replace(tzinfo=None).isoformat()


def nearest_us(offset_us: int, cycle_us: int, near_us: int) -> int:
    """The instant this far after a whole cycle (a midnight, a full hour) that lies nearest to another.

    **Example**:
    >>> nearest_us(1, DAY_US, 2 * DAY_US - 1) == 2 * DAY_US + 1
    True
    """
    then_us = near_us - near_us % cycle_us + offset_us
    return then_us - round((then_us - near_us) / cycle_us) * cycle_us


def us_from_hms(text: str) -> Micros:
    """Microseconds since midnight of a clock text `HH:MM:SS[.ffffff]`.

    **Raises**: InputError, when it is not a time of day.
    **Example**:
    >>> us_from_hms("00:01:02.25")
    62250000
    """
    found = _HMS.fullmatch(text)
    if not found:
        raise InputError(f"`{text}` is not a room time as in `08:07:50`", field="time")
    hours, minutes, seconds = (int(part) for part in found.group(1, 2, 3))
    if hours > 23 or minutes > 59 or seconds > 59:
        raise InputError(f"`{text}` is not a time of day", field="time")
    fraction_us = int((found.group(4) or "0").ljust(6, "0"))
    return Micros((hours * 3600 + minutes * 60 + seconds) * US_PER_S + fraction_us)


def hms_from_us(instant_us: int, offset_s: int) -> str:
    """The clock text `HH:MM:SS` that a wall at this offset from UTC shows.

    **Example**:
    >>> hms_from_us(us_from_rfc3339("2031-03-14T16:30:00Z"), -8 * 3600)
    '08:30:00'
    """
    zone = timezone(timedelta(seconds=offset_s))
    return (_EPOCH + timedelta(microseconds=instant_us)).astimezone(zone).strftime("%H:%M:%S")
