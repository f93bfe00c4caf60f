"""A stock PyTAK client on the room's CoT port, over a real socket."""

import socket
import subprocess
import sys
import textwrap
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, datetime

from tests.support.running import RunningRoom

CLIENT = textwrap.dedent(
    """
    import asyncio, sys
    from configparser import ConfigParser
    import pytak

    class Sender(pytak.QueueWorker):
        async def run(self, _=-1):
            while True:
                await self.put_queue(pytak.gen_cot(lat=-37.5, lon=-114.0, ce=10, hae=100, le=10, uid="ME-1",
                                                   cot_type="a-f-G-U-C", stale=60, callsign="STUDENT"))
                await asyncio.sleep(1)

    class Receiver(pytak.QueueWorker):
        async def handle_data(self, data):
            print(data.strip().decode().replace("\\n", " "), flush=True)

    async def main():
        config = ConfigParser()
        config["app"] = {"COT_URL": f"tcp://127.0.0.1:{sys.argv[1]}"}
        tool = pytak.CLITool(config["app"])
        await tool.setup()
        tool.add_tasks({Sender(tool.tx_queue, config["app"]), Receiver(tool.rx_queue, config["app"])})
        await tool.run()

    asyncio.run(main())
    """
)


def events_of(room: RunningRoom, enough: Callable[[dict[str, ET.Element]], bool]) -> dict[str, ET.Element]:
    """Newest event by uid of a PyTAK client that runs until there are enough."""
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(room.cot_port)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    seen: dict[str, ET.Element] = {}
    try:
        deadline = time.monotonic() + 40
        for line in client.stdout:
            event = ET.fromstring(line)
            seen[event.get("uid", "")] = event
            if enough(seen) or time.monotonic() > deadline:
                break
    finally:
        client.kill()
        client.wait()
        client.stdout.close()
    return seen


def test_a_stock_client_receives_every_track_marked_as_exercise_in_real_utc(
    start_room: Callable[..., RunningRoom],
) -> None:
    room = start_room("--from", "08:10:00")
    room.until(lambda: len(room.get("/api/tracks")["features"]) >= 119, "tracks")
    tracks = room.get("/api/tracks")["features"]
    wanted = {
        identity.removeprefix("cot:") if identity.startswith("cot:") else "ICAO-" + identity[5:].upper()
        for identity in (track["properties"]["identity"] for track in tracks)
    }
    seen = events_of(room, lambda seen: wanted <= seen.keys() and "ME-1" in seen)
    assert wanted <= seen.keys()
    for uid in wanted:
        event = seen[uid]
        assert event.get("opex") == "e-eight-thirty"
        assert event.get("type", "").startswith(("a-f-A", "a-n-A", "a-u-A"))
        assert event.findtext("detail/remarks") == "EXERCISE"
        told = datetime.fromisoformat(event.get("time", ""))
        assert abs((datetime.now(UTC) - told).total_seconds()) < 90, "this port speaks real UTC"
        assert datetime.fromisoformat(event.get("stale", "")) > told


def test_a_clients_own_position_is_shown_as_its_own_and_never_probed(start_room: Callable[..., RunningRoom]) -> None:
    room = start_room("--from", "08:10:00")
    seen = events_of(room, lambda seen: "ME-1" in seen)
    assert seen["ME-1"].get("opex") == "e-eight-thirty"
    assert seen["ME-1"].get("type") == "a-f-G-U-C", "what a client says of itself is not changed"
    assert seen["ME-1"].find("point").get("hae") == "100.00"
    identities = [track["properties"]["identity"] for track in room.get("/api/tracks")["features"]]
    assert not [identity for identity in identities if "ME-1" in identity]
    room.until(lambda: not room.get("/api/pulse")["guests"], "the client's leaving")


def test_junk_from_a_client_is_counted_with_reasons_and_costs_nobody_else(
    start_room: Callable[..., RunningRoom],
) -> None:
    room = start_room("--from", "08:10:00")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    event = (
        f'<event version="2.0" uid="X" type="a-f-G" time="{now}" start="{now}" stale="{now}" how="m-g">'
        '<point lat="{lat}" lon="0" hae="0" ce="1" le="1"/></event>'
    )
    with socket.create_connection(("127.0.0.1", room.cot_port)) as client:
        client.sendall(b'<!DOCTYPE e [<!ENTITY a "b">]>' + event.format(lat=95).encode())
        client.sendall(event.format(lat=1).replace(now, "2001-01-01T00:00:00Z").encode())
        client.sendall(b"<event \xff\xfe></event>" + b"noise" * 10)
        client.sendall(event.format(lat=1).replace('uid="X"', "").encode())
        client.sendall(b"".join(event.format(lat=95 + n / 100).encode() for n in range(60)))

        def reasons() -> dict[str, int]:
            feed = next(feed for feed in room.get("/api/pulse")["feeds"] if feed["feed_id"] == "TAK")
            found: dict[str, int] = feed["reasons"]
            return found

        def all_told() -> bool:
            text = " ".join(reasons())
            return all(word in text for word in ("out of -90", "off this port's clock", "outside any event", "`uid`"))

        room.until(all_told, "the reasons")
        assert len(reasons()) < 12, "a reason does not grow with the values it is about"
        client.sendall(event.format(lat=1).encode()[:70])
    room.until(lambda: "ended inside an event" in reasons(), "the cut event")
    with socket.create_connection(("127.0.0.1", room.cot_port)) as client:
        try:
            client.sendall(b"<event>")
            for _ in range(40):
                client.sendall(b"x" * 65_536)
        except OSError:
            pass
        room.until(lambda: "over 1 MiB" in " ".join(reasons()), "the limit")
    room.until(lambda: len(room.get("/api/tracks")["features"]) > 100, "tracks, as if nothing had been")


def test_a_client_that_never_reads_costs_little_and_harms_nobody(start_room: Callable[..., RunningRoom]) -> None:
    room = start_room("--from", "08:10:00", "--speed", "10")
    stalled = socket.create_connection(("127.0.0.1", room.cot_port))
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    seen = events_of(room, lambda seen: len(seen) > 100)
    stalled.close()
    assert len(seen) > 100
