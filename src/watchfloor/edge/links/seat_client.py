"""A seat without a browser: the room's own HTTP, a key in a file of its person, a security key through `ssh-keygen`."""

import base64
import json
import os
import secrets
import subprocess
import urllib.error
import urllib.request
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchfloor.app.identity import enrolment_text
from watchfloor.app.passkeys import enrol_ssh, needs_gesture
from watchfloor.base.errors import InputError, UnavailableError
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.handover import BriefTold
from watchfloor.messages.passkeys import signing_text
from watchfloor.messages.signed import AnyAct
from watchfloor.record.passkey import encoded
from watchfloor.record.ssh_key import NAMESPACE, unarmoured

WAIT_S = 10.0
SIGN_WAIT_S = 120.0
_MAX_ANSWER_BYTES = 32 << 20


class HeldSeat(msgspec.Struct, frozen=True):
    """A seat as its person's file keeps it; `key` is private, `ssh_key` names the file of the security key."""

    url: str
    session: str
    key: str
    room_id: str
    person_id: str
    seat_id: str
    role: str
    nation: str
    ssh_key: str
    ssh_keygen: str


def take_seat(link: str, ssh_key: Path, ssh_keygen: str, name: str) -> HeldSeat:
    """Sit down by a seat's link, confirmed with a security key.

    **Raises**: InputError, when link or key do not hold; UnavailableError, when the room does not answer.
    """
    parts = urlsplit(link)
    kind, _, token = parts.fragment.partition("=")
    if parts.scheme not in ("http", "https") or kind != "seat" or not token:
        raise InputError("a seat's link looks like `http://localhost:8300/#seat=...`", field="LINK")
    url = f"{parts.scheme}://{parts.netloc}"
    room_id = str(call(url, "/api/room")["room_id"])
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw().hex()
    text = enrolment_text(room_id, token, public)
    wish: dict[str, Any] = {"token": token, "public_key": public, "proof": key.sign(text).hex(), "name": name}
    if call(url, "/api/link", {"token": token})["rp_id"]:
        line = public_line(ssh_key)
        wish |= {"ssh_key": line, "assertion": confirm(ssh_key, ssh_keygen, line, text.decode(), "I take this seat")}
    seat = call(url, "/api/enter", wish)
    names = ("session", "room_id", "person_id", "seat_id", "role", "nation")
    return HeldSeat(
        url=url,
        key=key.private_bytes_raw().hex(),
        ssh_key=str(ssh_key) if seat["passkey"] else "",
        ssh_keygen=ssh_keygen,
        **{name: seat[name] for name in names},
    )


def make_act(seat: HeldSeat, words: dict[str, Any]) -> AnyAct:
    """An act of this seat over the room's newest head; words left out that the screen knows are filled in.

    **Raises**: InputError, when the words are no act.
    """
    told = call(seat.url, "/api/screen", session=seat.session)
    pulse = call(seat.url, "/api/pulse", session=seat.session)
    known = {
        "act_id": secrets.token_hex(16),
        "room_id": seat.room_id,
        "person_id": seat.person_id,
        "seat_id": seat.seat_id,
        "at_us": pulse["room_us"],
        "head": told["head"],
    }
    if words.get("type") == "DecisionSigned":
        known |= {"screen_digest": told["digest"], "cited": []}
    if words.get("type") == "RequestWritten":
        known["rules_digest"] = call(seat.url, "/api/room")["rules_digest"]
    try:
        act: AnyAct = msgspec.convert(known | words, AnyAct, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(f"the words are no act: {error}", field="WORDS") from error
    return act


def brief_for(seat: HeldSeat) -> BriefTold:
    """What this seat must know of its watch now."""
    return msgspec.convert(call(seat.url, "/api/brief", session=seat.session), BriefTold)


def utc_offset_s(seat: HeldSeat) -> int:
    """How far the room's wall clock is from UTC [s]."""
    return int(call(seat.url, "/api/room")["utc_offset_s"])


def send_act(seat: HeldSeat, act: AnyAct, rendering: str) -> dict[str, Any]:
    """Sign an act, confirm it with the security key where it commits a person, and enter it; answers its entries.

    **Raises**: InputError, when the room refuses it, with the room's sentence.
    """
    document = canonical_bytes(act).decode()
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seat.key))
    wish: dict[str, Any] = {"document": document, "signature": key.sign(document.encode()).hex()}
    if seat.ssh_key and needs_gesture(act):
        path = Path(seat.ssh_key)
        wish["assertion"] = confirm(path, seat.ssh_keygen, public_line(path), document, rendering)
    return call(seat.url, "/api/acts", wish, seat.session)


def public_line(ssh_key: Path) -> str:
    """The public half beside a security key's file.

    **Raises**: InputError, when there is none.
    """
    path = ssh_key if ssh_key.suffix == ".pub" else ssh_key.with_name(f"{ssh_key.name}.pub")
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"`{path}` cannot be read: {error}", field="ssh-key") from error


def confirm(ssh_key: Path, ssh_keygen: str, line: str, document: str, rendering: str) -> dict[str, str]:
    """A security key's confirmation of a document and of the words that were shown.

    **Raises**: InputError, when the key is none of a token; UnavailableError, when nothing was signed.
    """
    passkey = enrol_ssh(line)
    words = [ssh_keygen, "-Y", "sign", "-n", NAMESPACE.decode(), "-f", str(ssh_key)]
    try:
        done = subprocess.run(
            words, input=signing_text(document, rendering), stdout=subprocess.PIPE, timeout=SIGN_WAIT_S, check=False
        )
        signature = encoded(unarmoured(done.stdout.decode()))
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise UnavailableError(f"`{ssh_keygen}` signed nothing: {error}") from error
    empty = {"client_data": "", "authenticator_data": ""}
    return {"credential_id": passkey.credential_id, "signature": signature, "rendering": rendering, **empty}


def call(url: str, path: str, body: dict[str, Any] | None = None, session: str = "") -> dict[str, Any]:
    """One question to the room.

    **Raises**: InputError, with the room's own sentence, when it refuses; UnavailableError, when it does not answer.
    """
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {session}"} if session else {})
    raw = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url + path, raw, headers)  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=WAIT_S) as answer:  # noqa: S310
            found: dict[str, Any] = json.loads(answer.read(_MAX_ANSWER_BYTES))
    except urllib.error.HTTPError as error:
        try:
            sentence = json.loads(error.read(_MAX_ANSWER_BYTES))["title"]
        except (ValueError, KeyError, TypeError):
            sentence = f"it answered {error.code}"
        raise InputError(f"the room refuses: {sentence}", field="room") from error
    except (OSError, HTTPException, ValueError) as error:
        raise UnavailableError(f"`{url}` does not answer: {error}") from error
    return found


def save(path: Path, seat: HeldSeat) -> None:
    """Keep a seat in a new file that only its owner reads.

    **Raises**: InputError, when it exists; UnavailableError, when it cannot be written.
    """
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "wb") as file:
            file.write(msgspec.json.encode(seat))
    except FileExistsError as error:
        raise InputError(f"`{path}` exists already; a seat is kept in a new file", field="file") from error
    except OSError as error:
        raise UnavailableError(f"`{path}` cannot be written: {error.strerror}") from error


def load(path: Path) -> HeldSeat:
    """The seat that a file keeps.

    **Raises**: InputError, when it keeps none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=HeldSeat)
    except (OSError, msgspec.MsgspecError) as error:
        raise InputError(f"`{path}` keeps no seat: {error}", field="file") from error


def fingerprint(line: str) -> str:
    """A public key's fingerprint as `ssh-keygen -l` prints it."""
    blob = base64.b64decode(line.split()[1])
    return "SHA256:" + base64.b64encode(sha256(blob).digest()).rstrip(b"=").decode()
