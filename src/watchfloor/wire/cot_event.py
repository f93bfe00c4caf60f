"""What a Cursor on Target event says, in whatever form it came: its fields and their limits.

| attribute or element | unit | limits and why |
|---|---|---|
| `uid` | - | 1 to 128 printable characters: it becomes a key |
| `type` | - | `a-x-A…` is an air track; only those enter the picture; what follows a `;` is dropped |
| `time`, `start`, `stale` | UTC | RFC 3339 with zone; how far off is judged by the port's clock |
| `how`, `opex` | - | `opex` `e-…` exercise, `s-…` simulation, `o-…` operations, absent: no statement |
| `point lat`, `lon` | degrees WGS 84 | -90 to 90, -180 to 180 |
| `point hae` | metres above the ellipsoid | -1,000 to 50,000; 9999999.0 means unknown |
| `detail/contact callsign` | - | up to 32 characters; those that no line shows are dropped |
| `detail/track speed`, `course` | m/s, degrees true | 0 to 1,500; 0 to 360 |
| `detail/TakControl/TakRequest version` | - | what protocol a client asks for; read where clients are served |

**Source**: MITRE CoT Event schema 2.0 (Event-PUBLIC.xsd), track schema 06-0358.
"""

import re

from msgspec import Struct

from watchfloor.base.errors import InputError, WireError
from watchfloor.base.instants import us_from_rfc3339
from watchfloor.base.text import shown

Attributes = dict[str, dict[str, str]]
UNKNOWN_M = 9_999_999.0
LOWEST_M, HIGHEST_M = -1_000.0, 50_000.0
MOST_MPS = 1_500.0
CALLSIGN_LENGTH = 32
_AIR = re.compile(r"a-[a-z]-A(-|$)")
_TYPE = re.compile(r"([A-Za-z0-9_.]+(?:-[A-Za-z0-9_.]+)*)(?:;[^;]*)?")
_UID = re.compile(r"[\x21-\x7e]{1,128}")
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")


class CotEvent(Struct, frozen=True, kw_only=True):
    """One event, its fields checked; None where the sender said nothing or unknown."""

    uid: str
    type: str
    time_us: int
    start_us: int
    stale_us: int
    how: str
    opex: str
    lat_deg: float
    lon_deg: float
    hae_m: float | None
    callsign: str | None
    speed_mps: float | None
    course_deg: float | None
    asked_version: str
    dropped_count: int

    def is_air(self) -> bool:
        """Whether it is an air track."""
        return _AIR.match(self.type) is not None

    def is_exercise(self) -> bool:
        """Whether its bytes say exercise or simulation."""
        return self.opex[:1] in ("e", "s")


def event_of(held: Attributes, dropped_count: int) -> CotEvent:
    """An event from the attributes of its elements.

    **Raises**: WireError, when a field is missing or out of its limits.
    """
    head, point = held["event"], held.get("point")
    if point is None:
        raise WireError("an event needs `point`")
    contact, track = held.get("contact", {}), held.get("track", {})
    hae_m = _number(point, "hae", LOWEST_M, UNKNOWN_M)
    if hae_m > HIGHEST_M and hae_m != UNKNOWN_M:
        raise WireError("`hae` is over 50,000 m")
    return CotEvent(
        uid=_text(head, "uid", _UID),
        type=_text(head, "type", _TYPE).partition(";")[0],
        time_us=_instant(head, "time"),
        start_us=_instant(head, "start"),
        stale_us=_instant(head, "stale"),
        how=head.get("how", ""),
        opex=head.get("opex", ""),
        lat_deg=_number(point, "lat", -90, 90),
        lon_deg=_number(point, "lon", -180, 180),
        hae_m=None if hae_m == UNKNOWN_M else hae_m,
        callsign=shown(contact["callsign"])[:CALLSIGN_LENGTH] if "callsign" in contact else None,
        speed_mps=_number(track, "speed", 0, MOST_MPS) if "speed" in track else None,
        course_deg=_number(track, "course", 0, 360) if "course" in track else None,
        asked_version=held.get("TakRequest", {}).get("version", ""),
        dropped_count=dropped_count,
    )


def _text(attributes: dict[str, str], name: str, pattern: re.Pattern[str]) -> str:
    value = attributes.get(name, "")
    if not pattern.fullmatch(value):
        raise WireError(f"`{name}` is missing or not allowed")
    return value


def _number(attributes: dict[str, str], name: str, low: float, high: float) -> float:
    text = attributes.get(name, "")
    if not _DECIMAL.fullmatch(text):
        raise WireError(f"`{name}` is missing or not a decimal number")
    value = float(text)
    if not low <= value <= high:
        raise WireError(f"`{name}` is out of {low:g} to {high:g}")
    return value


def _instant(attributes: dict[str, str], name: str) -> int:
    try:
        return us_from_rfc3339(attributes.get(name, ""))
    except InputError as error:
        raise WireError(f"`{name}` is missing or no time with a zone") from error
