"""SBS-1 BaseStation: decoded ADS-B as lines of comma-separated fields, as many receivers send on port 30003.

| field | meaning | limits and why |
|---|---|---|
| 0, 1 | `MSG`, and 1 to 8 | `SEL`, `ID`, `AIR`, `STA`, `CLK` tell of the receiver's screen and are passed over |
| 4 | 24-bit address | six hex digits |
| 6 to 9 | dates and times | passed over: they have no zone; a message is as of its arrival |
| 10 | callsign | up to 8 characters; those that no line shows are dropped |
| 11 | altitude | ft, 1013.25 hPa, -2,000 to 130,000 |
| 12, 13 | ground speed, track | kt to 4,000; degrees true |
| 14, 15 | position | degrees WGS 84 |
| 16 | vertical rate | ft/min, +-60,000 |
| 17 | squawk | four octal digits |
| 21 | on the ground | `-1` or `1`: yes; `0`: no |

A line with one field that cannot be is refused whole.
**Source**: woodair.net, "Socket data and BST"; readsb's writing of the same.
"""

import re

from watchfloor.base.errors import WireError
from watchfloor.base.text import shown
from watchfloor.messages.air import Observation, Rejected
from watchfloor.messages.feeds import PassedOver
from watchfloor.wire import lines

MOST_LINE_BYTES = 512
_FEWEST = 22
_OTHER_LINES = frozenset(("SEL", "ID", "AIR", "STA", "CLK"))
_ADDRESS = re.compile(r"[0-9A-Fa-f]{6}")
_SQUAWK = re.compile(r"[0-7]{4}")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_ON_GROUND = {"-1": True, "1": True, "0": False, "": None}


def step(rest: bytes, chunk: bytes, room_us: int) -> tuple[bytes, list[Observation | Rejected | PassedOver]]:
    """Observations in a chunk, as of its arrival; what is none is returned as `Rejected`."""
    rest, given = lines.step(rest, chunk, MOST_LINE_BYTES)
    found: list[Observation | Rejected | PassedOver] = []
    for line in given:
        if isinstance(line, Rejected):
            found.append(line)
            continue
        try:
            found.append(_read(line, room_us))
        except WireError as error:
            found.append(Rejected(reason=str(error), sample=line[:64]))
    return rest, found


def _read(line: bytes, room_us: int) -> Observation | PassedOver:
    try:
        fields = [field.strip() for field in line.decode("ascii").split(",")]
    except UnicodeDecodeError as error:
        raise WireError("no text") from error
    if fields[0] in _OTHER_LINES:
        return PassedOver()
    if fields[0] != "MSG" or len(fields) < _FEWEST or fields[1] not in tuple("12345678"):
        raise WireError("no BaseStation message")
    if not _ADDRESS.fullmatch(fields[4]):
        raise WireError("no 24-bit address")
    lat_deg, lon_deg = _number(fields[14], "latitude", -90, 90), _number(fields[15], "longitude", -180, 180)
    if (lat_deg is None) != (lon_deg is None):
        raise WireError("half a position")
    speed_kt, track_deg = _number(fields[12], "speed", 0, 4_000), _number(fields[13], "track", 0, 360)
    if fields[17] and not _SQUAWK.fullmatch(fields[17]):
        raise WireError("no squawk")
    if fields[21] not in _ON_GROUND:
        raise WireError("neither on the ground nor off it")
    has_velocity = speed_kt is not None and track_deg is not None
    return Observation(
        identity="icao:" + fields[4].lower(),
        toa_us=room_us,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        alt_ft=_whole(fields[11], "altitude", -2_000, 130_000),
        gs_kt=speed_kt if has_velocity else None,
        trk_deg=track_deg if has_velocity else None,
        vs_fpm=_whole(fields[16], "vertical rate", -60_000, 60_000),
        callsign=shown(fields[10])[:8] or None,
        squawk=fields[17] or None,
        on_ground=_ON_GROUND[fields[21]],
    )


def _number(text: str, what: str, low: float, high: float) -> float | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text) or not low <= float(text) <= high:
        raise WireError(f"no {what}")
    return float(text)


def _whole(text: str, what: str, low: int, high: int) -> int | None:
    value = _number(text, what, low, high)
    return None if value is None else round(value)
