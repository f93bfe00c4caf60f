"""Where cameras looked as the tape's rows, and back: what a past air scene drew of a video."""

from collections.abc import Mapping

import numpy as np
from msgspec import Struct

from watchfloor.base.labels import Label
from watchfloor.messages.air import Party
from watchfloor.messages.video import CameraView, Corner
from watchfloor.record.tape import CAMERAS, NOTHING, STREAMS, Frame, FrameHead, TapedName

_STEPS_A_DEGREE = 1e6
_COLUMNS = STREAMS[CAMERAS]
_CORNERS = 4


class TapedView(Struct, frozen=True):
    """Where a feed's camera looked, and who may see it."""

    feed_id: str
    label: Label
    view: CameraView


class CameraRows:
    """Gathers where cameras looked within a second; numbers each feed. One for each block."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._news: list[TapedName] = []
        self._rows: list[tuple[int, ...]] = []

    def add(self, feed_id: str, label: Label, view: CameraView) -> None:
        """Take a view in."""
        number = self._numbers.get(feed_id)
        if number is None:
            number = self._numbers[feed_id] = len(self._numbers) + 1
            marks = label.nations, int(label.level), label.need_to_know
            self._news.append(TapedName(number, feed_id, "", "", Party.UNKNOWN, (feed_id,), *marks))
        corners = [one for corner in view.corners for one in (corner.lat_deg, corner.lon_deg)]
        degrees = [view.lat_deg, view.lon_deg, view.frame_lat_deg, view.frame_lon_deg, *corners]
        steps = [NOTHING if one is None else round(one * _STEPS_A_DEGREE) for one in degrees]
        steps += [NOTHING] * (4 + 2 * _CORNERS - len(steps))
        height_ft = NOTHING if view.geo_alt_ft is None else view.geo_alt_ft
        self._rows.append((number, view.toa_us // 1000, *steps[:2], height_ft, *steps[2:]))

    def take(self, room_us: int) -> Frame | None:
        """The frame of what came since the last one; None, when nothing did."""
        if not self._rows:
            return None
        rows = np.array(self._rows, dtype=np.int64).reshape(len(self._rows), len(_COLUMNS))
        rows = rows[np.argsort(rows[:, 0], kind="stable")]
        columns = {column.name: rows[:, place].astype(np.dtype(column.kind)) for place, column in enumerate(_COLUMNS)}
        head = FrameHead(room_us, len(rows), tuple(self._news))
        self._rows, self._news = [], []
        return Frame(head, columns)


def views_of(frame: Frame, names: Mapping[int, TapedName]) -> list[TapedView]:
    """The views that a frame holds, with `names` gathered from the block's heads so far."""
    columns = [frame.columns[column.name].tolist() for column in _COLUMNS]
    found = []
    for number, toa, lat, lon, height_ft, *rest in zip(*columns, strict=True):
        name = names[number]
        frame_lat, frame_lon, *corners = (_degrees(one) for one in rest)
        known = [one for one in corners if one is not None]
        places = [Corner(one, other) for one, other in zip(known[::2], known[1::2], strict=True)]
        view = CameraView(
            toa_us=toa * 1000,
            lat_deg=_degrees(lat),
            lon_deg=_degrees(lon),
            geo_alt_ft=None if height_ft == NOTHING else height_ft,
            frame_lat_deg=frame_lat,
            frame_lon_deg=frame_lon,
            corners=tuple(places),
        )
        found.append(TapedView(name.identity, name.label(), view))
    return found


def _degrees(steps: int) -> float | None:
    return None if steps == NOTHING else steps / _STEPS_A_DEGREE
