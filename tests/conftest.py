"""Shared fixtures: the shipped pack, test data that is not part of the project, running rooms."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, sync_playwright

from tests.support.browsing import FLAGS
from tests.support.running import RunningRoom
from watchfloor.edge.stores.packs import load_pack
from watchfloor.messages.pack import Pack

settings.register_profile("watchfloor", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("watchfloor")


@pytest.fixture(scope="session")
def pack() -> Pack:
    return load_pack("eight-thirty")


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real inputs that the environment names."""
    named = os.environ.get("WATCHFLOOR_TEST_DATA")
    if not named or not Path(named).is_dir():
        pytest.skip("WATCHFLOOR_TEST_DATA names no folder of real inputs")
    return Path(named)


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("chromium is not installed (Debian package `chromium`)")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A browser for one file of tests; each person is a page of their own."""
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def start_room(tmp_path: Path) -> Iterator[Callable[..., RunningRoom]]:
    """Starts `watchfloor run` as a process; every room is ended after the test."""
    rooms: list[RunningRoom] = []

    def start(
        *arguments: str, data: Path | None = None, command: str = "run", video: bool = False, other_party: bool = False
    ) -> RunningRoom:
        folder = data or tmp_path / f"room{len(rooms)}"
        room = RunningRoom(folder, arguments, command, video=video, other_party=other_party)
        rooms.append(room)
        return room

    yield start
    for room in rooms:
        room.kill()
