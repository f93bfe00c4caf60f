"""The binary frames that carry the picture to a wall: 24 bytes a track, whole or only what is new.

| field of a whole frame | bytes | meaning |
|---|---|---|
| magic | 4 | `WFT1` |
| count | 4 | u32, tracks that follow |
| room time | 8 | i64, microseconds |
| generation | 4 | u32, grows at each new time context |
| turn | 4 | u32, which frame of its class of viewers this is |
| columns | 24 * count | in this order, each for all tracks: |
| number | 4 | u32 |
| lat, lon | 4 + 4 | i32, 1e-7 degree |
| age | 2 | u16, 0.1 s, 65,535 or more stays 65,535 |
| level | 2 | i16, 25 ft steps, of pressure altitude, or where that is unknown geometric; -32,768 unknown |
| speed | 2 | u16, 0.1 kt; 65,535 unknown |
| track | 2 | u16, 0.01 degree; 65,535 unknown |
| vertical rate | 2 | i16, ft/min; -32,768 unknown |
| party | 1 | 0 coalition, 1 other party, 2 civil, 3 humanitarian, 4 unknown; + 16: the level is geometric |
| state | 1 | 0 waiting, 1 fresh, 2 stale, 3 lost |

News begin with `WFT2` and the same head, then how many tracks are gone (u32) and their numbers (u32 each), then the
columns of those that came or changed. They go on from the frame of the turn before, in which every other track stays as
it was, older by the time in between. Rows are in order of their numbers. All little-endian. The wall reads them with
typed arrays (`wall/src/wire.ts`).

A screen that says after its hello which part of the world it looks at (`{"view": {"west_deg", "south_deg", "east_deg",
"north_deg"}}`; `null` for all of it) is sent that part alone: who leaves it is gone, who comes into it has come.
**Source**: own format.
"""

import struct
from collections.abc import Collection, Sequence
from typing import Annotated, Any

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from watchfloor.app.sight import may_see
from watchfloor.base.labels import Audience
from watchfloor.messages.air import Party, Track, TrackPicture
from watchfloor.messages.room import FeedState

MAGIC, NEWS_MAGIC = b"WFT1", b"WFT2"
_HEAD = struct.Struct("<4sIqII")
PARTIES = (Party.COALITION, Party.OTHER, Party.CIVIL, Party.HUMANITARIAN, Party.UNKNOWN)
STATES = (FeedState.WAITING, FeedState.FRESH, FeedState.STALE, FeedState.LOST)
_PARTY_CODES = {party: code for code, party in enumerate(PARTIES)}
_STATE_CODES = {state: code for code, state in enumerate(STATES)}
GEOMETRIC = 16
_U32 = (1 << 32) - 1
Column = NDArray[Any]
NO_TRACKS: Column = np.zeros(0, "<u4")


def visible(picture: TrackPicture, audience: Audience) -> TrackPicture:
    """The part of a picture that is releasable to an audience."""
    kept = [
        (track, state)
        for track, state in zip(picture.tracks, picture.states, strict=True)
        if may_see(track.label, audience)
    ]
    return TrackPicture(
        room_us=picture.room_us,
        tracks=tuple(track for track, _ in kept),
        states=tuple(state for _, state in kept),
    )


def encode(picture: TrackPicture, generation: int, turn: int = 0) -> bytes:
    """A whole frame."""
    head = _HEAD.pack(MAGIC, len(picture.tracks), picture.room_us, generation, turn & _U32)
    return head + _joined(_columns(picture))


def encode_news(changed: TrackPicture, gone: Sequence[int], generation: int, turn: int) -> bytes:
    """What is new since the frame before: tracks that came or changed, and the numbers of those that are gone."""
    head = _HEAD.pack(NEWS_MAGIC, len(changed.tracks), changed.room_us, generation, turn & _U32)
    return head + np.array([len(gone), *gone], "<u4").tobytes() + _joined(_columns(changed))


class View(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the world, borders included; one whose west is east of its east crosses the date line."""

    west_deg: Annotated[float, Meta(ge=-180, le=180)]
    south_deg: Annotated[float, Meta(ge=-90, le=90)]
    east_deg: Annotated[float, Meta(ge=-180, le=180)]
    north_deg: Annotated[float, Meta(ge=-90, le=90)]

    def holds(self, lat_e7deg: Column, lon_e7deg: Column) -> NDArray[np.bool_]:
        """Which of these places are in it, shape `(n,)` each."""
        south, north, west, east = (
            round(1e7 * deg) for deg in (self.south_deg, self.north_deg, self.west_deg, self.east_deg)
        )
        is_east, is_west = lon_e7deg >= west, lon_e7deg <= east
        across = is_east & is_west if west <= east else is_east | is_west
        return (lat_e7deg >= south) & (lat_e7deg <= north) & across


class Turns:
    """The frames of one class of viewers, turn by turn: each is made once, and only if somebody is sent it."""

    def __init__(self) -> None:
        self.turn = 0
        self._seen = TrackPicture(room_us=0, tracks=(), states=())
        self._held: dict[int, tuple[Track, FeedState]] = {}
        self._generation, self._news, self._whole = -1, b"", b""
        self._changed: list[int] = []
        self._columns: list[Column] = []

    def look(self, seen: TrackPicture, generation: int) -> Sequence[Track]:
        """Take the picture of the next turn; answers the tracks that came or changed.

        A track that anything was heard of is another object, so that to compare costs next to nothing.
        """
        held = {track.number: (track, state) for track, state in zip(seen.tracks, seen.states, strict=True)}
        changed = [pair for number, pair in held.items() if not _is_same(self._held.get(number), pair)]
        gone = sorted(self._held.keys() - held.keys())
        tracks, states = zip(*changed, strict=True) if changed else ((), ())
        self.turn += 1
        new = TrackPicture(room_us=seen.room_us, tracks=tracks, states=states)
        goes_on = generation == self._generation
        self._news = encode_news(new, gone, generation, self.turn) if goes_on else b""
        self._seen, self._held, self._generation, self._whole = seen, held, generation, b""
        self._changed, self._columns = [track.number for track in tracks], []
        return tracks

    def frame_after(self, turn: int) -> bytes:
        """What a viewer is sent whose newest frame was of this turn: news, or else the whole picture."""
        if self._news and turn == self.turn - 1:
            return self._news
        if not self._whole:
            self._whole = encode(self._seen, self._generation, self.turn)
        return self._whole

    def frame_in(self, view: View, numbers: Column, turn: int) -> tuple[bytes, Column]:
        """What a viewer of a part of the world is sent, and which tracks it has then.

        **Args**: `numbers`: those that it had in the frame of that turn.
        **Cost**: of the number of tracks, in arrays; the columns are made once a turn for all such viewers.
        """
        if not self._columns:
            self._columns = _columns(self._seen)
        rows = np.flatnonzero(view.holds(self._columns[1], self._columns[2]))
        here = self._columns[0][rows]
        if self._news and turn == self.turn - 1:
            is_news = np.isin(here, self._changed) | ~np.isin(here, numbers)
            rows, gone = rows[is_news], np.setdiff1d(numbers, here)
            raw = np.concatenate(([len(gone)], gone)).astype("<u4").tobytes()
            magic = NEWS_MAGIC
        else:
            magic, raw = MAGIC, b""
        head = _HEAD.pack(magic, len(rows), self._seen.room_us, self._generation, self.turn & _U32)
        return head + raw + b"".join(column[rows].tobytes() for column in self._columns), here

    def numbers(self) -> Collection[int]:
        """The tracks that there are now."""
        return self._held.keys()


def _is_same(held: tuple[Track, FeedState] | None, now: tuple[Track, FeedState]) -> bool:
    return held is not None and held[0] is now[0] and held[1] is now[1]


def _columns(picture: TrackPicture) -> list[Column]:
    """The columns of a frame, in its order, each of all tracks."""
    tracks = picture.tracks
    ages = [min(max((picture.room_us - track.toa_us) // 100_000, 0), 65_535) for track in tracks]
    return [
        np.array([track.number for track in tracks], "<u4"),
        np.array([round(track.lat_deg * 1e7) for track in tracks], "<i4"),
        np.array([round(track.lon_deg * 1e7) for track in tracks], "<i4"),
        np.array(ages, "<u2"),
        np.array([_level(track) for track in tracks], "<i2"),
        np.array([_capped(track.gs_kt, 10) for track in tracks], "<u2"),
        np.array([_capped(track.trk_deg, 100) for track in tracks], "<u2"),
        np.array([_rate(track) for track in tracks], "<i2"),
        np.array([_PARTY_CODES[track.party] + _basis(track) for track in tracks], "u1"),
        np.array([_STATE_CODES[state] for state in picture.states], "u1"),
    ]


def _joined(columns: Sequence[Column]) -> bytes:
    return b"".join(column.tobytes() for column in columns)


def _level(track: Track) -> int:
    level_ft = track.alt_ft if track.alt_ft is not None else track.geo_alt_ft
    return -32_768 if level_ft is None else max(-32_767, min(32_767, round(level_ft / 25)))


def _basis(track: Track) -> int:
    return GEOMETRIC if track.alt_ft is None and track.geo_alt_ft is not None else 0


def _capped(value: float | None, scale: int) -> int:
    return 65_535 if value is None else min(round(value * scale), 65_534)


def _rate(track: Track) -> int:
    return -32_768 if track.vs_fpm is None else max(-32_767, min(32_767, track.vs_fpm))
