"""The running room: feeds in, one picture, alerts, tape; and everybody told when something changed.

Everything here runs on one event loop; only the record's and the tape's file work goes to worker threads.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog
from msgspec import Struct
from msgspec.structs import replace

from watchfloor.app.board_facts import line_now
from watchfloor.app.guests import Guests
from watchfloor.app.intake import FeedSetup, Intake
from watchfloor.app.lines import fallbacks_of
from watchfloor.app.ports import QuarantineStore
from watchfloor.app.screens import sampled_screens
from watchfloor.app.taping import FRAME_S, Taping
from watchfloor.app.video import Video
from watchfloor.app.video_keeping import VideoKeeping
from watchfloor.app.views import View, Views
from watchfloor.app.witnessing import Witnessing
from watchfloor.app.writer import Input, Writer
from watchfloor.base.errors import UnavailableError
from watchfloor.base.labels import Audience, Label
from watchfloor.deconflict import alerts as deconflict
from watchfloor.deconflict.alerts import Rings, Watch
from watchfloor.deconflict.regimes import Regime, with_fallback
from watchfloor.messages.air import Observation, ObservationBatch, Rejected, TrackPicture
from watchfloor.messages.alerts import Minima
from watchfloor.messages.entry import Entry, Fact
from watchfloor.messages.keeping import ScreensSampled
from watchfloor.messages.line_record import LineKind, LineRota
from watchfloor.messages.outcomes import DecisionAwaited, RequestDecided
from watchfloor.messages.room import ClockSet, Context, FeedState, FeedStateChanged, InputQuarantined, TapeFrameWritten
from watchfloor.messages.video import VideoPiece
from watchfloor.picture.state import Picture
from watchfloor.wire.adsb import TimedFrame

TICK_S = 0.5
TICKS_PER_FRAME = round(FRAME_S / TICK_S)
TOLD_EVERY_S = 60.0
SAMPLED_EVERY_S = 10.0
EXPIRED_EVERY_S = 30.0
_KEPT_ASIDE = (TapeFrameWritten, ScreensSampled)  # what changes nothing on a screen but how long the record is
_log = structlog.get_logger()


class RoomSetup(Struct, frozen=True):
    """What a room is made of: an exercise's pack or a serve file, in the engine's shapes.

    `everyone` is the class of those who sit nowhere, `plain_port` of TAK clients without a certificate, `seats` are the
    classes of those who sit, by seat. `tape_keep_us`: after how long the tape of real feeds is let go; None, when it is
    kept. `rotas` and `members`: how lines of each kind are answered, and by whom spoken on.
    """

    room_id: str
    title: str
    context: Context
    everyone: Audience
    plain_port: Audience
    seats: Mapping[str, Audience]
    label: Label
    feeds: tuple[FeedSetup, ...]
    minima: Minima
    rings: Rings
    regimes: tuple[Regime, ...]
    picture: Picture
    utc_offset_s: int
    exercise: str
    tape_keep_us: int | None = None
    rotas: Mapping[LineKind, LineRota] = {}
    members: Mapping[LineKind, tuple[str, ...]] = {}


class Tick:
    """A tick: the picture for each class of viewers, looked at once however many they are."""

    def __init__(self, views: Views, room_us: int, generation: int) -> None:
        self.room_us, self.generation = room_us, generation
        self._views = views
        self._looks: dict[int, TrackPicture] = {}

    def seen_by(self, audience: Audience) -> TrackPicture:
        """What an audience may know of the picture now; the same object for all who may know the same."""
        return self._look(self._views.of(audience))

    def whole(self) -> TrackPicture:
        """The room's own picture: for alerts and the tape, never for a viewer."""
        return self._look(self._views.own)

    def _look(self, view: View) -> TrackPicture:
        look = self._looks.get(id(view))
        if look is None:
            look = self._looks[id(view)] = view.snapshot(self.room_us)
        return look


class Watcher(Protocol):
    """Whoever shows the room: told at every tick and every change; must not block."""

    def ticked(self, tick: Tick) -> None:
        """The picture was looked at."""

    def changed(self) -> None:
        """Board, alerts, clock or feeds changed; that the record grew by what was kept aside, the next tick shows."""


class Room:
    """The parts of a running room, and the loop that keeps them in step."""

    def __init__(
        self, setup: RoomSetup, writer: Writer, taping: Taping, quarantine: QuarantineStore | None = None
    ) -> None:
        self.setup, self.writer = setup, writer
        self.quarantine = quarantine
        self.intakes = {feed.feed_id: Intake(feed, quarantine) for feed in setup.feeds}
        self.views = Views(setup.picture, {feed.feed_id: feed.label for feed in setup.feeds})
        for audience in (setup.everyone, setup.plain_port, *setup.seats.values()):
            self.views.of(audience)
        self.watch = Watch(setup.minima, setup.rings, next_number=len(writer.state.alerts) + 1, regimes=setup.regimes)
        self.videos: dict[str, Video] = {}
        self.video_keeping = VideoKeeping(writer, {feed.feed_id: feed.label for feed in setup.feeds})
        self.generation = 0
        self.guests = Guests()
        self.open_walls: Counter[Audience] = Counter()
        self.ending = asyncio.Event()
        self.end_reason = ""
        self.end_at_us: int | None = None
        self.taping = taping
        self.witnessing: Witnessing | None = None
        self._watchers: list[Watcher] = []
        self._jump_hooks: list[Callable[[], None]] = []
        self._told_bad: dict[tuple[str, str], int] = {}
        self._next_told_s = 0.0
        self._next_sample_s = 0.0
        self._next_expiry_s = 0.0
        self._tick_count = 0
        self._looked_us = -1
        self._counter = 0
        writer.listen(self)

    def add_watcher(self, watcher: Watcher) -> None:
        """Have a watcher told from now on."""
        self._watchers.append(watcher)

    def remove_watcher(self, watcher: Watcher) -> None:
        """Stop telling a watcher."""
        with contextlib.suppress(ValueError):
            self._watchers.remove(watcher)

    def on_jump(self, hook: Callable[[], None]) -> None:
        """Call a hook at every new time context, before its first data."""
        self._jump_hooks.append(hook)

    def receive(self, feed_id: str, chunk: bytes, *, is_datagram: bool = False, at_us: int | None = None) -> None:
        """Bytes of a feed; a datagram's ends are those of its messages. `at_us`: when they came, if not now."""
        intake = self.intakes[feed_id]
        room_us = self.writer.room_now_us() if at_us is None else at_us
        self._take(intake, intake.receive(chunk, room_us, is_datagram=is_datagram), room_us)

    def receive_frames(self, feed_id: str, frames: list[TimedFrame]) -> None:
        """Timed Mode S frames of a recorded feed; such a file is its own clock within its slice."""
        intake = self.intakes[feed_id]
        then_us = frames[-1].toa_us if frames else self.writer.room_now_us()
        self._take(intake, intake.receive_frames(frames, then_us), then_us)

    def receive_observed(self, feed_id: str, observations: Sequence[Observation]) -> None:
        """Observations of a recorded feed, in order of time."""
        intake = self.intakes[feed_id]
        then_us = observations[-1].toa_us
        self._take(intake, intake.receive_observed(observations, then_us), then_us)

    def hung_up(self, feed_id: str) -> None:
        """A feed's connection went."""
        self.intakes[feed_id].hung_up(self.writer.room_now_us())
        if feed_id in self.videos:
            self.videos[feed_id].forget()
        self.video_keeping.end(feed_id)

    def refuse(self, feed_id: str, reason: str, sample: bytes) -> None:
        """Count something that a feed's port refused before any codec saw it."""
        self.intakes[feed_id].refuse(Rejected(reason=reason, sample=sample), self.writer.room_now_us())

    def _take(self, intake: Intake, batch: ObservationBatch, room_us: int) -> None:
        if intake.video:
            found = intake.take_video()
            self.videos.setdefault(batch.feed_id, Video()).take(found, room_us)
            for one in found:
                if isinstance(one, VideoPiece):
                    self.video_keeping.take(batch.feed_id, one, room_us)
                else:
                    self.taping.filmed(batch.feed_id, batch.label, one)
        if batch.observations:
            self.taping.observed(batch)
        entered, refused = self.views.take(batch, room_us)
        for rejected in refused:
            intake.refuse(rejected, room_us)
        if entered:
            intake.accepted(min(max(entered), room_us))

    def seen_by(self, audience: Audience) -> TrackPicture:
        """What an audience may know of the picture now."""
        return self.views.of(audience).snapshot(self.writer.room_now_us())

    async def run(self) -> None:
        """Tick until the room ends."""
        loop = asyncio.get_running_loop()
        next_s = loop.time()
        while not self.ending.is_set():
            await self._tick(loop.time())
            next_s = max(next_s + TICK_S, loop.time() + 0.001)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(next_s):
                    await self.ending.wait()

    def end(self, reason: str) -> None:
        """Ask the room to end in good order."""
        if not self.ending.is_set():
            self.end_reason = reason
            self.ending.set()

    async def _tick(self, now_s: float) -> None:
        room_us = self.writer.room_now_us()
        self.views.trim(room_us)
        tick = Tick(self.views, room_us, self.generation)
        moved = room_us != self._looked_us
        self._looked_us = room_us
        self._tell_feeds(room_us)
        for watcher in tuple(self._watchers):
            watcher.ticked(tick)
        await asyncio.sleep(0)  # screens go first: what a look at every pair costs is no age of the picture
        if tick.generation != self.generation:
            return
        if moved:
            regimes = with_fallback(self.setup.regimes, fallbacks_of(self.writer.state.lines))
            watch = replace(self.watch, regimes=regimes)
            self.watch, changes = deconflict.step(watch, tick.whole(), line_now(self.writer.state.board, room_us))
            for change in changes:
                self._enter(change)
        if now_s >= self._next_told_s:
            self._next_told_s = now_s + TOLD_EVERY_S
            self._tell_bad()
        if now_s >= self._next_sample_s and self.writer.trouble is None:
            self._next_sample_s = now_s + SAMPLED_EVERY_S
            everyone, walls = self.setup.everyone, self.open_walls
            for sampled in sampled_screens(self.writer.state, self.writer.size, everyone, room_us, walls):
                self._enter(sampled)
        self.writer.tick()
        self._tick_count += 1
        if self.writer.trouble is None:
            await self.video_keeping.keep_ended()
        if self.setup.tape_keep_us is not None and now_s >= self._next_expiry_s and self.writer.trouble is None:
            self._next_expiry_s = now_s + EXPIRED_EVERY_S
            with contextlib.suppress(UnavailableError):
                await self._expire(self.setup.tape_keep_us)
        if moved and self._tick_count % TICKS_PER_FRAME == 0:
            with contextlib.suppress(UnavailableError):
                await self.taping.frame(tick.whole())
        if self.end_at_us is not None and room_us >= self.end_at_us:
            self.end("the exercise's last minute is over")

    async def _expire(self, keep_us: int) -> None:
        """Let go of what real feeds sent so long ago: tape, video, and what was refused of it."""
        before_us = self.writer.room_now_us() - keep_us
        for intake in self.intakes.values():
            intake.forget_refused(before_us)
        if self.quarantine is not None:
            await asyncio.to_thread(self.quarantine.expire, before_us)
        await self.video_keeping.expire(before_us, f"kept for {keep_us / 3600e6:g} h, as the room's settings say")
        await self.taping.expire(keep_us)

    def _tell_feeds(self, room_us: int) -> None:
        for intake in self.intakes.values():
            state = intake.state_at(room_us)
            if state is intake.state or state is FeedState.WAITING:
                continue
            intake.state = state
            silent_us = max(room_us - (intake.newest_toa_us or room_us), 0)
            self._enter(FeedStateChanged(intake.setup.feed_id, state, silent_us, intake.setup.label))

    def _tell_bad(self) -> None:
        for intake in self.intakes.values():
            for reason, count in intake.reasons.items():
                key = (intake.setup.feed_id, reason)
                if self._told_bad.get(key) != count:
                    self._told_bad[key] = count
                    self._enter(InputQuarantined(intake.setup.feed_id, reason, count, intake.setup.label))

    def _enter(self, fact: Fact) -> None:
        self._counter += 1
        key = f"{type(fact).__name__}-{self.writer.size}-{self._counter}"
        self.writer.enter_soon(Input("room", key, fact))

    def told(self, entries: Sequence[Entry]) -> None:
        """Entries became durable (or, when there are none, the record failed)."""
        for entry in entries:
            if isinstance(entry.body, ClockSet) and entry.body.jumped:
                self._begin_context()
            if isinstance(entry.body, RequestDecided | DecisionAwaited):
                self._next_sample_s = 0.0  # what screens showed at a signature is frozen with it
        if entries and all(isinstance(entry.body, _KEPT_ASIDE) for entry in entries):
            return
        for watcher in tuple(self._watchers):
            watcher.changed()

    def _begin_context(self) -> None:
        """A new time context: nothing measured in the old one is shown in it."""
        self.generation += 1
        self.views.forget()
        for feed_id, video in self.videos.items():
            video.forget()
            self.video_keeping.end(feed_id)
        self.watch = deconflict.forget(self.watch)
        for intake in self.intakes.values():
            intake.restart()
            intake.newest_toa_us = None
            intake.state = FeedState.WAITING
        for hook in self._jump_hooks:
            hook()

    async def close(self) -> None:
        """Tell what is untold, keep what was filmed, and seal the tape."""
        self._tell_bad()
        await self.video_keeping.close()
        await self.taping.close()
