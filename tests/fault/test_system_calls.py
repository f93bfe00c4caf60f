"""Every system call of opening, committing, rolling and closing the record fails once, in every way, and then:

nothing acknowledged is lost, the folder verifies, and the next start goes on in it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.faulty_writer import COUNT
from watchfloor.edge.stores.folder import read_folder
from watchfloor.record.log import entries_of
from watchfloor.verify.folder import check_folder

SOURCE = Path(__file__).parents[1] / "oracles" / "faults" / "faults.c"
ROOT = Path(__file__).parents[2]
MODES = ("eio", "enospc", "after_eio", "short", "kill")

pytestmark = pytest.mark.skipif(
    not shutil.which("gcc") or not sys.platform.startswith("linux"), reason="needs gcc and Linux to stand before libc"
)


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("shim") / "faults.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"], check=True)
    return library


def run(folder: Path, start: int, shim: Path | None = None, **faults: str) -> tuple[int, list[int], str]:
    """Exit code, acknowledged numbers, all that was said."""
    environment = os.environ | faults | ({"LD_PRELOAD": str(shim)} if shim else {})
    words = [sys.executable, "-m", "tests.support.faulty_writer", str(folder), str(start)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT, env=environment)
    acknowledged = [int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("ack ")]
    return done.returncode, acknowledged, done.stdout + done.stderr


def count_calls(shim: Path, home: Path) -> int:
    home.mkdir()
    code, acknowledged, said = run(
        home / "room", 0, shim, FAULT_MATCH="/record", FAULT_AT="1000000", FAULT_MODE="eio", FAULT_COUNT=str(home / "n")
    )
    assert code == 0, said
    assert len(acknowledged) == COUNT
    assert len(list((home / "room" / "record").iterdir())) > 1, "rolling is among the calls"
    return int((home / "n").read_text())


def check_after(folder: Path, acknowledged: list[int], said: str) -> None:
    files = read_folder(folder)
    report = check_folder(files)
    assert report.holds(), (report.problems, said)
    kept = [entry.key for entry in entries_of(files)]
    assert {f"k-{number}" for number in acknowledged} <= set(kept), said
    code, more, again = run(folder, 100)
    assert code == 0, again
    assert len(more) == COUNT, again
    report = check_folder(read_folder(folder))
    assert report.holds(), (report.problems, said, again)
    after = [entry.key for entry in entries_of(read_folder(folder))]
    assert after[: len(kept)] == kept, "what was there stays"


@pytest.mark.parametrize("mode", MODES)
def test_a_failing_call_loses_nothing_acknowledged(mode: str, shim: Path, tmp_path: Path) -> None:
    calls = count_calls(shim, tmp_path / "count")
    assert calls > 40
    for at in range(1, calls + 1, 9):
        break_one(shim, tmp_path, mode, at)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("mode", MODES)
def test_every_call_fails_once(mode: str, shim: Path, tmp_path: Path) -> None:
    for at in range(1, count_calls(shim, tmp_path / "count") + 1):
        break_one(shim, tmp_path, mode, at)


def break_one(shim: Path, home: Path, mode: str, at: int) -> None:
    folder = home / f"{mode}-{at}"
    _, acknowledged, said = run(folder, 0, shim, FAULT_MATCH="/record", FAULT_AT=str(at), FAULT_MODE=mode)
    check_after(folder, acknowledged, f"{mode} at call {at}: {said}")
    shutil.rmtree(folder)


@pytest.mark.parametrize("mode", ["eio", "enospc"])
def test_after_a_failed_commit_nothing_more_is_acknowledged(mode: str, shim: Path, tmp_path: Path) -> None:
    """A record that failed takes nothing until it is opened again; one that is full takes only what is urgent."""
    calls = count_calls(shim, tmp_path / "count")
    for at in range(calls // 3, calls - 6, 11):
        folder = tmp_path / f"{mode}-{at}"
        _, acknowledged, said = run(folder, 0, shim, FAULT_MATCH="/record", FAULT_AT=str(at), FAULT_MODE=mode)
        refused = [int(line.split()[1]) for line in said.splitlines() if line.startswith("refused")]
        assert not refused or max(acknowledged, default=-1) < min(refused), said
