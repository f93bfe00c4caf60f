"""Handing over a watch: the brief that both persons read, and what each of them signs.

A watch belongs to a seat with the power `run_watch`. Who hands it over signs the brief as it stands then, who takes it
over signs it as it stands when they take it. Until then the one before keeps it, and every screen says so.
**Source**: requirement 5; own reasoning.
"""

from enum import StrEnum

from msgspec import Struct

from watchfloor.base.labels import Label
from watchfloor.messages.acts import Act, Digest, Ident, Words


class BriefMatter(StrEnum):
    """What a brief is divided into."""

    OPEN = "open"
    DOUBTED = "doubted"
    STALE = "stale"
    SUSPENDED = "suspended"
    DUE = "due"


class BriefItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing to know: what kind of thing, which one, how it stands; since when and due when, 0 where none is told.

    It changes only when the thing does, never with the time alone: what somebody signed can be compared.
    """

    matter: BriefMatter
    subject: str
    about: str
    state: str
    since_us: int = 0
    due_us: int = 0


class BriefTold(Struct, frozen=True):
    """A brief as it is read, and the digest of it that is signed."""

    items: tuple[BriefItem, ...]
    digest: Digest


class WatchHandedOver(Act, frozen=True, forbid_unknown_fields=True, tag="WatchHandedOver", kw_only=True):
    """Who keeps a watch hands it over: the brief that they read, by its digest, and what they add in words."""

    brief: Digest
    words: Words


class WatchTakenOver(Act, frozen=True, forbid_unknown_fields=True, tag="WatchTakenOver", kw_only=True):
    """Who sits down on a watch acknowledges its brief as it stands now, and keeps the watch from then on."""

    brief: Digest
    words: Words


HandoverAct = WatchHandedOver | WatchTakenOver


class WatchAwaited(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="WatchAwaited"):
    """Somebody sat down on a watch that somebody else kept; its brief awaits their acknowledgement."""

    seat_id: Ident
    person_id: Ident
    role: Ident
    nation: Ident
    label: Label
