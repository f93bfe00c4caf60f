"""Recorded files and text feeds: whatever stands in them, they are read or refused with where and why."""

import contextlib
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from watchfloor.app.feed_kit import NOW_US
from watchfloor.base.errors import InputError
from watchfloor.edge.feeds.recorded_files import read_frames, read_json_frames
from watchfloor.messages.air import Observation, Rejected
from watchfloor.messages.feeds import Arrival, FeedMessage, fault_of
from watchfloor.wire import observed, sbs, states_csv
from watchfloor.wire.feeds import BUILT_IN

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.text(max_size=12),
    st.sampled_from(("icao:3c660c", "2031-03-14T16:00:00Z", "1e400", "nan", "-0", "7421", "0", "90.1")),
)  # fmt: skip
ROWS = st.lists(st.dictionaries(st.sampled_from((*observed.COLUMNS, "other")), ODD, max_size=14), max_size=6)
JSON = st.recursive(ODD, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner))


def read_or_refused(read: Callable[[], list[Observation]]) -> None:
    """What is read can be; what is not is refused by the one error that says where."""
    try:
        found = read()
    except InputError:
        return
    assert found
    assert all(fault_of(one) is None for one in found)


@given(ROWS)
@example([{"identity": "icao:3c660c", "time": "2031-03-14T16:00:00Z", "lat_deg": float("nan"), "lon_deg": 8.0}])
def test_rows_of_any_values_are_read_or_refused(rows: list[dict[str, Any]]) -> None:
    read_or_refused(lambda: observed.from_rows(rows))
    text = io.StringIO()
    writer = csv.DictWriter(text, (*observed.COLUMNS, "other"))
    writer.writeheader()
    writer.writerows(rows)
    read_or_refused(lambda: observed.from_csv(io.StringIO(text.getvalue())))


@given(st.text(max_size=200), st.text(max_size=200))
def test_text_of_any_kind_is_read_or_refused(head: str, body: str) -> None:
    read_or_refused(lambda: observed.from_csv(io.StringIO(head + "\n" + body)))
    read_or_refused(lambda: observed.from_csv(io.StringIO("identity,time,lat_deg,lon_deg\n" + body)))
    for lines in ((head + "\n" + body).splitlines(), ["time,icao24,lat,lon", *body.splitlines()]):
        with contextlib.suppress(InputError):
            states_csv.read_states(lines)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps({"features": value}).encode()))
@example(b'{"features":[{"geometry":{"type":"Point","coordinates":[1e999,2]},"properties":{}}]}')
@example(b"[" * 100_000)
def test_geojson_of_any_kind_is_read_or_refused(raw: bytes) -> None:
    read_or_refused(lambda: observed.from_geojson(raw))


LINES = st.lists(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), max_size=6).map(b"\n".join)
FIELDS = st.lists(ODD.map(lambda value: str(value).replace(",", "")), min_size=18, max_size=18)
DRONES = st.fixed_dictionaries(
    {
        "BasicID": st.fixed_dictionaries({"IDType": ODD, "UASID": ODD}),
        "Location": st.dictionaries(
            st.sampled_from(("Status", "Latitude", "Longitude", "AltitudeGeo", "SpeedVertical", "TimeStamp")), ODD
        ),
    }
)


@given(LINES | FIELDS.map(lambda rest: ",".join(["MSG", "3", "1", "1", "4840D6", *rest]).encode() + b"\n"))
def test_basestation_lines_of_any_kind_are_read_or_refused(raw: bytes) -> None:
    sound(list(sbs.step(b"", raw, NOW_US)[1]))


@given(
    LINES | st.lists(DRONES | JSON, max_size=4).map(lambda given: b"\n".join(json.dumps(one).encode() for one in given))
)
def test_remote_id_of_any_kind_is_read_or_refused_and_never_kept(raw: bytes) -> None:
    feed = BUILT_IN["remote-id"]
    found = feed.step(feed.begin(), raw + b"\n", Arrival(NOW_US))[1]
    sound(found)
    assert {one.sample for one in found if isinstance(one, Rejected)} <= {b"not kept"}


def sound(found: list[FeedMessage]) -> None:
    for one in found:
        if isinstance(one, Observation):
            assert fault_of(one) is None, one


@pytest.mark.parametrize("stamp", ["1e20", "-5", "nan", "inf"])
def test_a_recorded_frame_has_a_time_that_there_is(tmp_path: Path, stamp: str) -> None:
    (tmp_path / "a.csv").write_text(f"timestamp,frame\n{stamp},8d3c660c58c382d690c8ac2863a7\n")
    (tmp_path / "a.jsonl").write_text(json.dumps({"timestamp": stamp, "frame": "8d3c660c58c382d690c8ac2863a7"}))
    for read, name in ((read_frames, "a.csv"), (read_json_frames, "a.jsonl")):
        with pytest.raises(InputError, match=f"{name}:"):
            read(tmp_path / name)
