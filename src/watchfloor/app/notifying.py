"""The desk of notified places: finds which areas they reach, and opens a follow-up when an event comes near one.

Distances are reckoned here and recorded as they were found; the board compares names and times only.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import pairwise

from msgspec import Struct

from watchfloor.app.state import RoomState
from watchfloor.base.geodesy import PATHS_DISTANCE_ERROR, paths_distance_m
from watchfloor.base.labels import Label, combine
from watchfloor.decisions.board import Board, Request
from watchfloor.decisions.notified import Notification
from watchfloor.decisions.notifying import due_us
from watchfloor.line.session import Line
from watchfloor.messages.acts import Answer
from watchfloor.messages.entry import Fact
from watchfloor.messages.line import LinePlace, LineVolume
from watchfloor.messages.notification import EventKind, FollowUpOpened, NotificationPlaced
from watchfloor.messages.pack import Area, Ring

_HALF_E7DEG, _ALL_E7DEG = 1_800_000_000, 3_600_000_000


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
        """What follows for notified places from a step of the room."""
        items = after.board.notified.items
        if not items or (before.board is after.board and before.lines is after.lines):
            return ()
        placed = [self._placed(item) for item in items.values() if item.placed is None]
        if placed:
            return placed
        known = events_of(before)
        fresh = items.keys() - {name for name, item in before.board.notified.items.items() if item.placed is not None}
        return [
            opened
            for name, event in events_of(after).items()
            for item in items.values()
            if name not in known or item.act.notification_id in fresh
            if event.until_us >= (room_us if name in known else 0)
            if _is_near(item, event)
            if (opened := _follow_up(item, event, name, room_us)).follow_id not in after.board.notified.follow_ups
        ]

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


def events_of(state: RoomState) -> dict[str, Event]:
    """Every event of the room that may come near a notified place, by a name that stays."""
    return dict([*_board_events(state.board), *_line_events(state.lines)])


def _board_events(board: Board) -> Iterator[tuple[str, Event]]:
    for request in board.requests.values():
        act, persons = request.act, _persons(request)
        here = EventKind.DECISION, act.request_id, (act.area_id,)
        if request.decided is not None and request.decided.act.answer is Answer.YES:
            name = f"decision {request.decided.act.act_id}"
            yield name, _event(*here, (act.from_us, act.until_us), act.label, persons)
        if request.carried_out is not None:
            at_us, name = request.carried_out.at_us, f"carried out {act.request_id} {request.version}"
            yield name, _event(EventKind.CARRIED_OUT, *here[1:], (at_us, at_us), act.label, persons)
    for use_id, use in board.authority.uses.items():
        at_us, person = use.act.event_us, (use.actor.person_id,)
        yield f"use {use_id}", _event(EventKind.USE, use_id, (use.act.area_id,), (at_us, at_us), use.act.label, person)
    for harm_id, harm in board.authority.harm.items():
        areas, at_us = _areas_about(board, harm.act.about), harm.act.as_of_us
        yield f"harm {harm_id}", _event(EventKind.HARM, harm_id, areas, (at_us, at_us), harm.act.label, ())


def _event(
    kind: EventKind,
    about: str,
    area_ids: tuple[str, ...],
    span_us: tuple[int, int],
    label: Label,
    took_part: tuple[str, ...],
) -> Event:
    return Event(kind, about, area_ids, None, *span_us, label, took_part)


def _areas_about(board: Board, about: str) -> tuple[str, ...]:
    """Which area harm is reported in: that of the request or use that it names, else the one that it names itself."""
    if about in board.requests:
        return (board.requests[about].act.area_id,)
    use = board.authority.uses.get(about)
    return (about,) if use is None else (use.act.area_id,)


def _persons(request: Request) -> tuple[str, ...]:
    decided = request.decided.actor.person_id if request.decided is not None else ""
    return tuple(sorted({request.author.person_id, decided} - {""}))


def _line_events(lines: Mapping[str, Line]) -> Iterator[tuple[str, Event]]:
    for line in lines.values():
        for kind, volumes in (
            (EventKind.LINE_NOTICE, {one.digest: one.volume for one in line.notices.values()}),
            (EventKind.LINE_WARNING, {one.digest: one.body.volume for one in line.urgents.values()}),
        ):
            for digest, volume in volumes.items():
                span = volume.from_us, volume.until_us
                yield f"line {digest}", Event(kind, digest, (), volume, *span, line.opened.label, ())


def _is_near(item: Notification, event: Event) -> bool:
    """Whether an event comes within reach of a notified place while it is notified."""
    if item.placed is None or not item.counts_within(event.from_us, event.until_us):
        return False
    if event.volume is None:
        return not set(item.placed.area_ids).isdisjoint(event.area_ids)
    ring = tuple((place.lon_e7deg / 1e7, place.lat_e7deg / 1e7) for place in event.volume.outline)
    return _within(item.act.places, (*ring, ring[0]), item.act.near_m)


def _within(places: Sequence[LinePlace], ring: Ring, near_m: int) -> bool:
    """Whether a way comes within reach of an area, or lies in it; in doubt it does.

    **Args**: `ring`: closed, as (longitude, latitude) [deg].
    """
    first = ring[0][0]
    around = tuple((first + (lon - first + 180) % 360 - 180, lat) for lon, lat in ring)
    way = tuple((first + (place.lon_e7deg / 1e7 - first + 180) % 360 - 180, place.lat_e7deg / 1e7) for place in places)
    if any(_holds(around, place) for place in way):
        return True
    return paths_distance_m((*way, way[-1]), around) <= near_m * (1 + PATHS_DISTANCE_ERROR)


def _holds(ring: Ring, place: tuple[float, float]) -> bool:
    """Whether a place lies inside a closed ring, by how often a ray east of it crosses the border."""
    (x, y), inside = place, False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside


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
