"""What somebody must know who takes a watch over: all that is open, doubted, stale, suspended or due, and no more.

**Doubt**: what this audience may not see is not in it, and nothing says that it is missing. What a sensor has not told
is no item: an empty brief says that nothing is known, not that all is well.
**Source**: requirement 5; own reasoning.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Protocol

from watchfloor.app.lines import Lines
from watchfloor.app.sight import may_see
from watchfloor.app.standing_alerts import AlertView
from watchfloor.base.labels import Audience
from watchfloor.decisions.authority import Authority, Harm, Use
from watchfloor.decisions.board import Board, Request
from watchfloor.decisions.stages import state_word
from watchfloor.line.overdue import missed_us, next_due_us
from watchfloor.line.session import Line
from watchfloor.line.standing import ENDED, Standing, as_of
from watchfloor.messages.acts import Actor
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.handover import BriefItem, BriefMatter
from watchfloor.messages.line_record import LineMeasure
from watchfloor.messages.room import FeedState, FeedStateChanged

OPEN, DOUBTED, STALE, SUSPENDED, DUE = BriefMatter


class Situation(Protocol):
    """What a brief is made of: the parts of the room's state that it tells of."""

    @property
    def board(self) -> Board:
        """Requests, uses, harm and notified places."""

    @property
    def alerts(self) -> Mapping[str, AlertView]:
        """Alerts by id."""

    @property
    def feeds(self) -> Mapping[str, FeedStateChanged]:
        """How each feed was said to be last."""

    @property
    def lines(self) -> Lines:
        """Lines by id."""


def brief_of(now: Situation, audience: Audience, room_us: int) -> tuple[BriefItem, ...]:
    """The brief for an audience at a room time, by matter."""
    found = [
        *_of_requests(now.board, audience, room_us),
        *_of_reviews(now.board.authority, audience),
        *_of_alerts(now.alerts.values(), audience),
        *_of_feeds(now.feeds.values(), audience),
        *_of_lines(now.lines, audience, room_us),
        *_of_notified(now.board, audience, room_us),
    ]
    matters = list(BriefMatter)
    return tuple(sorted(found, key=lambda item: (matters.index(item.matter), item.subject, item.about)))


def brief_digest(brief: tuple[BriefItem, ...]) -> str:
    """What a person signs of a brief: the hash of its canonical form."""
    return sha256(canonical_bytes(brief)).hexdigest()


def _who(actor: Actor) -> str:
    return f"{actor.role}, {actor.nation}"


def _of_requests(board: Board, audience: Audience, room_us: int) -> Iterator[BriefItem]:
    for request in board.requests.values():
        if may_see(request.act.label, audience):
            yield from _of_request(board.authority, request, room_us)


def _of_request(held: Authority, request: Request, room_us: int) -> Iterator[BriefItem]:
    """A request: what is asked, who doubts it, what it owes; of a delegation, whether it is suspended."""
    name, word = request.act.request_id, state_word(request)
    if not request.is_over() or request.may_shift(room_us):
        yield BriefItem(matter=OPEN, subject="request", about=name, state=word, since_us=request.opened_us)
    if not request.is_over():
        for doubt in request.open_doubts():
            said = f"doubt of {_who(doubt.actor)}"
            yield BriefItem(matter=DOUBTED, subject="request", about=name, state=said, since_us=doubt.at_us)
    for decided in (*request.superseded, request.decided):
        if decided is not None and decided.owes_words():
            owed = f"words owed by {_who(decided.actor)}"
            yield BriefItem(matter=DUE, subject="decision", about=name, state=owed, due_us=decided.words_due_us())
    suspended = held.suspended.get(name)
    if suspended is not None and room_us < request.act.until_us:
        yield BriefItem(
            matter=SUSPENDED, subject="delegation", about=name, state=suspended.cause.value, since_us=suspended.at_us
        )


def _of_reviews(held: Authority, audience: Audience) -> Iterator[BriefItem]:
    """Reviews of uses and of harm that nobody has closed."""
    for name, use in held.uses.items():
        if may_see(use.act.label, audience):
            yield from _of_review("use", name, use)
    for name, harm in held.harm.items():
        if may_see(harm.act.label, audience):
            yield from _of_review("harm", name, harm)


def _of_review(subject: str, name: str, one: Use | Harm) -> Iterator[BriefItem]:
    if one.closed is None:
        state = "review overdue" if one.overdue else "review"
        received = one.received
        yield BriefItem(
            matter=DUE, subject=subject, about=name, state=state,
            since_us=received.received_us, due_us=received.due_us,
        )  # fmt: skip


def _of_alerts(alerts: Iterable[AlertView], audience: Audience) -> Iterator[BriefItem]:
    for view in alerts:
        raised = view.raised
        if view.ended is None and may_see(raised.label, audience):
            seen = view.acknowledged_by
            state = "nobody has acknowledged it" if seen is None else f"acknowledged by {_who(seen)}"
            yield BriefItem(matter=OPEN, subject="alert", about=raised.alert_id, state=state, since_us=raised.at_us)


def _of_feeds(feeds: Iterable[FeedStateChanged], audience: Audience) -> Iterator[BriefItem]:
    for feed in feeds:
        if feed.state in (FeedState.STALE, FeedState.LOST) and may_see(feed.label, audience):
            yield BriefItem(matter=STALE, subject="feed", about=feed.feed_id, state=feed.state.value)


def _of_lines(lines: Lines, audience: Audience, room_us: int) -> Iterator[BriefItem]:
    for line in lines.values():
        if may_see(line.opened.label, audience):
            yield from _of_line(line, room_us)
            yield from _of_words(line, room_us)


def _of_line(line: Line, room_us: int) -> Iterator[BriefItem]:
    """A line itself: who suspended it, whether it is heard, which calls ring, were missed, or are due."""
    name, ours = line.opened.line_id, line.opened.party
    for party in line.suspended:
        yield BriefItem(matter=SUSPENDED, subject="line", about=name, state=f"declared by {party}")
    measured = line.measured.state if line.measured else LineMeasure.NEVER_HEARD
    if line.is_open and measured is not LineMeasure.HEARD:
        yield BriefItem(matter=STALE, subject="line", about=name, state=measured.value, since_us=line.measured_us)
    for digest, call in line.calls.items():
        if call.party != ours and call.state() == "open" and line.asked.get(digest):
            since_us = line.waits_us.get(digest, 0)
            yield BriefItem(matter=OPEN, subject="call", about=digest, state=f"{call.party} calls", since_us=since_us)
    if late_us := missed_us(line):
        yield BriefItem(matter=DUE, subject="call", about=name, state="missed", due_us=late_us)
    if line.opened.rota is not None and line.is_open:
        next_us = next_due_us(line.opened.rota, room_us)
        yield BriefItem(matter=DUE, subject="call", about=name, state="next", due_us=next_us)


def _of_words(line: Line, room_us: int) -> Iterator[BriefItem]:
    """What waits on a line: warnings that nobody of us has seen, notices that the two sides do not have alike."""
    for digest, urgent in line.urgents.items():
        if urgent.party != line.opened.party and not urgent.seen:
            said, since_us = f"urgent, of {urgent.party}: {urgent.body.cause.value}", line.waits_us.get(digest, 0)
            yield BriefItem(matter=OPEN, subject="line", about=digest, state=said, since_us=since_us)
    for held in line.notices.values():
        notice = as_of(held, room_us)
        if notice.standing is Standing.DISPUTED or (notice.wrong and notice.standing not in ENDED):
            how = (
                "disputed"
                if notice.standing is Standing.DISPUTED
                else f"read back otherwise ({', '.join(notice.wrong)})"
            )
            said = f"notice of {notice.party} {how}"
            yield BriefItem(matter=DOUBTED, subject="line", about=notice.digest, state=said, since_us=notice.sent_us)


def _of_notified(board: Board, audience: Audience, room_us: int) -> Iterator[BriefItem]:
    """Places to be spared that nobody has acknowledged, and follow-ups that nobody has answered."""
    for name, item in board.notified.items.items():
        if item.state(room_us) == "given" and may_see(item.act.label, audience):
            yield BriefItem(
                matter=DUE, subject="notification", about=name,
                state="nobody has acknowledged it", since_us=item.at_us, due_us=item.act.from_us,
            )  # fmt: skip
    for name, follow in board.notified.follow_ups.items():
        opened = follow.opened
        if follow.closed is None and may_see(opened.label, audience):
            near = f"{opened.event.value} near {opened.notification_id}"
            yield BriefItem(matter=DUE, subject="follow-up", about=name, state=near, since_us=opened.at_us)
