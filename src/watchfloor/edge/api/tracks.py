"""Tracks as plain documents: GeoJSON or Parquet for all, and one with its sources, ages and trail.

Both snapshots can be read again as a recorded feed (`wire/observed`).
"""

import io
from datetime import UTC, datetime
from typing import Any

import msgspec

from watchfloor.app.room import Room
from watchfloor.app.views import View
from watchfloor.base.errors import UnavailableError
from watchfloor.base.instants import rfc3339_from_us
from watchfloor.base.labels import LEVEL_NAMES, Audience
from watchfloor.edge.api.frames import visible
from watchfloor.messages.air import Track, TrackPicture
from watchfloor.messages.room import Context
from watchfloor.picture.step import state_of

_COLUMNS = {
    "identity": "string",
    "lat_deg": "float64",
    "lon_deg": "float64",
    "alt_ft": "int32",
    "geo_alt_ft": "int32",
    "gs_kt": "float64",
    "trk_deg": "float64",
    "vs_fpm": "int32",
    "selected_ft": "int32",
    "callsign": "string",
    "squawk": "string",
    "on_ground": "bool",
}


def by_age(room: Room, audience: Audience) -> TrackPicture:
    """The tracks that an audience may see now, the oldest first."""
    seen = visible(room.seen_by(audience), audience)
    pairs = sorted(zip(seen.tracks, seen.states, strict=True), key=lambda pair: pair[0].toa_us)
    return TrackPicture(
        room_us=seen.room_us, tracks=tuple(track for track, _ in pairs), states=tuple(state for _, state in pairs)
    )


def tracks_geojson(room: Room, audience: Audience) -> dict[str, Any]:
    """All tracks an audience may see, marked with the room's context."""
    seen = by_age(room, audience)
    return {
        "type": "FeatureCollection",
        "context": room.setup.context.value,
        "room_time": rfc3339_from_us(seen.room_us),
        "features": [
            {
                "type": "Feature",
                "geometry": {
                    "type": "Point",
                    "coordinates": [round(track.lon_deg, 7), round(track.lat_deg, 7)],
                },
                "properties": {**_properties(track, seen.room_us), "state": state.value},
            }
            for track, state in zip(seen.tracks, seen.states, strict=True)
        ],
    }


def tracks_parquet(seen: TrackPicture, context: Context) -> bytes:
    """Tracks, a row each, marked with the room's context.

    **Raises**: UnavailableError, when pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415  # an extra
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError as error:
        raise UnavailableError("Parquet needs pyarrow: pip install 'watchfloor[analysis]'") from error
    columns: dict[str, Any] = {
        name: pa.array([getattr(track, name) for track in seen.tracks], pa.type_for_alias(kind))
        for name, kind in _COLUMNS.items()
    }
    words, told = pa.list_(pa.string()), pa.list_(pa.struct({"feed_id": pa.string(), "age_s": pa.float64()}))
    times = [datetime.fromtimestamp(track.toa_us / 1e6, UTC) for track in seen.tracks]
    columns["time"] = pa.array(times, pa.timestamp("us", "UTC"))
    columns |= {
        "number": [track.number for track in seen.tracks],
        "party": [track.party.value for track in seen.tracks],
        "state": [state.value for state in seen.states],
        "oddity": [track.oddity.value for track in seen.tracks],
        "level": [LEVEL_NAMES[track.label.level] for track in seen.tracks],
        "nations": pa.array([track.label.nations for track in seen.tracks], words),
        "need_to_know": pa.array([track.label.need_to_know for track in seen.tracks], words),
        "sources": pa.array([_sources(track, seen.room_us) for track in seen.tracks], told),
        "context": [context.value] * len(seen.tracks),
    }
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, compression="zstd")
    return file.getvalue()


def track_document(room: Room, view: View, track: Track) -> dict[str, Any]:
    """One track of a view, each source with its own age, and where it has been."""
    room_us = room.writer.room_now_us()
    return {
        **_properties(track, room_us),
        "state": state_of(track, view.picture.limits, room_us).value,
        "lat_deg": track.lat_deg,
        "lon_deg": track.lon_deg,
        "context": room.setup.context.value,
        "trail": [
            [point.toa_us, round(point.lon_deg, 7), round(point.lat_deg, 7), point.alt_ft]
            for point in view.trail(track.identity)
        ],
    }


def _properties(track: Track, room_us: int) -> dict[str, Any]:
    return {
        "number": track.number,
        "identity": track.identity,
        "time": rfc3339_from_us(track.toa_us),
        "callsign": track.callsign,
        "squawk": track.squawk,
        "party": track.party.value,
        "alt_ft": track.alt_ft,
        "geo_alt_ft": track.geo_alt_ft,
        "gs_kt": None if track.gs_kt is None else round(track.gs_kt, 1),
        "trk_deg": None if track.trk_deg is None else round(track.trk_deg, 2),
        "vs_fpm": track.vs_fpm,
        "on_ground": track.on_ground,
        "oddity": track.oddity.value,
        "label": msgspec.to_builtins(track.label),
        "age_s": round(max(room_us - track.toa_us, 0) / 1e6, 1),
        "sources": _sources(track, room_us),
    }


def _sources(track: Track, room_us: int) -> list[dict[str, Any]]:
    return [
        {"feed_id": source.feed_id, "age_s": round(max(room_us - source.toa_us, 0) / 1e6, 1)}
        for source in track.sources
    ]
