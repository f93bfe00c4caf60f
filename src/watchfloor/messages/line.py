"""What two parties that do not trust each other say on their line: a closed vocabulary, all of it signed and chained.

The least is shared: volume and time, never whose aircraft it is, what it does or what for. There are no attachments;
free text stands only in a comment, in its own language, with its translation beside it or none yet.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from watchfloor.messages.acts import Digest, Ident, Integer, NeededWords, Whole
from watchfloor.messages.room import Context

MOST_CELLS = 32_768
CoordE7 = Annotated[int, Meta(ge=-1_800_000_000, le=1_800_000_000)]
Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]


class LineBody(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    """What every message's content is one kind of."""


class LinePlace(Struct, frozen=True, forbid_unknown_fields=True):
    """A corner of an outline."""

    lat_e7deg: CoordE7
    lon_e7deg: CoordE7


class LineVolume(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A volume of air for a time: an outline, levels by the pressure surface of 1013.25 hPa, from and until when."""

    outline: Annotated[tuple[LinePlace, ...], Meta(min_length=3, max_length=64)]
    floor_ft: Integer
    ceiling_ft: Integer
    from_us: Whole
    until_us: Whole


class VolumeNotified(LineBody, frozen=True, tag="notice"):
    """We mean to be in this volume."""

    volume: LineVolume


class NoticeAcknowledged(LineBody, frozen=True, tag="acknowledgement"):
    """A person has seen that message; it is not agreed by that."""

    about: Digest


class ReadBackField(Struct, frozen=True, forbid_unknown_fields=True):
    """One field of a notice, typed anew by who read it back: digits, in the unit that the field's name tells."""

    name: Ident
    value: Annotated[str, Meta(pattern=r"^-?[0-9]{1,16}$")]


class NoticeReadBack(LineBody, frozen=True, tag="read_back"):
    """A notice's fields, typed anew one by one."""

    about: Digest
    fields: Annotated[tuple[ReadBackField, ...], Meta(min_length=1, max_length=140)]


FieldName = Annotated[str, Meta(pattern=r"^(floor_ft|ceiling_ft|from_us|until_us|corner[0-9]{1,2}_(lat|lon)_e7deg)?$")]


class NoticeDisputed(LineBody, frozen=True, tag="dispute"):
    """We do not accept that notice; the field that is in question, if it is one."""

    about: Digest
    name: FieldName = ""


class NoticeCorrected(LineBody, frozen=True, tag="correction"):
    """Our own notice, said anew; the one before counts no more."""

    about: Digest
    volume: LineVolume


class NoticeExpired(LineBody, frozen=True, tag="expiry"):
    """Our own notice counts no more."""

    about: Digest


class UrgentCause(StrEnum):
    """Why an urgent warning is given; the words of each language stand in one table."""

    AIRCRAFT_NEAR_LINE = "aircraft_near_line"
    AIRCRAFT_IN_VOLUME = "aircraft_in_volume"
    LOSS_OF_CONTROL = "loss_of_control"
    MEDICAL = "medical"


class UrgentWarning(LineBody, frozen=True, tag="urgent"):
    """Any watch officer takes it at once."""

    cause: UrgentCause
    volume: LineVolume


class LineSuspended(LineBody, frozen=True, tag="suspension"):
    """We do not use the line until we resume it."""


class LineResumed(LineBody, frozen=True, tag="resumption"):
    """We use the line again."""


class FallbackDeclared(LineBody, frozen=True, tag="fallback"):
    """The separation that we keep from whatever is theirs while the line is suspended.

    Nobody declares more than 50 NM and 10,000 ft, which would make every two aircraft a loss.
    """

    horizontal_m: Annotated[int, Meta(ge=0, le=92_600)]
    vertical_ft: Annotated[int, Meta(ge=0, le=10_000)]


class AgendaProposed(LineBody, frozen=True, tag="agenda"):
    """An item for the next call: a message that is to be spoken about."""

    about: Digest


class CommentMade(LineBody, frozen=True, tag="comment"):
    """Free text, marked as such, in its own language; untranslated until an interpreter says a translation."""

    words: NeededWords
    language: Language


class CommentTranslated(LineBody, frozen=True, tag="translation"):
    """An interpreter's words for a comment, in another language; the original stands beside them for ever."""

    about: Digest
    words: NeededWords
    language: Language


class CallOpened(LineBody, frozen=True, omit_defaults=True, tag="call"):
    """We call: the daily one that was due then, or (0) one beside the schedule, for which urgent ones do not wait.

    `joined`: the parties that are called together, each on its own line with the caller; nobody hears the others there.
    """

    due_us: Whole
    urgent: bool
    joined: Annotated[tuple[Ident, ...], Meta(max_length=6)] = ()


class LineRole(StrEnum):
    """Who can take part in a call, in words that both sides have."""

    LINE_OFFICER = "line_officer"
    WATCH_OFFICER = "watch_officer"
    DUTY_CHIEF = "duty_chief"
    INTERPRETER = "interpreter"
    LEGAL_ADVISER = "legal_adviser"


class RollCalled(LineBody, frozen=True, tag="roll"):
    """Who is here for a call, by role; it answers the call."""

    about: Digest
    present: Annotated[tuple[LineRole, ...], Meta(min_length=1, max_length=5)]


class ChainHead(Struct, frozen=True, forbid_unknown_fields=True):
    """How far a party's messages go: how many, and the digest of the last; zeros where there is none."""

    party: Ident
    count: Whole
    head: Digest


class MinutesSigned(LineBody, frozen=True, tag="minutes"):
    """A call is over for us; its minutes are the messages of both parties up to these heads, in order of their names.

    They stand once both signed the same, and nothing that is said later can come into them.
    """

    about: Digest
    heads: Annotated[tuple[ChainHead, ...], Meta(min_length=2, max_length=2)]


class MatchTerms(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What both parties agree to compare, and how much of a plan may be shown by it.

    Plans that come nearer than both minima within the epoch clash. Each side puts in as many cells as it says here,
    padded. A flight covers at most `most_of_flight_count` of them. Where more than `most_shown_permille` of the coarse
    cells of either plan (and over `always_shown_count`) would be shown, the match stops before any is.
    """

    from_us: Whole
    until_us: Whole
    horizontal_m: Annotated[int, Meta(ge=1_000, le=40_000)]
    vertical_ft: Annotated[int, Meta(ge=100, le=5_000)]
    coarse_count: Annotated[int, Meta(ge=64, le=MOST_CELLS)]
    fine_count: Annotated[int, Meta(ge=64, le=MOST_CELLS)]
    most_of_flight_count: Annotated[int, Meta(ge=1, le=MOST_CELLS)]
    most_shown_permille: Annotated[int, Meta(ge=1, le=1_000)]
    always_shown_count: Annotated[int, Meta(ge=0, le=1_000)]


class MatchProposed(LineBody, frozen=True, tag="match"):
    """Let us learn where our plans of this epoch clash, and nothing else; ours is what this commitment names."""

    terms: MatchTerms
    commitment: Digest


class MatchAccepted(LineBody, frozen=True, tag="match_acceptance"):
    """We match by these terms; our plan is what this commitment names."""

    about: Digest
    commitment: Digest


AnyLineBody = (
    VolumeNotified
    | NoticeAcknowledged
    | NoticeReadBack
    | NoticeDisputed
    | NoticeCorrected
    | NoticeExpired
    | UrgentWarning
    | LineSuspended
    | LineResumed
    | FallbackDeclared
    | AgendaProposed
    | CommentMade
    | CommentTranslated
    | CallOpened
    | RollCalled
    | MinutesSigned
    | MatchProposed
    | MatchAccepted
)


class LineMessage(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One message of one party.

    `context` is what kind of room says it, as it stands on every screen there: EXERCISE is in the bytes. `previous` is
    the digest of that party's message before, `seen` of the newest message of the other party that it had, zeros where
    there was none. `number` counts from 0 without gaps. Messages of before 0.2 name no context; none is taken now.
    """

    context: Context | None = None
    line_id: Ident
    party: Ident
    number: Whole
    previous: Digest
    seen: Digest
    sent_us: Whole
    body: AnyLineBody


class SignedLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A message as it was said: the exact signed text, its signature, and the receiver's own over the same text.

    `document` is canonical JSON of a `LineMessage`; signatures are Ed25519 over its UTF-8 bytes, in hex.
    """

    document: str
    signature: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}$")]
    countersignature: Annotated[str, Meta(pattern=r"^([0-9a-f]{128})?$")] = ""


class LineParty(Struct, frozen=True, forbid_unknown_fields=True):
    """A party and its key (Ed25519, hex), as the other side pinned it."""

    party: Ident
    public_key: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class LineCopyHead(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The first line of one party's copy of the joint log: which line, in what kind of room, whose copy, both keys."""

    context: Context
    line_id: Ident
    copy_of: Ident
    parties: Annotated[tuple[LineParty, ...], Meta(min_length=2, max_length=2)]
