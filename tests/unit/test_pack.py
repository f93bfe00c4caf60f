"""Packs: the shipped one is sound; every fault names file, line and field; the command exits 2."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.running import run_words
from watchfloor.base.errors import InputError
from watchfloor.edge.stores.packs import load_pack, shipped_folder
from watchfloor.messages.pack import Pack
from watchfloor.wire.marked import PackError
from watchfloor.wire.pack import parse_pack

FOLDER = shipped_folder() / "eight-thirty"
FILES = {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in FOLDER.rglob("*") if path.is_file()}


def line_of(file: str, text: bytes) -> int:
    return FILES[file][: FILES[file].index(text)].count(b"\n") + 1


def changed(file: str, old: bytes, new: bytes) -> dict[str, bytes]:
    assert old in FILES[file]
    return FILES | {file: FILES[file].replace(old, new, 1)}


def test_the_shipped_pack_is_the_story(pack: Pack) -> None:
    assert len(pack.header.nations) == 6
    assert sum(route.count for route in pack.routes) == 220
    districts = [area for area in pack.areas if area.feature == "district"]
    assert len(districts) == 14
    assert min(area.area_km2 for area in pack.areas) > 25
    assert abs(sum(area.area_km2 for area in districts) - 442) < 1
    assert len(pack.airfields) == 8
    assert pack.digest == load_pack("eight-thirty").digest
    assert [version.version for version in pack.rulebook.versions] == ["3", "4-draft", "4"]


@pytest.mark.parametrize(
    ("file", "old", "new", "field"),
    [
        ("pack.yaml", b"role: red-badge, nation: ALD", b"role: kingmaker, nation: ALD", "seats[1].role"),
        ("pack.yaml", b"vertical_ft: 1000", b"vertical_ft: high", "minima.vertical_ft"),
        ("pack.yaml", b"fictional: true", b"fictional: false", "fictional"),
        ("pack.yaml", b'end: "09:30:00"', b'end: "07:30:00"', "clock.end"),
        ("pack.yaml", b"powers: [write,", b"powers: [write, approve,", "roles[0].powers"),
        ("pack.yaml", b"{id: badge-jln,", b"{id: badge-ald,", "seats[9].id"),
        ("pack.yaml", b"format: beast", b"format: telex", "feeds[0].format"),
        ("pack.yaml", b"party: civil}", b"party: hostile}", "address_blocks[0].party"),
        ("pack.yaml", b"kind: escort,", b"kind: strike,", "kinds[1].kind"),
        ("pack.yaml", b"minima:", b"weapons: none\nminima:", ""),
        ("opening.yaml", b"about: Tolmere", b"about: Atlantis", "[1].about"),
        ("opening.yaml", b"request_id: R-0\n  lawful", b"request_id: R-7\n  lawful", "[4].request_id"),
        ("opening.yaml", b"seat: night-watch-dnm", b"seat: watch-dnm", "[3].seat"),
        ("opening.yaml", b"verdict: concur", b"verdict: approve", "[6].verdict"),
        ("map.geojson", b'"FeatureCollection"', b'"Feature"', "type"),
        ("feeds/traffic.geojson", b'"gs_kt": 470', b'"gs_kt": "fast"', "features[0].properties.gs_kt"),
    ],
)
def test_a_fault_names_file_line_and_field(file: str, old: bytes, new: bytes, field: str) -> None:
    with pytest.raises(PackError) as caught:
        parse_pack(changed(file, old, new))
    assert str(caught.value).startswith(f"{file}:")
    assert field in str(caught.value)
    if field and file != "map.geojson":
        named = int(str(caught.value).split(":")[1])
        assert abs(named - line_of(file, old)) <= 2


def test_an_area_smaller_than_a_cell_is_a_fault() -> None:
    small = (
        b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"feature":"district","id":"D1",'
        b'"name":"Yard"},"geometry":{"type":"Polygon","coordinates":[[[0,0],[0.04,0],[0.04,0.04],[0,0.04],[0,0]]]}}]}'
    )
    with pytest.raises(PackError, match="smaller than a 5 km cell"):
        parse_pack(FILES | {"map.geojson": small})


@given(st.sampled_from(sorted(FILES)), st.data())
def test_any_damage_to_a_pack_is_a_fault_or_still_a_pack(file: str, data: st.DataObject) -> None:
    raw = FILES[file]
    place = data.draw(st.integers(0, len(raw) - 1))
    piece = data.draw(st.binary(max_size=6))
    damaged = raw[:place] + piece + raw[place + data.draw(st.integers(0, 12)) :]
    with contextlib.suppress(InputError):
        parse_pack(FILES | {file: damaged})


def test_the_command_exits_2_with_one_sentence(tmp_path: Path) -> None:
    for name, raw in changed("pack.yaml", b"vertical_ft: 1000", b"vertical_ft: high").items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(raw)
    for words in (("exercise", "check", str(tmp_path)), ("run", str(tmp_path), "--headless")):
        done = run_words(*words)
        assert done.returncode == 2
        assert "pack.yaml:" in done.stderr
        assert "minima.vertical_ft" in done.stderr
        assert done.stderr.count("\n") == 1
    assert run_words("exercise", "check", "eight-thirty").returncode == 0
    unknown = run_words("run", "no-such-pack", "--headless")
    assert unknown.returncode == 2
    assert "eight-thirty" in unknown.stderr


def test_every_command_shows_an_example() -> None:
    for words in (
        (),
        ("run",),
        ("serve",),
        ("record",),
        ("record", "verify"),
        ("replay",),
        ("exercise",),
        ("exercise", "check"),
        ("bench",),
    ):
        done = run_words(*words, "--help")
        assert done.returncode == 0
        assert "example" in done.stdout, words
    assert run_words("fly").returncode == 2


def test_a_pack_runs_from_a_folder_of_its_own(tmp_path: Path, start_room: Callable[..., object]) -> None:
    for name, raw in changed("pack.yaml", b'title: "08:30"', b"title: My own morning").items():
        (tmp_path / "mine" / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / "mine" / name).write_bytes(raw)
    room = start_room(str(tmp_path / "mine"))
    assert room.get("/api/room")["title"] == "My own morning"  # type: ignore[attr-defined]
