"""Observations in files: rows of CSV or Parquet, or points of GeoJSON, with the fields of an observation by name.

| column or property | unit | values |
|---|---|---|
| `identity` | - | `icao:` and six hex digits, `cot:` and a uid, `rid:` and a serial number, `radar:` and a number |
| `time` | UTC | RFC 3339 with a zone, or seconds since 1970 |
| `lat_deg`, `lon_deg` | degrees, WGS 84 | both or neither; in GeoJSON the point's |
| `alt_ft` | feet | pressure altitude |
| `geo_alt_ft` | feet | above the ellipsoid; in GeoJSON also the point's third number, in metres |
| `gs_kt`, `trk_deg` | knots, degrees true | both or neither |
| `vs_fpm`, `selected_ft` | feet a minute, feet | whole numbers |
| `callsign`, `squawk` | - | up to 32 characters; four octal digits |
| `on_ground` | - | true or false |

Empty is absent. Other columns are passed over. Rows are in order of time, at most a second back.
**Source**: RFC 4180, RFC 7946 (height is above the ellipsoid, section 4), Apache Parquet; the names are the project's.
"""

import csv
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from watchfloor.base.errors import InputError
from watchfloor.base.instants import us_from_datetime, us_from_rfc3339
from watchfloor.base.units import M_PER_FT
from watchfloor.messages.air import Observation
from watchfloor.messages.feeds import fault_of

MOST_ROWS = 5_000_000
BACKWARDS_US = 1_000_000
_WHOLE = ("alt_ft", "geo_alt_ft", "vs_fpm", "selected_ft")
_REAL = ("lat_deg", "lon_deg", "gs_kt", "trk_deg")
COLUMNS = ("identity", "time", *_REAL, *_WHOLE, "callsign", "squawk", "on_ground")
_SQUAWK = re.compile(r"[0-7]{4}")
_LONGEST_CALLSIGN = 32
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


def from_csv(lines: Iterable[str]) -> list[Observation]:
    """The observations in a CSV file's lines.

    **Raises**: InputError with `line` and `field`, at the first row that is none.
    """
    reader = csv.DictReader(lines, strict=True)
    try:
        if not {"identity", "time"} <= set(reader.fieldnames or ()):
            raise InputError("line 1: the header needs `identity` and `time`", field="identity", line=1)
        return _in_order((reader.line_num, row) for row in reader)
    except csv.Error as error:
        raise InputError(f"line {reader.line_num}: no CSV: {error}", field="row", line=reader.line_num) from error


def from_geojson(raw: bytes) -> list[Observation]:
    """The observations in a GeoJSON collection of points.

    **Raises**: InputError, naming the feature, at the first that is none.
    """
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InputError(f"no JSON: {error}", field="features") from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise InputError("a GeoJSON file holds `features`, a list", field="features")
    return _in_order((place, _row_of(place, feature)) for place, feature in enumerate(features, 1))


def from_rows(rows: Iterable[Mapping[str, Any]]) -> list[Observation]:
    """The observations in rows of typed values, as Parquet has them.

    **Raises**: InputError, naming the row, at the first that is none.
    """
    return _in_order(enumerate(rows, 1))


def _row_of(place: int, feature: Any) -> dict[str, Any]:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    properties = feature.get("properties") if isinstance(feature, dict) else None
    where = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
    if not isinstance(properties, dict) or not isinstance(where, list) or len(where) not in (2, 3):
        raise InputError(f"feature {place}: needs `properties` and a Point of two or three numbers", field="geometry")
    row = {**properties, "lon_deg": where[0], "lat_deg": where[1]}
    if len(where) == 3 and row.get("geo_alt_ft") is None:
        height_m = _number(place, "coordinates", where[2])
        row["geo_alt_ft"] = None if height_m is None else height_m / M_PER_FT
    return row


def _in_order(rows: Iterable[tuple[int, Mapping[str, Any]]]) -> list[Observation]:
    found: list[Observation] = []
    for line, row in rows:
        if len(found) >= MOST_ROWS:
            raise InputError(f"line {line}: over {MOST_ROWS:,} rows; cut the file", field="row", line=line)
        seen = _observation(line, row)
        if found and seen.toa_us < found[-1].toa_us - BACKWARDS_US:
            raise _fault(line, "time", "the time goes back by over a second; sort the file")
        found.append(seen)
    if not found:
        raise InputError("no rows", field="row")
    return found


def _observation(line: int, row: Mapping[str, Any]) -> Observation:
    numbers: dict[str, Any] = {name: _whole(line, name, row.get(name)) for name in _WHOLE}
    numbers |= {name: _number(line, name, row.get(name)) for name in _REAL}
    callsign, squawk = (_text(line, name, row.get(name)) for name in ("callsign", "squawk"))
    if callsign is not None and len(callsign) > _LONGEST_CALLSIGN:
        raise _fault(line, "callsign", f"has over {_LONGEST_CALLSIGN} characters")
    if squawk is not None and not _SQUAWK.fullmatch(squawk):
        raise _fault(line, "squawk", "has four octal digits")
    seen = Observation(
        identity=_text(line, "identity", row.get("identity")) or "",
        toa_us=_time_us(line, row.get("time")),
        callsign=callsign,
        squawk=squawk,
        on_ground=_truth(line, row.get("on_ground")),
        **numbers,
    )
    fault = fault_of(seen)
    if fault is not None:
        raise InputError(f"line {line}: {fault}", field="row", line=line)
    return seen


def _text(line: int, name: str, value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not value.isprintable():
        raise _fault(line, name, "is no printable text")
    return value


def _number(line: int, name: str, value: Any) -> float | None:
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise _fault(line, name, "is no number") from error
    if not abs(number) < 1e9:
        raise _fault(line, name, "is no number that can be")
    return number


def _whole(line: int, name: str, value: Any) -> int | None:
    number = _number(line, name, value)
    return None if number is None else round(number)


def _truth(line: int, value: Any) -> bool | None:
    if value is None or value == "" or isinstance(value, bool):
        return None if value == "" else value
    known = _TRUTHS.get(str(value).lower())
    if known is None:
        raise _fault(line, "on_ground", "is true or false")
    return known


def _time_us(line: int, value: Any) -> int:
    try:
        if isinstance(value, datetime):
            return us_from_datetime(value)
        if isinstance(value, str) and "T" in value.upper():
            return us_from_rfc3339(value)
        return round(float(value) * 1e6)
    except (InputError, TypeError, ValueError, OverflowError) as error:
        raise _fault(line, "time", "is RFC 3339 with a zone, or seconds since 1970") from error


def _fault(line: int, name: str, sentence: str) -> InputError:
    return InputError(f"line {line}: `{name}` {sentence}", field=name, line=line)
