"""What a humanitarian party tells the room so that a place or a movement is spared, and what follows from it.

It stays in the room, among those whom its notifier names: never on the line, to TAK clients or in an export. That a
place is not in it proves nothing.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from watchfloor.base.labels import Label
from watchfloor.messages.acts import Act, Ident, NeededWords, Whole
from watchfloor.messages.line import LinePlace

DUE_US, URGENT_DUE_US = 48 * 3_600_000_000, 24 * 3_600_000_000


class NotificationKind(StrEnum):
    """Something that stays in its place, or something on its way."""

    SITE = "site"
    MOVEMENT = "movement"


class NotificationGiven(Act, frozen=True, forbid_unknown_fields=True, tag="NotificationGiven", kw_only=True):
    """A humanitarian party says where people are to be spared: a site, or the way of a movement, from and until when.

    Whatever comes within `near_m` of it is near. `contact_role` is whom to call, by role; no person is named. It is due
    48 h before it begins, 24 h where it is urgent.
    """

    notification_id: Ident
    kind: NotificationKind
    places: Annotated[tuple[LinePlace, ...], Meta(min_length=1, max_length=64)]
    near_m: Annotated[int, Meta(ge=500, le=20_000)]
    from_us: Whole
    until_us: Whole
    urgent: bool
    contact_role: Annotated[str, Meta(min_length=1, max_length=80)]
    words: NeededWords
    label: Label


class NotificationAcknowledged(
    Act, frozen=True, forbid_unknown_fields=True, tag="NotificationAcknowledged", kw_only=True
):
    """Somebody who may see it says that they have; nothing is promised by that."""

    notification_id: Ident


class NotificationWithdrawn(Act, frozen=True, forbid_unknown_fields=True, tag="NotificationWithdrawn", kw_only=True):
    """It counts no more, and why."""

    notification_id: Ident
    words: NeededWords


class FollowUpClosed(Act, frozen=True, forbid_unknown_fields=True, tag="FollowUpClosed", kw_only=True):
    """Somebody who took no part in the event answers the follow-up, in writing."""

    follow_id: Ident
    words: NeededWords


NotificationAct = NotificationGiven | NotificationAcknowledged | NotificationWithdrawn | FollowUpClosed


class EventKind(StrEnum):
    """What came near a notified place."""

    DECISION = "decision"
    CARRIED_OUT = "carried out"
    USE = "use"
    HARM = "harm"
    LINE_NOTICE = "notice on the line"
    LINE_WARNING = "warning on the line"


class NotificationPlaced(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="NotificationPlaced", kw_only=True
):
    """Which areas of the room lie within reach of a notified place; it came `lead_us` before it begins."""

    notification_id: Ident
    area_ids: tuple[Ident, ...]
    lead_us: Annotated[int, Meta(ge=-(2**53), le=2**53)]
    due_us: Whole
    label: Label


class FollowUpOpened(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="FollowUpOpened", kw_only=True
):
    """An event came near a notified place: somebody has to look, and answer in writing.

    `about` names the event: a request, use, harm or message; `took_part` are the persons who cannot close it.
    """

    follow_id: Ident
    notification_id: Ident
    event: EventKind
    about: Ident
    at_us: Whole
    took_part: tuple[Ident, ...]
    label: Label


NotificationFact = NotificationPlaced | FollowUpOpened


class FollowUpShown(Struct, frozen=True, kw_only=True):
    """A follow-up as a screen shows it: what came near, since when, and how it was answered."""

    follow_id: str
    event: EventKind
    about: str
    at_us: int
    closed: bool
    words: str


class NotificationShown(Struct, frozen=True, kw_only=True):
    """A notification as those see it whom its notifier named.

    `state` is one of given, acknowledged, withdrawn, expired. `late_us`: how much later it came than is due; 0, when it
    came in time.
    """

    notification_id: str
    kind: NotificationKind
    places: tuple[LinePlace, ...]
    near_m: int
    from_us: int
    until_us: int
    urgent: bool
    contact_role: str
    words: str
    label: Label
    role: str
    nation: str
    at_us: int
    state: str
    late_us: int
    acknowledged_by: tuple[str, ...]
    area_ids: tuple[str, ...]
    follow_ups: tuple[FollowUpShown, ...]
