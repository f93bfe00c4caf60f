"""A screen's connection says which part of the world it looks at, and is sent that alone."""

import json
import struct
from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support.running import RunningRoom


def test_a_screen_is_sent_the_part_of_the_world_that_it_looks_at(start_room: Callable[..., RunningRoom]) -> None:
    room = start_room()
    room.until(lambda: len(room.get("/api/tracks")["features"]) > 60, "tracks")
    view = {"west_deg": -115.0, "south_deg": -38.5, "east_deg": -113.0, "north_deg": -37.0}
    with connect(f"ws://localhost:{room.started['http_port']}/ws") as socket:
        socket.send(json.dumps({"session": ""}))
        whole = len(next_whole(socket))
        socket.send(json.dumps({"view": view}))
        part = next(rows for rows in iter(lambda: next_whole(socket), None) if len(rows) < whole)
        assert 0 < len(part) < whole
        assert all(-385_000_000 <= lat <= -370_000_000 and -1_150_000_000 <= lon <= -1_130_000_000 for lat, lon in part)
        socket.send(json.dumps({"view": None}))
        assert next(rows for rows in iter(lambda: next_whole(socket), None) if len(rows) > len(part))
        socket.send(json.dumps({"view": {"west_deg": 900}}))
        with pytest.raises(ConnectionClosed) as closed:
            list(socket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4400


def next_whole(socket: ClientConnection) -> list[tuple[int, int]]:
    """Places [1e-7 deg] in the next whole frame."""
    while True:
        raw = socket.recv(timeout=10)
        if isinstance(raw, bytes) and raw[:4] == b"WFT1":
            (count,) = struct.unpack_from("<I", raw, 4)
            lats = struct.unpack_from(f"<{count}i", raw, 24 + 4 * count)
            return list(zip(lats, struct.unpack_from(f"<{count}i", raw, 24 + 8 * count), strict=True))
