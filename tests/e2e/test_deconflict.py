"""`watchfloor deconflict` as a watch officer or a program uses it; and its pairs beside those of BlueSky."""

import json
import math
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.peers import asked_of_bluesky
from tests.support.running import run_words
from tests.support.traffic import scene
from watchfloor.base.errors import InputError
from watchfloor.deconflict.sweep import Traffic, losses
from watchfloor.messages.alerts import Minima
from watchfloor.wire import states_csv
from watchfloor.wire.states_csv import read_states

HEADER = "id,lat_deg,lon_deg,alt_ft,gs_kt,trk_deg,vs_fpm"
HEAD_ON = ("KILO,50,1,30000,450,270,0", "ALFA,50,0,30000,450,90,0")
MINIMA = Minima(horizontal_m=9260, vertical_ft=1000, lookahead_us=300_000_000)


def live(folder: Path, *rows: str, header: str = HEADER, words: tuple[str, ...] = ()):
    (folder / "states.csv").write_text("\n".join((header, *rows)) + "\n")
    return run_words("deconflict", "live", str(folder / "states.csv"), *words)


def test_a_pair_is_told_in_words_and_as_json(tmp_path: Path) -> None:
    told = live(tmp_path, *HEAD_ON)
    assert told.returncode == 1
    first, last = told.stdout.splitlines()
    assert first.startswith("ALFA and KILO in 2 min 14 s will be closer than 5 NM and 1,000 ft until 2 min 54 s")
    assert last == "1 pair in conflict"
    as_json = live(tmp_path, *HEAD_ON, words=("--json",))
    (line,) = as_json.stdout.splitlines()
    document = json.loads(line)
    assert list(document) == ["a", "b", "t_in_s", "t_out_s", "t_cpa_s", "d_cpa_nm"]
    assert (document["a"], document["b"]) == ("ALFA", "KILO")
    assert abs(document["t_cpa_s"] - 154.37) < 0.01
    assert document["d_cpa_nm"] == 0


def test_no_conflict_is_exit_code_0_and_minima_are_options(tmp_path: Path) -> None:
    assert live(tmp_path, *HEAD_ON, words=("--lookahead-s", "100")).returncode == 0
    told = live(tmp_path, "A,50,0,30000,450,90,0", "B,50,1,31000,450,270,0")
    assert (told.returncode, told.stdout) == (0, "no conflict\n")
    assert live(tmp_path, "A,50,0,30000,450,90,0", "B,50,1,31000,450,270,0", words=("--vertical-ft", "1001")).returncode
    assert live(tmp_path).stdout == "no conflict\n"


def test_pairs_are_sorted_by_entry_then_by_name_and_endless_ones_say_null(tmp_path: Path) -> None:
    rows = ("Z,10,10,1000,100,0,0", "Y,10,10.01,1000,100,0,0", "X,10,10.02,1000,100,0,0", *HEAD_ON)
    told = [json.loads(line) for line in live(tmp_path, *rows, words=("--json",)).stdout.splitlines()]
    assert [(one["a"], one["b"]) for one in told] == [("X", "Y"), ("X", "Z"), ("Y", "Z"), ("ALFA", "KILO")]
    assert [one["t_out_s"] for one in told[:3]] == [None] * 3


@pytest.mark.parametrize(
    ("rows", "header", "said"),
    [
        (("A,nan,0,1,1,1,1",), HEADER, "line 2: `lat_deg` is `nan`"),
        (("A,1,0,1,1,1,1", "B,1,x,1,1,1,1"), HEADER, "line 3: `lon_deg` is `x`"),
        (("A,1,0,inf,1,1,1",), HEADER, "line 2: `alt_ft` is `inf`"),
        (("A,1,0,1,-1,1,1",), HEADER, "line 2: `gs_kt` is `-1`"),
        (("A,1,0,1,1,1",), HEADER, "line 2: `vs_fpm` is missing"),
        (("A,1,0,1,1,1,1", "A,2,0,1,1,1,1"), HEADER, "line 3: `A` is on line 2 already"),
        ((",1,0,1,1,1,1",), HEADER, "line 2: an id has 1 to 64 characters"),
        (("A\x1b[31m,1,0,1,1,1,1",), HEADER, "line 2: an id has 1 to 64 characters that can be printed"),
        (("A,1_0,0,1,1,1,1",), HEADER, "line 2: `lat_deg` is `1_0`"),
        (("A,\u0661,0,1,1,1,1",), HEADER, "line 2: `lat_deg` is"),
        ((), "id,lat_deg,lon_deg", "line 1: the header lacks `alt_ft`, `gs_kt`, `trk_deg`, `vs_fpm`"),
        ((), HEADER + ",id", "line 1: the header names `id` twice"),
        (('"A,1,0,1,1,1,1',), HEADER, "no CSV"),
    ],
)
def test_what_is_wrong_is_named_with_line_and_field(
    rows: tuple[str, ...], header: str, said: str, tmp_path: Path
) -> None:
    told = live(tmp_path, *rows, header=header)
    assert (told.returncode, told.stdout) == (2, "")
    assert said in told.stderr


def test_intent_in_the_file_is_flown(tmp_path: Path) -> None:
    header = HEADER + ",cleared_ft,next_lat_deg,next_lon_deg"
    level = "ALFA,50,0,30000,450,90,0,,,"
    assert live(tmp_path, level, "KILO,50,1,25000,450,270,2500,29000,,", header=header).stdout == "no conflict\n"
    assert live(tmp_path, level, "KILO,50,1,25000,450,270,2500,29100,,", header=header).returncode == 1
    assert live(tmp_path, level, "KILO,50,1,30000,450,270,0,,51,1", header=header).returncode == 0
    assert live(tmp_path, level, "KILO,50,1,30000,450,0,0,,50,-1", header=header).returncode == 1
    half = live(tmp_path, level, "KILO,50,1,30000,450,270,0,,51,", header=header)
    assert (half.returncode, half.stdout) == (2, "")
    assert "line 3: a waypoint has both a latitude and a longitude" in half.stderr
    assert "line 3: `cleared_ft` is `x`" in live(tmp_path, level, "K,50,1,1,1,1,0,x,,", header=header).stderr


def plan(name: str, west: float, start: str, low_m: int) -> dict[str, object]:
    """A plan of one volume: 0.1 degrees wide, an hour long, 100 m high."""
    corners = [(west, 50), (west + 0.1, 50), (west + 0.1, 50.1), (west, 50.1)]
    end = start.replace("10:", "11:")
    volume = {
        "outline_polygon": {"vertices": [{"lng": lng, "lat": lat} for lng, lat in corners]},
        "altitude_lower": {"value": low_m, "reference": "W84", "units": "M"},
        "altitude_upper": {"value": low_m + 100, "reference": "W84", "units": "M"},
    }
    times = {name: {"value": value, "format": "RFC3339"} for name, value in (("time_start", start), ("time_end", end))}
    return {"id": name, "volumes": [{"volume": volume, **times}]}


def test_plans_that_share_space_and_time_are_told_with_what_would_clear_them(tmp_path: Path) -> None:
    held = [
        plan("KILO", 0.0, "2031-01-01T10:00:00Z", 100),
        plan("ALFA", 0.05, "2031-01-01T10:30:00Z", 160),
        plan("MIKE", 0.3, "2031-01-01T10:00:00Z", 100),
    ]
    (tmp_path / "plans.json").write_text(json.dumps(held))
    told = run_words("deconflict", "plans", str(tmp_path / "plans.json"))
    assert told.returncode == 1
    said, count = told.stdout.splitlines()
    assert said == (
        "ALFA and KILO overlap from 2031-01-01T10:30:00.000Z to 2031-01-01T11:00:00.000Z, 160 m to 200 m: "
        "volumes 1 with 1; KILO 30 min 00 s earlier or 40 m lower would be clear"
    )
    assert count == "1 pair in conflict"
    as_json = run_words("deconflict", "plans", str(tmp_path / "plans.json"), "--json")
    assert json.loads(as_json.stdout) == {
        "a": "ALFA", "b": "KILO", "start": "2031-01-01T10:30:00.000Z", "end": "2031-01-01T11:00:00.000Z",
    }  # fmt: skip
    (tmp_path / "plans.json").write_text(json.dumps(held[::2]))
    assert run_words("deconflict", "plans", str(tmp_path / "plans.json")).stdout == "no conflict\n"
    wrong = [held[0] | {"colour": "red"}]
    (tmp_path / "plans.json").write_text(json.dumps(wrong))
    refused = run_words("deconflict", "plans", str(tmp_path / "plans.json"))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "unknown field `colour`" in refused.stderr


def test_wrong_options_and_files_are_exit_code_2(tmp_path: Path) -> None:
    assert "--lookahead-s is from 1 to 3600" in live(tmp_path, *HEAD_ON, words=("--lookahead-s", "nan")).stderr
    assert run_words("deconflict", "live", str(tmp_path / "none.csv")).returncode == 2
    (tmp_path / "bytes.csv").write_bytes(b"id,\xff")
    assert "no text in UTF-8" in run_words("deconflict", "live", str(tmp_path / "bytes.csv")).stderr


def test_more_pairs_than_anybody_reads_are_refused_with_the_limit(tmp_path: Path) -> None:
    told = live(tmp_path, *(f"A{n},50,0,30000,450,90,0" for n in range(1_500)))
    assert (told.returncode, told.stdout) == (2, "")
    assert "over 1,000,000 pairs lose separation" in told.stderr


def test_a_file_over_the_limit_is_refused_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states_csv, "MOST_ROWS", 2)
    rows = (f"A{n},1,0,1,1,1,1" for n in range(10**9))
    with pytest.raises(InputError, match="line 4: a file holds at most 2 aircraft"):
        read_states(line for part in ([HEADER], rows) for line in part)


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=60), max_size=6))
def test_whatever_a_file_holds_the_answer_is_states_or_what_is_wrong(lines: list[str]) -> None:
    for header in ([], [HEADER]):
        try:
            states = read_states([*header, *lines])
        except InputError as error:
            told = error.fields["line"]
        else:
            told = len(states.ids)
            assert all(len(column) == told for column in states.columns.values())
        assert told >= 0


def why_left_out(traffic: Traffic, pair: tuple[int, int], closest_m: float) -> str:
    """Why a pair may be told by one of the two alone; empty, when it may not.

    Two that fly alike are 0 / 0 to BlueSky, which then tells nothing; here they are told while they are near.
    """
    one, other = pair
    height_ft, climb_fpm = (float(column[one] - column[other]) for column in (traffic.alt_ft, traffic.vs_fpm))
    if any(abs(abs(height_ft + minutes * climb_fpm) - 1000) < 50 for minutes in (0, 5)):
        return "level at the minimum"
    if all(column[one] == column[other] for column in (traffic.gs_kt, traffic.trk_deg)):
        return "alike"
    return "distance at the minimum" if abs(closest_m - 9260) < 93 else ""


def same_as_bluesky(scenes: list[Traffic], folder: Path) -> tuple[int, Counter[str]]:
    """How many pairs both tell, and how many only one, why; each other pair must be told by both."""
    same_count, left_out = 0, Counter[str]()
    for traffic, told in zip(scenes, asked_of_bluesky(scenes, MINIMA, folder), strict=True):
        found = losses(traffic, MINIMA)
        ours = {(int(a), int(b)): float(m) for a, b, m in zip(found.first, found.second, found.cpa_m, strict=True)}
        theirs = {(a, b): closest_m for a, b, closest_m, _, _ in told["pairs"]}
        for pair in ours.keys() ^ theirs.keys():
            why = why_left_out(traffic, pair, ours.get(pair, theirs.get(pair, math.nan)))
            assert why, (len(traffic.lat_deg), pair)
            left_out[why] += 1
        same_count += len(ours.keys() & theirs.keys())
    return same_count, left_out


def test_pairs_are_those_of_bluesky_on_fifty_scenes(tmp_path: Path) -> None:
    boxes = [(40, 50, 0, 10), (-8, 8, 100, 120), (60, 76, 20, 50), (-50, -30, -80, -60), (50, 52, 4, 7)]
    scenes = [scene(int(50 * 100 ** (n / 49)), boxes[n % 5], seed=n) for n in range(50)]
    same_count, left_out = same_as_bluesky(scenes, tmp_path)
    assert same_count > 5_000
    assert left_out.total() <= same_count / 100
    assert left_out["alike"] == 0


def test_pairs_are_those_of_bluesky_on_its_own_scenarios(tmp_path: Path, test_data: Path) -> None:
    paths = sorted((test_data / "scenarios").glob("*.scn"))
    scenes = [read for path in paths if (read := scenario(path)) is not None]
    assert len(scenes) >= 5
    same_count, left_out = same_as_bluesky(scenes, tmp_path)
    assert same_count > 400
    assert left_out["distance at the minimum"] <= same_count / 100
    # Its levels and tracks are round numbers: some pairs are level at exactly the minimum, and of some that fly exactly
    # alike BlueSky tells nothing, because it divides 0 by 0. No other pair differs.
    assert (left_out["level at the minimum"], left_out["alike"]) == (17, 10)


def scenario(path: Path) -> Traffic | None:
    """Aircraft that a scenario in BlueSky's language creates with a place, by id; speeds are read as ground speeds."""
    rows: dict[str, tuple[float, ...]] = {}
    for line in path.read_text().splitlines():
        command, _, rest = line.partition(">")[2].strip().partition(" ")
        words = re.split(r"[,\s]+", rest.strip())
        if command.upper() != "CRE" or len(words) < 7:
            continue
        try:
            level = float(words[5].upper().removeprefix("FL")) * (100 if words[5].upper().startswith("FL") else 1)
            rows.setdefault(words[0], (float(words[2]), float(words[3]), level, float(words[6]), float(words[4]), 0.0))
        except ValueError:
            continue
    return Traffic(*np.array(list(rows.values())).T.copy()) if len(rows) > 1 else None
