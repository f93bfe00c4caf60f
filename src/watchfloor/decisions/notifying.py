"""Notified sites and movements: who may see them, how long they count, and what has to be followed up.

**Source**: requirements 17 and 18; own reasoning for the rest.
**Doubt**: what was not notified is not known to be safe; nothing here says so of any place.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.base.labels import Label
from watchfloor.decisions.board import Board, is_person
from watchfloor.decisions.knowing import knows, objection_to_label
from watchfloor.decisions.notified import FollowUp, Notification
from watchfloor.messages.acts import Actor
from watchfloor.messages.notification import (
    DUE_US,
    URGENT_DUE_US,
    FollowUpClosed,
    FollowUpOpened,
    NotificationAct,
    NotificationFact,
    NotificationGiven,
    NotificationKind,
    NotificationWithdrawn,
)
from watchfloor.messages.outcomes import ActRefused

LONGEST_US = 90 * 24 * 3_600_000_000
MOST_STANDING = 500
_READERS = frozenset(("acknowledge", "advise", "decide", "review", "call", "run_watch", "notify"))


def step(
    board: Board, act: NotificationAct, actor: Actor, label: Label, room_us: int
) -> tuple[Board, tuple[ActRefused, ...]]:
    """The board after an act about a notification, or why it cannot be."""
    sentence = _objection(board, act, actor, room_us)
    if sentence is not None:
        return board, (ActRefused(act.act_id, "refused", sentence, label),)
    held = board.notified
    if isinstance(act, NotificationGiven):
        return _put(board, items={**held.items, act.notification_id: Notification(act, actor, room_us)}), ()
    if isinstance(act, FollowUpClosed):
        closed = replace(held.follow_ups[act.follow_id], closed=act, closed_by=actor)
        return _put(board, follow_ups={**held.follow_ups, act.follow_id: closed}), ()
    item = held.items[act.notification_id]
    if isinstance(act, NotificationWithdrawn):
        item = replace(item, withdrawn_us=room_us)
    else:
        item = replace(item, acknowledged=(*item.acknowledged, actor))
    return _put(board, items={**held.items, act.notification_id: item}), ()


def take(board: Board, fact: NotificationFact) -> Board:
    """The board after what the record says of a notification."""
    held = board.notified
    if isinstance(fact, FollowUpOpened):
        return _put(board, follow_ups={**held.follow_ups, fact.follow_id: FollowUp(fact)})
    item = held.items.get(fact.notification_id)
    if item is None:
        return board
    return _put(board, items={**held.items, fact.notification_id: replace(item, placed=fact)})


def due_us(act: NotificationGiven) -> int:
    """How long before it begins a notification is due."""
    return URGENT_DUE_US if act.urgent else DUE_US


def near_area(board: Board, area_id: str, window_us: tuple[int, int], room_us: int) -> list[Notification]:
    """What had been notified by then within reach of an area in a window; nothing found proves nothing."""
    return [
        item
        for item in board.notified.items.values()
        if item.placed is not None
        and item.at_us <= room_us
        and area_id in item.placed.area_ids
        and item.counts_within(*window_us)
    ]


def _put(board: Board, **changes: Mapping[str, Struct]) -> Board:
    return replace(board, notified=replace(board.notified, **changes))


def _objection(board: Board, act: NotificationAct, actor: Actor, room_us: int) -> str | None:
    held = board.notified
    if isinstance(act, NotificationGiven):
        return _objection_to_giving(board, act, actor, room_us)
    if isinstance(act, FollowUpClosed):
        follow = held.follow_ups.get(act.follow_id)
        if follow is None or not knows(actor, follow.opened.label):
            return "there is no such follow-up"
        if "review" not in actor.powers or not is_person(actor):
            return "this seat does not hold the power `review`, or is no person's"
        if follow.closed is not None:
            return "it is answered already"
        return "whoever took part in the event cannot answer it" if actor.person_id in follow.opened.took_part else None
    item = held.items.get(act.notification_id)
    if item is None or not knows(actor, item.act.label):
        return "there is no such notification"
    if item.state(room_us) in ("withdrawn", "expired"):
        return f"that notification is {item.state(room_us)} already"
    if isinstance(act, NotificationWithdrawn):
        return None if "notify" in actor.powers else "this seat does not hold the power `notify`"
    if actor.person_id == item.actor.person_id:
        return "who gave a notification does not acknowledge it"
    if actor.person_id in {one.person_id for one in item.acknowledged}:
        return "you have acknowledged it already"
    return None if _READERS & set(actor.powers) else "this seat holds no power with which it could act on it"


def _objection_to_giving(board: Board, act: NotificationGiven, actor: Actor, room_us: int) -> str | None:
    if "notify" not in actor.powers:
        return "this seat does not hold the power `notify`"
    if act.notification_id in board.notified.items:
        return f"`{act.notification_id}` cannot be its name; choose another"
    if (len(act.places) == 1) != (act.kind is NotificationKind.SITE):
        return "a site is one place; a movement is a way of two places or more"
    if any(abs(place.lat_e7deg) > 850_000_000 for place in act.places):
        return "a place beyond 85 degrees of latitude cannot be told from its neighbours"
    if not act.from_us < act.until_us <= act.from_us + LONGEST_US:
        return "it ends before it begins, or lasts over 90 days"
    if act.until_us <= room_us:
        return "it is over already"
    standing = [one for one in board.notified.items.values() if one.state(room_us) not in ("withdrawn", "expired")]
    if len(standing) >= MOST_STANDING:
        return f"{MOST_STANDING} notifications stand already"
    return objection_to_label(board, act.label, actor)
