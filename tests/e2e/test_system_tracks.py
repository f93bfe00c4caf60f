"""A room's picture as ASTERIX system tracks, received over UDP."""

import socket
import time
from collections.abc import Callable

import pytest

from tests.support.running import RunningRoom
from watchfloor.base.errors import InputError
from watchfloor.edge.links.system_tracks import SystemTracksPlan, system_tracks_plan
from watchfloor.messages.air import Observation
from watchfloor.messages.feeds import Arrival
from watchfloor.wire.asterix import AsterixFeed


def test_every_air_track_goes_out_simulated_in_an_exercise_at_real_utc(start_room: Callable[..., RunningRoom]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(20)
        room = start_room("--from", "08:10:00", "--system-tracks", f"127.0.0.1:{receiver.getsockname()[1]}")
        room.until(lambda: len(room.get("/api/tracks")["features"]) >= 119, "tracks")
        features = room.get("/api/tracks")["features"]
        wanted = {
            feature["properties"]["identity"]
            for feature in features
            if feature["properties"]["identity"].startswith("icao:")
        }
        feed, seen = AsterixFeed({}), {}
        while not wanted <= seen.keys():
            block = receiver.recv(2048)
            now_us = int(time.time() * 1e6)
            found = feed.step(feed.begin(), block, Arrival(now_us, in_exercise=True, is_datagram=True))[1]
            assert found
            for one in found:
                assert isinstance(one, Observation), one
                assert abs(one.toa_us - now_us) < 90e6, "this address is told real UTC"
                seen[one.identity] = one
    room.stop()
    assert room.errors == ""


def test_another_machine_is_sent_to_only_when_it_is_said_twice() -> None:
    assert system_tracks_plan("", "0/1") is None
    assert system_tracks_plan("localhost:8600", "25/1") == SystemTracksPlan("127.0.0.1", 8600, (25, 1))
    with pytest.raises(InputError, match="another machine"):
        system_tracks_plan("192.0.2.1:8600", "25/1")
    assert system_tracks_plan("192.0.2.1:8600", "25/1", beyond_this_machine=True) is not None
    for to, source in (("127.0.0.1", "0/1"), ("127.0.0.1:0", "0/1"), ("127.0.0.1:1", "0/256"), ("here:1", "0/1")):
        with pytest.raises(InputError):
            system_tracks_plan(to, source)
