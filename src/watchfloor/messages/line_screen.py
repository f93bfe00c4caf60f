"""What a screen shows of a line: the declared state beside the measured one, and how far every notice came."""

from msgspec import Struct

from watchfloor.messages.line import ChainHead, LineRole, LineVolume, MatchTerms, ReadBackField, UrgentCause
from watchfloor.messages.line_record import LineKind, LineMeasure
from watchfloor.messages.matching import MatchClash


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
    """An urgent warning, what cannot be so in it, and whether somebody of the other party has seen it."""

    digest: str
    party: str
    cause: UrgentCause
    volume: LineVolume
    sent_us: int
    heard_us: int
    is_seen: bool
    faults: tuple[str, ...]
    asked: tuple[str, ...]


class RollShown(Struct, frozen=True):
    """Who of a party is there for a call."""

    party: str
    present: tuple[LineRole, ...]


class MinutesShown(Struct, frozen=True):
    """Up to which heads a party's minutes of a call go."""

    party: str
    heads: tuple[ChainHead, ...]


class CallShown(Struct, frozen=True, kw_only=True):
    """A call: open, held, over, or minuted by both; `asked`: roles that are asked to answer it.

    `sent_us` is what its sender's clock said, `heard_us` what ours said when it came; 0 in another time context.
    """

    digest: str
    party: str
    due_us: int
    urgent: bool
    joined: tuple[str, ...]
    sent_us: int
    heard_us: int
    state: str
    rolls: tuple[RollShown, ...]
    minutes: tuple[MinutesShown, ...]
    asked: tuple[str, ...]


class AgendaShown(Struct, frozen=True):
    """Something to be spoken about in the next call, and why: proposed, new, changed, disputed, or not read back."""

    about: str
    why: str


class TranslationShown(Struct, frozen=True):
    """An interpreter's words for a comment, and of which party that interpreter is."""

    party: str
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


class MatchShown(Struct, frozen=True, kw_only=True):
    """A private matching of plans: by whom it was proposed, which epoch, how far it came, where our plans clash.

    `state` is one of proposed, agreed, matched, stopped, failed. `objection`: why we cannot accept it.
    """

    digest: str
    party: str
    sent_us: int
    terms: MatchTerms
    state: str
    reason: str
    objection: str
    coarse_count: int
    fine_count: int
    clashes: tuple[MatchClash, ...]


class FallbackShown(Struct, frozen=True):
    """The separation that a party declared for when the line is suspended."""

    party: str
    horizontal_m: int
    vertical_ft: int


class LineShown(Struct, frozen=True, kw_only=True):
    """One line. `suspended`: parties that declared it; `measured`: what is heard, whatever was declared,
    since `measured_us`, when it had been silent for `silent_us`; their clock is `skew_us` ahead of ours.

    `unshown_count`: notices that count, beyond the newest that are shown. `heads`: how far both parties' messages go.

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
    skew_us: int
    unreceipted_count: int
    fallbacks: tuple[FallbackShown, ...]
    notices: tuple[NoticeShown, ...]
    unshown_count: int
    urgents: tuple[UrgentShown, ...]
    calls: tuple[CallShown, ...]
    comments: tuple[CommentShown, ...]
    matches: tuple[MatchShown, ...]
    agenda: tuple[AgendaShown, ...]
    members: tuple[str, ...]
    newest: str
    heads: tuple[ChainHead, ...]
    refused: tuple[str, ...]
    call_due_us: int
    missed_us: int
