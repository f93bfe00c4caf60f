"""What a viewer's screen shows of notified places: those that their notifier lets this audience see, and no others."""

from watchfloor.app.sight import may_see
from watchfloor.base.labels import Audience
from watchfloor.decisions.board import Board
from watchfloor.decisions.notified import FollowUp, Notification
from watchfloor.messages.notification import FollowUpShown, NotificationShown

OVER_SHOWN, FOLLOW_UPS_SHOWN = 20, 50


def notifications_shown(board: Board, audience: Audience, room_us: int) -> tuple[NotificationShown, ...]:
    """What counts, and the newest that is over, each with the follow-ups that this audience may see."""
    seen = [item for item in board.notified.items.values() if may_see(item.act.label, audience)]
    over = [item.act.notification_id for item in seen if item.state(room_us) in ("withdrawn", "expired")]
    left_out = frozenset(over[:-OVER_SHOWN])
    return tuple(
        _shown(
            item,
            tuple(
                follow
                for follow in board.notified.follow_ups.values()
                if follow.opened.notification_id == item.act.notification_id and may_see(follow.opened.label, audience)
            ),
            room_us,
        )
        for item in seen
        if item.act.notification_id not in left_out
    )


def _shown(item: Notification, follow_ups: tuple[FollowUp, ...], room_us: int) -> NotificationShown:
    act, placed = item.act, item.placed
    return NotificationShown(
        notification_id=act.notification_id,
        kind=act.kind,
        places=act.places,
        near_m=act.near_m,
        from_us=act.from_us,
        until_us=act.until_us,
        urgent=act.urgent,
        contact_role=act.contact_role,
        words=act.words,
        label=act.label,
        role=item.actor.role,
        nation=item.actor.nation,
        at_us=item.at_us,
        state=item.state(room_us),
        late_us=max(placed.due_us - placed.lead_us, 0) if placed else 0,
        acknowledged_by=tuple(f"{actor.role}, {actor.nation}" for actor in item.acknowledged),
        area_ids=placed.area_ids if placed else (),
        follow_ups=tuple(
            FollowUpShown(
                follow_id=follow.opened.follow_id,
                event=follow.opened.event,
                about=follow.opened.about,
                at_us=follow.opened.at_us,
                closed=follow.closed is not None,
                words=follow.closed.words if follow.closed else "",
            )
            for follow in follow_ups[-FOLLOW_UPS_SHOWN:]
        ),
    )
