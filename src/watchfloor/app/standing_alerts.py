"""Alerts as they stand in the room's state."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.deconflict.alerts import ESCALATE_AFTER_US
from watchfloor.messages.acts import Actor
from watchfloor.messages.alerts import AlertEnded, AlertEscalated, AlertRaised, AlertUpdated, AnyAlert, Encounter


class AlertView(Struct, frozen=True):
    """An alert as it stands."""

    raised: AlertRaised
    encounter: Encounter
    acknowledged_by: Actor | None = None
    ended: AlertEnded | None = None
    escalated_us: int = 0


def alerts_after(alerts: Mapping[str, AlertView], fact: AnyAlert) -> Mapping[str, AlertView]:
    """The alerts once a fact about one of them is in the record."""
    if isinstance(fact, AlertRaised):
        return {**alerts, fact.alert_id: AlertView(fact, fact.encounter)}
    view = alerts[fact.alert_id]
    if isinstance(fact, AlertEscalated):
        return {**alerts, fact.alert_id: replace(view, escalated_us=fact.at_us)}
    if isinstance(fact, AlertUpdated):
        return {**alerts, fact.alert_id: replace(view, encounter=fact.encounter)}
    return {**alerts, fact.alert_id: replace(view, ended=fact)}


def is_unanswered(view: AlertView, room_us: int) -> bool:
    """Whether an alert stands that nobody has acknowledged for ESCALATE_AFTER_US."""
    silent = view.ended is None and view.acknowledged_by is None
    return silent and room_us - view.raised.at_us >= ESCALATE_AFTER_US
