"""Two ends of a line for tests: folders opened by their people, and a party that speaks the line's frames by itself."""

import json
import re
import socket
import ssl
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.running import run_words

NOTHING = "0" * 64


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def words(*said: str) -> str:
    done = run_words("line", *said)
    assert done.returncode == 0, done.stderr
    return done.stdout


def digits_in(text: str) -> str:
    found = re.search(r"by voice: ([0-9 ]+)", text)
    assert found, text
    return found.group(1)


def opened_pair(at: Path, listen: int, reached: int | None = None) -> tuple[Path, Path]:
    """The folders of ALD, which listens, and MRN, which connects, after both people compared the digits."""
    ours, theirs = at / "line-ald", at / "line-mrn"
    address = f"127.0.0.1:{reached or listen}"
    words("invite", str(ours), "--party", "ALD", "--listen", f"127.0.0.1:{listen}", "--address", address)
    second = words("accept", str(theirs), str(ours / "invitation.json"), "--party", "MRN")
    first = words("accept", str(ours), str(theirs / "answer.json"))
    words("open", str(ours), "--heard", digits_in(second))
    words("open", str(theirs), "--heard", digits_in(first))
    return ours, theirs


def id_of(folder: Path) -> str:
    return str(json.loads((folder / "line.json").read_text())["ours"]["line_id"])


class Stranger:
    """The other party without watchfloor: its own keys from its folder, frames and messages written here."""

    def __init__(self, folder: Path, port: int, certificate: Path | None = None) -> None:
        held = json.loads((folder / "line.json").read_text())
        self.line_id, self.party = held["ours"]["line_id"], held["ours"]["party"]
        self.key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex((folder / "key").read_text().strip()))
        self.said: list[str] = []
        self.heard: list[str] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(cadata=held["theirs"]["certificate"])
        own = certificate or folder
        context.load_cert_chain(own / "tls.pem", own / "tls.key")
        self.socket = context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=20))
        self.stream = self.socket.makefile("rb")

    def close(self) -> None:
        self.stream.close()
        self.socket.close()

    def send(self, **frame: Any) -> None:
        self.send_raw(json.dumps(frame).encode())

    def send_raw(self, raw: bytes, size: int | None = None) -> None:
        self.socket.sendall((len(raw) if size is None else size).to_bytes(4, "big") + raw)

    def hello(self, **changes: Any) -> None:
        frame = {
            "frame": "hello", "context": "EXERCISE", "line_id": self.line_id, "party": self.party,
            "said_count": len(self.said),
            "heard_count": len(self.heard), "heard_head": self.heard[-1] if self.heard else NOTHING, "room_us": 0,
        }  # fmt: skip
        self.send(**frame | changes)

    def document(self, body: dict[str, Any], **changes: Any) -> str:
        message = {
            "context": "EXERCISE", "line_id": self.line_id, "party": self.party, "number": len(self.said),
            "previous": self.said[-1] if self.said else NOTHING, "seen": self.heard[-1] if self.heard else NOTHING,
            "sent_us": 1, "body": body,
        }  # fmt: skip
        return json.dumps(message | changes, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def say(self, body: dict[str, Any], **changes: Any) -> str:
        document = self.document(body, **changes)
        self.tell(document)
        self.said.append(sha256(document.encode()).hexdigest())
        return document

    def tell(self, document: str) -> None:
        self.send(frame="told", document=document, signature=self.key.sign(document.encode()).hex())

    def frame(self) -> dict[str, Any]:
        """The next frame that is no heartbeat; raises ConnectionError when there is none."""
        while True:
            head = self.stream.read(4)
            if len(head) < 4:
                raise ConnectionError("the room ended the connection")
            found: dict[str, Any] = json.loads(self.stream.read(int.from_bytes(head, "big")))
            if found["frame"] != "beat":
                return found

    def is_cut_off(self) -> bool:
        """Whether the room ends the connection; what it still sends is read."""
        try:
            while True:
                self.frame()
        except (ConnectionError, ssl.SSLError):
            return True
