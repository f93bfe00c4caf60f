"""What the record holds of a line to another party: opened, said, heard, countersigned, refused, and its silence.

What a person means to say is an act of theirs, signed with their own key; what goes out on the line is signed with the
party's key and cites that act's id only in the party's own record.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from watchfloor.base.labels import Label
from watchfloor.messages.acts import Act, Digest, Ident, Integer, Nonce, Whole
from watchfloor.messages.line import AnyLineBody, LineParty, SignedLine
from watchfloor.messages.matching import LineMatched
from watchfloor.messages.room import Context


class LineKind(StrEnum):
    """Separate lines for separate matters, each with its own members."""

    AIR = "air"
    GROUND = "ground"
    COMMANDER = "commander"


class LineMeasure(StrEnum):
    """What is measured of a line, whatever was declared: heard lately, heard of no more, or never yet."""

    NEVER_HEARD = "never heard"
    HEARD = "heard"
    SILENT = "silent"


class LineSpoken(Act, frozen=True, forbid_unknown_fields=True, tag="LineSpoken", kw_only=True):
    """A person says something on a line."""

    line_id: Ident
    body: AnyLineBody


class LineRota(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When the daily call is due [since local midnight], how long it may be late, and who is asked when nobody answers.

    `answer` are roles in the order in which they are asked: the first at once, the next after `step_s` each, or after
    `urgent_step_s` for what is urgent.
    """

    due_of_day_s: Whole
    utc_offset_s: Integer
    grace_s: Whole
    answer: Annotated[tuple[Ident, ...], Meta(min_length=1, max_length=8)]
    step_s: Annotated[int, Meta(ge=1, le=3_600)]
    urgent_step_s: Annotated[int, Meta(ge=1, le=3_600)]


class LineOpened(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="LineOpened", kw_only=True):
    """A line whose keys two people compared by voice: its kind, who we are on it, and both parties' keys.

    `context`: what kind of room this is; only messages of the same kind are taken. `members`: roles that speak on it;
    where there is none, whoever has the powers.
    """

    context: Context
    line_id: Ident
    line: LineKind
    party: Ident
    parties: Annotated[tuple[LineParty, ...], Meta(min_length=2, max_length=2)]
    rota: LineRota | None
    members: tuple[Ident, ...]
    label: Label


class LineSaid(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="LineSaid", kw_only=True):
    """Our message, signed with the party's key; `act_id` is the act of whoever said it."""

    line_id: Ident
    act_id: Nonce
    signed: SignedLine
    label: Label


class LineHeard(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="LineHeard", kw_only=True):
    """Their message, with our countersignature: it has been received, and nothing is agreed by that."""

    line_id: Ident
    signed: SignedLine
    label: Label


class LineCountersigned(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="LineCountersigned", kw_only=True
):
    """They have received our message of this number, by their own signature over it."""

    line_id: Ident
    number: Whole
    countersignature: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}$")]
    label: Label


class LineRefused(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    tag="LineRefused",
    kw_only=True,
):
    """Something came that was not taken, and why; `digest` is of its bytes, as far as they were read.

    `signed` is the message itself, where their key signed it and it goes on from another past: proof against them.
    """

    line_id: Ident
    reason: Annotated[str, Meta(min_length=1, max_length=300)]
    digest: Digest
    label: Label
    signed: SignedLine | None = None


class LineMeasured(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    tag="LineMeasured",
    kw_only=True,
):
    """The line is heard, or has been silent for this long [real time]; and how far their room's clock is ahead of ours.

    What they send takes its time to come, so that a clock that seems behind may be a line that is slow.
    """

    line_id: Ident
    state: LineMeasure
    silent_us: Whole
    label: Label
    skew_us: Integer = 0


class CallMissed(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="CallMissed", kw_only=True):
    """The daily call that was due then has not been held: an alarm until one is."""

    line_id: Ident
    due_us: Whole
    at_us: Whole
    label: Label


class LineUnanswered(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="LineUnanswered", kw_only=True
):
    """Their call, or urgent warning, has waited for an answer from us; now this role is asked too."""

    line_id: Ident
    about: Digest
    role: Ident
    at_us: Whole
    label: Label


LaterLineFact = (
    LineSaid | LineHeard | LineCountersigned | LineRefused | LineMeasured | CallMissed | LineUnanswered | LineMatched
)
AnyLineFact = LineOpened | LaterLineFact
