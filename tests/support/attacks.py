"""Exports of one record, honest and attacked: what an outsider, a thief and an insider with the log's key would do."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchfloor.messages.canonical import canonical_bytes
from watchfloor.record.note import (
    WITNESS,
    Checkpoint,
    VerifierKey,
    cosignature_line,
    join_note,
    sign_note,
    signature_line,
)
from watchfloor.record.tiles import ENTRIES, Levels, bundles, hash_tiles, split_bundle, tile_path, widths
from watchfloor.record.tree import leaf_hash

Files = dict[str, bytes]
WITNESS_NAME = "outside.example/w1"


@dataclass
class Attack:
    """An attacked export; `naive` is a check that it passes, `needs_witness` says that the log alone cannot show it."""

    name: str
    files: Files
    naive: Callable[[Files], bool]
    needs_witness: bool = False
    head: str | None = None
    trusted: list[str] = field(default_factory=list)


@dataclass
class Insider:
    """Somebody who holds the log's key, and an honest witness outside who saw the record once."""

    honest: Files
    log_private: Ed25519PrivateKey
    witness: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def __post_init__(self) -> None:
        self.log = VerifierKey.from_line(self.honest["keys.txt"].decode().splitlines()[0])
        self.raws = entries_of(self.honest)

    def witness_key(self, private: Ed25519PrivateKey | None = None) -> VerifierKey:
        return VerifierKey(WITNESS_NAME, (private or self.witness).public_key().public_bytes_raw(), WITNESS)

    def head(self, private: Ed25519PrivateKey | None = None) -> str:
        """What the witness gave out when it saw the honest record."""
        text = self.checkpoint(self.raws).text()
        key = private or self.witness
        by_log = signature_line(text, self.log, self.log_private.sign)
        return join_note(text, [by_log, cosignature_line(text, self.witness_key(key), key.sign, 1_790_000_000)])

    def checkpoint(self, raws: list[bytes]) -> Checkpoint:
        levels = Levels([leaf_hash(raw) for raw in raws])
        return Checkpoint(self.log.name, len(raws), levels.root(0, len(raws)))

    def rebuilt(self, raws: list[bytes], *, relink: bool) -> Files:
        """A consistent export of these entries, signed anew; relinked, each names the one before it."""
        prev, out = "0" * 64, []
        for seq, raw in enumerate(raws):
            entry = json.loads(raw)
            if relink:
                entry["seq"], entry["prev"] = seq, prev
            out.append(canonical_bytes(entry))
            prev = leaf_hash(out[-1]).hex()
        note = sign_note(self.checkpoint(out).text(), self.log, self.log_private.sign).encode()
        files = {name: raw for name, raw in self.honest.items() if not name.startswith("tile/")}
        files |= {"checkpoint": note, "checkpoints": len(note).to_bytes(2, "big") + note}
        return files | dict(hash_tiles(Levels([leaf_hash(raw) for raw in out]))) | dict(bundles(out))


def entries_of(files: Mapping[str, bytes]) -> list[bytes]:
    count = sum(1 for _ in iter_entries(files))
    return [raw for number, width in widths(count) for raw in split_bundle(files[tile_path(ENTRIES, number, width)])]


def iter_entries(files: Mapping[str, bytes]) -> list[bytes]:
    return [raw for name in sorted(files) if name.startswith("tile/entries/") for raw in split_bundle(files[name])]


def with_entries(files: Files, raws: list[bytes]) -> Files:
    """The same export with other bundles; tiles and checkpoints stay."""
    kept = {name: raw for name, raw in files.items() if not name.startswith("tile/entries/")}
    return kept | dict(bundles(raws))


# Naive checks: what somebody might think is enough.


def every_entry_is_json(files: Files) -> bool:
    return all(json.loads(raw) for raw in iter_entries(files))


def the_checkpoint_is_signed(files: Files) -> bool:
    return b"watchfloor/" in files["checkpoint"] and every_entry_is_json(files)


def every_named_file_is_there(files: Files) -> bool:
    bodies = [json.loads(raw)["body"] for raw in iter_entries(files)]
    blocks = [f"tape/{body['block']}.wft" for body in bodies if body["type"] == "TapeBlockSealed"]
    media = [f"media/{body['digest']}" for body in bodies if body["type"] == "MediaKept"]
    return all(name in files for name in [*blocks, *media])


def attacks(insider: Insider) -> list[Attack]:
    """Every attack on the honest export."""
    honest, raws = insider.honest, insider.raws
    doubt = next(n for n, raw in enumerate(raws) if b"DoubtRaised" in raw)
    edited = [raw.replace(b"likely moved", b"surely there") if n == doubt else raw for n, raw in enumerate(raws)]
    last_act = max(n for n, raw in enumerate(raws) if b'"type":"SignedAct"' in raw)
    feed = next(n for n, raw in enumerate(raws) if n > last_act and b'"state":"fresh"' in raw)
    stale = raws[feed].replace(b'"state":"fresh"', b'"state":"stale"')
    rewritten = [*raws[:feed], stale, *raws[feed + 1 :]]
    forked = [*raws[:-3], raws[-3].replace(b'"room_us":1', b'"room_us":2'), *raws[-2:]]
    tapes = sorted(name for name in honest if name.startswith("tape/tracks-"))
    medium = next(name for name in honest if name.startswith("media/"))
    forger = Ed25519PrivateKey.generate()
    head, trusted = insider.head(), [insider.witness_key().line()]
    before = {name: raw for name, raw in insider.rebuilt(raws[:-1], relink=False).items() if name != medium}
    without = raws[:doubt] + raws[doubt + 1 :]
    anew = insider.rebuilt(rewritten, relink=True)

    def unseen(name: str, files: Files) -> Attack:
        return Attack(name, files, the_checkpoint_is_signed, needs_witness=True, head=head, trusted=trusted)

    return [
        Attack("edit", with_entries(honest, edited), every_entry_is_json),
        Attack("delete", with_entries(honest, without), every_entry_is_json),
        Attack("delete and relink", insider.rebuilt(without, relink=True), the_checkpoint_is_signed),
        Attack("swap", with_entries(honest, [raws[1], raws[0], *raws[2:]]), every_entry_is_json),
        Attack("truncate", with_entries(honest, raws[:-2]), every_entry_is_json),
        unseen("roll back", before),
        unseen("fork", insider.rebuilt(forked, relink=True)),
        unseen("re-sign everything", anew),
        Attack("edit signed words and re-sign", insider.rebuilt(edited, relink=True), the_checkpoint_is_signed),
        Attack("replace a tape block", honest | {tapes[0]: honest[tapes[1]]}, every_named_file_is_there),
        Attack("replace a video", honest | {medium: b"\x47" * 188}, every_named_file_is_there),
        Attack(
            "forge a witness",
            anew,
            the_checkpoint_is_signed,
            head=forged_head(insider, rewritten, forger),
            trusted=trusted,
        ),
    ]


@dataclass
class Lie:
    """An export that claims, or lacks, something; `sentence` is the answer. Some need the log's key, some nothing."""

    name: str
    files: Files
    sentence: str
    trusted: list[str] = field(default_factory=list)
    head: str | None = None


def lies(insider: Insider) -> list[Lie]:
    """Exports that fit their own tree, and claim what did not happen or leave out what must be there."""
    honest, raws = insider.honest, insider.raws
    decided = next(n for n, raw in enumerate(raws) if b'"type":"RequestDecided"' in raw)
    told = json.loads(raws[decided])
    kept = {name: told["body"][name] for name in ("at_us", "label", "request_id", "version")}
    stopped = kept | {"type": "RequestStopped", "cause": "expiry", "sentence": "Its window is over."}
    stop = canonical_bytes(told | {"key": "expiry-1-1", "version": 1, "body": stopped})
    no_advice = insider.rebuilt([raw for raw in raws if b'"type":"AdviceNoted"' not in raw], relink=True)
    tape = next(name for name in sorted(honest) if name.startswith("tape/tracks-"))
    files = [{"name": tape, "words": "withheld"}]
    excuse = canonical_bytes({"entries": [], "files": files})
    gone = {name: raw for name, raw in no_advice.items() if name != tape}
    forger = Ed25519PrivateKey.generate()
    other_log = VerifierKey(insider.log.name, forger.public_key().public_bytes_raw(), insider.log.algorithm).line()
    huge = Checkpoint(insider.log.name, 10**14, b"\0" * 32).text()
    note = sign_note(huge, insider.log, insider.log_private.sign).encode()
    late = [*raws[:decided], stop, *(_later(raw) for raw in raws[decided:])]
    plain = {name: raw for name, raw in honest.items() if name != "CONTEXT"}
    return [
        Lie("advice gone behind a withheld file", gone | {"withheld.json": excuse}, "advice"),
        Lie("decided after it was stopped", insider.rebuilt(late, relink=True), "after it was over"),
        Lie("no context", plain, "what the record does"),
        Lie("another context", honest | {"CONTEXT": b"LIVE\n"}, "what the record does"),
        Lie("no keys", honest | {"keys.txt": b""}, "holds no key"),
        Lie("an empty list of what is withheld", honest | {"withheld.json": b"[]"}, ""),
        Lie("more entries than can be", honest | {"checkpoint": note}, "does not hold"),
        Lie("no entries", honest | {"checkpoint": _empty(insider)}, "does not hold"),
        Lie("a key that is not the log's", honest, "none of those that you trust", [other_log]),
        *_blanked(insider),
        *_ruled(insider),
        _gone_on_with(insider, forger),
        Lie("witnesses' keys and no head", honest, "gave no head", [insider.witness_key().line()]),
    ]


def _blanked(insider: Insider) -> list[Lie]:
    """Anybody can take an entry out of an export and list it as withheld; that may show, but excuse nothing else."""
    raws = insider.raws
    written = [(n, json.loads(raw)["body"]) for n, raw in enumerate(raws) if b'"type":"TapeFrameWritten"' in raw]
    frame, body = max(written, key=lambda one: one[1]["frame_count"])
    assert body["frame_count"] > 1, "an earlier frame of the block must be left to be compared with its seal"
    block, named = f"tape/{body['block']}.wft", body["block"].encode()
    seal = next(n for n, raw in enumerate(raws) if b'"type":"TapeBlockSealed"' in raw and named in raw)
    forged, medium = {block: b"forged"}, b"another medium"
    another = {"tape/tracks-000099.wft": insider.honest[block]}
    openings = [n for n, raw in enumerate(raws) if b'"type":"RoomOpened"' in raw]
    civil = {"CONTEXT": b"LIVE - CIVIL, NOT CERTIFIED\n"}
    witness = insider.witness_key().line().encode() + b"\n"
    return [
        Lie("a block behind a withheld frame", _without(insider, frame) | forged, "not as it was sealed"),
        Lie("a block behind its withheld seal", _without(insider, seal) | forged, "does not know this block"),
        Lie("one more block", _without(insider, 1) | another, "does not know this block"),
        Lie("one more medium", insider.honest | {f"media/{sha256(medium).hexdigest()}": medium}, "does not know this"),
        Lie("the opening withheld", _without(insider, *openings) | civil, "the room's opening is withheld"),
        Lie("one more key", insider.honest | {"keys.txt": insider.honest["keys.txt"] + witness}, "other keys"),
    ]


def _ruled(insider: Insider) -> list[Lie]:
    """A yes that the rules were not asked about, or objected to, or were told stories about."""
    yes = next(json.loads(raw) for raw in insider.raws if b'"RequestDecided"' in raw and b'"answer":"yes"' in raw)
    beside = f'"key":"{yes["body"]["decision_id"]}.'.encode()
    place = next(n for n, raw in enumerate(insider.raws) if b'"type":"RulesAnswered"' in raw and beside in raw)
    ruled = json.loads(insider.raws[place])

    def told(**body: object) -> Files:
        entry = canonical_bytes(ruled | {"body": ruled["body"] | body})
        return insider.rebuilt([*insider.raws[:place], entry, *insider.raws[place + 1 :]], relink=True)

    facts = json.loads(ruled["body"]["facts"])
    more = canonical_bytes(facts | {"advised": [*facts["advised"], "interpreter"]}).decode()
    unasked = insider.rebuilt([*insider.raws[:place], *insider.raws[place + 1 :]], relink=True)
    signed = next(
        n
        for n, raw in enumerate(insider.raws)
        if json.loads(raw)["key"] == yes["body"]["decision_id"] and b'"SignedAct"' in raw
    )
    act = json.loads(insider.raws[signed])
    other_words = act["body"]["assertion"] | {"rendering": "answer: no"}

    def confirmed(assertion: object) -> Files:
        entry = canonical_bytes(act | {"body": act["body"] | {"assertion": assertion}})
        return insider.rebuilt([*insider.raws[:signed], entry, *insider.raws[signed + 1 :]], relink=True)

    return [
        *_held_by(insider),
        *_judges_in_their_own_cause(insider),
        Lie("a passkey's confirmation taken out", confirmed(None), "not confirmed with the person's passkey"),
        Lie("other words under a confirmation", confirmed(other_words), "confirmation does not hold"),
        Lie("decided without asking the rules", unasked, "without asking the rules"),
        Lie("decided although the rules objected", told(answer="stop"), "although the rules objected"),
        Lie("rules told of advice that nobody gave", told(facts=more), "advice that nobody gave"),
        Lie("rules that were not in force", told(rules_digest="1" * 64), "not in force"),
    ]


def _held_by(insider: Insider) -> list[Lie]:
    """Confirmations of security keys over other words, and keys that two persons share."""
    found = []
    for what, sign in (("ed25519", b"sk-ssh-ed25519"), ("ecdsa", b"sk-ecdsa-sha2")):
        seat = next(
            json.loads(raw)["body"]["seat_id"]
            for raw in insider.raws
            if b'"SeatTaken"' in raw and sign.hex().encode() in raw
        )
        place = next(
            n for n, raw in enumerate(insider.raws) if b'"rendering"' in raw and f'"seat_id":"{seat}"'.encode() in raw
        )
        act = json.loads(insider.raws[place])
        flipped = act["body"]["assertion"] | {"rendering": "verdict: doubt"}
        entry = canonical_bytes(act | {"body": act["body"] | {"assertion": flipped}})
        files = insider.rebuilt([*insider.raws[:place], entry, *insider.raws[place + 1 :]], relink=True)
        found.append(Lie(f"other words under an SSH confirmation, {what}", files, "confirmation does not hold"))
    seats = [n for n, raw in enumerate(insider.raws) if b'"SeatTaken"' in raw and b'"kind":"person"' in raw]
    first, second = (json.loads(insider.raws[n]) for n in seats[:2])
    for shared in ("key", "passkey"):
        names = ("public_key", "key_id") if shared == "key" else ("passkey",)
        body = second["body"] | {name: first["body"][name] for name in names}
        entry = canonical_bytes(second | {"body": body})
        files = insider.rebuilt([*insider.raws[: seats[1]], entry, *insider.raws[seats[1] + 1 :]], relink=True)
        found.append(Lie(f"two persons with one {shared}", files, f"two persons enrolled one {shared}"))
    return found


def _judges_in_their_own_cause(insider: Insider) -> list[Lie]:
    """A request that asks for a delegation to the decider's seat, a doubt that was heard from the resolver's."""

    def says(place: int, **words: object) -> Files:
        entry = json.loads(insider.raws[place])
        document = canonical_bytes(json.loads(entry["body"]["document"]) | words).decode()
        changed = canonical_bytes(entry | {"body": entry["body"] | {"document": document}})
        return insider.rebuilt([*insider.raws[:place], changed, *insider.raws[place + 1 :]], relink=True)

    def signed(kind: str) -> tuple[int, str]:
        named = f'\\"type\\":\\"{kind}\\"'.encode()
        place = next(n for n, raw in reversed(list(enumerate(insider.raws))) if named in raw)
        return place, json.loads(insider.raws[place])["body"]["actor"]["seat_id"]

    asked = next(n for n, raw in enumerate(insider.raws) if b"RequestWritten" in raw and b"R-1" in raw)
    heard = next(n for n, raw in enumerate(insider.raws) if b"DoubtRaised" in raw)
    granted, answered = (
        says(asked, holder=signed("DecisionSigned")[1]),
        says(heard, heard_from=signed("DoubtResolved")[1]),
    )
    reopened = next(n for n, raw in enumerate(insider.raws) if b'"type":"RequestReopened"' in raw)
    told = json.loads(insider.raws[reopened])
    body = {name: told["body"][name] for name in ("at_us", "label", "request_id")}
    late = {"type": "RequestStopped", "version": 1, "cause": "expiry", "sentence": "Its window is over."}
    stop = canonical_bytes(told | {"version": 1, "body": body | late})
    too_late = insider.rebuilt([*insider.raws[:reopened], stop, *insider.raws[reopened + 1 :]], relink=True)
    return [
        Lie("decided after an answer that came too late", too_late, "after it was over"),
        Lie("granted by the crew that holds it", granted, "granted by the crew that holds it"),
        Lie("a doubt answered by the crew that radioed it", answered, "answered by its doubter"),
    ]


def _without(insider: Insider, *seqs: int) -> Files:
    """The honest export with entries blanked and listed as withheld."""
    raws = [b"" if n in seqs else raw for n, raw in enumerate(insider.raws)]
    entries = [{"leaf": leaf_hash(insider.raws[seq]).hex(), "seq": seq, "words": "withheld"} for seq in seqs]
    return with_entries(insider.honest, raws) | {"withheld.json": canonical_bytes({"entries": entries, "files": []})}


def _gone_on_with(insider: Insider, forger: Ed25519PrivateKey) -> Lie:
    """Somebody without the log's key keeps all that the witness saw, signs it with their own, and goes on."""
    outsider = Insider(insider.honest, forger)
    outsider.log = VerifierKey(insider.log.name, forger.public_key().public_bytes_raw(), insider.log.algorithm)
    feed = next(raw for raw in reversed(insider.raws) if b'"type":"FeedStateChanged"' in raw)
    last = json.loads(insider.raws[-1])
    more = canonical_bytes(json.loads(feed) | {"toe_us": last["toe_us"] + 1, "key": "feed-999999-1"})
    files = outsider.rebuilt([*insider.raws, more], relink=True) | {"keys.txt": f"{outsider.log.line()}\n".encode()}
    trusted, head = [insider.witness_key().line()], insider.head()
    return Lie("gone on with another key", files, "no key of this record signed this head", trusted, head)


def _later(raw: bytes) -> bytes:
    """The entry a moment later, so that another fits before it."""
    entry = json.loads(raw)
    return canonical_bytes(entry | {"toe_us": entry["toe_us"] + 1})


def _empty(insider: Insider) -> bytes:
    text = Checkpoint(insider.log.name, 0, leaf_hash(b"")).text()
    return sign_note(text, insider.log, insider.log_private.sign).encode()


def forged_head(insider: Insider, raws: list[bytes], forger: Ed25519PrivateKey) -> str:
    """A head that the insider signs with a key of their own under the witness's name."""
    text = insider.checkpoint(entries_of(insider.rebuilt(raws, relink=True))).text()
    return join_note(text, [cosignature_line(text, insider.witness_key(forger), forger.sign, 1_790_000_000)])
