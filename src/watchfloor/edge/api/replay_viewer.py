"""One viewer of a replay: a clock of its own, and nothing later than what its person has opened.

It speaks the running room's own protocol, so that the same wall shows it; and takes a few words from the screen:

| word | means |
|---|---|
| `seek_us`, `number` | go to a room time, in a stretch |
| `rate_permille`, `paused` | from 250 (a quarter) to 60,000 (sixty-fold) |
| `step` | 1 or -1: to the next or the last event |
| `as_seat` | look from another seat: only what is releasable to both is shown |
"""

import asyncio
import json

import msgspec
from msgspec import Struct
from starlette.websockets import WebSocket

from watchfloor.app.recording import Event
from watchfloor.app.screens import screen_digest, screen_document, who
from watchfloor.app.seats import Session
from watchfloor.app.sight import audience_of_seat, may_see
from watchfloor.app.state import RoomState
from watchfloor.base.errors import InputError
from watchfloor.base.labels import Audience, meet
from watchfloor.decisions.reviewing import Afterthought, Afterthoughts
from watchfloor.edge.api import frames
from watchfloor.edge.api.greeting import SEND_WAIT_S, GoneError, TracksNamed, greeted, until_one_ends
from watchfloor.edge.api.replay_position import Position, ReplayStage
from watchfloor.edge.api.shown import video_shown
from watchfloor.messages.acts import LogHead, SeatKind, SecondThought
from watchfloor.messages.air import TrackPicture
from watchfloor.messages.room import FeedState
from watchfloor.messages.screen import (
    AfterthoughtShown,
    EventShown,
    FeedShown,
    HorizonShown,
    PulseTold,
    ReplayTold,
    ScreenTold,
    SeatShown,
    StretchShown,
)

TICK_S = 0.5


class ReplayViewer:
    """One screen's connection."""

    def __init__(self, stage: ReplayStage, socket: WebSocket) -> None:
        self._stage, self._socket = stage, socket
        self._position = Position(stage)
        self._session: Session | None = None
        self._as_seat = ""
        self._named = TracksNamed()
        self._told = b""
        self._wake = asyncio.Event()

    def _person(self) -> str:
        return self._session.person_id if self._session else ""

    def audience(self) -> Audience:
        """Whom this screen shows to: the person's seat, and the seat they look from: what both may see."""
        if self._session is None or self._stage.seats is None:
            return self._stage.everyone
        own = audience_of_seat(self._stage.seats.seat_fact(self._session))
        seat = self._stage.recording.states[-1].seats.get(self._as_seat) or next(
            (state.seats[self._as_seat] for state in self._stage.recording.states if self._as_seat in state.seats), None
        )
        return own if seat is None else meet(own, audience_of_seat(seat))

    async def serve(self) -> None:
        """Speak to the screen until it goes."""
        try:
            self._session = await greeted(self._socket, self._stage.seats)
        except GoneError:
            return
        await until_one_ends(asyncio.create_task(self._listen()), asyncio.create_task(self._play()))

    async def _listen(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            try:
                told = json.loads(message.get("text") or "{}")
                if isinstance(told, dict):
                    if isinstance(told.get("as_seat"), str):
                        self._as_seat = told["as_seat"]
                    self._position.obey(told, self._person(), self._events())
            except (ValueError, InputError):
                continue
            self._wake.set()

    async def _play(self) -> None:
        loop = asyncio.get_running_loop()
        before_s = loop.time()
        while True:
            if self._session is not None and self._stage.seats is not None:
                try:
                    self._stage.seats.session(self._session.token)
                except InputError as error:
                    await self._socket.close(4401, reason=str(error)[:100])
                    return
            now_s = loop.time()
            self._position.step_clock(now_s - before_s, self._person())
            before_s = now_s
            await self._show()
            self._wake.clear()
            try:
                await asyncio.wait_for(self._wake.wait(), TICK_S)
            except TimeoutError:
                continue

    def _events(self) -> list[Event]:
        """Events that this person may know of: none behind the horizon."""
        audience = self._position.audience = self.audience()
        horizon = self._position.horizon(self._person())
        return [
            event
            for event in self._stage.recording.events(self._position.number)
            if may_see(event.label, audience) and (horizon is None or event.seq < horizon.cause_seq)
        ]

    async def _show(self) -> None:
        stage, position, audience = self._stage, self._position, self.audience()
        position.audience = audience
        size = position.size(self._person())
        state = stage.recording.states[size]
        picture = stage.recording.picture(size, position.number, position.room_us)
        seen = (
            frames.visible(picture, audience)
            if picture
            else TrackPicture(room_us=position.room_us, tracks=(), states=())
        )
        news = self._named.news(seen.tracks)
        if news is not None:
            await self._text(news)
        await self._send(frames.encode(seen, position.jumps))
        await self._text(self._pulse(state, size, seen, audience))
        document = screen_document(state, audience, position.room_us)
        head = LogHead(stage.writer.size, stage.writer.root.hex()) if stage.writer else LogHead(size, "0" * 64)
        await self._text(ScreenTold(stage.recording.context(), screen_digest(document), head, document))
        await self._text(self._replay(state, size, audience))

    def _pulse(self, state: RoomState, size: int, seen: TrackPicture, audience: Audience) -> PulseTold:
        newest_us = max((track.toa_us for track in seen.tracks), default=None)
        position = self._position
        return PulseTold(
            room_us=position.room_us,
            rate_permille=position.rate_permille,
            paused=position.paused,
            failed=None,
            tape_failed=None,
            witness_failed=None,
            feeds=tuple(
                FeedShown(feed.feed_id, feed.feed_id, feed.state, newest_us, 0, 0, 0, 0, {})
                for feed in state.feeds.values()
                if may_see(feed.label, audience) and feed.state is not FeedState.WAITING
            ),
            guests=(),
            videos=tuple(
                video_shown(one.feed_id, one.view)
                for one in self._stage.recording.views(size, position.number, position.room_us)
                if may_see(one.label, audience)
            ),
        )

    def _replay(self, state: RoomState, size: int, audience: Audience) -> ReplayTold:
        recording, horizon = self._stage.recording, self._position.horizon(self._person())
        held = self._stage.afterthoughts()
        spans = [(number, *recording.span_us(number)) for number in range(len(recording.stretches))]
        seats = {seat.seat_id: seat for one in (state, recording.states[-1]) for seat in one.seats.values()}
        return ReplayTold(
            number=self._position.number,
            stretches=tuple(StretchShown(*span) for span in spans),
            moment_seq=size - 1,
            horizon=None
            if horizon is None
            else HorizonShown(horizon.request_id, horizon.cause_seq - 1, horizon.room_us),
            events=tuple(EventShown(one.seq, one.room_us, one.kind, one.request_id) for one in self._events()),
            seats=tuple(
                SeatShown(seat.seat_id, seat.role, seat.nation)
                for seat in seats.values()
                if seat.kind is SeatKind.PERSON
            ),
            as_seat_id=self._as_seat,
            notes=tuple(_shown(one) for one in held.notes if self._may_know(one, held, audience)),
            thoughts=tuple(_shown(one) for one in held.thoughts if self._may_know(one, held, audience)),
        )

    def _may_know(self, one: Afterthought, held: Afterthoughts, audience: Audience) -> bool:
        """Notes and thoughts of others are hindsight too: shown when the person has opened it, or wrote them."""
        request = (
            self._stage.writer.state if self._stage.writer else self._stage.recording.states[-1]
        ).board.requests.get(one.act.request_id)
        if request is None or not may_see(request.act.label, audience):
            return False
        person = self._person()
        return one.actor.person_id == person or held.knows_aftermath(person, one.act.request_id, one.act.moment_seq)

    async def _text(self, document: Struct) -> None:
        text = msgspec.json.encode(document).decode()
        await asyncio.wait_for(self._socket.send_text(text), SEND_WAIT_S)

    async def _send(self, raw: bytes) -> None:
        if raw != self._told:
            self._told = raw
            await asyncio.wait_for(self._socket.send_bytes(raw), SEND_WAIT_S)


def _shown(one: Afterthought) -> AfterthoughtShown:
    act = one.act
    is_thought = isinstance(act, SecondThought)
    return AfterthoughtShown(
        seq=one.seq,
        request_id=act.request_id,
        moment_us=act.at_us if isinstance(act, SecondThought) else act.moment_us,
        answer=act.answer.value if isinstance(act, SecondThought) else "",
        words=act.words,
        who=who(one.actor),
        as_seat_id=act.as_seat_id if is_thought and isinstance(act, SecondThought) else "",
    )
