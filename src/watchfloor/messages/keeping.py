"""What happens to the record itself: its tail after a crash, its keys, its engine, its witnesses."""

from enum import StrEnum

from msgspec import Struct

from watchfloor.base.labels import Label
from watchfloor.messages.acts import Digest, Ident, NeededWords, Whole


class LogTailCleared(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="LogTailCleared"):
    """A crash had left the beginning of a batch that was never acknowledged; it was cleared away."""

    cleared_bytes: Whole
    label: Label


class KeyCause(StrEnum):
    """Why the log got another key."""

    ROTATED = "rotated"
    LOST = "lost"


class LogKeyChanged(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="LogKeyChanged"):
    """From the next batch on the log signs with another key, given as a verifier key line.

    The batch of this entry holds nothing else. Its checkpoint is signed by the key before and the new one; where the
    key before was lost, by the new one and the second signer, without whom a lost key ends the record.
    """

    key_line: str
    cause: KeyCause
    words: NeededWords
    label: Label


class SecondSignerSet(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="SecondSignerSet"):
    """From this batch on a second key signs every checkpoint too; with an empty line, from the next on no more."""

    key_line: str
    words: NeededWords
    label: Label


class EngineNamed(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="EngineNamed"):
    """What computes from this entry on: versions and processor, and how far another machine may come apart from it.

    Rules, decisions, line and record replay bit for bit anywhere; the picture replays within the tolerances.
    """

    python: str
    numpy: str
    zstd: str
    machine: str
    processor_features: tuple[Ident, ...]
    position_tolerance_e7deg: Whole
    level_tolerance_ft: Whole
    label: Label


class WitnessesSet(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="WitnessesSet"):
    """Who is asked to witness the log from now on, and how many must have before a decision is published.

    `needed_count` 0: decisions do not wait. A decision that has not been seen by so many within `wait_us` is stopped.
    """

    key_lines: tuple[str, ...]
    needed_count: Whole
    wait_us: Whole
    label: Label


class HeadWitnessed(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="HeadWitnessed"):
    """Witnesses signed a head of this log; each signature is a line as it stands under a note."""

    size_count: Whole
    root: Digest
    signature_lines: tuple[str, ...]
    label: Label


class SampledScreen(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The hash of what screens of one audience showed; the canonical document is rebuilt by replay."""

    nations: tuple[str, ...]
    level: Whole
    digest: Digest
    need_to_know: tuple[str, ...] = ()


class ScreensSampled(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="ScreensSampled"):
    """What every audience's screens showed at a room time, after so many entries. Replay must come to the same."""

    size_count: Whole
    at_us: Whole
    screens: tuple[SampledScreen, ...]
    label: Label


class MediaKind(StrEnum):
    """What a kept medium is."""

    VIDEO = "video"
    DOCUMENT = "document"


class MediaKept(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="MediaKept"):
    """A video segment, or a document too large for an entry, lies in the folder under its digest."""

    digest: Digest
    size_bytes: Whole
    kind: MediaKind
    source: Ident
    from_us: Whole
    until_us: Whole
    label: Label


class MediaRetired(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="MediaRetired"):
    """A medium was let go by a retention rule, named in words. It is recorded before the file goes."""

    digest: Digest
    words: NeededWords
    label: Label


class MediaMissed(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="MediaMissed"):
    """A medium is not where it was kept, or not what it was, and no rule let it go. It needs a reason."""

    digest: Digest
    label: Label


class MediaReappeared(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="MediaReappeared"):
    """A medium that was missed is there again; the entry that missed or explained it is open again."""

    digest: Digest
    reopened_seq: Whole
    label: Label


class VideoTold(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="VideoTold"):
    """What screens were sent of a video in a stretch of time that was not kept: the hash of the file it would be."""

    digest: Digest
    size_bytes: Whole
    feed_id: Ident
    from_us: Whole
    until_us: Whole
    label: Label


AnyKeepingFact = (
    LogTailCleared
    | LogKeyChanged
    | SecondSignerSet
    | EngineNamed
    | WitnessesSet
    | HeadWitnessed
    | MediaKept
    | MediaRetired
    | MediaMissed
    | MediaReappeared
    | ScreensSampled
    | VideoTold
)
