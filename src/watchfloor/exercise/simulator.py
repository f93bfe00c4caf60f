"""The simulator process: every aircraft of a pack, on real sockets, by the room's clock.

It is started by the room and lives by its pipe: lines of JSON come in (what to connect to, each setting of
the clock), lines of JSON go out (the local port of each connection before it is made, so that the room can
admit this process and no other). When the pipe ends, however it ends, so does this process.
"""

import json
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from watchfloor.base.errors import UnavailableError
from watchfloor.exercise.counterpart import Counterpart
from watchfloor.exercise.front_door import FrontDoor
from watchfloor.exercise.opening import OpeningWriter
from watchfloor.exercise.transmit import Transmitters
from watchfloor.messages.pack import Pack
from watchfloor.wire.pack import parse_pack

STEP_S = 0.05
PICTURE_S = 0.1
RETRY_S = 0.5
SEND_WAIT_S = 5.0


class FeedLine:
    """One outgoing connection to a feed port of the room."""

    def __init__(self, feed_id: str, port: int) -> None:
        self._feed_id, self._port = feed_id, port
        self._socket: socket.socket | None = None
        self._next_try_s = 0.0
        self._pending = bytearray()

    def put(self, raw: bytes) -> None:
        """Take bytes for the next flush."""
        self._pending += raw

    def flush(self) -> None:
        """Send what was put; without a connection it is lost, as on a real feed."""
        raw, self._pending = bytes(self._pending), bytearray()
        if self._socket is None and not self._connect():
            return
        if raw and self._socket is not None:
            try:
                self._socket.sendall(raw)
            except OSError:
                self.drop()

    def drop(self) -> None:
        """Close the connection; the next flush makes a new one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self) -> bool:
        if time.monotonic() < self._next_try_s:
            return False
        self._next_try_s = time.monotonic() + RETRY_S
        fresh = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        fresh.settimeout(SEND_WAIT_S)
        try:
            fresh.bind(("127.0.0.1", 0))
            _say({"announce": self._feed_id, "port": fresh.getsockname()[1]})
            fresh.connect(("127.0.0.1", self._port))
        except OSError:
            fresh.close()
            return False
        self._socket = fresh
        return True


class RoomTime:
    """The room's clock as it was last told, on the monotonic clock that processes of a machine share."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._anchor_ns = int(told["anchor_ns"])
        self._room_us = int(told["room_us"])
        self._rate_permille = int(told["rate_permille"])
        self._paused = bool(told["paused"])

    def now_us(self) -> int:
        """Room time now."""
        if self._paused:
            return self._room_us
        passed_us = (time.monotonic_ns() - self._anchor_ns) // 1000
        return self._room_us + passed_us * self._rate_permille // 1000


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _read_pipe(inbox: "queue.Queue[dict[str, Any] | None]") -> None:
    for line in sys.stdin:
        inbox.put(json.loads(line))
    inbox.put(None)


def _load(folder: Path) -> Pack:
    return parse_pack(
        {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    )


def _door(setup: dict[str, Any]) -> FrontDoor:
    return FrontDoor(int(setup["http_port"]), setup["room_id"], setup["links"])


def _open_record(pack: Pack, setup: dict[str, Any]) -> None:
    """Enter the opening record; a refusal is told to the room, and flying goes on."""
    try:
        OpeningWriter(pack, _door(setup)).enter_last(setup["opening_left"])
        _say({"opened": True})
    except UnavailableError as error:
        _say({"opened": False, "reason": str(error)})


class Filming:
    """The pack's cameras, once their ground is drawn; none where the extra `video` is not installed."""

    def __init__(self, pack: Pack) -> None:
        self._ready: queue.Queue[Any] = queue.Queue()
        self._cameras: Any = None
        self._begun_us: int | None = None
        self._last_us: int | None = None
        self._next_s = 0.0
        threading.Thread(target=self._draw, args=(pack,), daemon=True).start()

    def _draw(self, pack: Pack) -> None:
        try:
            from watchfloor.exercise.camera import Cameras  # noqa: PLC0415  # an extra
        except ImportError:
            return
        self._ready.put(Cameras(pack))

    def jump(self) -> None:
        """A new time context: every stream begins anew."""
        self._begun_us = None

    def at(self, room_us: int) -> Iterator[tuple[str, bytes]]:
        """What cameras send now; nothing, when the last picture was just now, or the room's time stands still."""
        now_s = time.monotonic()
        if self._cameras is None and not self._ready.empty():
            self._cameras = self._ready.get()
        if self._cameras is None or now_s < self._next_s or room_us == self._last_us:
            return
        self._next_s = max(self._next_s + PICTURE_S, now_s)
        self._last_us = room_us
        if self._begun_us is None:
            self._begun_us = room_us
            self._cameras.begin(room_us)
        yield from self._cameras.at(room_us)


def main() -> int:
    """Fly until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
    threading.Thread(target=_read_pipe, args=(inbox,), daemon=True).start()
    setup = inbox.get()
    if setup is None:
        return 0
    pack = _load(Path(setup["pack_folder"]))
    lines = {feed_id: FeedLine(feed_id, port) for feed_id, port in setup["feeds"].items()}
    if setup["opening_left"]:
        threading.Thread(target=_open_record, args=(pack, setup), daemon=True).start()
    if pack.header.counterpart is not None:
        counterpart = Counterpart(pack, pack.header.counterpart, _door(setup))
        threading.Thread(target=counterpart.run, daemon=True).start()
    filming = Filming(pack) if setup["video"] else None
    clock: RoomTime | None = None
    transmitters: Transmitters | None = None
    while True:
        try:
            told = inbox.get(timeout=STEP_S)
            if told is None:
                return 0
            clock = RoomTime(told)
            if told["jumped"] or transmitters is None:
                for line in lines.values():
                    line.drop()
                transmitters = Transmitters(pack, clock.now_us())
                if filming is not None:
                    filming.jump()
        except queue.Empty:
            pass
        if clock is not None and transmitters is not None:
            for feed_id, raw in transmitters.until(clock.now_us()):
                if feed_id in lines:
                    lines[feed_id].put(raw)
            for feed_id, raw in filming.at(clock.now_us()) if filming is not None else ():
                lines[feed_id].put(raw)
            for line in lines.values():
                line.flush()


if __name__ == "__main__":
    sys.exit(main())
