"""Fixtures of tests that speak to a room as services of ASTM F3548 do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.running import RunningRoom
from tests.support.utm import Authority, Service, settings


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def room(tmp_path: Path, authority: Authority, start_room: Callable[..., RunningRoom]) -> RunningRoom:
    return start_room("--config", settings(tmp_path, authority), command="serve", data=tmp_path / "room")


@pytest.fixture
def services(room: RunningRoom, authority: Authority) -> tuple[Service, Service, Service]:
    return Service(room, authority, "uss1"), Service(room, authority, "uss2"), Service(room, authority, "uss3")
