"""Aircraft states in a CSV file: one row each, named columns, nothing taken where one value is out of place.

| column | unit | values |
|---|---|---|
| `id` | - | 1 to 64 printable characters, once in the file |
| `lat_deg`, `lon_deg` | degrees, WGS 84 | -90 to 90, -180 to 360 |
| `alt_ft` | feet | -2,000 to 200,000, taken as whole feet |
| `gs_kt` | knots | 0 to 4,000 |
| `trk_deg` | degrees true | -360 to 360 |
| `vs_fpm` | feet per minute | -60,000 to 60,000 |
| `cleared_ft` | feet | may be absent or empty: the level at which its climb or descent ends |
| `next_lat_deg`, `next_lon_deg` | degrees, WGS 84 | may be absent or empty, both: its next waypoint |

**Source**: RFC 4180 for the form; the columns are the project's own.
"""

import csv
from array import array
from collections.abc import Iterable
from math import isnan, nan
from typing import NamedTuple

from watchfloor.base.errors import InputError

MOST_ROWS = 1_000_000
LIMITS = {
    "lat_deg": (-90.0, 90.0),
    "lon_deg": (-180.0, 360.0),
    "alt_ft": (-2_000.0, 200_000.0),
    "gs_kt": (0.0, 4_000.0),
    "trk_deg": (-360.0, 360.0),
    "vs_fpm": (-60_000.0, 60_000.0),
}
INTENT = {"cleared_ft": LIMITS["alt_ft"], "next_lat_deg": LIMITS["lat_deg"], "next_lon_deg": LIMITS["lon_deg"]}
_LONGEST_ID = 64


class States(NamedTuple):
    """Ids and columns of a file, in its order; `columns` by name, each as long as `ids`, of LIMITS and INTENT.

    An intent that is absent is NaN.
    """

    ids: list[str]
    columns: dict[str, "array[float]"]


def read_states(lines: Iterable[str]) -> States:
    """The states in a file's lines.

    **Raises**: InputError with `line` and `field`, at the first value that is missing, no number, or out of range, at
    an id that comes twice, and at a file of more than MOST_ROWS rows.
    """
    reader = csv.reader(lines, strict=True)
    try:
        places = _places(next(reader, []))
        columns = {name: array("d") for name in (*LIMITS, *INTENT)}
        known: dict[str, int] = {}
        for row in reader:
            if not row:
                continue
            line = reader.line_num
            if len(known) == MOST_ROWS:
                raise _fault(line, "id", f"a file holds at most {MOST_ROWS:,} aircraft; split it")
            name = _cell(row, places["id"], line, "id").strip()
            if not (0 < len(name) <= _LONGEST_ID and name.isprintable()):
                raise _fault(line, "id", f"an id has 1 to {_LONGEST_ID} characters that can be printed")
            if name in known:
                raise _fault(line, "id", f"`{name}` is on line {known[name]} already; each aircraft is there once")
            known[name] = line
            for column, limits in LIMITS.items():
                columns[column].append(_number(_cell(row, places[column], line, column), limits, line, column))
            _take_intent(row, places, columns, line)
    except csv.Error as error:
        raise _fault(reader.line_num, "row", f"no CSV: {error}") from error
    return States(list(known), columns)


def _take_intent(row: list[str], places: dict[str, int], columns: dict[str, "array[float]"], line: int) -> None:
    for column, limits in INTENT.items():
        text = _cell(row, places[column], line, column).strip() if column in places else ""
        columns[column].append(_number(text, limits, line, column) if text else nan)
    if isnan(columns["next_lat_deg"][-1]) != isnan(columns["next_lon_deg"][-1]):
        raise _fault(line, "next_lat_deg", "a waypoint has both a latitude and a longitude")


def _places(header: list[str]) -> dict[str, int]:
    named = [cell.strip().removeprefix("\ufeff") for cell in header]
    wanted = ["id", *LIMITS]
    missing = [name for name in wanted if name not in named]
    if missing:
        raise _fault(1, missing[0], f"the header lacks {', '.join(f'`{name}`' for name in missing)}")
    wanted += [name for name in INTENT if name in named]
    twice = next((name for name in wanted if named.count(name) > 1), None)
    if twice is not None:
        raise _fault(1, twice, f"the header names `{twice}` twice")
    return {name: named.index(name) for name in wanted}


def _cell(row: list[str], place: int, line: int, field: str) -> str:
    if place >= len(row):
        raise _fault(line, field, f"`{field}` is missing")
    return row[place]


def _number(text: str, limits: tuple[float, float], line: int, field: str) -> float:
    low, high = limits
    try:
        value = float(text) if text.isascii() and "_" not in text else nan
    except ValueError:
        value = nan
    if not low <= value <= high:
        raise _fault(line, field, f"`{field}` is `{text[:40]}`; a number from {low:,.0f} to {high:,.0f} is needed")
    return value


def _fault(line: int, field: str, sentence: str) -> InputError:
    return InputError(f"line {line}: {sentence}", field=field, line=line)
