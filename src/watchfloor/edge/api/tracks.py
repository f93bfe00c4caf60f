"""Tracks as plain documents: GeoJSON for all, and one with its sources, ages and trail."""

from typing import Any

from watchfloor.app.room import Room
from watchfloor.base.instants import rfc3339_from_us
from watchfloor.base.labels import Audience
from watchfloor.edge.api.frames import visible
from watchfloor.messages.air import Track
from watchfloor.picture.step import state_of


def tracks_geojson(room: Room, audience: Audience) -> dict[str, Any]:
    """All tracks an audience may see, marked with the room's context."""
    seen = visible(room.snapshot(), audience)
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


def track_document(room: Room, track: Track) -> dict[str, Any]:
    """One track, each source with its own age, and where it has been."""
    room_us = room.writer.room_now_us()
    return {
        **_properties(track, room_us),
        "state": state_of(track, room.picture.limits, room_us).value,
        "lat_deg": track.lat_deg,
        "lon_deg": track.lon_deg,
        "context": room.setup.context.value,
        "trail": [
            [point.toa_us, round(point.lon_deg, 7), round(point.lat_deg, 7), point.alt_ft]
            for point in room.trail(track.identity)
        ],
    }


def _properties(track: Track, room_us: int) -> dict[str, Any]:
    return {
        "number": track.number,
        "identity": track.identity,
        "callsign": track.callsign,
        "squawk": track.squawk,
        "party": track.party.value,
        "alt_ft": track.alt_ft,
        "geo_alt_ft": track.geo_alt_ft,
        "gs_kt": None if track.gs_kt is None else round(track.gs_kt, 1),
        "trk_deg": None if track.trk_deg is None else round(track.trk_deg, 2),
        "vs_fpm": track.vs_fpm,
        "on_ground": track.on_ground,
        "age_s": round(max(room_us - track.toa_us, 0) / 1e6, 1),
        "sources": [
            {"feed_id": source.feed_id, "age_s": round(max(room_us - source.toa_us, 0) / 1e6, 1)}
            for source in track.sources
        ],
    }
