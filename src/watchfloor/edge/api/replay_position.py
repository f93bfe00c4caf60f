"""Where a viewer of a replay stands, and what is hidden from them there."""

from typing import Any

from msgspec import Struct

from watchfloor.app.recording import Event, Recording
from watchfloor.app.seats import Seats
from watchfloor.app.writer import Writer
from watchfloor.base.errors import InputError
from watchfloor.base.labels import Audience
from watchfloor.decisions.reviewing import Afterthoughts

SLOWEST_PERMILLE, FASTEST_PERMILLE = 250, 60_000


class ReplayStage(Struct, frozen=True):
    """What all viewers of a replay share: the recording; and, where people can sit down, seats and the writer."""

    recording: Recording
    everyone: Audience
    seats: Seats | None
    writer: Writer | None

    def afterthoughts(self) -> Afterthoughts:
        """What was noted and opened, as the record says now."""
        return self.writer.state.afterthoughts if self.writer else self.recording.states[-1].afterthoughts


class Position:
    """Where a viewer stands: pure but for its own fields; `step_clock` moves it."""

    def __init__(self, stage: ReplayStage) -> None:
        self._stage = stage
        self.number = 0
        self.room_us = stage.recording.span_us(self.number)[0]
        self.audience = stage.everyone
        self.rate_permille, self.paused, self.jumps = 1000, True, 0
        self._to_seq: int | None = None

    def horizon(self, person_id: str) -> Event | None:
        """The first outcome that is hidden; none in a branch, which nobody lived through."""
        recording = self._stage.recording
        if recording.is_branch:
            return None
        return recording.horizon(person_id, self.audience, self._stage.afterthoughts())

    def size(self, person_id: str) -> int:
        """How many entries are shown."""
        horizon = self.horizon(person_id)
        size = self._stage.recording.size_at(self.number, self.room_us)
        if self._to_seq is not None:
            size = min(size, self._to_seq + 1)
        return size if horizon is None else min(size, horizon.cause_seq)

    def step_clock(self, passed_s: float, person_id: str) -> None:
        """Let time pass; it stops before what is hidden, and at the end."""
        if self.paused:
            return
        self._to_seq = None
        self.room_us += round(passed_s * 1000 * self.rate_permille)
        self._bound(person_id)

    def _bound(self, person_id: str) -> None:
        recording = self._stage.recording
        horizon = self.horizon(person_id)
        hidden_from = None if horizon is None else recording.stretch_of(horizon.seq)
        if hidden_from is not None and self.number > hidden_from:
            self.number, self._to_seq = hidden_from, None
            self.room_us = recording.span_us(hidden_from)[0]
        start_us, end_us = recording.span_us(self.number)
        last_us = end_us if horizon is None or self.number != hidden_from else min(horizon.room_us, end_us)
        if self.room_us >= last_us:
            self.room_us, self.paused = last_us, True
        self.room_us = max(self.room_us, start_us)

    def obey(self, told: dict[str, Any], person_id: str, visible: list[Event]) -> None:
        """Do what the screen says.

        **Raises**: InputError, when it says something else than the words above.
        """
        number = told.get("number", self.number)
        if not isinstance(number, int) or not 0 <= number < len(self._stage.recording.stretches):
            raise InputError("there is no such stretch", field="number")
        if number != self.number:
            self.number, self._to_seq = number, None
            self.room_us = self._stage.recording.span_us(number)[0]
            self.jumps += 1
        if isinstance(told.get("seek_us"), int):
            self.room_us, self._to_seq = told["seek_us"], None
            self.jumps += 1
        if isinstance(told.get("paused"), bool):
            self.paused = told["paused"]
        rate = told.get("rate_permille")
        if isinstance(rate, int) and SLOWEST_PERMILLE <= rate <= FASTEST_PERMILLE:
            self.rate_permille = rate
        if told.get("step") in (1, -1):
            self._step(told["step"], person_id, visible)
        self._bound(person_id)

    def _step(self, direction: int, person_id: str, visible: list[Event]) -> None:
        """To the next or last event: the moment just behind its entry."""
        here = self.size(person_id) - 1
        onward = [event for event in visible if (event.seq > here if direction > 0 else event.seq < here)]
        if onward:
            event = onward[0] if direction > 0 else onward[-1]
            self.room_us, self._to_seq, self.paused = event.room_us, event.seq, True
            self.jumps += 1
