#!/usr/bin/env python3
"""Checks an export of a watchfloor record with Python 3.11 and the package `cryptography` alone.

    python watchfloor_verify.py OUT [--keys FILE] [--head FILE]... [--json]

OUT is a folder that `watchfloor record export` wrote. --keys: verifier keys that you trust, one a line. --head: a head
of the log that a witness gave you; only that shows a record that was rolled back, or written anew by who holds its key.
Exit code 0: it holds. 1: it does not. 2: wrong use.

This file was written apart from the program that made the record and shares no line with it, so that one fault cannot
hide in both; and it is one file, so that whoever has to trust it can read it from top to bottom. It reads the public
forms: C2SP tlog-tiles, tlog-checkpoint, signed-note, tlog-cosignature; RFC 6962.
Sealed tape blocks are checked by the digest of their stored bytes; it does not unpack them.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

FORMAT = b"watchfloor record export 2\n"
PLAIN = ("FORMAT", "CONTEXT", "checkpoint", "checkpoints", "keys.txt")
KEY_CHANGES = ("LogKeyChanged", "SecondSignerSet")
OUTCOMES = (
    "AdviceNoted",
    "DecisionAskedAgain",
    "DoubtAnswered",
    "RequestDecided",
    "RequestHeld",
    "RequestOpened",
    "RequestReopened",
    "RequestStopped",
)
GESTURES = ("DecisionSigned", "DoubtResolved", "StandingAdviceGiven", "RuleChangeSigned", "ReviewClosed")
REAL = "LIVE - CIVIL, NOT CERTIFIED"
CONTEXTS = ("EXERCISE", "EXERCISE REPLAY", "REPLAY", "WHAT IF", REAL)


def unpadded(text: str) -> bytes:
    """Base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def passkey_signed(der: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a signature is of this key: ES256, EdDSA or RS256."""
    try:
        key = load_der_public_key(der)
        if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
            key.verify(signature, message, ECDSA(SHA256()))
        elif isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
        elif isinstance(key, RSAPublicKey):
            key.verify(signature, message, PKCS1v15(), SHA256())
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True


def shown_text(document: str, rendering: str) -> bytes:
    """What a passkey confirms: the document, and the words that stood on the screen."""
    return f"watchfloor act\n{len(document.encode())}\n{document}\n{rendering}".encode()


def ssh_strings(raw: bytes, count: int) -> tuple[list[bytes], bytes]:
    """The first strings of SSH's binary, each behind its length, and what follows them."""
    found = []
    for _ in range(count):
        size = int.from_bytes(raw[:4], "big")
        if len(raw) < 4 + size:
            raise ValueError("ends early")
        found.append(raw[4 : 4 + size])
        raw = raw[4 + size :]
    return found, raw


def ssh_signed(blob: bytes, public: bytes, message: bytes) -> bool:
    """OpenSSH PROTOCOL.sshsig and PROTOCOL.u2f: a security key's signature with its person present and verified."""
    try:
        (kind,), rest = ssh_strings(public, 1)
        ecdsa = kind == b"sk-ecdsa-sha2-nistp256@openssh.com"
        named, rest = ssh_strings(rest, 3 if ecdsa else 2)
        point, application = named[-2:]
        (signer, space, reserved, hash_name, signature), end = ssh_strings(blob[10:], 5)
        (how, raw), told = ssh_strings(signature, 2)
        hashed = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}[hash_name](message).digest()
        parts = (space, reserved, hash_name, hashed)
        framed = b"SSHSIG" + b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        if rest or end or (blob[:10], signer, how, space) != (b"SSHSIG\0\0\0\1", public, kind, b"watchfloor"):
            return False
        if len(told) != 5 or told[0] & 5 != 5 or (ecdsa and named[0] != b"nistp256"):
            return False
        covered = sha(application) + told + sha(framed)
        if not ecdsa:
            return kind == b"sk-ssh-ed25519@openssh.com" and ed25519(point, raw, covered)
        (r, s), end = ssh_strings(raw, 2)
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
        numbers = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
        key.verify(numbers, covered, ECDSA(SHA256()))
    except (InvalidSignature, ValueError, KeyError):
        return False
    return not end


class BadError(Exception):
    """Something that does not hold; `seq` is the entry, where it is one."""

    def __init__(self, where: str, sentence: str, seq: int | None = None) -> None:
        super().__init__(sentence)
        self.where, self.sentence, self.seq = where, sentence, seq


def sha(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def leaf_of(entry: bytes) -> bytes:
    return sha(b"\x00" + entry)


def tree_levels(leaves: list[bytes]) -> list[list[bytes]]:
    """Hashes of complete subtrees, by height."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        row = levels[-1]
        levels.append([sha(b"\x01" + row[at] + row[at + 1]) for at in range(0, len(row) - 1, 2)])
    return levels


def root_of(levels: list[list[bytes]], size: int) -> bytes:
    """The root over the first `size` leaves: the complete subtrees, put together from the right."""
    if size == 0:
        return sha(b"")
    parts, start = [], 0
    for height in range(size.bit_length() - 1, -1, -1):
        if size >> height & 1:
            parts.append(levels[height][start >> height])
            start += 1 << height
    root = parts.pop()
    while parts:
        root = sha(b"\x01" + parts.pop() + root)
    return root


def tile_name(level: object, number: int, width: int) -> str:
    groups = []
    while True:
        groups.insert(0, f"{number % 1000:03d}")
        number //= 1000
        if not number:
            break
    path = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{path}" + ("" if width == 256 else f".p/{width}")


def tiles_for(count: int) -> list[tuple[int, int]]:
    return [(number, min(256, count - 256 * number)) for number in range((count + 255) // 256)]


class Key:
    """A verifier key line: NAME+ID+BASE64."""

    def __init__(self, line: str) -> None:
        self.line = line
        try:
            self.name, self.id, blob = line.split("+", 2)  # base64 may hold plus signs; a name and an id do not
            raw = base64.b64decode(blob, validate=True)
        except ValueError as error:
            raise BadError("keys.txt", f"not a verifier key: {line[:60]}") from error
        self.algorithm, self.public = raw[0], raw[1:]
        named = sha(self.name.encode() + b"\n" + raw)[:4].hex()
        if self.id != named or len(self.public) != 32 or self.algorithm not in (1, 4):
            raise BadError("keys.txt", f"not a verifier key: {line[:60]}")

    def signed(self, signature: bytes, text: str) -> bool:
        body = text.encode()
        if self.algorithm == 4:
            when, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            if when == 0:
                return False
            body = f"cosignature/v1\ntime {when}\n{text}".encode()
        return ed25519(self.public, signature, body)


def ed25519(public: bytes, signature: bytes, body: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, body)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_note(raw: bytes) -> tuple[str, list[tuple[str, str, bytes]]]:
    """A note's text and its signatures as (name, id, bytes)."""
    note = raw.decode()
    cut = note.rfind("\n\n")
    if cut < 0 or not note.endswith("\n"):
        raise BadError("note", "not a signed note")
    return note[: cut + 1], [read_signature(line) for line in note[cut + 2 : -1].split("\n")]


def read_signature(line: str) -> tuple[str, str, bytes]:
    found = re.fullmatch(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})", line)
    if not found:
        raise BadError("note", "not a signature line")
    raw = base64.b64decode(found.group(2), validate=True)
    if base64.b64encode(raw).decode() != found.group(2):
        raise BadError("note", "not canonical base64")
    return found.group(1), raw[:4].hex(), raw[4:]


def read_checkpoint(text: str) -> tuple[str, int, bytes]:
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
        raise BadError("checkpoint", "not a checkpoint")
    root = base64.b64decode(lines[2], validate=True)
    if len(root) != 32 or base64.b64encode(root).decode() != lines[2]:
        raise BadError("checkpoint", "its root is not 32 bytes")
    return lines[0], int(lines[1]), root


def check_note(raw: bytes, keys: list[Key]) -> tuple[str, int, bytes]:
    """The checkpoint in a note that just these keys signed, in this order."""
    text, signatures = read_note(raw)
    if len(signatures) != len(keys):
        raise BadError("note", "its signatures are not those of the log")
    for key, (name, key_id, signature) in zip(keys, signatures, strict=True):
        if (name, key_id) != (key.name, key.id) or not key.signed(signature, text):
            raise BadError("note", f"the signature of {key.name} does not hold")
    return read_checkpoint(text)


def parse(raw: bytes) -> dict:
    """An entry or document: JSON in its one canonical spelling, whole numbers and texts only."""
    try:
        value = json.loads(raw.decode(), parse_float=refuse, parse_constant=refuse)
        again = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BadError("record", f"not JSON of a record: {error}") from error
    if again != raw or not isinstance(value, dict):
        raise BadError("record", "not in canonical form (RFC 8785)")
    return value


def refuse(text: str) -> None:
    raise ValueError(f"{text} is no whole number")


def split(raw: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(raw):
        end = at + 2 + int.from_bytes(raw[at : at + 2], "big")
        if at + 2 > len(raw) or end > len(raw):
            raise BadError("tile/entries", "a bundle ends inside an entry")
        found.append(raw[at + 2 : end])
        at = end
    return found


class Verifier:
    """Walks through an export, entry by entry."""

    def __init__(self, files: dict[str, bytes], trusted: list[Key], heads: dict[str, bytes]) -> None:
        self.files, self.trusted, self.heads = files, trusted, heads
        self.problems: list[dict] = []
        self.notes: list[str] = []
        self.counts = dict.fromkeys(("entry", "checkpoint", "signed_act", "decision", "block", "media"), 0)
        self.root = ""
        self.withheld: dict[int, str] = {}
        self.hidden_files: set[str] = set()
        # what entries have said so far
        self.room, self.context, self.seats, self.acts, self.cases = "", "", {}, {}, {}
        self.doctrine: dict = {}
        self.open_frames: dict[str, list] = {}
        self.ended: dict[str, dict] = {}
        self.sealed_us: dict[str, int] = {}
        self.missing: dict[str, int] = {}
        self.closed = False
        self.media: dict[str, dict] = {}
        self.witnesses: list[Key] = []
        self.needed, self.awaited, self.seen, self.claims = 0, {}, set(), []
        self.signed_heads: list[tuple[int, int, str]] = []
        self.nations: dict[tuple[str, str], str] = {}
        self.holders: dict[tuple[str, str], str] = {}
        self.enrolled: dict[str, str] = {}
        self.logs: list[Key] = []
        self.lines: list[str] = []
        self.witness_lines: list[str] = []

    def bad(self, where: str, sentence: str, seq: int | None = None) -> None:
        self.problems.append({"where": where, "sentence": sentence, "seq": seq})

    def lack(self, sentence: str, seq: int, where: str = "record", after: int | None = None) -> None:
        """Something is missing that a withheld entry before `seq`, or behind `after`, may hold; no file excuses it."""
        if any(seq > hidden if after is None else hidden > after for hidden in self.withheld):
            self.notes.append(f"entry {seq} cannot be checked, as entries are withheld: {sentence}")
        else:
            self.bad(where, sentence, seq)

    def run(self) -> None:
        try:
            self.take_apart()
        except BadError as error:
            self.bad(error.where, str(error), error.seq)
            return
        except (ValueError, KeyError, TypeError) as error:
            self.bad("export", f"it has not the form of one: {error!r}")
            return
        self.walk()
        if not self.problems:
            self.finish()
        self.check_tiles()

    def take_apart(self) -> None:
        files = self.files
        if files.get("FORMAT") != FORMAT:
            raise BadError("FORMAT", "not an export that this verifier knows")
        for name in ("checkpoint", "checkpoints", "keys.txt"):
            if name not in files:
                raise BadError(name, "it is missing; the export is not whole")
        if "withheld.json" in files:
            told = parse(files["withheld.json"])
            self.withheld = {one["seq"]: one["leaf"] for one in told["entries"]}
            self.hidden_files = {one["name"] for one in told["files"]}
            self.notes += [f"entry {one['seq']} is withheld: {one['words']}" for one in told["entries"]]
            self.notes += [f"{one['name']} is withheld: {one['words']}" for one in told["files"]]
        self.keys = [Key(line) for line in files["keys.txt"].decode().split("\n") if line]
        if not self.keys:
            raise BadError("keys.txt", "it holds no key")
        _, size, _ = read_checkpoint(read_note(files["checkpoint"])[0])
        if not 0 < size <= 256 * sum(name.startswith("tile/entries/") for name in files):
            raise BadError("checkpoint", f"it is over {size} entries, which the export does not hold")
        self.entries, self.leaves = [], []
        for number, width in tiles_for(size):
            bundle, tile = tile_name("entries", number, width), tile_name(0, number, width)
            if bundle not in files or tile not in files:
                raise BadError(bundle, "a tile or bundle is missing")
            part = split(files[bundle])
            if len(part) != width or len(files[tile]) != 32 * width:
                raise BadError(bundle, f"it does not hold {width} entries")
            self.entries += part
            self.leaves += [files[tile][at : at + 32] for at in range(0, 32 * width, 32)]
        self.checkpoints = split(files["checkpoints"])

    def walk(self) -> None:
        log, second = self.keys[0], None
        self.origin = log.name
        self.logs, self.lines = [log], [log.line]
        for seq, leaf in self.withheld.items():
            if seq >= len(self.leaves) or self.leaves[seq].hex() != leaf or self.entries[seq]:
                self.bad("withheld.json", "an entry is not withheld as it says", min(seq, len(self.leaves)))
        leaves: list[bytes] = []
        prev, when, start, keys_seen = "0" * 64, 0, 0, set()
        batches: list[tuple[int, bytes, list[Key]]] = []
        for note in self.checkpoints:
            try:
                _, end, _ = read_checkpoint(read_note(note)[0])
            except (BadError, ValueError) as error:
                self.bad("checkpoints", str(error), start)
                return
            if not start < end <= len(self.entries):
                self.bad("checkpoints", "the checkpoints do not follow each other", start)
                return
            last = None
            for seq in range(start, end):
                raw = self.entries[seq]
                if not raw and seq in self.withheld:
                    leaves.append(self.leaves[seq])
                    prev, last = self.leaves[seq].hex(), None
                    continue
                try:
                    entry = parse(raw)
                    body = entry["body"]
                    kind = body["type"]
                    if entry["seq"] != seq:
                        raise BadError("record", f"says it is entry {entry['seq']}")
                except (BadError, KeyError, TypeError) as error:
                    self.bad("record", f"no entry: {error}", seq)
                    return
                if entry["prev"] != prev:
                    broken = max(seq - 1, 0)
                    self.bad("record", "has changed: the next entry does not follow it", broken)
                    return
                if entry["toe_us"] <= when or entry["key"] in keys_seen:
                    self.bad("record", "is not later than the entry before it, or repeats a key", seq)
                    return
                keys_seen.add(entry["key"])
                prev, when, last = leaf_of(raw).hex(), entry["toe_us"], entry
                leaves.append(bytes.fromhex(prev))
                if kind in KEY_CHANGES and end - start > 1:
                    self.bad("record", "a change of keys does not stand alone", end - 1)
                    return
            try:
                signers, log, second = self.signers(log, second, last["body"] if last else {})
            except BadError as error:
                self.bad("record", f"its checkpoint: {error}", end - 1)
                return
            batches.append((end, note, signers))
            start = end
        if start != len(self.entries):
            self.bad("checkpoints", "no checkpoint vouches for the last entries", start)
            return
        self.levels = tree_levels(leaves)
        for end, note, signers in batches:
            try:
                origin, size, root = check_note(note, signers)
            except (BadError, ValueError) as error:
                self.bad("record", f"its checkpoint: {error}", end - 1)
                return
            if origin != self.origin or root != root_of(self.levels, size):
                self.bad("record", "its checkpoint does not fit the entries", end - 1)
                return
            self.counts["checkpoint"] += 1
            if signers[0] not in self.logs:
                self.logs.append(signers[0])
        self.counts["entry"], self.root = len(leaves), root_of(self.levels, len(leaves)).hex()
        self.log = log
        for seq, raw in enumerate(self.entries):
            if not raw:
                continue
            try:
                self.take(seq, json.loads(raw))
            except (KeyError, TypeError, ValueError, AttributeError, BadError) as error:
                self.bad("record", f"has not the form of its type: {error!r}", seq)
                return

    def signers(self, log: Key, second: Key | None, body: dict) -> tuple[list[Key], Key, Key | None]:
        """Who signs this batch, and who from the next one on."""
        kind = body.get("type")
        extra = [second] if second else []
        if kind == "SecondSignerSet":
            named = Key(body["key_line"]) if body["key_line"] else None
            return ([log, named] if named else [log, *extra]), log, named
        if kind == "LogKeyChanged":
            fresh = Key(body["key_line"])
            if fresh.name != log.name:
                raise BadError("record", "the log's new key is of another log")
            if body["cause"] == "lost":
                if second is None:
                    raise BadError("record", "the log's key was lost, and no second signer vouches for the new one")
                self.notes.append(
                    f"the log's key was lost; the second signer alone vouches for the new ({body['words']})"
                )
                return [fresh, second], fresh, second
            return [fresh, log, *extra], fresh, second
        return [log, *extra], log, second

    # what entries say

    def take(self, seq: int, entry: dict) -> None:
        body = entry["body"]
        kind = body["type"]
        tape_kinds = ("TapeFrameWritten", "TapeBlockSealed", "TapeBlockRecovered", "TapeBlockExpired")
        if kind in (*tape_kinds, "RoomClosed", "RoomOpened"):
            self.closed = kind == "RoomClosed"
        if kind == "RoomOpened":
            self.room, self.context = body["room_id"], body["context"]
        elif kind == "SeatTaken":
            self.seats[body["seat_id"]] = body
            self.enrolled[body["key_id"]] = body["public_key"]
            self.check_holders(seq, body)
        elif kind == "SignedAct":
            self.take_act(seq, body)
        elif kind == "ActRefused":
            self.acts.pop(body["act_id"], None)
            for held in self.media.values():
                if held["act"] == body["act_id"]:
                    held["words"] = held["before"]
        elif kind == "DoctrineSet":
            self.doctrine = body
        elif kind == "RulesAnswered":
            self.take_ruling(seq, entry, body)
        elif kind in OUTCOMES:
            self.take_outcome(seq, entry, body)
        elif kind == "TapeFrameWritten":
            self.open_frames.setdefault(body["block"], []).append((seq, body))
        elif kind in ("TapeBlockSealed", "TapeBlockRecovered"):
            self.sealed_us[body["block"]] = entry["toe_us"]
            self.take_block(seq, body)
        elif kind == "TapeBlockExpired":
            self.take_expiry(seq, entry, body)
        elif kind == "MediaKept":
            held = {"seq": seq, "size": body["size_bytes"], "gone": False, "missed": False}
            self.media[body["digest"]] = {**held, "words": "", "before": "", "act": ""}
        elif kind in ("MediaRetired", "MediaMissed", "MediaReappeared"):
            if body["digest"] in self.media:
                held = self.media[body["digest"]]
                held["gone"], held["missed"] = held["gone"] or kind == "MediaRetired", kind == "MediaMissed"
                held["words"] = ""
            else:
                self.lack("is about a medium that was never kept", seq)
        elif kind == "WitnessesSet":
            self.needed, self.witnesses = body["needed_count"], [Key(line) for line in body["key_lines"]]
            self.witness_lines += body["key_lines"]
        elif kind in KEY_CHANGES:
            self.lines += [body["key_line"]] if body["key_line"] else []
        elif kind == "DecisionAwaited":
            self.awaited[body["decision_id"]] = seq
        elif kind in ("HeadWitnessed", "DecisionWitnessed"):
            if kind == "DecisionWitnessed":
                if self.awaited.get(body["decision_id"], seq) >= body["size_count"]:
                    self.lack("the head that witnesses saw does not hold the decision", seq)
                self.seen.add(body["decision_id"])
            self.claims.append((seq, body, self.witnesses, self.needed if kind == "DecisionWitnessed" else 1))

    def check_holders(self, seq: int, seat: dict) -> None:
        """One key and one passkey are one person's: four eyes counts persons."""
        passkey = seat.get("passkey") or {}
        held = [
            ("key", seat["public_key"]),
            *(("passkey", passkey.get(part)) for part in ("credential_id", "public_key")),
        ]
        for name, value in held:
            person = seat["person_id"]
            if value and seat["kind"] != "simulated" and self.holders.setdefault((name, value), person) != person:
                self.bad("record", f"two persons enrolled one {name}", seq)

    def take_act(self, seq: int, signed: dict) -> None:
        self.counts["signed_act"] += 1
        try:
            act = parse(signed["document"].encode())
        except BadError as error:
            self.bad("record", f"its document: {error}", seq)
            return
        actor, seat = signed["actor"], self.seats.get(signed["actor"]["seat_id"])
        public = self.enrolled.get(signed["key_id"])
        if public and not ed25519(
            bytes.fromhex(public), bytes.fromhex(signed["signature"]), signed["document"].encode()
        ):
            self.bad("record", "its signature does not fit its words", seq)
        elif not seat or (seat["key_id"], seat["person_id"]) != (signed["key_id"], actor["person_id"]):
            self.lack("was signed by nobody who sat on that seat", seq)
        elif (act.get("person_id"), act.get("seat_id"), act.get("room_id")) != (
            seat["person_id"],
            seat["seat_id"],
            self.room,
        ):
            self.bad("record", "its document names another person, seat or room", seq)
        elif any(actor[field] != seat[field] for field in ("role", "nation", "kind", "powers")) or any(
            actor.get(field, empty) != seat.get(field, empty) for field, empty in (("level", 0), ("need_to_know", []))
        ):
            self.bad("record", "claims a role or power that its seat does not have", seq)
        elif seat.get("passkey"):
            self.check_confirmation(seq, act, signed, seat["passkey"])
        self.acts[act["act_id"]] = (act, signed)
        case = self.cases.get(act.get("request_id", ""), {})
        if act["type"] == "DecisionSigned" and actor["person_id"] == self.sits(case.get("holder")):
            case["own_grants"].add(act["act_id"])
        if act["head"]["size_count"]:
            self.signed_heads.append((seq, act["head"]["size_count"], act["head"]["root"]))
        held = self.media.get(act.get("digest", ""))
        if act["type"] == "MissingExplained" and held and held["missed"]:
            held["before"], held["words"], held["act"] = held["words"], act["words"], act["act_id"]

    def check_confirmation(self, seq: int, act: dict, signed: dict, passkey: dict) -> None:
        """W3C WebAuthn 7.2: the passkey's own word over the document and the words that were shown."""
        told = signed.get("assertion")
        if told is None:
            word = act.get("verdict") or act.get("answer") or ""
            if (act["type"] in GESTURES and word != "unsure") or (act["type"] == "AdviceGiven" and word == "concur"):
                self.bad("record", "was not confirmed with the person's passkey", seq)
            return
        if passkey.get("form") == "ssh":
            text = shown_text(signed["document"], told["rendering"])
            same = told["credential_id"] == passkey["credential_id"]
            if not same or not ssh_signed(unpadded(told["signature"]), bytes.fromhex(passkey["public_key"]), text):
                self.bad("record", "its passkey's confirmation does not hold", seq)
            return
        client, data = unpadded(told["client_data"]), unpadded(told["authenticator_data"])
        text = shown_text(signed["document"], told["rendering"])
        said = json.loads(client)
        host = re.fullmatch(r"https?://([^/:]+)(:\d+)?", said.get("origin", ""))
        holds = (
            told["credential_id"] == passkey["credential_id"]
            and said.get("type") == "webauthn.get"
            and said.get("crossOrigin") in (None, False)
            and unpadded(said.get("challenge", "")) == hashlib.sha256(text).digest()
            and host is not None
            and host[1] == passkey["rp_id"]
            and data[:32] == hashlib.sha256(passkey["rp_id"].encode()).digest()
            and data[32] & 5 == 5
            and passkey_signed(
                bytes.fromhex(passkey["public_key"]),
                unpadded(told["signature"]),
                data + hashlib.sha256(client).digest(),
            )
        )
        if not holds:
            self.bad("record", "its passkey's confirmation does not hold", seq)

    def take_outcome(self, seq: int, entry: dict, body: dict) -> None:
        kind = body["type"]
        act_id = body["decision_id"] if kind == "RequestDecided" else entry["key"].partition(".")[0]
        act, signed = self.acts.get(act_id, ({}, {}))
        if kind == "RequestOpened" and act.get("type") == "RequestWritten":
            self.cases[body["request_id"]] = {
                "author": signed["actor"]["person_id"],
                "advisers": body["advisers"],
                "version": 1,
                "advised": {},
                "heard": set(),
                "doubters": {},
                "crews": {},
                "holder": act.get("holder"),
                "own_grants": set(),
                "acting": act["acting_nation"],
                "persons": set(),
                "doubts": set(),
                "resolvers": set(),
                "until": act["until_us"],
                "over": False,
                "standing": self.standing_roles(act, signed, entry["room_us"]),
                "ruled": None,
                "ruled_for": set(),
            }
            self.cases[body["request_id"]]["persons"] |= set(self.cases[body["request_id"]]["standing"].values())
            return
        case = self.cases.get(body["request_id"])
        if case is None:
            if kind == "RequestDecided":
                self.lack("decides a request that nobody wrote", seq)
        elif kind == "AdviceNoted" and act.get("type") == "AdviceGiven":
            case["persons"].add(signed["actor"]["person_id"])
            if body["counts"] and signed["actor"]["person_id"] == case["author"]:
                self.bad("record", "the author's advice was counted", seq)
            if signed["actor"]["kind"] == "person" and act["verdict"] == "concur":
                case["advised"][signed["actor"]["role"]] = signed["actor"]["person_id"]
                case["heard"].add(f"{signed['actor']['role']}@{signed['actor']['nation']}")
        elif kind == "RequestHeld":
            case["doubts"].add(body["doubt_id"])
            crew = case["crews"][body["doubt_id"]] = act.get("heard_from")
            case["doubters"][body["doubt_id"]] = {signed.get("actor", {}).get("person_id"), self.sits(crew)}
            case["over"] = False
        elif kind == "DecisionAskedAgain":
            case["version"], case["advised"], case["over"], case["heard"] = body["version"], {}, False, set()
        elif act.get("type") == "DoubtResolved" and kind in ("RequestReopened", "DoubtAnswered"):
            case["doubts"].discard(act["doubt_id"])
            case["resolvers"].add(signed["actor"]["person_id"])
            powers = signed["actor"]["powers"]
            if signed["actor"]["kind"] != "person" or "resolve" not in powers or "decide" in powers:
                self.bad("record", "a doubt was answered by nobody who may answer it", seq)
            doubters = case["doubters"].get(act["doubt_id"], set()) | {self.sits(case["crews"].get(act["doubt_id"]))}
            if signed["actor"]["person_id"] in {case["author"]} | doubters:
                self.bad("record", "a doubt was answered by its doubter or the author", seq)
            if kind == "RequestReopened":
                case["version"], case["advised"], case["heard"] = body["version"], {}, set()
        elif kind == "RequestStopped":
            case["over"] = True
        elif kind == "RequestDecided":
            if case["over"] or body["at_us"] >= case["until"]:
                self.bad("record", "was decided after it was over", seq)
            case["over"] = True
            self.check_decision(seq, body, case, act, signed)

    def sits(self, seat_id: "str | None") -> "str | None":
        """The person who sat last on a seat, if somebody did."""
        seat = self.seats.get(seat_id or "", {})
        return seat.get("person_id") if seat.get("kind") == "person" else None

    def standing_roles(self, asked: dict, written: dict, at_us: int) -> dict:
        """By role, who advised beforehand on what is asked: a person other than the author, the newest of each role."""
        found: dict = {}
        for act, signed in reversed(self.acts.values()):
            actor = signed["actor"]
            fits = act["type"] == "StandingAdviceGiven" and at_us < act["until_us"]
            taken = {written["actor"]["person_id"], *found.values()}
            if not fits or actor["kind"] != "person" or actor["person_id"] in taken:
                continue
            label = asked["label"]
            knows = actor["nation"] in label["nations"] and label["level"] <= actor.get("level", 0)
            knows = knows and set(label.get("need_to_know", ())) <= set(actor.get("need_to_know", ()))
            if knows and (act["kind"], act["area_id"]) == (asked["kind"], asked["area_id"]):
                found.setdefault(actor["role"], actor["person_id"])
                self.nations[actor["role"], actor["person_id"]] = actor["nation"]
        return found

    def take_ruling(self, seq: int, entry: dict, body: dict) -> None:
        case = self.cases.get(body["request_id"])
        if case is None:
            self.lack("rules answered about a request that nobody wrote", seq)
        elif body["rules_digest"] != self.doctrine.get("rules_digest"):
            self.lack("was answered by rules that were not in force", seq)
        else:
            case["ruled"] = body
            case["ruled_for"].add(entry["key"].partition(".")[0])

    def check_ruling(self, seq: int, body: dict, case: dict) -> None:
        """A yes needs the rules' "no objection" beside its signature, on facts that the entries bear out."""
        ruled = case["ruled"]
        if not ruled or ruled["version"] != body["version"] or body["decision_id"] not in case["ruled_for"]:
            self.lack("was decided without asking the rules", seq)
            return
        if ruled["answer"] != "no_objection" or not ruled["valid"]:
            self.bad("record", "was decided although the rules objected", seq)
        facts = json.loads(ruled["facts"])
        advised = (case["standing"] if case["version"] == 1 else {}) | case["advised"]
        told = set(facts.get("advised", ()))
        if len({advised[role] for role in told if role in advised}) < len(told & advised.keys()):
            self.bad("record", "one person's advice was counted for two roles", seq)
        heard = set(case["heard"])
        if case["version"] == 1:
            heard |= {f"{role}@{self.nations[role, person]}" for role, person in case["standing"].items()}
        heard |= {one.partition("@")[0] + "@acting" for one in heard if one.endswith("@" + case["acting"])}
        if not told <= advised.keys() or not set(facts.get("advised_by", ())) <= heard:
            self.lack("rules were told of advice that nobody gave", seq)
        if facts.get("open_doubt_count", 0) != len(case["doubts"]):
            self.bad("record", "rules were told of another number of doubts", seq)

    def check_decision(self, seq: int, body: dict, case: dict, act: dict, signed: dict) -> None:
        self.counts["decision"] += 1
        is_opening = bool(signed) and signed["actor"]["kind"] == "simulated" and body["answer"] == "no"
        if self.needed and not is_opening and body["decision_id"] not in self.seen:
            self.lack("was published before witnesses saw it", seq)
        if act.get("type") != "DecisionSigned":
            self.lack("decides without a signed decision", seq)
            return
        actor = signed["actor"]
        if not (actor["kind"] == "person" or is_opening) or "decide" not in actor["powers"]:
            self.bad("record", "was decided by nobody who may decide", seq)
        if actor["person_id"] in {case["author"]} | case["persons"] | case["resolvers"]:
            self.bad("record", "was decided by its author, adviser or resolver", seq)
        if (act["answer"], act["version"]) != (body["answer"], case["version"]):
            self.lack("does not say what was signed", seq)
        if body["answer"] == "yes":
            if act["act_id"] in case["own_grants"]:
                self.bad("record", "was granted by the crew that holds it", seq)
            missing = [role for role in case["advisers"] if role not in case["advised"]]
            if missing:
                self.lack(f"was decided without advice of {', '.join(missing)}", seq)
            if case["doubts"]:
                self.lack("was decided while a doubt was open", seq)
            if self.doctrine and self.doctrine.get("advice") is None:
                self.check_ruling(seq, body, case)

    def take_block(self, seq: int, body: dict) -> None:
        block = body["block"]
        frames = self.open_frames.pop(block, [])
        name = f"tape/{block}.wft"
        self.ended[block] = body
        last = frames[-1][1] if frames else body
        if (last["digest"], last["stored_bytes"]) != (body["digest"], body["stored_bytes"]):
            self.lack("was sealed as something else than its last frame", seq, name)
        if name not in self.files:
            if body["sealed_bytes"] and name not in self.hidden_files:
                self.missing[block] = frames[0][0] if frames else seq
        elif (sha(self.files[name]).hex(), len(self.files[name])) != (body["sealed_digest"], body["sealed_bytes"]):
            self.bad(name, "the block is not as it was sealed", seq)
        else:
            self.counts["block"] += 1

    def take_expiry(self, seq: int, entry: dict, body: dict) -> None:
        """A block is let go only in a room of real feeds, and not before its time."""
        name, sealed_us = f"tape/{body['block']}.wft", self.sealed_us.pop(body["block"], None)
        if self.context != REAL:
            self.bad(name, "was let go, though this tape does not expire", seq)
        elif sealed_us is None:
            self.lack("was let go, though it was never sealed", seq, name)
        elif entry["toe_us"] - sealed_us < body["keep_s"] * 1_000_000:
            self.bad(name, "was let go before its time", seq)
        self.missing.pop(body["block"], None)

    def finish(self) -> None:
        for block, seq in self.missing.items():
            if self.context == REAL:
                self.lack("the block is missing", seq, f"tape/{block}.wft", seq)
            else:
                self.bad(f"tape/{block}.wft", "the block is missing", seq)
        for block, frames in self.open_frames.items():
            self.check_journal(f"tape/{block}.wfj", frames)
        for digest, held in self.media.items():
            self.check_medium(f"media/{digest}", digest, held)
        for name in self.files:
            found = re.fullmatch(r"tape/(.+)\.(wft|wfj)|media/([0-9a-f]{64})", name)
            if found and found.group(3) is None:
                known = self.ended if found.group(2) == "wft" else self.open_frames
                if found.group(1) not in known:
                    self.bad(name, "the record does not know this block")
            elif found and found.group(3) not in self.media:
                self.bad(name, "the record does not know this medium")
        for seq, body, keys, needed in self.claims:
            self.check_claim(seq, body, keys, needed)
        named = dict.fromkeys([*self.lines, *self.witness_lines])
        if self.files["keys.txt"] != "".join(f"{line}\n" for line in named).encode():
            self.bad("keys.txt", "it names other keys than the record does")
        for seq, size, root in self.signed_heads:
            if size > seq or root_of(self.levels, size).hex() != root:
                self.bad("record", "was signed by somebody who saw another log than this one", seq)
        logs = [key.line for key in self.trusted if key.algorithm == 1]
        if logs and self.log.line not in logs:
            self.bad("keys", "the log's key is none of those that you trust")
        elif self.trusted and not logs and not self.heads:
            self.bad("keys", "you trust witnesses only, and gave no head that one of them signed")
        for where, note in self.heads.items():
            self.check_head(where, note)

    def check_journal(self, name: str, frames: list) -> None:
        raw = self.files.get(name)
        if self.closed:
            self.lack("the room was closed, but this block was never sealed", frames[-1][0], name, frames[-1][0])
        if raw is None:
            if name not in self.hidden_files:
                self.lack("the block is missing", frames[0][0], name, frames[-1][0])
            return
        running, place = hashlib.sha256(), 0
        for seq, frame in frames:
            running.update(raw[place : frame["stored_bytes"]])
            place = frame["stored_bytes"]
            if running.hexdigest() != frame["digest"] or place > len(raw):
                self.bad(name, f"frame {frame['frame_count']} is not as it was recorded", seq)
                return
        if place != len(raw):
            self.bad(name, "bytes stand behind the last recorded frame", frames[-1][0])
        self.counts["block"] += 1
        self.notes.append(f"{name}: open; {len(frames)} frames are recorded")

    def check_medium(self, name: str, digest: str, held: dict) -> None:
        raw = self.files.get(name)
        if raw is not None and (sha(raw).hex() != digest or len(raw) != held["size"]):
            self.bad(name, "the medium is not what was kept", held["seq"])
        elif raw is not None:
            self.counts["media"] += 1
        elif held["words"]:
            self.notes.append(f"{name} is missing; the reason on record: {held['words']}")
        elif not held["gone"] and name not in self.hidden_files:
            self.bad(name, "the medium is missing, and nobody has said why", held["seq"])

    def check_claim(self, seq: int, body: dict, keys: list[Key], needed: int) -> None:
        size = body["size_count"]
        if size > seq or root_of(self.levels, size).hex() != body["root"]:
            self.bad("record", "witnesses saw another log than this one", seq)
            return
        root = base64.b64encode(bytes.fromhex(body["root"])).decode()
        text, signed = f"{self.origin}\n{size}\n{root}\n", set()
        for line in body["signature_lines"]:
            try:
                name, key_id, signature = read_signature(line)
            except (BadError, ValueError):
                continue
            signed |= {key.line for key in keys if (key.name, key.id) == (name, key_id) and key.signed(signature, text)}
        if len(signed) != len(body["signature_lines"]) or len(signed) < needed:
            self.bad("record", "its witnesses' signatures do not hold, or are too few", seq)

    def check_head(self, where: str, note: bytes) -> None:
        try:
            text, signatures = read_note(note)
            origin, size, root = read_checkpoint(text)
        except (BadError, ValueError) as error:
            self.bad(where, str(error))
            return
        if not any(
            key.algorithm == 4 and (key.name, key.id) == (name, key_id) and key.signed(signature, text)
            for name, key_id, signature in signatures
            for key in self.trusted
        ):
            self.bad(where, "no witness that you trust signed this head")
        elif origin != self.origin:
            self.bad(where, f"this head is of another log, {origin}")
        elif all(key.algorithm == 4 for key in self.trusted) and not any(
            (key.name, key.id) == (name, key_id) and key.signed(signature, text)
            for name, key_id, signature in signatures
            for key in self.logs
        ):
            self.bad(where, "no key of this record signed this head; it may be another log of the same name")
        elif size > self.counts["entry"]:
            self.bad(where, f"a witness saw {size} entries, and the record holds {self.counts['entry']}: rolled back")
        elif root != root_of(self.levels, size):
            self.bad(where, f"a witness saw other entries than these among the first {size}: it was rewritten")
        else:
            self.notes.append(f"{where}: the record continues the {size} entries that a witness saw")

    def check_tiles(self) -> None:
        if self.checkpoints and self.files["checkpoint"] != self.checkpoints[-1]:
            self.bad("checkpoint", "it is not the newest of `checkpoints`")
        told = self.files.get("CONTEXT", b"")
        if self.withheld and not self.context:
            self.bad("withheld.json", "the room's opening is withheld; nothing would say whether this is an exercise")
        elif told not in [f"{one}\n".encode() for one in ([self.context] if self.context else CONTEXTS)]:
            self.bad("CONTEXT", f"it does not say what the record does: {self.context or 'one of the fixed words'}")
        for seq, (raw, leaf) in enumerate(zip(self.entries, self.leaves, strict=True)):
            if raw and leaf_of(raw) != leaf:
                self.bad("record", "is not the entry whose hash its tile holds", seq)
                break
        expected: dict[str, bytes | None] = dict.fromkeys(
            ("FORMAT", "CONTEXT", "checkpoint", "checkpoints", "keys.txt")
        )
        for level, row in enumerate(tree_levels(self.leaves)[::8]):
            for number, width in tiles_for(len(row)):
                expected[tile_name(level, number, width)] = b"".join(row[256 * number : 256 * number + width])
        expected |= {tile_name("entries", number, width): None for number, width in tiles_for(len(self.entries))}
        for name, raw in expected.items():
            if name not in self.files:
                self.bad(name, "the tile is missing")
            elif raw is not None and self.files[name] != raw:
                self.bad(name, "the tile does not fit the entries")
        for name in self.files:
            beside = name == "withheld.json" or re.fullmatch(
                r"tape/(tracks|observations|cameras)-\d{6}\.wf[tj]|media/[0-9a-f]{64}", name
            )
            if name not in expected and not beside:
                self.bad(name, "no file of an export has this name")

    def report(self) -> dict:
        named = [problem["seq"] for problem in self.problems if problem["seq"] is not None]
        return {
            "holds": not self.problems,
            "first_bad_entry": min(named) if named else None,
            "root": self.root,
            "context": self.context,
            **{f"{name}_count": count for name, count in self.counts.items()},
            "withheld_count": len(self.withheld) + len(self.hidden_files),
            "problems": self.problems,
            "notes": self.notes,
        }


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks an export of a watchfloor record.")
    parser.add_argument("out", help="the export's folder")
    parser.add_argument("--keys", help="a file of verifier keys that you trust, one a line")
    parser.add_argument("--head", action="append", default=[], help="a head that a witness gave you")
    parser.add_argument("--json", action="store_true", help="print one JSON line")
    arguments = parser.parse_args()
    out = Path(arguments.out)
    if not out.is_dir():
        parser.error(f"{out} is no folder")
    files = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    try:
        lines = Path(arguments.keys).read_text().split("\n") if arguments.keys else []
        trusted = [Key(line) for line in lines if line.strip()]
        heads = {name: Path(name).read_bytes() for name in arguments.head}
    except (OSError, BadError) as error:
        parser.error(str(error))
    verifier = Verifier(files, trusted, heads)
    verifier.run()
    report = verifier.report()
    if arguments.json:
        print(json.dumps(report))
    else:
        for problem in report["problems"]:
            entry = "" if problem["seq"] is None else f", entry {problem['seq']}"
            print(f"BAD   {problem['where']}{entry}: {problem['sentence']}")
        for note in report["notes"]:
            print(f"note  {note}")
        verdict = "holds" if report["holds"] else "DOES NOT HOLD"
        print(f"{verdict}: {report['entry_count']} entries, root {report['root']}, {report['context']}")
    return 0 if report["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
