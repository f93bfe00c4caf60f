"""Pictures and observations as the tape's rows, and back."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from watchfloor.base.labels import Label
from watchfloor.messages.air import Observation, ObservationBatch, Party, SourceAge, Track, TrackPicture
from watchfloor.messages.room import FeedState
from watchfloor.record.tape import ECHO, NOTHING, OBSERVATIONS, STREAMS, TRACKS, Frame, FrameHead, TapedName

_STATES = (FeedState.WAITING, FeedState.FRESH, FeedState.STALE, FeedState.LOST)
_CODES = {state: code for code, state in enumerate(_STATES)}
_GROUND = {None: 0, False: 1, True: 2}
_STEPS_A_DEGREE = 1e6
_KINDS = {(stream, column.name): np.dtype(column.kind) for stream, columns in STREAMS.items() for column in columns}
_feed_id_of = attrgetter("feed_id")


def name_of(track: Track) -> TapedName:
    """The part of a track that is told in a frame's head."""
    return TapedName(
        track.number,
        track.identity,
        track.callsign,
        track.squawk,
        track.party,
        tuple(map(_feed_id_of, track.sources)),
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
        and tuple(map(_feed_id_of, track.sources)) == name.sources
    )


def frame_of_picture(picture: TrackPicture, told: Mapping[int, TapedName]) -> Frame:
    """The picture as a frame, with the names that were not told in this block yet, or changed since."""
    tracks = picture.tracks
    names = tuple(name_of(track) for track in tracks if not _is_called(track, told.get(track.number)))
    columns = {
        "number": _column(TRACKS, "number", [t.number for t in tracks]),
        **_place_columns(TRACKS, tracks),
        "state": _column(TRACKS, "state", [_CODES[state] for state in picture.states]),
    }
    return Frame(FrameHead(picture.room_us, len(tracks), names), columns)


class ObservationRows:
    """Gathers what feeds said within a second; numbers each pair of feed and identity. One for each block."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._names: dict[int, TapedName] = {}
        self._batches: list[ObservationBatch] = []
        self._news: dict[int, TapedName] = {}

    def add(self, batch: ObservationBatch) -> None:
        """Take a batch in."""
        self._batches.append(batch)

    def take(self, room_us: int) -> Frame:
        """The frame of what came since the last one."""
        batches, self._batches = self._batches, []
        numbers = [self._number_of(one, batch) for batch in batches for one in batch.observations]
        seen = [one for batch in batches for one in batch.observations]
        order = np.argsort(np.array(numbers, dtype=np.int64), kind="stable")
        columns = {
            "number": _column(OBSERVATIONS, "number", numbers),
            **_place_columns(OBSERVATIONS, seen),
            "geo_minus_pressure": _steps([one.geo_minus_pressure_ft for one in seen]),
            "ground": _column(OBSERVATIONS, "ground", [_GROUND[one.on_ground] for one in seen]),
        }
        head = FrameHead(room_us, len(seen), tuple(self._news[number] for number in sorted(self._news)))
        self._news = {}
        return Frame(head, {name: values[order] for name, values in columns.items()})

    def _number_of(self, seen: Observation, batch: ObservationBatch) -> int:
        """The number of who is seen; what is new of its name is told with the next frame."""
        is_echo = seen.accuracy is not None and not seen.is_plot()
        identity = ECHO + seen.identity if is_echo else seen.identity
        number = self._numbers.setdefault((batch.feed_id, identity), len(self._numbers) + 1)
        held = self._names.get(number)
        callsign = seen.callsign or (held.callsign if held else "")
        squawk = seen.squawk or (held.squawk if held else "")
        party = seen.party or (held.party if held else Party.UNKNOWN)
        if held is None or (callsign, squawk, party) != (held.callsign, held.squawk, held.party):
            label = batch.label
            self._names[number] = self._news[number] = TapedName(
                number,
                identity,
                callsign,
                squawk,
                party,
                (batch.feed_id,),
                label.nations,
                int(label.level),
                label.need_to_know,
            )
        return number


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


def _place_columns(stream: str, rows: Sequence[Track] | Sequence[Observation]) -> dict[str, Any]:
    """Where aircraft are or were seen, and how they move."""
    return {
        "toa": _column(stream, "toa", [one.toa_us // 1000 for one in rows]),
        "lat": _steps([one.lat_deg for one in rows], _STEPS_A_DEGREE),
        "lon": _steps([one.lon_deg for one in rows], _STEPS_A_DEGREE),
        "alt": _steps([one.alt_ft for one in rows]),
        "geo_alt": _steps([one.geo_alt_ft for one in rows]),
        "gs": _steps([one.gs_kt for one in rows], 10),
        "trk": _steps([one.trk_deg for one in rows], 100),
        "vs": _steps([one.vs_fpm for one in rows]),
    }


def _column(stream: str, name: str, values: Sequence[int]) -> Any:
    return np.array(values, dtype=_KINDS[stream, name])


def _steps(values: Sequence[float | None], scale: float = 1) -> Any:
    """Values as whole steps, a half to the even one; NOTHING for None."""
    steps = np.rint(np.array(values, dtype=np.float64) * scale)
    return np.where(np.isnan(steps), NOTHING, steps).astype("<i4")


def _or_none(value: int) -> int | None:
    return None if value == NOTHING else value


def _scaled(value: int, scale: int) -> float | None:
    return None if value == NOTHING else value / scale
