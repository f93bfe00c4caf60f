"""The tutorial's commands, run as they are printed."""

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.support.running import WATCHFLOOR, RunningRoom

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorials" / "first-exercise.md"


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", TUTORIAL.read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line and not line.startswith("#")]


def test_the_commands_of_the_tutorial_work_as_they_are_printed(
    tmp_path: Path, start_room: Callable[..., RunningRoom]
) -> None:
    lines = commands()
    start = next(line for line in lines if line.startswith("make run"))
    arguments = shlex.split(shlex.split(start)[2].removeprefix("ARGS="))
    place = arguments.index("--data")
    folder = arguments[place + 1]
    room = start_room(*arguments[:place], *arguments[place + 2 :], data=tmp_path / folder)
    room.until(lambda: room.get("/api/screen")["screen"]["alerts"], "the tutorial's alert")
    assert room.stop() == 0
    rest = [line for line in lines if line.startswith(".venv/bin/watchfloor")]
    assert len(rest) >= 3
    for line in rest:
        words = shlex.split(line)
        done = subprocess.run(
            [WATCHFLOOR, *words[1:]], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, (line, done.stderr)
        assert done.stdout


def test_every_command_in_the_readme_and_docs_exists() -> None:
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for verb in re.findall(r"watchfloor (run|serve|record verify|replay|exercise check|bench)\b", path.read_text()):
            done = subprocess.run([WATCHFLOOR, *verb.split(), "--help"], capture_output=True, check=False)
            assert done.returncode == 0, (path, verb)
