"""Views of a record: Parquet that DuckDB answers from, MCAP that its own reader opens; both say EXERCISE."""

import json
import time
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from mcap.reader import make_reader

from tests.support.running import RunningRoom, run_words


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("views") / "room"
    room = RunningRoom(data, ("--from", "08:05:00", "--speed", "5"))
    try:
        room.until(lambda: room.get("/api/room")["head"]["size_count"] > 40, "some seconds of tape")
        assert room.stop() == 0
    finally:
        room.kill()
    return data


def test_parquet_answers_questions_and_says_its_context(lived: Path, tmp_path: Path) -> None:
    out = tmp_path / "view"
    done = run_words("record", "export", str(lived), str(out), "--parquet", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["context"] == "EXERCISE"
    metadata = pq.read_schema(out / "tracks-001.parquet").metadata
    assert metadata[b"watchfloor.context"] == b"EXERCISE"
    base = duckdb.connect()
    names = base.execute(
        f"select identity, count(*) n from '{out}/tracks-*.parquet' group by 1 order by n desc"
    ).fetchall()
    assert len(names) > 100
    start = time.perf_counter()
    asked = f"select toa_us, lat_deg, lon_deg from '{out}/tracks-*.parquet' where identity = ? order by toa_us"
    rows = base.execute(asked, [names[0][0]]).fetchall()
    assert len(rows) == names[0][1]
    assert time.perf_counter() - start < 5, "the figure itself is in the bench"
    assert all(-90 <= lat <= 90 and -180 <= lon <= 180 for _, lat, lon in rows)
    seen = base.execute(f"select count(*) from '{out}/observations-*.parquet' where lat_deg is not null").fetchone()
    assert seen is not None
    assert seen[0] > 500
    kinds = {row[0] for row in base.execute(f"select distinct type from '{out}/entries.parquet'").fetchall()}
    assert {"RoomOpened", "TapeBlockSealed"} <= kinds


def test_a_view_for_one_nation_holds_only_what_is_releasable_to_it(lived: Path, tmp_path: Path) -> None:
    for nation in ("ALD", "ZZZ"):
        done = run_words("record", "export", str(lived), str(tmp_path / nation), "--parquet", "--releasable-to", nation)
        assert (done.returncode == 0) == (nation == "ALD"), done.stderr


def test_mcap_opens_in_its_own_reader_with_tracks_events_and_context(lived: Path, tmp_path: Path) -> None:
    path = tmp_path / "room.mcap"
    assert run_words("record", "export", str(lived), str(path), "--mcap").returncode == 0
    with path.open("rb") as file:
        reader = make_reader(file)
        summary = reader.get_summary()
        assert summary is not None
        assert {schema.name for schema in summary.schemas.values()} == {"foxglove.GeoJSON", "foxglove.Log"}
        assert [one.metadata["context"] for one in reader.iter_metadata()] == ["EXERCISE"]
        tracks = [json.loads(message.data) for _, channel, message in reader.iter_messages(topics=["/tracks"])]
    first = json.loads(tracks[-1]["geojson"])
    assert first["context"] == "EXERCISE"
    assert len(first["features"]) > 50
    again = run_words("record", "export", str(lived), str(path), "--mcap")
    assert again.returncode == 3
    assert "exists already" in again.stderr
