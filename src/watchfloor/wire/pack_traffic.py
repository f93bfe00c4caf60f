"""Scripted aircraft of a pack: GeoJSON lines with properties, to routes.

| property | unit | meaning |
|---|---|---|
| `count`, `first_off_block_min`, `headway_min` | -, min, min from 08:00 | aircraft k leaves at first + k * headway |
| `loop` | - | instead: all fly round the path, equally spaced from its first vertex at the start |
| `gs_kt`, `level_ft` | kt, ft pressure altitude | constant ground speed, level flown |
| `times` | HH:MM:SS room time | instead of a schedule: one time at each vertex |
| `climbs_from_field`, `descends_to_field` | - | starts or ends at ground level |

**Source**: own format.
"""

from typing import Any

from watchfloor.base.errors import InputError
from watchfloor.base.instants import us_from_hms
from watchfloor.messages.air import Party
from watchfloor.messages.pack import Ring, Route
from watchfloor.wire.marked import Marked


def routes_of(file: Marked, features: list[dict[str, Any]], midnight_us: int) -> tuple[Route, ...]:
    """All scripted aircraft of a traffic file.

    **Raises**: PackError, at the first fault.
    """
    return tuple(_route(file, ("features", place), feature, midnight_us) for place, feature in enumerate(features))


def _route(file: Marked, path: tuple[str | int, ...], feature: dict[str, Any], midnight_us: int) -> Route:
    properties = feature["properties"]
    where = (*path, "properties")
    line = _line(file, (*path, "geometry"), feature["geometry"])
    try:
        party = Party(properties.get("party"))
    except ValueError as error:
        raise file.fault((*where, "party"), f"`{properties.get('party')}` is no party") from error
    times = properties.get("times") or []
    if times and len(times) != len(line):
        raise file.fault((*where, "times"), f"{len(times)} times for {len(line)} vertices")
    try:
        times_us = tuple(midnight_us + us_from_hms(str(text)) for text in times)
    except InputError as error:
        raise file.fault((*where, "times"), str(error)) from error
    if list(times_us) != sorted(set(times_us)):
        raise file.fault((*where, "times"), "the times do not advance")

    def number(name: str, *, least: float = -1e6, otherwise: float | None = None) -> float:
        value = properties.get(name, otherwise)
        if not isinstance(value, int | float) or isinstance(value, bool) or value < least:
            raise file.fault((*where, name), f"`{value}` is not a number of at least {least:g}")
        return float(value)

    def word(name: str) -> str:
        value = properties.get(name, "")
        if not isinstance(value, str):
            raise file.fault((*where, name), f"`{value}` is not text")
        return value

    feed = word("feed")
    if feed not in ("TX", "COT"):
        raise file.fault((*where, "feed"), f"`{feed}` is neither `TX` nor `COT`")
    return Route(
        id=word("id"),
        party=party,
        kind=word("kind"),
        nation=word("nation"),
        feed=feed,
        count=int(number("count", least=1)),
        gs_kt=number("gs_kt", least=1),
        level_ft=int(number("level_ft", least=0)),
        headway_min=number("headway_min", otherwise=0),
        first_off_block_min=number("first_off_block_min", otherwise=0),
        loop=properties.get("loop") is True,
        climbs_from_field=properties.get("climbs_from_field") is True,
        descends_to_field=properties.get("descends_to_field") is True,
        callsigns=tuple(str(name) for name in properties.get("callsigns") or ()),
        times_us=times_us,
        path=line,
    )


def _line(file: Marked, path: tuple[str | int, ...], geometry: dict[str, Any]) -> Ring:
    try:
        line = tuple((float(lon), float(lat)) for lon, lat in geometry["coordinates"])
    except (KeyError, TypeError, ValueError) as error:
        raise file.fault(path, "not a line of longitude and latitude") from error
    if geometry.get("type") != "LineString" or len(line) < 2:
        raise file.fault(path, "a LineString has two vertices or more")
    return line
