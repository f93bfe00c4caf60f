"""One entry of the record: an envelope around a fact, canonical, versioned and never rewritten.

Each type has a version here. Old entries keep their original bytes; `UPCASTERS` turn an older body
into today's shape on reading. A new field that old entries lack means a new version and an upcaster.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from watchfloor.base.errors import WireError
from watchfloor.messages.acts import Digest, Ident, Whole
from watchfloor.messages.airspace import AnyAirspaceFact
from watchfloor.messages.alerts import AnyAlert
from watchfloor.messages.canonical import canonical_bytes, decode_canonical
from watchfloor.messages.delegation import DelegationFact
from watchfloor.messages.findings import RulesAnswered
from watchfloor.messages.handover import WatchAwaited
from watchfloor.messages.keeping import AnyKeepingFact
from watchfloor.messages.line_record import AnyLineFact
from watchfloor.messages.notification import NotificationFact
from watchfloor.messages.outcomes import AnyOutcome
from watchfloor.messages.pack import DoctrineSet
from watchfloor.messages.room import AnyRoomFact
from watchfloor.messages.signed import SignedAct

Fact = (
    SignedAct
    | AnyOutcome
    | AnyAlert
    | AnyRoomFact
    | AnyKeepingFact
    | DoctrineSet
    | RulesAnswered
    | DelegationFact
    | AnyAirspaceFact
    | AnyLineFact
    | NotificationFact
    | WatchAwaited
)

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


def _without(body: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != field}


def _with_sealed_bytes(body: dict[str, Any]) -> dict[str, Any]:
    """Blocks were stored as they were written, and did not say their times."""
    added = {"sealed_bytes": body["stored_bytes"], "sealed_digest": body["digest"]}
    return body | added | {"first_room_us": 0, "last_room_us": 0}


def _with_labels_behind(body: dict[str, Any]) -> dict[str, Any]:
    """Policies behind an answer about a use had no labels of their own."""
    behind = [{"part": part, "asks": [], "label": body["label"]} for part in body["parts"]]
    return _without(body, "parts") | {"behind": behind}


def _with_named_areas(body: dict[str, Any]) -> dict[str, Any]:
    """Areas were ids alone, and the rule that named the advisers had a number."""
    areas = [{"id": area, "overlaps": [area]} for area in body["areas"]]
    return body | {"areas": areas, "watch_until_us": 0, "rules_version": str(body["advice"]["rules_version"])}


def _with_breaks_first(body: dict[str, Any]) -> dict[str, Any]:
    """Which minimum breaks first was not told."""
    return body | {"encounter": body["encounter"] | {"breaks_first": None}}


def _with_regime(body: dict[str, Any]) -> dict[str, Any]:
    """Minima were the room's own, and no cleared level was known."""
    unknown = {"cleared_ft": None}
    lifted = _with_breaks_first(body)
    return lifted | {"first": body["first"] | unknown, "second": body["second"] | unknown, "regime": ""}


VERSIONS: Mapping[str, int] = {kind.__name__: 1 for kind in Fact.__args__} | {
    "AlertRaised": 2,
    "AlertUpdated": 2,
    "DoctrineSet": 2,
    "LineOpened": 2,
    "RequestDecided": 2,
    "RoomOpened": 2,
    "SeatTaken": 3,
    "SignedAct": 2,
    "TapeBlockSealed": 2,
    "TapeBlockRecovered": 2,
    "UseJudged": 2,
}
UPCASTERS: Mapping[tuple[str, int], Upcaster] = {
    ("AlertRaised", 1): _with_regime,
    ("AlertUpdated", 1): _with_breaks_first,
    ("DoctrineSet", 1): _with_named_areas,
    ("LineOpened", 1): lambda body: body | {"context": "EXERCISE", "members": []},
    ("SeatTaken", 1): lambda body: body | {"passkey": None},
    ("SeatTaken", 2): lambda body: body | {"level": 0, "need_to_know": []},
    ("UseJudged", 1): _with_labels_behind,
    ("SignedAct", 1): lambda body: body | {"assertion": None},
    ("RequestDecided", 1): lambda body: body | {"pressure": None},
    ("RoomOpened", 1): lambda body: _without(body, "engine_version"),
    ("TapeBlockSealed", 1): _with_sealed_bytes,
    ("TapeBlockRecovered", 1): _with_sealed_bytes,
}
MAX_ENTRY_BYTES = 65_535
FIRST_PREV = "0" * 64


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """A fact in its envelope. `seq` counts from 0 without gaps; `toe_us` always advances.

    `source` is who or what brought it: `seat:…`, `feed:…`, `room`. `key` is the idempotency key. `prev` is the leaf
    hash of the entry before, so that a changed entry is found by itself, not only by its batch's checkpoint.
    """

    seq: Whole
    prev: Digest
    toe_us: Whole
    room_us: Whole
    source: Ident
    key: Ident
    version: Whole
    body: Fact


def input_key(key: str) -> str:
    """The key of the input that an entry follows from: what followed carries it with a number behind a dot."""
    base, dot, tail = key.rpartition(".")
    return base if dot and tail.isdigit() else key


class _Envelope(Struct, frozen=True, forbid_unknown_fields=True):
    seq: Whole
    prev: Digest
    toe_us: Whole
    room_us: Whole
    source: Ident
    key: Ident
    version: Whole
    body: dict[str, Any]


def encode_entry(entry: Entry) -> bytes:
    """The canonical bytes of an entry, at most 65,535.

    **Raises**: WireError, when the entry is too large for a tile bundle (C2SP tlog-tiles).
    """
    raw = canonical_bytes(entry)
    if len(raw) > MAX_ENTRY_BYTES:
        raise WireError(f"an entry of {len(raw)} bytes is over {MAX_ENTRY_BYTES}")
    return raw


def decode_entry(raw: bytes) -> Entry:
    """The entry that stored bytes say, lifted to today's version of its type.

    **Raises**: WireError, when they are not canonical, of an unknown type, or from a newer version.
    """
    try:
        entry = decode_canonical(raw, Entry)
    except WireError:
        return _decode_older(raw)
    return entry if entry.version == VERSIONS[type(entry.body).__name__] else _decode_older(raw)


def _decode_older(raw: bytes) -> Entry:
    """An entry that is not of today's shape: lifted, or refused with the reason."""
    envelope = decode_canonical(raw, _Envelope)
    kind = str(envelope.body.get("type"))
    newest = VERSIONS.get(kind)
    if newest is None:
        raise WireError(f"unknown entry type `{kind}`; a newer watchfloor wrote this record")
    if envelope.version > newest:
        raise WireError(f"`{kind}` version {envelope.version} is newer than {newest}, the newest known here")
    body = envelope.body
    for version in range(envelope.version, newest):
        lift = UPCASTERS.get((kind, version))
        if lift is None:
            raise WireError(f"`{kind}` never had a version {version}")
        body = lift(body)
    try:
        fact = msgspec.convert(body, Fact)
    except msgspec.ValidationError as error:
        raise WireError(f"entry {envelope.seq} is no `{kind}`: {error}") from error
    return Entry(
        seq=envelope.seq,
        prev=envelope.prev,
        toe_us=envelope.toe_us,
        room_us=envelope.room_us,
        source=envelope.source,
        key=envelope.key,
        version=envelope.version,
        body=fact,
    )
