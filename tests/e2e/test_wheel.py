"""The wheel in a bare environment without node: it holds wall and packs, and `watchfloor run` works."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.support.running import RunningRoom, verified

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_holds_wall_and_packs_and_nothing_of_the_workshop(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "watchfloor/_data/wall/index.html" in names
    assert "watchfloor/_data/packs/eight-thirty/pack.yaml" in names
    assert "watchfloor/py.typed" in names
    assert not [name for name in names if "node_modules" in name or name.startswith(("tests/", "bench/"))]


def test_the_installed_wheel_runs_without_node_or_make(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "bare"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    locked = (ROOT / "requirements" / "run.txt").read_text().splitlines()
    pinned = tmp_path / "pinned.txt"
    pinned.write_text("\n".join(line.rstrip(" \\") for line in locked if "==" in line and not line.startswith(" ")))
    words = [python, "-m", "pip", "install", "-q", "--only-binary=:all:", "-c", str(pinned), str(wheel)]
    subprocess.run(words, check=True, capture_output=True)
    packages = home / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    own = [path for path in packages.rglob("*") if path.is_file() and "pip" not in path.parts[len(packages.parts)]]
    installed_mb = sum(path.stat().st_size for path in own) / 1e6
    assert installed_mb < 500, f"core dependencies take {installed_mb:.0f} MB"
    monkeypatch.setenv("PATH", str(home / "bin"))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.chdir(tmp_path)
    assert not any((Path(folder) / "node").exists() for folder in os.environ["PATH"].split(os.pathsep))
    room = RunningRoom(tmp_path / "room", program=str(home / "bin" / "watchfloor"))
    try:
        room.until(lambda: len(room.get("/api/tracks")["features"]) > 50, "tracks")
        page = httpx.get(room.started["url"].replace("localhost", "127.0.0.1"))
        assert '<div id="app">' in page.text
        assert room.stop() == 0
    finally:
        room.kill()
    assert verified(room.data)["sealed"]
