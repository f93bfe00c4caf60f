"""A wire between two rooms that a test can hold still and cut."""

import contextlib
import selectors
import socket
import threading


class Proxy:
    """Passes bytes both ways; `hold` lets nothing through, `cut` ends what is connected and lets new bytes through.

    `hold(from_caller=...)` holds one direction: what comes from whoever connected, or what goes back to them.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._to = 0
        self._held: frozenset[bool] = frozenset()
        self._callers: set[socket.socket] = set()
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._lock = threading.Lock()
        self._ending = False
        self._fault = ""
        self._ended = threading.Event()
        self._watch = selectors.DefaultSelector()
        self._watch.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def to(self, port: int) -> None:
        self._to = port

    def hold(self, *, from_caller: bool | None = None) -> None:
        self._held = frozenset((True, False)) if from_caller is None else frozenset((from_caller,))

    def release(self) -> None:
        """Let everything through that was held."""
        self._held = frozenset()

    def spoil(self, fault: str) -> None:
        """Do this to the next bytes that come: `flip` one, `lose` some, `double` them, or `swap` their halves."""
        self._fault = fault

    def cut(self) -> None:
        with self._lock:
            for one in list(self._pairs):
                self._drop(one)
        self._held = frozenset()

    def close(self) -> None:
        self._ending = True
        self._ended.set()
        self._thread.join(5)
        self.cut()
        self._listener.close()
        self._watch.close()

    def _run(self) -> None:
        while not self._ending:
            ready = self._watch.select(0.05)
            is_idle = True
            with self._lock:
                for key, _ in ready:
                    if key.fileobj is self._listener:
                        self._accept()
                    elif (key.fileobj in self._callers) not in self._held:
                        is_idle = False
                        self._pass_on(key.fileobj)  # type: ignore[arg-type]  # only sockets are watched
            if ready and is_idle:
                self._ended.wait(0.02)  # what is held stays ready; the rooms need the time more

    def _accept(self) -> None:
        one, _ = self._listener.accept()
        try:
            other = socket.create_connection(("127.0.0.1", self._to), timeout=5)
        except OSError:
            one.close()
            return
        self._callers.add(one)
        for here, there in ((one, other), (other, one)):
            self._pairs[here] = there
            self._watch.register(here, selectors.EVENT_READ)

    def _pass_on(self, one: socket.socket) -> None:
        if one not in self._pairs:
            return
        try:
            raw = one.recv(1 << 16)
            fault, self._fault = (self._fault, "") if len(raw) > 1 else ("", self._fault)
            self._pairs[one].sendall(_spoilt(raw, fault))
        except OSError:
            raw = b""
        if not raw:
            self._drop(one)

    def _drop(self, one: socket.socket) -> None:
        other = self._pairs.pop(one, None)
        for each in (one, other):
            if each is not None:
                self._pairs.pop(each, None)
                self._callers.discard(each)
                with contextlib.suppress(KeyError, ValueError):
                    self._watch.unregister(each)
                each.close()


def _spoilt(raw: bytes, fault: str) -> bytes:
    middle = len(raw) // 2
    match fault:
        case "flip":
            return raw[:middle] + bytes((raw[middle] ^ 1,)) + raw[middle + 1 :]
        case "lose":
            return raw[:middle]
        case "double":
            return raw + raw
        case "swap":
            return raw[middle:] + raw[:middle]
    return raw
