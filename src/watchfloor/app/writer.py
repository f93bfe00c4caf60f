"""The one writer: stamps each input once, steps the room, makes input and outputs durable, then tells.

Inputs that wait together are committed together. The state that people see is only ever the durable one.
**Fails safe**: when a commit fails, nothing of its batch is acknowledged, every open request shows STOPPED,
and nothing can be decided until the room is started again on a record that can be written. When only the space is
gone, the stops are recorded in reserved space, and so are doubts, the tape's last seal and the room's end.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

import structlog
from msgspec import Struct

from watchfloor.app.clock import EntryClock, room_time_us
from watchfloor.app.ports import EntryStore, Listener, Signer
from watchfloor.app.resume import Past
from watchfloor.app.state import RoomState, pass_time, step, stop_everything
from watchfloor.base.errors import FullError, UnavailableError, WatchfloorError
from watchfloor.messages.acts import DoubtRaised, LogHead
from watchfloor.messages.entry import VERSIONS, Entry, Fact, encode_entry, input_key
from watchfloor.messages.room import RoomClosed, TapeBlockSealed
from watchfloor.messages.signed import SignedAct, act_of
from watchfloor.record.log import Edge
from watchfloor.record.note import Checkpoint, join_note, signature_line
from watchfloor.record.tree import Frontier, leaf_hash

MAX_BATCH = 200
HEADS_KEPT = 20_000
ROOM = "room"
AIRSPACE = "airspace"
LINE = "line"
_USES_KEYS_ONCE = frozenset((ROOM, AIRSPACE, LINE))
_log = structlog.get_logger()

Maker = Callable[[RoomState, int, int], list[Fact]]


class Input(Struct):
    """Something to enter: a fact, or a maker that sees state, entry time and room time and gives facts.

    `key` makes it idempotent: the same key twice is entered once, and answered the same. `check` raises when the fact
    may not be entered in the state that it meets, which is newer than the one its sender saw.
    """

    source: str
    key: str
    fact: Fact | None = None
    make: Maker | None = None
    check: Callable[[RoomState], None] | None = None


class Follower(Protocol):
    """Answers a step with facts that are entered beside what moved them."""

    def follow(self, before: RoomState, after: RoomState, room_us: int) -> Sequence[Fact]:
        """What follows from a step."""


class Desk(Follower, Protocol):
    """Asks the rules, after each step and as time passes."""

    def answers(self, state: RoomState, room_us: int) -> list[Fact]:
        """What the rules answer now otherwise than before."""


class Written(Struct, frozen=True):
    """What an input became: its entry and those that followed from it."""

    entries: tuple[Entry, ...]


_Waiting = tuple[Input, asyncio.Future[Written]]


class Writer:
    """Owns the log's edge, the newest state and the only way to either. Runs in one asyncio task."""

    def __init__(
        self,
        store: EntryStore,
        clock: EntryClock,
        signers: Sequence[Signer],
        past: Past,
        desk: Desk | None = None,
        *followers: Follower,
    ) -> None:
        self.state = past.state
        self.failed: str | None = None
        self.full: str | None = None
        self._store, self._clock, self._signers = store, clock, tuple(signers)
        self._desk = desk
        self._followers: tuple[Follower, ...] = (*([desk] if desk else ()), *followers)
        self._frontier = past.frontier
        self._answers: dict[str, Written] = _answers_of(past.entries)
        self._heads = {head.size: head.root() for head in past.heads}
        self._waiting: deque[_Waiting] = deque()
        self._arrived, self._is_idle = asyncio.Event(), asyncio.Event()
        self._is_idle.set()
        self._listeners: list[Listener] = []
        self.newest_note = ""
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="record")
        self._task: asyncio.Task[None] | None = None
        self._counts = 0
        self._prev = past.newest_leaf
        self._batch_prev = self._prev

    @property
    def origin(self) -> str:
        """The log's name, as its checkpoints say it."""
        return self._signers[0].key.name

    @property
    def size(self) -> int:
        """How many entries are durable."""
        return self._frontier.size

    @property
    def root(self) -> bytes:
        """The root over the durable entries."""
        return self._frontier.root()

    @property
    def trouble(self) -> str | None:
        """Why nothing can be decided, if so: the record failed, or its space is gone."""
        return self.failed or self.full

    def has_shown(self, head: LogHead) -> bool:
        """Whether the log had this head lately; no head (0 entries) claims nothing."""
        known = self._heads.get(head.size_count)
        return head.size_count == 0 or (known is not None and known.hex() == head.root)

    def has_entered(self, key: str) -> bool:
        """Whether an input with this key was entered by a person or party."""
        return key in self._answers

    def listen(self, listener: Listener) -> None:
        """Have a listener told of every entry from now on."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Begin to take inputs."""
        self._task = asyncio.create_task(self._run(), name="writer")

    async def enter(self, item: Input) -> Written:
        """Enter an input and wait until it is durable.

        **Raises**: UnavailableError, when the record cannot be written.
        """
        return await self._put(item)

    def enter_soon(self, item: Input) -> None:
        """Enter an input without waiting; failures show as the writer's own."""
        self._put(item).add_done_callback(lambda done: done.cancelled() or done.exception())

    def _put(self, item: Input) -> asyncio.Future[Written]:
        future: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._arrived.set()
        self._is_idle.clear()
        return future

    async def close(self) -> None:
        """Finish what waits, then stop taking inputs."""
        if self._task is not None:
            await self._is_idle.wait()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._worker.shutdown()

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            batch = [self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting)))]
            try:
                await self._commit(batch)
            except Exception as error:  # noqa: BLE001  # whatever it is, nothing may be acknowledged after it
                sentence = str(error) if isinstance(error, WatchfloorError) else repr(error)
                self._fail(sentence)
                self._refuse(batch, sentence)
            if not self._waiting:
                self._arrived.clear()
                self._is_idle.set()

    async def _commit(self, batch: list[_Waiting]) -> None:
        if self.failed is not None:
            self._refuse(batch, self.failed)
            return
        if self.full is not None:
            refused = [waiting for waiting in batch if not _is_urgent(waiting[0])]
            self._refuse(refused, self.full)
            batch = [waiting for waiting in batch if _is_urgent(waiting[0])]
        try:
            await self._enter_batch(batch)
        except FullError as error:
            if self.full is not None:
                raise
            await self._become_full(str(error))
            await self._commit(batch)

    async def _become_full(self, sentence: str) -> None:
        """Stop every open request, from the reserve."""
        self.full = sentence
        stop = Input(ROOM, f"full-{self.size}", make=lambda state, _, at_us: [*_stops(state, sentence, at_us)])
        _log.error("no space left; every open request is stopped", reason=sentence)
        await self._enter_batch([(stop, asyncio.get_running_loop().create_future())])
        for listener in self._listeners:
            listener.told(())

    def close_for_space(self, sentence: str) -> None:
        """Treat the record as full although its own space is not: another part of the room found the disk full."""
        if self.trouble is None:
            self.enter_soon(Input(ROOM, f"space-{self.size}", make=_raise_full(sentence)))

    async def _enter_batch(self, batch: list[_Waiting]) -> None:
        """Step and commit these inputs, then show and tell what is durable.

        **Raises**: what the store raises; then nothing was shown.
        """
        state, frontier = self.state, self._frontier.copy()
        entries: list[Entry] = []
        raws: list[bytes] = []
        answers: list[tuple[asyncio.Future[Written], Written]] = []
        fresh: dict[str, Written] = {}
        for item, future in batch:
            known = self._answers.get(item.key) or fresh.get(item.key)
            if known is not None:
                answers.append((future, known))
                continue
            try:
                state, made, encoded = self._step(state, item, frontier)
            except FullError:
                raise
            except WatchfloorError as error:
                if not future.done():
                    future.set_exception(error)
                continue
            raws.extend(encoded)
            entries.extend(made)
            written = Written(tuple(made))
            if item.source not in _USES_KEYS_ONCE:
                fresh[item.key] = written
            answers.append((future, written))
        if raws:
            await self._make_durable(raws, frontier, entries[-1].toe_us)
            self._prev = self._batch_prev
        self.state, self._frontier = state, frontier
        self._answers.update(fresh)
        for listener in self._listeners:
            if entries:
                listener.told(entries)
        for future, written in answers:
            if not future.done():
                future.set_result(written)

    async def _make_durable(self, raws: list[bytes], frontier: Frontier, toe_us: int) -> None:
        head = Checkpoint(self.origin, frontier.size, frontier.root())
        text = head.text()
        note = join_note(text, [signature_line(text, signer.key, signer.sign) for signer in self._signers])
        edge = Edge(frontier.size, toe_us, bytes.fromhex(self._batch_prev), frontier.peaks())
        commit = partial(self._store.append, raws, edge, note, urgent=self.full is not None)
        await asyncio.get_running_loop().run_in_executor(self._worker, commit)
        self.newest_note = note
        self._heads[head.size] = head.root
        if len(self._heads) > HEADS_KEPT:
            del self._heads[next(iter(self._heads))]

    def _step(self, state: RoomState, item: Input, frontier: Frontier) -> tuple[RoomState, list[Entry], list[bytes]]:
        """The state after an input, and its entries with their bytes, added to the frontier.

        **Raises**: WatchfloorError, when the input cannot be entered; the frontier is as it was then.
        """
        toe_us = self._clock.next_us()
        room_us = self.room_us_at(state, toe_us)
        if item.check is not None:
            item.check(state)
        facts = [item.fact] if item.fact is not None else []
        seq = frontier.size
        if item.make is not None:
            facts.extend(item.make(state, toe_us, room_us))
        sourced: list[tuple[str, Fact]] = []
        for fact in facts:
            before = state
            state, outputs = step(state, fact, toe_us, room_us, seq + len(sourced))
            sourced.append((item.source, fact))
            sourced.extend((ROOM, output) for output in outputs)
            while answers := [fact for one in self._followers for fact in one.follow(before, state, room_us)]:
                before = state  # a decision that is asked again is a new version, about which nothing was answered yet
                for answered in answers:
                    state, outputs = step(state, answered, toe_us, room_us, seq + len(sourced))
                    sourced.extend((ROOM, output) for output in (answered, *outputs))
        made: list[Entry] = []
        raws: list[bytes] = []
        leaves: list[bytes] = []
        prev = self._prev if frontier.size == self._frontier.size else self._batch_prev
        for place, (source, fact) in enumerate(sourced):
            entry = Entry(
                seq=frontier.size + place,
                prev=prev,
                toe_us=self._clock.next_us() if place else toe_us,
                room_us=room_us,
                source=source,
                key=f"{item.key}.{place}" if place else item.key,
                version=VERSIONS[type(fact).__name__],
                body=fact,
            )
            raw = encode_entry(entry)
            leaves.append(leaf_hash(raw))
            prev = leaves[-1].hex()
            made.append(entry)
            raws.append(raw)
        for leaf in leaves:
            frontier.append(leaf)
        self._batch_prev = prev
        return state, made, raws

    def _fail(self, sentence: str) -> None:
        self.failed = sentence
        room_us = self.room_us_at(self.state, self._clock.now_us())
        self.state, _ = stop_everything(self.state, f"the record cannot be written: {sentence}", room_us)
        _log.error("record failed; every open request is stopped", reason=sentence)
        for listener in self._listeners:
            listener.told(())

    @staticmethod
    def _refuse(batch: Sequence[_Waiting], sentence: str) -> None:
        for _, future in batch:
            if not future.done():
                future.set_exception(UnavailableError(f"the record cannot be written: {sentence}"))

    @staticmethod
    def room_us_at(state: RoomState, toe_us: int) -> int:
        """Room time at an entry time; real time while no clock is set."""
        return toe_us if state.clock is None else room_time_us(state.clock, toe_us)

    def entry_now_us(self) -> int:
        """The time that an entry would get now."""
        return self._clock.now_us()

    def room_now_us(self) -> int:
        """Room time now, by the durable state."""
        return self.room_us_at(self.state, self._clock.now_us())

    def tick(self) -> None:
        """Let time pass on the board: enters stops, and what the rules answer otherwise than before."""
        room_us = self.room_now_us()
        if not self._passed(self.state, room_us):
            return
        self._counts += 1
        key = f"time-{self.size}-{self._counts}"
        self.enter_soon(Input(ROOM, key, make=lambda state, _, at_us: self._passed(state, at_us)))

    def _passed(self, state: RoomState, room_us: int) -> list[Fact]:
        stops = pass_time(state, room_us)[1]
        return [*stops, *(self._desk.answers(state, room_us) if self._desk and not stops else [])]


def _is_urgent(item: Input) -> bool:
    """Whether an input may use the reserve: a doubt, the tape's last seal, the room's end."""
    fact = item.fact
    if isinstance(fact, SignedAct):
        return isinstance(act_of(fact), DoubtRaised)
    return isinstance(fact, TapeBlockSealed | RoomClosed)


def _stops(state: RoomState, sentence: str, room_us: int) -> Sequence[Fact]:
    return stop_everything(state, f"the record cannot be written: {sentence}", room_us)[1]


def _raise_full(sentence: str) -> Maker:
    def make(_: RoomState, __: int, ___: int) -> list[Fact]:
        raise FullError(sentence)

    return make


def _answers_of(past: Sequence[Entry]) -> dict[str, Written]:
    """What each person's key of an earlier run became, so that a repeated act stays one.

    The room's own inputs have keys that are used once; to remember them would only fill memory.
    """
    grouped: dict[str, list[Entry]] = {}
    for entry in past:
        grouped.setdefault(input_key(entry.key), []).append(entry)
    return {key: Written(tuple(made)) for key, made in grouped.items() if made[0].source not in _USES_KEYS_ONCE}
