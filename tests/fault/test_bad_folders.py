"""Folders that nobody should write in: a clear sentence, exit 3, and nothing in them is touched."""

import os
import resource
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.records import feed_fact, opening, write_record
from tests.support.running import WATCHFLOOR, RunningRoom, run_words
from watchfloor.edge.stores.folder import read_folder
from watchfloor.messages.room import Context

YEAR_NS = 365 * 86_400 * 10**9


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A room that was killed in the middle, with a record of two files."""
    home = tmp_path_factory.mktemp("killed")
    room = RunningRoom(home / "room", ("--from", "08:05:00"))
    try:
        assert room.sit("Watch officer, DNM").request("R-1").status_code == 200
        began = room.get("/api/room")["head"]["size_count"]
        room.until(lambda: room.get("/api/room")["head"]["size_count"] > began + 20, "frames of tape")
    finally:
        room.kill()
    return home / "room"


def refused(path: Path, *before_words: str) -> str:
    """What `run` says of a folder that it does not take; nothing in it may have changed."""
    before = read_folder(path) if path.is_dir() else {}
    line = [*before_words, WATCHFLOOR, "run", "--headless", "--port", "0", "--cot-port", "0", "--data", str(path)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3, (done.returncode, done.stdout, done.stderr)
    assert done.stderr.startswith("watchfloor: ")
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1, "one sentence"
    after = read_folder(path) if path.is_dir() else {}
    assert {name: raw for name, raw in after.items() if name != "lock"} == {
        name: raw for name, raw in before.items() if name != "lock"
    }, "nothing is written"
    return done.stderr


def copy_of(folder: Path, home: Path) -> Path:
    shutil.copytree(folder, home / "copy")
    return home / "copy"


def test_a_folder_of_a_newer_version_is_refused(killed: Path, tmp_path: Path) -> None:
    copy = copy_of(killed, tmp_path)
    (copy / "FORMAT").write_text("watchfloor data folder 3\n")
    assert "another version" in refused(copy) or "format is unknown" in refused(copy)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_half_copied_log_is_refused(share: float, killed: Path, tmp_path: Path) -> None:
    copy = copy_of(killed, tmp_path)
    log = copy / "record" / "000001.wfl"
    used = len(log.read_bytes().rstrip(b"\0"))
    log.write_bytes(log.read_bytes()[: int(used * share)])
    assert "does not verify" in refused(copy)


@pytest.mark.parametrize("gone", ["tape", "keys/room.pub", "record/000001.wfl"])
def test_a_folder_of_which_a_part_was_not_copied_is_refused(gone: str, killed: Path, tmp_path: Path) -> None:
    copy = copy_of(killed, tmp_path)
    path = copy / gone
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    said = refused(copy)
    assert "does not verify" in said or "missing" in said


def test_a_read_only_folder_is_refused(killed: Path, tmp_path: Path) -> None:
    copy = copy_of(killed, tmp_path)
    meek = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        said = refused(copy, *meek)
    finally:
        for path in [copy, *copy.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert "cannot be written" in said or "Permission denied" in said


def test_a_folder_on_a_full_disk_is_refused(killed: Path, tmp_path: Path) -> None:
    for path in (copy_of(killed, tmp_path), tmp_path / "new"):
        said = refused_on_a_full_disk(path)
        assert "no space is left" in said or "cannot be written" in said, said


def refused_on_a_full_disk(path: Path) -> str:
    def limits() -> None:
        import signal  # noqa: PLC0415

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    line = [WATCHFLOOR, "run", "--headless", "--port", "0", "--cot-port", "0", "--data", str(path)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False, preexec_fn=limits)
    assert done.returncode == 3, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_clock_set_back_a_year_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + YEAR_NS)
    write_record(tmp_path / "room", [opening(Context.LIVE_CIVIL), feed_fact(1)])
    monkeypatch.undo()
    config = tmp_path / "w.toml"
    config.write_text('[[feeds]]\nid = "X"\nformat = "beast"\nconnect = "127.0.0.1:9"\n')
    before = read_folder(tmp_path / "room")
    words = ("--config", str(config), "--data", str(tmp_path / "room"), "--port", "0", "--cot-port", "0", "--headless")
    done = run_words("serve", *words)
    assert done.returncode == 3, done.stderr
    assert "set the clock, then start again" in done.stderr
    assert read_folder(tmp_path / "room") == before
    assert run_words("record", "key", "rotate", str(tmp_path / "room"), "--words", "w").returncode == 3
    assert read_folder(tmp_path / "room") == before
