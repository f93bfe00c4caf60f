"""Recorded files of every form, played by a room; and snapshots that are read again as such files."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dpkt
import pyarrow.parquet as pq
import pytest
from aviconv_asterix import Cat048Record, encode_records
from playwright.sync_api import Browser, expect

from tests.e2e.test_video import pictures
from tests.support.browsing import page_of
from tests.support.running import RunningRoom, run_words
from watchfloor.base.geodesy import destination, track_and_length
from watchfloor.base.instants import rfc3339_from_us
from watchfloor.edge.feeds.recorded_files import read_recording
from watchfloor.edge.stores.packs import load_pack
from watchfloor.messages.air import Observation
from watchfloor.wire import cot

BEGIN_S = 1_931_270_400
HEADER = "identity,time,lat_deg,lon_deg,alt_ft,gs_kt,trk_deg,callsign,on_ground,colour\n"
ROWS = HEADER + "".join(
    f"icao:4840d6,{BEGIN_S + second},{52 + second * 0.002:.6f},4.0,37000,430,0.0,KLM1023,false,blue\n"
    for second in range(0, 60, 2)
)


def serving(folder: Path, form: str, file: Path) -> Path:
    path = folder / f"{form}.toml"
    path.write_text(f'[[feeds]]\nid = "F"\nformat = "{form}"\npath = {json.dumps(str(file))}\nspeed = 10\n')
    return path


def captured(path: Path, payloads: list[bytes]) -> Path:
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        for second, payload in enumerate(payloads):
            datagram = dpkt.udp.UDP(sport=6969, dport=6969, data=payload, ulen=8 + len(payload))
            packet = dpkt.ip.IP(src=b"\x7f\0\0\1", dst=b"\x7f\0\0\1", p=17, data=datagram, len=28 + len(payload))
            frame = dpkt.ethernet.Ethernet(type=dpkt.ethernet.ETH_TYPE_IP, data=packet)
            writer.writepkt(bytes(frame), ts=BEGIN_S + second)
        writer.writepkt(b"\x00" * 7, ts=BEGIN_S)
    return path


def test_a_table_is_played_and_its_snapshots_are_tables_again(
    tmp_path: Path, start_room: Callable[..., RunningRoom]
) -> None:
    (tmp_path / "flight.csv").write_text(ROWS)
    room = start_room("--config", str(serving(tmp_path, "csv", tmp_path / "flight.csv")), command="serve")
    assert room.started["context"] == "REPLAY"
    features = room.until(lambda: room.get("/api/tracks")["features"], "the track")
    assert features[0]["properties"]["callsign"] == "KLM1023"
    assert features[0]["properties"]["label"] == {"level": 0, "nations": ["OWN"]}
    (tmp_path / "snapshot.geojson").write_bytes(room.http.get("/api/tracks").content)
    (tmp_path / "snapshot.parquet").write_bytes(room.http.get("/api/tracks.parquet").content)
    (row,) = pq.read_table(tmp_path / "snapshot.parquet").to_pylist()
    assert (row["context"], row["level"], row["nations"], row["need_to_know"]) == ("REPLAY", "open", ["OWN"], [])
    assert [source["feed_id"] for source in row["sources"]] == [
        source["feed_id"] for source in features[0]["properties"]["sources"]
    ]
    room.stop()
    for form in ("geojson", "parquet"):
        (seen,) = read_recording(tmp_path / f"snapshot.{form}", form)
        assert isinstance(seen, Observation)
        assert (seen.identity, seen.alt_ft, seen.callsign) == ("icao:4840d6", 37_000, "KLM1023")
        again = start_room(
            "--config", str(serving(tmp_path, form, tmp_path / f"snapshot.{form}")), command="serve",
            data=tmp_path / form,
        )  # fmt: skip
        again.until(lambda again=again: again.get("/api/tracks")["features"], f"the track of a {form} snapshot")
        again.stop()


def test_datagrams_of_a_capture_are_read_at_the_times_they_had(
    tmp_path: Path, start_room: Callable[..., RunningRoom]
) -> None:
    reports = [
        cot.encode(
            cot.Outgoing(
                uid="A-1", type="a-f-A-M", time_us=(BEGIN_S + second) * 1_000_000,
                stale_us=(BEGIN_S + second + 60) * 1_000_000, lat_deg=47 + second * 0.001, lon_deg=8.0, hae_m=3000.0,
            )
        )
        for second in range(30)
    ]  # fmt: skip
    capture = captured(tmp_path / "mesh.pcap", reports)
    room = start_room("--config", str(serving(tmp_path, "cot", capture)), command="serve")
    (track,) = room.until(lambda: room.get("/api/tracks")["features"], "the track")
    assert track["properties"]["identity"] == "cot:A-1"
    room.until(lambda: room.get(f"/api/tracks/{track['properties']['number']}")["lat_deg"] > 47.028, "its last place")


BAD = {
    "no header": ("csv", "a,b\n1,2\n", "needs `identity` and `time`"),
    "no identity": ("csv", HEADER + "x,1,,,,,,,,\n", "line 2: an identity that is none"),
    "no time": ("csv", HEADER + "icao:4840d6,noon,,,,,,,,\n", "line 2: `time`"),
    "a zone is missing": ("csv", HEADER + "icao:4840d6,2031-03-14T16:00:00,,,,,,,,\n", "line 2: `time`"),
    "north of north": ("csv", HEADER + "icao:4840d6,1,91,0,,,,,,\n", "line 2: `lat_deg` out of its limits"),
    "half a place": ("csv", HEADER + "icao:4840d6,1,9,,,,,,,\n", "line 2: half a position"),
    "no number": ("csv", HEADER + "icao:4840d6,1,9,nan,,,,,,\n", "line 2: `lon_deg`"),
    "backwards": (
        "csv",
        HEADER + "icao:4840d6,9,,,,,,,,\nicao:4840d6,1,,,,,,,,\n",
        "line 3: `time` the time goes back",
    ),
    "no rows": ("csv", HEADER, "no rows"),
    "no JSON": ("geojson", "{", "no JSON"),
    "no features": ("geojson", "[]", "holds `features`"),
    "a line": (
        "geojson",
        '{"features":[{"properties":{},"geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]}}]}',
        "feature 1",
    ),
    "no Parquet": ("parquet", "PAR1", "no Parquet"),
    "no frame": ("modes-jsonl", '{"timestamp": 1}\n', ":1: no time and frame"),
    "no capture": ("cot", "", "no packet capture"),
}


@pytest.mark.parametrize(("form", "text", "said"), BAD.values(), ids=BAD.keys())
def test_what_is_no_recording_is_refused_before_a_room_is_made(tmp_path: Path, form: str, text: str, said: str) -> None:
    file = tmp_path / ("file.pcap" if form == "cot" else "file")
    file.write_text(text)
    done = run_words("serve", "--config", str(serving(tmp_path, form, file)), "--data", str(tmp_path / "room"))
    assert done.returncode == 2
    assert said in done.stderr
    assert str(file) in done.stderr
    assert not (tmp_path / "room").exists()


def test_a_capture_that_is_cut_or_of_another_link_is_said_so(tmp_path: Path) -> None:
    path = captured(tmp_path / "a.pcap", [b"x"])
    raw = path.read_bytes()
    path.write_bytes(raw[:20] + struct.pack("<I", 147) + raw[24:])
    done = run_words("serve", "--config", str(serving(tmp_path, "cot", path)), "--data", str(tmp_path / "room"))
    assert "a link that is not read (147)" in done.stderr


def test_json_lines_of_frames_are_read_as_the_table_of_them_is(tmp_path: Path, test_data: Path) -> None:
    table = (test_data / "modes" / "one-flight.csv").read_text().splitlines()
    names = table[0].split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in table[1:200]]
    (tmp_path / "a.csv").write_text("\n".join(table[:200]))
    lines = [json.dumps({"timestamp": float(row["timestamp"]), "frame": row["frame"]}) for row in rows]
    (tmp_path / "a.jsonl").write_text("\n".join(lines) + "\n")
    assert read_recording(tmp_path / "a.jsonl", "modes-jsonl") == read_recording(tmp_path / "a.csv", "modes-csv")


def test_a_raw_file_of_radar_plots_becomes_a_track_that_names_nobody(
    tmp_path: Path, start_room: Callable[..., RunningRoom]
) -> None:
    blocks = []
    for second in range(0, 60, 4):
        lat, lon = destination(47.0, 8.0, 90.0, 200.0 * second)
        azimuth, away_m = track_and_length(47.2, 8.2, lat, lon)
        plot = Cat048Record(
            sac=25, sic=201, time_of_day_s=36_000.0 + second, rho_nm=away_m / 1852, theta_deg=azimuth, flight_level=0
        )
        blocks.append(encode_records([plot]))
    (tmp_path / "plots.raw").write_bytes(b"".join(blocks))
    config = serving(tmp_path, "asterix", tmp_path / "plots.raw")
    config.write_text(config.read_text() + 'options = {sites = {"25/201" = [47.2, 8.2, 0]}}\n')
    room = start_room("--config", str(config), command="serve")
    (track,) = room.until(lambda: room.get("/api/tracks")["features"], "the track")
    assert track["properties"]["identity"].startswith("radar:F/")
    assert track["properties"]["time"].startswith("1970-01-01T10:00:")
    assert abs(track["properties"]["gs_kt"] - 389) < 40
    for raw, why in ((b"\x30\x00\x02", "length that lies"), (b"", "no ASTERIX")):
        (tmp_path / "plots.raw").write_bytes(raw)
        refused = run_words("serve", "--config", str(config), "--headless")
        assert (refused.returncode, why in refused.stderr) == (2, True)


def test_a_recorded_video_is_played_at_the_times_that_it_tells(
    tmp_path: Path, start_room: Callable[..., RunningRoom]
) -> None:
    (tmp_path / "clip.ts").write_bytes(b"".join(pictures(6)))
    config = serving(tmp_path, "stanag4609", tmp_path / "clip.ts")
    room = start_room("--config", str(config), command="serve")
    (video,) = room.until(lambda: room.get("/api/pulse")["videos"], "the video")
    assert video["feed_id"] == "F"
    assert abs(video["behind_us"]) < 250_000
    pulse = room.get("/api/pulse")
    assert abs(pulse["room_us"] - load_pack("eight-thirty").start_us) < 120_000_000
    assert room.started["context"] == "REPLAY"
    for raw, why in ((b"G" * 400, "not an MPEG"), ((b"G\x40\x00\x10" + b"\xff" * 184) * 3, "no clock")):
        (tmp_path / "clip.ts").write_bytes(raw)
        refused = run_words("serve", "--config", str(config), "--headless")
        assert (refused.returncode, why in refused.stderr) == (2, True)


def test_one_address_in_two_places_is_told_in_the_data_on_the_wall_and_when_it_is_replayed(
    tmp_path: Path, start_room: Callable[..., RunningRoom], browser: Browser
) -> None:
    rows = [
        f"icao:4840d6,{BEGIN_S + second},{52.0 if second % 2 else 53.0},4.0,37000,430,0.0,KLM1023,false,blue\n"
        for second in range(300)
    ]
    (tmp_path / "doubled.csv").write_text(HEADER + "".join(rows))
    config = serving(tmp_path, "csv", tmp_path / "doubled.csv")
    room = start_room("--config", str(config), command="serve", data=tmp_path / "room")

    def doubled() -> list[Any]:
        found = room.get("/api/tracks")["features"]
        return [one for one in found if one["properties"]["oddity"] == "one identity, two places"]

    (track,) = room.until(doubled, "the mark")
    assert track["geometry"]["coordinates"][1] == 53.0
    page = page_of(browser, room.started["url"], [])
    expect(page.get_by_test_id("odd")).to_contain_text("KLM1023: one identity, two places")
    last_us = room.get("/api/pulse")["room_us"]
    room.until(lambda: room.get("/api/pulse")["room_us"] > last_us + 20_000_000, "two frames of tape more")
    assert room.stop() == 0
    at = rfc3339_from_us(last_us + 15_000_000)
    told = json.loads(run_words("replay", str(tmp_path / "room"), "--at", at, "--json").stdout)
    assert [one["oddity"] for one in told["tracks"]] == ["one identity, two places"]
