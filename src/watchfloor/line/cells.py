"""Planned volumes as cells of space and time, so that plans that come too near always share one.

Each side widens its volumes by half of each minimum. Two that are ever nearer than both minima are then, at that
instant, around one place that lies in both; whichever cell holds it, both cover it. What is covered may be more than
needed, never less.

| axis | fine cell | coarse cell |
|---|---|---|
| latitude | 0.1 degrees | 4 of them |
| longitude | as wide as that at least, wider towards the equator's side of each 10 degrees | 4 of them |
| level | the vertical minimum, around its multiples | the same |
| time | 3 minutes | 4 of them |

**Frame**: corners as on the line, joined by straight lines in latitude and longitude.
**Source**: own reasoning; radii of WGS 84. **Doubt**: what may touch a cell covers it.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import asin, cos, degrees, floor, pi, radians, sin

from watchfloor.line.volumes import unrolled, within_e7deg
from watchfloor.messages.line import LinePlace, LineVolume, MatchTerms

Cell = tuple[int, int, int, int]  # row from the south pole, column from 180 degrees west, level, time

ROW_E7DEG, ROWS = 1_000_000, 1_800
TIME_US = 180_000_000
GROUND_COARSE, TIME_COARSE = 4, 4
_COLUMNS = (3_544, 3_380, 3_116, 2_756, 2_312, 1_796, 1_228, 624, 60)  # by 10 degrees of latitude, from the equator
_BAND_ROWS = 100
_LEAST_DEGREE_M = 110_500.0
_SLACK = 1.002
_ALL_E7DEG, _HALF_E7DEG = 3_600_000_000, 1_800_000_000
_POLE_E7DEG = 900_000_000

_Point = tuple[float, float]


def fine_cells(volumes: Iterable[LineVolume], terms: MatchTerms) -> set[Cell]:
    """Every fine cell within the epoch that the volumes touch, widened by half the minima."""
    found: set[Cell] = set()
    for volume in volumes:
        times = range(
            max(volume.from_us, terms.from_us) // TIME_US, min(volume.until_us, terms.until_us - 1) // TIME_US + 1
        )
        if not times:
            continue
        levels = range(volume.floor_ft // terms.vertical_ft, -(-volume.ceiling_ft // terms.vertical_ft) + 1)
        found.update(
            (row, column, level, time)
            for row, column in _ground(volume.outline, terms.horizontal_m / 2)
            for level in levels
            for time in times
        )
    return found


def coarse_of(cell: Cell) -> Cell:
    """The coarse cell that holds a fine one."""
    row, column, level, time = cell
    return row // GROUND_COARSE, column // GROUND_COARSE, level, time // TIME_COARSE


def element_of(cell: Cell) -> str:
    """A cell as both parties write it into a match."""
    return ":".join(map(str, cell))


def volume_around(cells: Sequence[Cell], terms: MatchTerms) -> LineVolume:
    """The smallest volume on the line that holds fine cells; of levels, where the plans themselves may be."""
    rows, levels, times = ({cell[axis] for cell in cells} for axis in (0, 2, 3))
    south, north = min(rows) * ROW_E7DEG - _POLE_E7DEG, (max(rows) + 1) * ROW_E7DEG - _POLE_E7DEG
    west, east = _between(cells)
    half_ft = (terms.vertical_ft + 1) // 2
    corners = ((south, west), (south, east), (north, east), (north, west))
    return LineVolume(
        outline=tuple(LinePlace(lat, within_e7deg(lon)) for lat, lon in corners),
        floor_ft=min(levels) * terms.vertical_ft - half_ft,
        ceiling_ft=max(levels) * terms.vertical_ft + half_ft,
        from_us=max(min(times) * TIME_US, terms.from_us),
        until_us=min((max(times) + 1) * TIME_US, terms.until_us),
    )


def columns_of(row: int) -> int:
    """How many columns a row has; a multiple of GROUND_COARSE, the same in all rows of a coarse one."""
    from_equator = row - ROWS // 2 if row >= ROWS // 2 else ROWS // 2 - 1 - row
    return _COLUMNS[from_equator // _BAND_ROWS]


def _ground(outline: Sequence[LinePlace], reach_m: float) -> Iterator[tuple[int, int]]:
    """Rows and columns that an outline touches, seen from so far around."""
    corners = [(lat / 1e7, lon / 1e7) for lat, lon in unrolled(outline)]
    reach_deg = reach_m / _LEAST_DEGREE_M * _SLACK
    lowest = max(floor((min(lat for lat, _ in corners) - reach_deg + 90) * 10), 0)
    highest = min(floor((max(lat for lat, _ in corners) + reach_deg + 90) * 10), ROWS - 1)
    for row in range(lowest, highest + 1):
        south, north = row / 10 - 90, (row + 1) / 10 - 90
        span = _lons_within(corners, south - reach_deg, north + reach_deg)
        if span is None:
            continue
        count = columns_of(row)
        wider_deg = _reach_of_lon_deg(max(abs(south), abs(north)), reach_m)
        if span[1] - span[0] + 2 * wider_deg >= 360 - 360 / count:
            columns: Iterable[int] = range(count)
        else:
            first = floor((span[0] - wider_deg + 180) * count / 360)
            last = floor((span[1] + wider_deg + 180) * count / 360)
            columns = {column % count for column in range(first, last + 1)}
        yield from ((row, column) for column in columns)


def _reach_of_lon_deg(lat_deg: float, reach_m: float) -> float:
    """How far east a place within reach of one at up to this latitude may lie [deg]; half the globe near a pole."""
    reach = reach_m / (_LEAST_DEGREE_M * 180 / pi) * _SLACK
    shrunk = cos(radians(lat_deg))
    if lat_deg >= 90 or sin(reach) >= shrunk:
        return 180.0
    return degrees(asin(sin(reach) / shrunk))


def _lons_within(corners: Sequence[_Point], south: float, north: float) -> tuple[float, float] | None:
    """From where to where an outline reaches between two latitudes [deg]; None, where it does not reach there."""
    lons: list[float] = []
    for place, (lat, lon) in enumerate(corners):
        if south <= lat <= north:
            lons.append(lon)
        to_lat, to_lon = corners[(place + 1) % len(corners)]
        lons += [
            lon + (to_lon - lon) * (border - lat) / (to_lat - lat)
            for border in (south, north)
            if min(lat, to_lat) < border < max(lat, to_lat)
        ]
    return (min(lons), max(lons)) if lons else None


def _between(cells: Sequence[Cell]) -> tuple[int, int]:
    """The shortest way east that passes all cells' columns [1e-7 deg], beyond the date line where it leads there."""
    spans = sorted(
        (column * _ALL_E7DEG // columns_of(row), -(-(column + 1) * _ALL_E7DEG // columns_of(row)))
        for row, column in {cell[:2] for cell in cells}
    )
    reached, widest = spans[0][1], (spans[0][0] + _ALL_E7DEG - max(east for _, east in spans), spans[0][0])
    for west, east in spans:
        widest = max(widest, (west - reached, west))
        reached = max(reached, east)
    gap, west = widest
    return west - _HALF_E7DEG, west - _HALF_E7DEG + _ALL_E7DEG - max(gap, 0)
