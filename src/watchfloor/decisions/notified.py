"""Notifications as the board holds them."""

from collections.abc import Mapping

from msgspec import Struct

from watchfloor.messages.acts import Actor
from watchfloor.messages.notification import FollowUpClosed, FollowUpOpened, NotificationGiven, NotificationPlaced


class Notification(Struct, frozen=True):
    """One notification: who gave it when, which areas it reaches, and who has acknowledged it."""

    act: NotificationGiven
    actor: Actor
    at_us: int
    placed: NotificationPlaced | None = None
    acknowledged: tuple[Actor, ...] = ()
    withdrawn_us: int = 0

    def state(self, room_us: int) -> str:
        """Given, acknowledged, withdrawn or expired: the word on screens."""
        if self.withdrawn_us:
            return "withdrawn"
        if self.act.until_us <= room_us:
            return "expired"
        return "acknowledged" if self.acknowledged else "given"

    def counts_within(self, from_us: int, until_us: int) -> bool:
        """Whether it stands at some time of a window."""
        ends_us = min(self.act.until_us, self.withdrawn_us) if self.withdrawn_us else self.act.until_us
        return self.act.from_us <= until_us and from_us < ends_us


class FollowUp(Struct, frozen=True):
    """An event that came near a notified place, and the answer, once there is one."""

    opened: FollowUpOpened
    closed: FollowUpClosed | None = None
    closed_by: Actor | None = None


class Notifications(Struct, frozen=True):
    """All notifications and follow-ups, by id, in the order in which they came."""

    items: Mapping[str, Notification] = {}
    follow_ups: Mapping[str, FollowUp] = {}
