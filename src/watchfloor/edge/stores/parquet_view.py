"""A record's tape and entries as Parquet, for questions; a view, never the record.

`tracks-NNN.parquet` and `observations-NNN.parquet` hold an hour of room time each, sorted by number, then time, so that
one aircraft's hour lies in one or two row groups; `entries.parquet` has every entry as JSON. Each file's metadata says
the context (EXERCISE ...) and the log's root. Needs the extra `analysis`.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from watchfloor.app.sight import may_see
from watchfloor.base.errors import InputError, UnavailableError
from watchfloor.base.labels import Audience
from watchfloor.messages.entry import Entry, encode_entry
from watchfloor.messages.room import TapeBlockRecovered, TapeBlockSealed
from watchfloor.record.folder_layout import tape_file
from watchfloor.record.pseudonyms import Pseudonyms
from watchfloor.record.tape import CAMERAS, NOTHING, STREAMS, Frame, TapedName, stream_of
from watchfloor.record.tape_files import named_frames

HOUR_US = 3_600_000_000
ROW_GROUP = 65_536
_Named = tuple[Frame, Mapping[int, TapedName]]
_SEEN = tuple(column.name for column in STREAMS[CAMERAS] if "_l" in column.name)
_SCALES = {"lat": 1e-6, "lon": 1e-6, "gs": 0.1, "trk": 0.01, **dict.fromkeys(_SEEN, 1e-6)}
_NAMES = {
    "lat": "lat_deg",
    "lon": "lon_deg",
    "alt": "alt_ft",
    "geo_alt": "geo_alt_ft",
    "gs": "gs_kt",
    "trk": "trk_deg",
    "vs": "vs_fpm",
    "geo_minus_pressure": "geo_minus_pressure_ft",
    **{name: f"{name}_deg" for name in _SEEN},
}


def write_view(
    out: Path,
    entries: list[Entry],
    files: Mapping[str, bytes],
    audience: Audience | None,
    marks: Mapping[str, str],
    tell: Callable[[int], None],
    pseudonyms: Pseudonyms | None = None,
) -> int:
    """Write the view into a new folder; answers how many files.

    **Raises**: UnavailableError, when pyarrow is not installed or the disk refuses.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415  # an extra
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError as error:
        raise UnavailableError("Parquet needs the extra `analysis`: pip install 'watchfloor[analysis]'") from error
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UnavailableError(f"`{out}` holds something already; choose a new folder")
    metadata = {f"watchfloor.{name}": value for name, value in marks.items()}
    count = 0

    def put(name: str, columns: Mapping[str, Any]) -> None:
        nonlocal count
        table = pa.table(dict(columns)).replace_schema_metadata(metadata)
        pq.write_table(table, out / name, compression="zstd", row_group_size=ROW_GROUP)
        count += 1
        tell(count)

    try:
        out.mkdir(parents=True, exist_ok=True)
        for stream in STREAMS:
            for number, columns in enumerate(_hours(stream, entries, files, audience, pseudonyms), 1):
                put(f"{stream}-{number:03d}.parquet", columns)
        shown = [entry for entry in entries if audience is None or may_see(entry.body.label, audience)]
        put("entries.parquet", _entry_columns(shown))
    except OSError as error:
        raise UnavailableError(f"`{out}` cannot be written: {error.strerror}") from error
    return count


def _hours(
    stream: str,
    entries: list[Entry],
    files: Mapping[str, bytes],
    audience: Audience | None,
    pseudonyms: Pseudonyms | None,
) -> Iterator[dict[str, Any]]:
    """Columns of each hour of room time, sorted by number, then time."""
    held: list[_Named] = []
    for entry in entries:
        body = entry.body
        if not isinstance(body, TapeBlockSealed | TapeBlockRecovered) or stream_of(body.block) != stream:
            continue
        raw = files.get(tape_file(body.block))
        if raw is None:
            continue
        if held and body.first_room_us - held[0][0].head.room_us >= HOUR_US:
            yield _columns(stream, held, audience, pseudonyms)
            held = []
        held += named_frames(body.block, raw)
    if held:
        yield _columns(stream, held, audience, pseudonyms)


def _columns(
    stream: str, held: list[_Named], audience: Audience | None, pseudonyms: Pseudonyms | None
) -> dict[str, Any]:
    import pyarrow as pa  # noqa: PLC0415

    raw = {column.name: np.concatenate([frame.columns[column.name] for frame, _ in held]) for column in STREAMS[stream]}
    room_us = np.repeat([frame.head.room_us for frame, _ in held], [frame.head.count for frame, _ in held])
    names = [told[int(number)] for frame, told in held for number in frame.columns["number"].tolist()]
    if pseudonyms is not None:
        names = [pseudonyms.of(name) for name in names]
        raw["number"] = np.array([name.number for name in names], np.uint32)
    identity = np.array([name.identity for name in names], dtype=object)
    kept = np.array(
        [audience is None or may_see(name.label(), audience) for name in names],
        dtype=bool,
    )
    order = np.lexsort((raw["toa"], identity.astype(str))) if names else np.zeros(0, np.int64)
    order = order[kept[order]] if names else order
    columns: dict[str, Any] = {
        "identity": pa.array([names[row].identity for row in order]),
        "callsign": pa.array([names[row].callsign for row in order]),
        "party": pa.array([names[row].party.value for row in order]),
        "sources": pa.array([",".join(names[row].sources) for row in order]),
        "number": pa.array(raw["number"][order]),
        "room_us": pa.array(room_us[order]),
        "toa_us": pa.array(raw["toa"][order] * 1000),
    }
    for column in STREAMS[stream][2:]:
        values = raw[column.name][order]
        scale = _SCALES.get(column.name)
        mask = values == NOTHING if column.is_nullable else None
        shown = values if scale is None else np.round(values * scale, 7)
        columns[_NAMES.get(column.name, column.name)] = pa.array(shown, mask=mask)
    return columns


def _entry_columns(entries: list[Entry]) -> dict[str, Any]:
    if not entries:
        raise InputError("no entry is releasable to them", field="releasable-to")
    return {
        "seq": [entry.seq for entry in entries],
        "toe_us": [entry.toe_us for entry in entries],
        "room_us": [entry.room_us for entry in entries],
        "source": [entry.source for entry in entries],
        "type": [type(entry.body).__name__ for entry in entries],
        "json": [encode_entry(entry).decode() for entry in entries],
    }
