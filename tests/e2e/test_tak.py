"""A stock PyTAK client on the room's CoT port, over a real socket."""

import shutil
import socket
import subprocess
import sys
import textwrap
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from takproto.proto import TakMessage

from tests.support.running import RunningRoom, run_words
from watchfloor.edge.stores.packs import shipped_folder
from watchfloor.messages.air import Rejected
from watchfloor.wire import cot, tak
from watchfloor.wire.cot_event import CotEvent
from watchfloor.wire.cot_stream import StreamState

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


def said(client: socket.socket, until: Callable[[list[CotEvent]], bool]) -> list[CotEvent]:
    """Events that a raw client is sent, first XML and then what it asked for, until they suffice."""
    client.settimeout(30)
    xml, rest, found = StreamState(), b"", []
    while not until(found):
        data = client.recv(1 << 16)
        assert data, "the room hung up"
        answered = data.find(b"t-x-takp-r")
        if answered >= 0 and b'status="true"' in data:
            end = data.index(b"</event>\n", answered) + len(b"</event>\n")
            xml, events = cot.step(xml, data[:end])
            found += [event for event in events if isinstance(event, CotEvent)]
            rest, data = b"\x00", data[end:]
        if rest:
            rest, events = tak.step(rest.removeprefix(b"\x00"), data)
            rest = rest or b"\x00"
        else:
            xml, events = cot.step(xml, data)
        assert not [event for event in events if isinstance(event, Rejected)]
        found += [event for event in events if isinstance(event, CotEvent)]
    return found


def asking(version: str) -> bytes:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'<event version="2.0" uid="protouid" type="t-x-takp-q" time="{now}" start="{now}" stale="{now}" how="m-g">'
        f'<point lat="0" lon="0" hae="0" ce="9999999" le="9999999"/>'
        f'<detail><TakControl><TakRequest version="{version}"/></TakControl></detail></event>'
    ).encode()


def test_a_client_that_asks_for_protobuf_gets_the_same_picture_in_protobuf(
    start_room: Callable[..., RunningRoom],
) -> None:
    room = start_room("--from", "08:10:00")
    room.until(lambda: len(room.get("/api/tracks")["features"]) >= 100, "tracks")
    with socket.create_connection(("127.0.0.1", room.cot_port)) as client:
        (offer, *_) = said(client, lambda found: len(found) > 100)
        assert offer.type == "t-x-takp-v"
        client.sendall(asking("1"))
        after = said(client, lambda found: sum(event.is_air() for event in found) > 100)
        turn = [event.type for event in after].index("t-x-takp-r")
        air = [event for event in after[turn:] if event.is_air()]
        assert {event.opex for event in air} == {"e-eight-thirty"}
        now_us = int(time.time() * 1e6)
        own = cot.Outgoing(
            uid="ME-2", type="a-f-G-U-C", time_us=now_us, stale_us=now_us + 60_000_000, lat_deg=-37.5, lon_deg=-114.0,
            hae_m=100.0, callsign="PROTO",
        )  # fmt: skip
        client.sendall(tak.encode(own))
        room.until(lambda: [one["callsign"] for one in room.get("/api/pulse")["guests"]] == ["PROTO"], "the client")


def test_a_client_that_asks_for_another_protocol_is_told_no_and_stays_with_xml(
    start_room: Callable[..., RunningRoom],
) -> None:
    room = start_room("--from", "08:10:00")
    with socket.create_connection(("127.0.0.1", room.cot_port)) as client:
        client.sendall(asking("7"))
        found = said(client, lambda found: "t-x-takp-r" in [event.type for event in found] and len(found) > 50)
        assert len(found) > 50


def is_cut_off(room: RunningRoom, piece: bytes, most: int) -> bool:
    """Whether the room hangs up on who sends a piece over and over."""
    with socket.create_connection(("127.0.0.1", room.cot_port), timeout=30) as client:
        try:
            for _ in range(most):
                client.sendall(piece)
            while client.recv(1 << 16):
                pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True


def test_a_flood_is_cut_off_with_a_reason_in_the_log(start_room: Callable[..., RunningRoom]) -> None:
    room = start_room("--from", "08:10:00")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    good = (
        f'<event version="2.0" uid="F-1" type="a-f-G" time="{now}" start="{now}" stale="{now}" how="m-g">'
        '<point lat="1" lon="0" hae="0" ce="1" le="1"/></event>'
    ).encode()
    assert is_cut_off(room, b"\x00" * (1 << 16), 64), "junk"
    assert is_cut_off(room, good * 10, 200), "a flood"
    assert is_cut_off(room, b"\xbf\xff\xff\xff\xff\x0f", 1), "a lie about length"
    assert is_cut_off(room, b" " * (1 << 16), 64), "bytes that are nothing at all"
    assert is_cut_off(room, b"<!-- nothing -->" * 4096, 64), "comments without end"
    control = TakMessage()
    control.takControl.minProtoVersion = 1
    raw = control.SerializeToString()
    assert is_cut_off(room, (b"\xbf" + bytes((len(raw),)) + raw) * 10_000, 80), "messages without an event"
    room.until(lambda: len(room.get("/api/tracks")["features"]) > 100, "tracks, as if nothing had been")
    room.stop()
    for word in ("over 1 MiB that is no event", "over 50 events a second", "over 256 KiB in one message"):
        assert word in room.errors


def test_the_plain_port_shows_what_its_pack_says_and_no_wall_more_for_it(
    tmp_path: Path, start_room: Callable[..., RunningRoom]
) -> None:
    shutil.copytree(shipped_folder() / "eight-thirty", tmp_path / "pack")
    told = tmp_path / "pack" / "pack.yaml"
    text = told.read_text()
    before, line, after = text.partition("format: cot, stale_s: 15, lost_s: 60, nations: ")
    text = before + line + "[DNM]" + after[after.index("]") + 1 :]
    told.write_text("tak_port: {nations: [DNM]}\n" + text)
    room = start_room(str(tmp_path / "pack"), "--without-passkeys", data=tmp_path / "room")
    seen = events_of(room, lambda events: any(uid.endswith("HERON") for uid in events))
    assert any(uid.endswith("HERON") for uid in seen)
    features = room.until(lambda: room.get("/api/tracks")["features"], "tracks of other feeds")
    shown = {one["properties"]["callsign"] for one in features}
    assert "HERON" not in shown
    told.write_text(text.replace("title:", "tak_port: {nations: [XYZ]}\ntitle:", 1))
    refused = run_words("exercise", "check", str(tmp_path / "pack"))
    assert refused.returncode == 2
    assert "names a nation that the pack does not have" in refused.stderr
