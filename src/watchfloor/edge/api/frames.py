"""The binary frame that carries the picture to a wall: 24 bytes a track.

| field | bytes | meaning |
|---|---|---|
| magic | 4 | `WFT1` |
| count | 4 | u32, tracks that follow |
| room time | 8 | i64, microseconds |
| generation | 4 | u32, grows at each new time context |
| reserved | 4 | zero |
| columns | 24 * count | in this order, each for all tracks: |
| number | 4 | u32 |
| lat, lon | 4 + 4 | i32, 1e-7 degree |
| age | 2 | u16, 0.1 s, 65,535 or more stays 65,535 |
| level | 2 | i16, 25 ft steps; -32,768 unknown |
| speed | 2 | u16, 0.1 kt; 65,535 unknown |
| track | 2 | u16, 0.01 degree; 65,535 unknown |
| vertical rate | 2 | i16, ft/min; -32,768 unknown |
| party | 1 | 0 coalition, 1 other party, 2 civil, 3 humanitarian, 4 unknown |
| state | 1 | 0 waiting, 1 fresh, 2 stale, 3 lost |

All little-endian. The wall reads it with typed arrays (`wall/src/wire.ts`).
**Source**: own format.
"""

import struct

import numpy as np

from watchfloor.app.sight import may_see
from watchfloor.base.labels import Audience
from watchfloor.messages.air import Party, Track, TrackPicture
from watchfloor.messages.room import FeedState

MAGIC = b"WFT1"
_HEAD = struct.Struct("<4sIqII")
PARTIES = (Party.COALITION, Party.OTHER, Party.CIVIL, Party.HUMANITARIAN, Party.UNKNOWN)
STATES = (FeedState.WAITING, FeedState.FRESH, FeedState.STALE, FeedState.LOST)


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


def encode(picture: TrackPicture, generation: int) -> bytes:
    """One frame."""
    tracks = picture.tracks
    ages = [min(max((picture.room_us - track.toa_us) // 100_000, 0), 65_535) for track in tracks]
    columns = (
        np.array([track.number for track in tracks], "<u4"),
        np.array([round(track.lat_deg * 1e7) for track in tracks], "<i4"),
        np.array([round(track.lon_deg * 1e7) for track in tracks], "<i4"),
        np.array(ages, "<u2"),
        np.array([_level(track) for track in tracks], "<i2"),
        np.array([_capped(track.gs_kt, 10) for track in tracks], "<u2"),
        np.array([_capped(track.trk_deg, 100) for track in tracks], "<u2"),
        np.array([_rate(track) for track in tracks], "<i2"),
        np.array([PARTIES.index(track.party) for track in tracks], "u1"),
        np.array([STATES.index(state) for state in picture.states], "u1"),
    )
    head = _HEAD.pack(MAGIC, len(tracks), picture.room_us, generation, 0)
    return head + b"".join(column.tobytes() for column in columns)


def _level(track: Track) -> int:
    level_ft = track.alt_ft if track.alt_ft is not None else track.geo_alt_ft
    return -32_768 if level_ft is None else max(-32_767, min(32_767, round(level_ft / 25)))


def _capped(value: float | None, scale: int) -> int:
    return 65_535 if value is None else min(round(value * scale), 65_534)


def _rate(track: Track) -> int:
    return -32_768 if track.vs_fpm is None else max(-32_767, min(32_767, track.vs_fpm))
