"""Run inside a network namespace without a way out: a room that hears a multicast group, and senders in it."""

import json
import socket
import sys
import time
from pathlib import Path

from tests.support.running import RunningRoom
from watchfloor.wire import cot, tak

GROUP, PORT = "239.2.3.1", 6969


def report(uid: str, at_us: int) -> cot.Outgoing:
    return cot.Outgoing(
        uid=uid, type="a-f-A-M", time_us=at_us, stale_us=at_us + 60_000_000, lat_deg=47.0, lon_deg=8.0, hae_m=3000.0
    )


def main() -> None:
    folder = Path(sys.argv[1])
    feed = f'id = "MESH"\nformat = "cot"\nlisten = "{GROUP}:{PORT}"\ninterface = "127.0.0.1"\n'
    (folder / "w.toml").write_text("[[feeds]]\n" + feed)
    room = RunningRoom(folder / "room", ("--config", str(folder / "w.toml")), "serve")
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))

    def feed_now() -> dict[str, object]:
        return dict(next(feed for feed in room.get("/api/pulse")["feeds"] if feed["feed_id"] == "MESH"))

    def said() -> bool:
        now_us = int(time.time() * 1e6)
        sender.sendto(tak.encode_datagram(report("MESH-1", now_us)), (GROUP, PORT))
        sender.sendto(cot.encode(report("MESH-2", now_us)), (GROUP, PORT))
        return len(room.get("/api/tracks")["features"]) == 2

    room.until(said, "both tracks")
    names = sorted(track["properties"]["identity"] for track in room.get("/api/tracks")["features"])

    def stormed() -> bool:
        for _ in range(20_000):
            sender.sendto(b"\xbf\x01\xbfjunk", (GROUP, PORT))
        return any(reason.startswith("over 5,000 datagrams") for reason in dict(feed_now()["reasons"]))

    room.until(stormed, "the storm's limit")
    room.until(said, "tracks, as if nothing had been")
    print(json.dumps({"names": names, "reasons": feed_now()["reasons"], "code": room.stop()}))


if __name__ == "__main__":
    main()
