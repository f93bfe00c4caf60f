"""What a screen shows of a line: the declared state beside the measured one, and how far every notice came."""

from msgspec import Struct

from watchfloor.messages.line import LineRole, LineVolume, ReadBackField, UrgentCause
from watchfloor.messages.line_record import LineKind, LineMeasure


class NoticeShown(Struct, frozen=True, kw_only=True):
    """A notice: whose, which volume, and how far it came. Received is not agreed.

    `standing` is one word of sent, received, seen, read back, disputed, corrected, expired. `wrong`: fields that the
    last read-back, `said`, had otherwise; `faults`: what cannot be so in the volume.
    """

    digest: str
    party: str
    sent_us: int
    volume: LineVolume
    standing: str
    wrong: tuple[str, ...]
    said: tuple[ReadBackField, ...]
    faults: tuple[str, ...]


class UrgentShown(Struct, frozen=True, kw_only=True):
    """An urgent warning, and whether somebody of the other party has seen it."""

    digest: str
    party: str
    cause: UrgentCause
    volume: LineVolume
    sent_us: int
    is_seen: bool
    asked: tuple[str, ...]


class RollShown(Struct, frozen=True):
    """Who of a party is there for a call."""

    party: str
    present: tuple[LineRole, ...]


class MinutesShown(Struct, frozen=True):
    """Up to which message a party's minutes of a call go."""

    party: str
    until: str


class CallShown(Struct, frozen=True, kw_only=True):
    """A call: open, held, over, or minuted by both; `asked`: roles that are asked to answer it."""

    digest: str
    party: str
    due_us: int
    urgent: bool
    sent_us: int
    state: str
    rolls: tuple[RollShown, ...]
    minutes: tuple[MinutesShown, ...]
    asked: tuple[str, ...]


class TranslationShown(Struct, frozen=True):
    """An interpreter's words for a comment."""

    words: str
    language: str


class CommentShown(Struct, frozen=True, kw_only=True):
    """Free text in its own language; untranslated, until there is a translation."""

    digest: str
    party: str
    sent_us: int
    words: str
    language: str
    translations: tuple[TranslationShown, ...]


class FallbackShown(Struct, frozen=True):
    """The separation that a party declared for when the line is suspended."""

    party: str
    horizontal_m: int
    vertical_ft: int


class LineShown(Struct, frozen=True, kw_only=True):
    """One line. `suspended`: parties that declared it; `measured`: what is heard, whatever was declared,
    since `measured_us`, when it had been silent for `silent_us`.

    `unreceipted_count`: our messages that the other room has not receipted; `refused`: why what came was not taken.
    `call_due_us`: when the next daily call is due; `missed_us`: since when one is missed; 0, where there is none.
    """

    line_id: str
    line: LineKind
    party: str
    other_party: str
    is_open: bool
    suspended: tuple[str, ...]
    measured: LineMeasure
    measured_us: int
    silent_us: int
    unreceipted_count: int
    fallbacks: tuple[FallbackShown, ...]
    notices: tuple[NoticeShown, ...]
    urgents: tuple[UrgentShown, ...]
    calls: tuple[CallShown, ...]
    comments: tuple[CommentShown, ...]
    agenda: tuple[str, ...]
    newest: str
    refused: tuple[str, ...]
    call_due_us: int
    missed_us: int
