"""A room as a process, and people who sit in it over HTTP with keys of their own."""

import json
import os
import secrets
import selectors
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.passkeys import SecurityKey, SoftwareAuthenticator
from watchfloor.messages.canonical import canonical_bytes

START_WAIT_S = 40
WATCHFLOOR = str(Path(sys.executable).with_name("watchfloor"))


class RunningRoom:
    """`watchfloor run` or `serve`, started and waited for."""

    def __init__(
        self,
        data: Path,
        arguments: tuple[str, ...] = (),
        command: str = "run",
        program: str = WATCHFLOOR,
        *,
        video: bool = False,
        other_party: bool = False,
    ):
        self.data = data
        words = [program, command, *arguments, "--data", str(data), "--headless", "--json"]
        words += ["--port", "0", "--cot-port", "0"]
        if command == "run" and not video:
            words.append("--without-video")
        if command == "run" and not other_party:
            words.append("--alone")
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = _first_line(self.process)
        if not line:
            self.process.kill()
            errors = self.process.stderr.read()
            self.process.wait()
            self._close_pipes()
            raise AssertionError(f"the room did not start: {errors}")
        self.started: dict[str, Any] = json.loads(line)
        self.http = httpx.Client(base_url=f"http://localhost:{self.started['http_port']}", timeout=20)

    @property
    def cot_port(self) -> int:
        return int(self.started["cot_port"])

    def link(self, name: str) -> str:
        """The token of a seat's link, by the name printed before it."""
        return dict(self.started["seats"])[name].partition("#seat=")[2]

    def get(self, path: str, session: str = "") -> Any:
        answer = self.http.get(path, headers=_bearer(session))
        answer.raise_for_status()
        return answer.json()

    def sit(self, name: str, same: "Person | None" = None, **words: Any) -> "Person":
        return Person(self, self.link(name), same, **words)

    def stop(self, number: int = signal.SIGINT) -> int:
        """End it with a signal; answers its exit code."""
        self.http.close()
        self.process.send_signal(number)
        code = self.process.wait(10)
        self.errors = self.process.stderr.read()
        self._close_pipes()
        if code:
            print(self.errors)  # the test that did not want this shows it
        return code

    def kill(self) -> None:
        self.http.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def until(self, wanted: Any, what: str, wait_s: float = 30) -> Any:
        """Ask until `wanted` answers something true."""
        deadline = time.monotonic() + wait_s
        while True:
            got = wanted()
            if got:
                return got
            assert time.monotonic() < deadline, f"never came: {what}"
            assert self.process.poll() is None, f"the room ended: {self.process.stderr.read()}"
            time.sleep(0.05)  # between two questions to another process; the answer decides, not the time


class RunningReplay(RunningRoom):
    """`watchfloor replay DIR --wall`."""

    def __init__(self, data: Path, *words: str) -> None:
        self.data = data
        line = [WATCHFLOOR, "replay", str(data), "--wall", "--port", "0", "--json", "--headless", *words]
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.started = json.loads(_first_line(self.process) or self.process.stderr.read())
        self.http = httpx.Client(base_url=f"http://localhost:{self.started['http_port']}", timeout=20)


class Person:
    """A human at a seat: a key, a passkey, a session, and acts signed with the key and confirmed with the passkey."""

    def __init__(
        self,
        room: RunningRoom,
        token: str,
        same: "Person | None" = None,
        again: "Person | None" = None,
        passkey: SoftwareAuthenticator | SecurityKey | None = None,
        login: str | None = None,
        comes_back: bool = False,
        **enrolment: Any,
    ) -> None:
        """`same`: a person who sits elsewhere; `again`: one who sat here before the room was started again.

        `passkey`: instead of a new one of a browser. `login`: the token of who logged in.
        `comes_back`: with a passkey that sat here, in another browser.
        """
        self.room = room
        known = same or again
        self.key = known.key if known else Ed25519PrivateKey.generate()
        info = room.get("/api/room")
        self.info = info
        public = self.key.public_key().public_bytes_raw().hex()
        text = f"watchfloor: take a seat\n{info['room_id']}\n{sha256(token.encode()).hexdigest()}\n{public}\n".encode()
        origin = str(room.http.base_url).rstrip("/")
        self.passkey = passkey or (known.passkey if known else SoftwareAuthenticator(origin))
        self.passkey.origin = origin
        wish: dict[str, Any] = {"token": token, "public_key": public, "proof": self.key.sign(text).hex()}
        wish |= {"also": same.seat["session"]} if same else self.passkey.wish(text, **enrolment)
        if comes_back:
            wish = {name: wish[name] for name in ("token", "public_key", "proof")}
            wish |= {"assertion": self.passkey.confirm(text.decode())}
        wish |= {"login": login} if login is not None else {}
        self.answer = room.http.post("/api/enter", json=wish)
        self.seat = self.answer.json()
        assert enrolment or login is not None or self.answer.status_code == 200, self.answer.text

    def document(self, **words: Any) -> str:
        screen = self.room.get("/api/screen", self.seat["session"])
        pulse = self.room.get("/api/pulse")
        body = {
            "act_id": secrets.token_hex(16),
            "room_id": self.info["room_id"],
            "person_id": self.seat["person_id"],
            "seat_id": self.seat["seat_id"],
            "at_us": pulse["room_us"],
            "head": screen["head"],
        }
        return canonical_bytes(body | words).decode()

    def send(
        self, document: str, signature: str | None = None, assertion: dict[str, str] | None = None
    ) -> httpx.Response:
        signed = signature or self.key.sign(document.encode()).hex()
        body = {"document": document, "signature": signed, "assertion": assertion or self.passkey.confirm(document)}
        return self.room.http.post("/api/acts", json=body, headers=_bearer(self.seat["session"]))

    def act(self, **words: Any) -> httpx.Response:
        return self.send(self.document(**words))

    def request(self, request_id: str, **changes: Any) -> httpx.Response:
        now_us = self.room.get("/api/pulse")["room_us"]
        words: dict[str, Any] = {
            "type": "RequestWritten",
            "request_id": request_id,
            "kind": "escort",
            "acting_nation": "ALD",
            "what": "Escort of two relief transports to Lunet.",
            "why": "They asked for company.",
            "hoped_for": "They arrive.",
            "could_go_wrong": "Their crews could be startled.",
            "alternatives": "Flying later.",
            "area_id": "D01",
            "from_us": now_us,
            "until_us": now_us + 1_800_000_000,
            "label": {"level": 0, "nations": self.info["nations"]},
            "rules_digest": self.info["rules_digest"],
        }
        return self.act(**(words | changes))

    def advise(self, request_id: str, version: int = 1, verdict: str = "concur", words: str = "") -> httpx.Response:
        return self.act(type="AdviceGiven", request_id=request_id, version=version, verdict=verdict, words=words)

    def doubt(self, request_id: str, version: int = 1, words: str = "") -> httpx.Response:
        return self.act(type="DoubtRaised", request_id=request_id, version=version, words=words)

    def resolve(self, request_id: str, doubt_id: str, version: int = 1, words: str = "Looked again.") -> httpx.Response:
        return self.act(type="DoubtResolved", request_id=request_id, version=version, doubt_id=doubt_id, words=words)

    def decide(self, request_id: str, answer: str, version: int = 1) -> httpx.Response:
        screen = self.room.get("/api/screen", self.seat["session"])
        return self.act(
            type="DecisionSigned",
            request_id=request_id,
            version=version,
            answer=answer,
            lawful_and_valid="Yes, as advised.",
            expected_advantage="They arrive.",
            remaining_doubt="The weather.",
            cited=[],
            screen_digest=screen["digest"],
        )

    def clock(
        self, *, rate_permille: int = 1000, paused: bool = False, jump_to_us: int | None = None
    ) -> httpx.Response:
        return self.act(type="ClockCommanded", rate_permille=rate_permille, paused=paused, jump_to_us=jump_to_us)

    def brief(self, matter: str) -> list[tuple[str, str, str]]:
        """What this seat's brief says of a matter: of what kind a thing is, which one, and how it stands."""
        items = self.room.get("/api/brief", self.seat["session"])["items"]
        return [(one["subject"], one["about"], one["state"]) for one in items if one["matter"] == matter]

    def board(self, request_id: str) -> dict[str, Any]:
        screen = self.room.get("/api/screen", self.seat["session"])["screen"]
        return next(request for request in screen["board"] if request["request_id"] == request_id)


def run_words(*words: str, wait_s: float = 60) -> subprocess.CompletedProcess[str]:
    """`watchfloor` with these words, to its end."""
    return subprocess.run([WATCHFLOOR, *words], capture_output=True, text=True, timeout=wait_s, check=False)


def verified(folder: Path) -> dict[str, Any]:
    """The report of `record verify --json`."""
    done = run_words("record", "verify", str(folder), "--json")
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if report["holds"] else 1)
    return report


def children_of(pid: int) -> list[int]:
    """Process ids whose parent is `pid`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found.append(int(entry.name))
    return found


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def _first_line(process: subprocess.Popen[str]) -> str:
    watch = selectors.DefaultSelector()
    watch.register(process.stdout, selectors.EVENT_READ)
    try:
        return process.stdout.readline() if watch.select(START_WAIT_S) else ""
    finally:
        watch.close()


def _bearer(session: str) -> dict[str, str]:
    return {"authorization": f"Bearer {session}"} if session else {}
