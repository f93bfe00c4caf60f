"""A record as one MCAP file that the usual viewers open: tracks as GeoJSON, events as log lines, the context on both.

Topics `/tracks` (schema foxglove.GeoJSON, one message a second) and `/events` (foxglove.Log). Times are room times.
Needs the extra `analysis`. **Source**: mcap.dev; the two schemas are the published JSON ones of those names.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from watchfloor.app.sight import may_see
from watchfloor.base.errors import UnavailableError
from watchfloor.base.labels import Audience
from watchfloor.edge.stores.disk import refusal
from watchfloor.messages.entry import Entry
from watchfloor.messages.room import TapeBlockRecovered, TapeBlockSealed, TapeFrameWritten
from watchfloor.record.folder_layout import tape_file
from watchfloor.record.pseudonyms import Pseudonyms
from watchfloor.record.tape import TRACKS, stream_of
from watchfloor.record.tape_files import named_frames
from watchfloor.record.tape_pictures import picture_of

_GEOJSON = {"type": "object", "properties": {"geojson": {"type": "string"}}}
_LOG = {
    "type": "object",
    "properties": {
        "timestamp": {"type": "object", "properties": {"sec": {"type": "integer"}, "nsec": {"type": "integer"}}},
        "level": {"type": "integer"},
        "message": {"type": "string"},
        "name": {"type": "string"},
        "file": {"type": "string"},
        "line": {"type": "integer"},
    },
}
_INFO = 2


def write_mcap(
    path: Path,
    entries: list[Entry],
    files: Mapping[str, bytes],
    audience: Audience | None,
    marks: Mapping[str, str],
    tell: Callable[[int], None],
    pseudonyms: Pseudonyms | None = None,
) -> int:
    """Write the file; answers how many messages.

    **Raises**: UnavailableError, when mcap is not installed, the file exists, or the disk refuses.
    """
    try:
        from mcap.writer import Writer  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise UnavailableError("MCAP needs the extra `analysis`: pip install 'watchfloor[analysis]'") from error
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            writer = Writer(file)
            writer.start(profile="", library="watchfloor")
            writer.add_metadata("watchfloor", dict(marks))
            count = _write(writer, entries, files, audience, marks["context"], tell, pseudonyms)
            writer.finish()  # type: ignore[no-untyped-call]
    except FileExistsError as error:
        raise UnavailableError(f"`{path}` exists already") from error
    except OSError as error:
        raise refusal(error, f"`{path}` cannot be written") from error
    return count


def _write(
    writer: Any,
    entries: list[Entry],
    files: Mapping[str, bytes],
    audience: Audience | None,
    context: str,
    tell: Callable[[int], None],
    pseudonyms: Pseudonyms | None,
) -> int:
    channels = {}
    for topic, name, schema in (("/tracks", "foxglove.GeoJSON", _GEOJSON), ("/events", "foxglove.Log", _LOG)):
        schema_id = writer.register_schema(name=name, encoding="jsonschema", data=json.dumps(schema).encode())
        channels[topic] = writer.register_channel(
            topic=topic, message_encoding="json", schema_id=schema_id, metadata={"context": context}
        )
    count = 0

    def put(topic: str, room_us: int, document: dict[str, Any]) -> None:
        nonlocal count
        count += 1
        writer.add_message(
            channel_id=channels[topic],
            log_time=room_us * 1000,
            publish_time=room_us * 1000,
            data=json.dumps(document).encode(),
        )
        tell(count)

    for entry in entries:
        body = entry.body
        if isinstance(body, TapeBlockSealed | TapeBlockRecovered) and stream_of(body.block) == TRACKS:
            raw = files.get(tape_file(body.block))
            for frame, names in named_frames(body.block, raw) if raw else ():
                picture = picture_of(frame, names if pseudonyms is None else pseudonyms.all_of(names))
                put("/tracks", picture.room_us, {"geojson": json.dumps(_features(picture, audience, context))})
        elif not isinstance(body, TapeFrameWritten) and (audience is None or may_see(body.label, audience)):
            stamp = {"sec": entry.room_us // 1_000_000, "nsec": entry.room_us % 1_000_000 * 1000}
            message = f"{context}: entry {entry.seq}, {type(body).__name__}"
            line = {"timestamp": stamp, "level": _INFO, "message": message, "name": entry.source, "file": "", "line": 0}
            put("/events", entry.room_us, line)
    return count


def _features(picture: Any, audience: Audience | None, context: str) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "context": context,
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [track.lon_deg, track.lat_deg]},
                "properties": {
                    "name": f"{track.callsign or track.identity} ({context})",
                    "alt_ft": track.alt_ft,
                    "state": state.value,
                },
            }
            for track, state in zip(picture.tracks, picture.states, strict=True)
            if audience is None or may_see(track.label, audience)
        ],
    }
