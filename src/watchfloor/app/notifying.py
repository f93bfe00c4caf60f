"""The desk of notified places: finds which areas they reach, and opens a follow-up when an event comes near one.

Distances are reckoned here and recorded as they were found; the board compares names and times only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256

from msgspec import Struct

from watchfloor.app.state import RoomState
from watchfloor.base.geodesy import PATHS_DISTANCE_ERROR, is_inside, paths_distance_m
from watchfloor.base.labels import Label, combine
from watchfloor.decisions.authority import Harm, Use
from watchfloor.decisions.board import Board, Request
from watchfloor.decisions.delegating import who_took_part, who_took_part_in
from watchfloor.decisions.notified import Notification, Notifications
from watchfloor.decisions.notifying import due_us
from watchfloor.line.session import Line
from watchfloor.messages.acts import Answer
from watchfloor.messages.entry import Fact
from watchfloor.messages.line import LinePlace, LineVolume
from watchfloor.messages.notification import EventKind, FollowUpOpened, NotificationPlaced
from watchfloor.messages.pack import Area, Ring

_E7DEG_A_M = 92
"""How many ten-millionths of a degree of latitude a metre is, and a little more."""

Happened = Callable[[], "Event"]


class Event(Struct, frozen=True):
    """Something that happened, or is to happen, in an area or a volume, at some time; who took part in it."""

    kind: EventKind
    about: str
    area_ids: tuple[str, ...]
    volume: LineVolume | None
    from_us: int
    until_us: int
    label: Label
    took_part: tuple[str, ...]


class NotificationDesk:
    """Follows the board and the lines. `areas` are those of the pack."""

    def __init__(self, areas: Sequence[Area]) -> None:
        self._areas = tuple(areas)

    def follow(self, before: RoomState, after: RoomState, room_us: int) -> Sequence[Fact]:
        """What follows for notified places from a step of the room.

        **Cost**: what is new, against the notifications that count; of all else names are compared only.
        """
        held = after.board.notified
        if not held.items or (before.board is after.board and before.lines is after.lines):
            return ()
        placed = [self._placed(item) for item in held.items.values() if item.placed is None]
        if placed:
            return placed
        items = [item for item in held.items.values() if item.state(room_us) not in ("withdrawn", "expired")]
        known = before.board.notified.items
        fresh = [item for item in items if (one := known.get(item.act.notification_id)) is None or one.placed is None]
        then, now = happened(before), happened(after)
        found = [opened for name in now.keys() - then.keys() for opened in _opened(items, name, now[name](), room_us)]
        for item in fresh:
            for name in now.keys() & then.keys():
                event = now[name]()
                if event.until_us >= room_us:
                    found += _opened([item], name, event, room_us)
        return _not_yet(held, found)

    def _placed(self, item: Notification) -> NotificationPlaced:
        act = item.act
        reached = tuple(
            area.id for area in self._areas if any(_within(act.places, ring, act.near_m) for ring in area.rings)
        )
        return NotificationPlaced(
            notification_id=act.notification_id,
            area_ids=reached,
            lead_us=act.from_us - item.at_us,
            due_us=due_us(act),
            label=act.label,
        )


def happened(state: RoomState) -> dict[str, Happened]:
    """Every event of the room that may come near a notified place, by a name that stays."""
    return dict([*_board_events(state.board), *_line_events(state.lines)])


def _board_events(board: Board) -> Iterator[tuple[str, Happened]]:
    for request in board.requests.values():
        if request.decided is not None and request.decided.act.answer is Answer.YES:
            yield f"decision {request.decided.act.act_id}", partial(_decision, request)
        if request.carried_out is not None:
            yield f"carried out {request.act.request_id} {request.version}", partial(_carried_out, request)
    for use_id, use in board.authority.uses.items():
        yield f"use {use_id}", partial(_use, board, use)
    for harm_id, harm in board.authority.harm.items():
        yield f"harm {harm_id}", partial(_harm, board, harm)


def _decision(request: Request) -> Event:
    act, persons = request.act, _sorted(who_took_part_in(request))
    area, window = (act.area_id,), (act.from_us, act.until_us)
    return Event(EventKind.DECISION, act.request_id, area, None, *window, act.label, persons)


def _carried_out(request: Request) -> Event:
    at_us = request.carried_out.at_us if request.carried_out is not None else 0
    act, persons = request.act, _sorted(who_took_part_in(request))
    return Event(EventKind.CARRIED_OUT, act.request_id, (act.area_id,), None, at_us, at_us, act.label, persons)


def _use(board: Board, use: Use) -> Event:
    act, persons = use.act, _sorted({use.actor.person_id} | who_took_part(board, use))
    return Event(EventKind.USE, act.use_id, (act.area_id,), None, act.event_us, act.event_us, act.label, persons)


def _harm(board: Board, harm: Harm) -> Event:
    act, persons = harm.act, _sorted({harm.actor.person_id} | who_took_part(board, harm))
    areas = _areas_about(board, act.about)
    return Event(EventKind.HARM, act.harm_id, areas, None, act.as_of_us, act.as_of_us, act.label, persons)


def _sorted(persons: set[str]) -> tuple[str, ...]:
    return tuple(sorted(persons - {""}))


def _areas_about(board: Board, about: str) -> tuple[str, ...]:
    """Which area harm is reported in: that of the request or use that it names, else the one that it names itself."""
    if about in board.requests:
        return (board.requests[about].act.area_id,)
    use = board.authority.uses.get(about)
    return (about,) if use is None else (use.act.area_id,)


def _line_events(lines: Mapping[str, Line]) -> Iterator[tuple[str, Happened]]:
    for line in lines.values():
        for notice in line.notices.values():
            if not notice.faults:
                yield f"line {notice.digest}", partial(_said, line, EventKind.LINE_NOTICE, notice.digest, notice.volume)
        for urgent in line.urgents.values():
            yield (
                f"line {urgent.digest}",
                partial(_said, line, EventKind.LINE_WARNING, urgent.digest, urgent.body.volume),
            )


def _said(line: Line, kind: EventKind, digest: str, volume: LineVolume) -> Event:
    return Event(kind, digest, (), volume, volume.from_us, volume.until_us, line.opened.label, ())


def _opened(items: Iterable[Notification], name: str, event: Event, room_us: int) -> list[FollowUpOpened]:
    return [_follow_up(item, event, name, room_us) for item in items if _is_near(item, event)]


def _not_yet(held: Notifications, found: Sequence[FollowUpOpened]) -> list[FollowUpOpened]:
    """What does not stand yet. Of what is said on lines one waits for a place at a time; its answer is for the rest."""
    waiting = {(one.opened.notification_id, one.opened.event) for one in held.follow_ups.values() if one.closed is None}
    kept = []
    for one in sorted(found, key=lambda one: one.follow_id):
        mark = one.notification_id, one.event
        is_of_line = one.event in (EventKind.LINE_NOTICE, EventKind.LINE_WARNING)
        if one.follow_id not in held.follow_ups and not (is_of_line and mark in waiting):
            waiting.add(mark)
            kept.append(one)
    return kept


def _is_near(item: Notification, event: Event) -> bool:
    """Whether an event comes within reach of a notified place while it is notified."""
    if item.placed is None or not item.counts_within(event.from_us, event.until_us):
        return False
    if event.volume is None:
        return not set(item.placed.area_ids).isdisjoint(event.area_ids)
    reach_e7deg = item.act.near_m * _E7DEG_A_M
    lats = [place.lat_e7deg for place in event.volume.outline]
    ours = [place.lat_e7deg for place in item.act.places]
    if min(lats) - reach_e7deg > max(ours) or max(lats) + reach_e7deg < min(ours):
        return False  # told by latitudes alone, which is most of the time
    ring = tuple((place.lon_e7deg / 1e7, place.lat_e7deg / 1e7) for place in event.volume.outline)
    return _within(item.act.places, (*ring, ring[0]), item.act.near_m)


def _within(places: Sequence[LinePlace], ring: Ring, near_m: int) -> bool:
    """Whether a way comes within reach of an area, or lies in it; in doubt it does.

    **Args**: `ring`: closed, as (longitude, latitude) [deg].
    """
    first = ring[0][0]
    around = tuple((first + (lon - first + 180) % 360 - 180, lat) for lon, lat in ring)
    way = tuple((first + (place.lon_e7deg / 1e7 - first + 180) % 360 - 180, place.lat_e7deg / 1e7) for place in places)
    if any(is_inside(place, around) for place in way):
        return True
    return paths_distance_m((*way, way[-1]), around) <= near_m * (1 + PATHS_DISTANCE_ERROR)


def _follow_up(item: Notification, event: Event, name: str, room_us: int) -> FollowUpOpened:
    notification_id = item.act.notification_id
    return FollowUpOpened(
        follow_id=f"F-{sha256(f'{notification_id} {name}'.encode()).hexdigest()[:12]}",
        notification_id=notification_id,
        event=event.kind,
        about=event.about[:64],
        at_us=room_us,
        took_part=event.took_part,
        label=combine((item.act.label, event.label)),
    )
