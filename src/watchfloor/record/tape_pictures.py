"""Pictures and observations as the tape's rows, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from watchfloor.base.labels import Label
from watchfloor.messages.air import ObservationBatch, Party, SourceAge, Track, TrackPicture
from watchfloor.messages.room import FeedState
from watchfloor.record.tape import ECHO, NOTHING, OBSERVATIONS, STREAMS, TRACKS, Frame, FrameHead, TapedName

_STATES = (FeedState.WAITING, FeedState.FRESH, FeedState.STALE, FeedState.LOST)
_CODES = {state: code for code, state in enumerate(_STATES)}
_GROUND = {None: 0, False: 1, True: 2}
_STEPS_A_DEGREE = 1e6


def name_of(track: Track) -> TapedName:
    """The part of a track that is told in a frame's head."""
    return TapedName(
        track.number,
        track.identity,
        track.callsign,
        track.squawk,
        track.party,
        tuple(source.feed_id for source in track.sources),
        track.label.nations,
        int(track.label.level),
        track.label.need_to_know,
        track.oddity,
    )


def _is_called(track: Track, name: TapedName | None) -> bool:
    """Whether this is what a frame's head would tell of the track."""
    return (
        name is not None
        and track.callsign == name.callsign
        and track.squawk == name.squawk
        and track.oddity is name.oddity
        and track.party is name.party
        and track.label.nations == name.nations
        and track.label.level == name.level
        and track.label.need_to_know == name.need_to_know
        and track.identity == name.identity
        and len(track.sources) == len(name.sources)
        and all(source.feed_id == feed_id for source, feed_id in zip(track.sources, name.sources, strict=True))
    )


def frame_of_picture(picture: TrackPicture, told: Mapping[int, TapedName]) -> Frame:
    """The picture as a frame, with the names that were not told in this block yet, or changed since."""
    tracks = picture.tracks
    names = tuple(name_of(track) for track in tracks if not _is_called(track, told.get(track.number)))
    columns = {
        "number": _column(TRACKS, "number", [t.number for t in tracks]),
        "toa": _column(TRACKS, "toa", [t.toa_us // 1000 for t in tracks]),
        "lat": _steps([t.lat_deg for t in tracks], _STEPS_A_DEGREE),
        "lon": _steps([t.lon_deg for t in tracks], _STEPS_A_DEGREE),
        "alt": _steps([t.alt_ft for t in tracks]),
        "geo_alt": _steps([t.geo_alt_ft for t in tracks]),
        "gs": _steps([t.gs_kt for t in tracks], 10),
        "trk": _steps([t.trk_deg for t in tracks], 100),
        "vs": _steps([t.vs_fpm for t in tracks]),
        "state": _column(TRACKS, "state", [_CODES[state] for state in picture.states]),
    }
    return Frame(FrameHead(picture.room_us, len(tracks), names), columns)


class ObservationRows:
    """Gathers what feeds said within a second; numbers each pair of feed and identity. One for each block."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._names: dict[int, TapedName] = {}
        self._rows: list[tuple[int, ...]] = []
        self._news: dict[int, TapedName] = {}

    def add(self, batch: ObservationBatch) -> None:
        """Take a batch in."""
        for seen in batch.observations:
            is_echo = seen.accuracy is not None and not seen.is_plot()
            identity = ECHO + seen.identity if is_echo else seen.identity
            pair = (batch.feed_id, identity)
            number = self._numbers.setdefault(pair, len(self._numbers) + 1)
            held = self._names.get(number)
            if held is None or seen.callsign or seen.squawk or seen.party:
                name = TapedName(
                    number,
                    identity,
                    seen.callsign or (held.callsign if held else ""),
                    seen.squawk or (held.squawk if held else ""),
                    seen.party or (held.party if held else Party.UNKNOWN),
                    (batch.feed_id,),
                    batch.label.nations,
                    int(batch.label.level),
                    batch.label.need_to_know,
                )
                if name != held:
                    self._names[number] = self._news[number] = name
            self._rows.append(
                (
                    number,
                    seen.toa_us // 1000,
                    _or_nothing(seen.lat_deg, _STEPS_A_DEGREE),
                    _or_nothing(seen.lon_deg, _STEPS_A_DEGREE),
                    _or_nothing(seen.alt_ft),
                    _or_nothing(seen.geo_alt_ft),
                    _or_nothing(seen.gs_kt, 10),
                    _or_nothing(seen.trk_deg, 100),
                    _or_nothing(seen.vs_fpm),
                    _or_nothing(seen.geo_minus_pressure_ft),
                    _GROUND[seen.on_ground],
                )
            )

    def take(self, room_us: int) -> Frame:
        """The frame of what came since the last one."""
        rows = np.array(self._rows, dtype=np.int64).reshape(len(self._rows), len(STREAMS[OBSERVATIONS]))
        rows = rows[np.argsort(rows[:, 0], kind="stable")]
        columns = {
            column.name: rows[:, place].astype(np.dtype(column.kind))
            for place, column in enumerate(STREAMS[OBSERVATIONS])
        }
        head = FrameHead(room_us, len(rows), tuple(self._news[number] for number in sorted(self._news)))
        self._rows, self._news = [], {}
        return Frame(head, columns)


def picture_of(frame: Frame, names: Mapping[int, TapedName]) -> TrackPicture:
    """The picture a frame holds, with `names` gathered from the block's heads so far."""
    columns = {name: values.tolist() for name, values in frame.columns.items()}
    tracks = []
    labels: dict[tuple[int, tuple[str, ...], tuple[str, ...]], Label] = {}
    for row in range(frame.head.count):
        name = names[columns["number"][row]]
        toa_us = columns["toa"][row] * 1000
        marks = name.level, name.nations, name.need_to_know
        label = labels.get(marks)
        if label is None:
            label = labels[marks] = name.label()
        tracks.append(
            Track(
                identity=name.identity,
                number=name.number,
                label=label,
                sources=tuple(SourceAge(feed, toa_us) for feed in name.sources),
                toa_us=toa_us,
                lat_deg=columns["lat"][row] / _STEPS_A_DEGREE,
                lon_deg=columns["lon"][row] / _STEPS_A_DEGREE,
                alt_ft=_or_none(columns["alt"][row]),
                geo_alt_ft=_or_none(columns["geo_alt"][row]),
                gs_kt=_scaled(columns["gs"][row], 10),
                trk_deg=_scaled(columns["trk"][row], 100),
                vs_fpm=_or_none(columns["vs"][row]),
                callsign=name.callsign,
                squawk=name.squawk,
                party=name.party,
                oddity=name.oddity,
            )
        )
    states = tuple(_STATES[code] for code in columns["state"])
    return TrackPicture(room_us=frame.head.room_us, tracks=tuple(tracks), states=states)


def _column(stream: str, name: str, values: Sequence[int]) -> Any:
    kind = next(column.kind for column in STREAMS[stream] if column.name == name)
    return np.array(values, dtype=np.dtype(kind))


def _steps(values: Sequence[float | None], scale: float = 1) -> Any:
    """Values as whole steps, rounded as `_or_nothing` does, all at once."""
    steps = np.rint(np.array(values, dtype=np.float64) * scale)
    return np.where(np.isnan(steps), NOTHING, steps).astype("<i4")


def _or_nothing(value: float | int | None, scale: float = 1) -> int:
    return NOTHING if value is None else round(value * scale)


def _or_none(value: int) -> int | None:
    return None if value == NOTHING else value


def _scaled(value: int, scale: int) -> float | None:
    return None if value == NOTHING else value / scale
