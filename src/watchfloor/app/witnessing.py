"""Having the log's heads seen by witnesses, and decisions published only when enough of them have.

Runs on the event loop. A witness that has seen more than this record holds, or another past, is an alarm: either the
record was rolled back or it was forked.
"""

import asyncio
import contextlib
from collections.abc import Sequence

import structlog
from msgspec import Struct

from watchfloor.app.ports import Witness
from watchfloor.app.resume import Past
from watchfloor.app.state import RoomState
from watchfloor.app.writer import ROOM, Input, Writer
from watchfloor.base.errors import UnavailableError, WatchfloorError
from watchfloor.base.labels import Label
from watchfloor.decisions import deciding
from watchfloor.messages.entry import Entry, Fact, encode_entry
from watchfloor.messages.keeping import HeadWitnessed, WitnessesSet
from watchfloor.messages.outcomes import DecisionAwaited, DecisionWitnessed
from watchfloor.record.note import Checkpoint, NoteSignature
from watchfloor.record.tiles import Levels
from watchfloor.record.tree import leaf_hash
from watchfloor.record.witness import WitnessRequest

PERIOD_S = 30.0
RETRY_S = 0.5
_log = structlog.get_logger()


class WitnessRules(Struct, frozen=True):
    """How many witnesses must have seen a decision before it is published (0: none), and how long that may take."""

    needed_count: int = 0
    wait_s: float = 10.0


class _Awaited(Struct, frozen=True):
    decision_id: str
    request_id: str
    version: int
    label: Label
    deadline_s: float
    seq: int


class Witnessing:
    """Asks the witnesses, every half minute and whenever a decision waits."""

    def __init__(
        self, writer: Writer, witnesses: Sequence[Witness], rules: WitnessRules, label: Label, past: Past
    ) -> None:
        self._troubles: dict[str, str] = {}
        self._writer, self._witnesses, self._rules, self._label = writer, witnesses, rules, label
        self._levels = Levels(past.leaves())
        self._known = {witness.key.line(): 0 for witness in witnesses}
        self._awaited: dict[str, _Awaited] = {}
        self._wake = asyncio.Event()
        self._seen_size = 0
        writer.listen(self)

    @property
    def trouble(self) -> str | None:
        """Which witnesses do not sign, and why, if any."""
        return "; ".join(self._troubles.values()) or None

    def setting(self) -> WitnessesSet:
        """What the record says of these witnesses."""
        lines = tuple(witness.key.line() for witness in self._witnesses)
        return WitnessesSet(lines, self._rules.needed_count, round(self._rules.wait_s * 1e6), self._label)

    def told(self, entries: Sequence[Entry]) -> None:
        """Follow the log; wake when a decision waits."""
        for entry in entries:
            self._levels.append(leaf_hash(encode_entry(entry)))
            if isinstance(entry.body, DecisionAwaited):
                body = entry.body
                self._await(body.decision_id, body.request_id, body.version, body.label, entry.seq)

    def _await(self, decision_id: str, request_id: str, version: int, label: Label, seq: int) -> None:
        deadline_s = asyncio.get_running_loop().time() + self._rules.wait_s
        self._awaited[decision_id] = _Awaited(decision_id, request_id, version, label, deadline_s, seq)
        self._wake.set()

    async def run(self) -> None:
        """Ask until cancelled."""
        for request in self._writer.state.board.requests.values():
            if request.pending is not None and not request.is_over():
                act = request.pending.act
                self._await(act.act_id, act.request_id, request.version, request.act.label, self._writer.size - 1)
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), RETRY_S if self._awaited else PERIOD_S)
            self._wake.clear()
            try:
                await self._round()
            except Exception as error:  # noqa: BLE001  # whatever a witness does, timeouts must go on stopping
                _log.error("a round of witnesses failed", reason=repr(error))
            await self._stop_overdue()

    async def _round(self) -> None:
        size = self._writer.size
        if size and (self._awaited or size > self._seen_size):
            text = Checkpoint(self._writer.origin, size, self._writer.root).text()
            note = self._writer.newest_note
            answers = await asyncio.gather(*(self._ask_in_time(one, size, text, note) for one in self._witnesses))
            signatures = [answer for answer in answers if answer is not None]
            if signatures:
                await self._enter(size, signatures)

    async def _stop_overdue(self) -> None:
        now_s = asyncio.get_running_loop().time()
        for awaited in [one for one in self._awaited.values() if one.deadline_s <= now_s]:
            del self._awaited[awaited.decision_id]
            await self._stop(awaited)

    async def _ask_in_time(self, witness: Witness, size: int, text: str, note: str) -> NoteSignature | None:
        """One witness's answer; one that is slow or broken holds up no other."""
        try:
            return await asyncio.wait_for(self._ask(witness, size, text, note), max(self._rules.wait_s / 2, 0.5))
        except Exception as error:  # noqa: BLE001  # it is somebody else's program
            self._troubles[witness.key.line()] = f"witness {witness.key.name}: {str(error) or 'no answer in time'}"
            return None

    async def _ask(self, witness: Witness, size: int, text: str, note: str) -> NoteSignature | None:
        line = witness.key.line()
        try:
            for _ in range(2):
                old = self._known[line]
                if old > size:
                    raise UnavailableError(f"has seen {old} entries of this log, which holds {size} only")
                proof = tuple(self._levels.consistency(old, size)) if old else ()
                answer = await witness.ask(WitnessRequest(old, proof, note))
                if not isinstance(answer, int):
                    if not answer.is_by(witness.key) or not answer.holds(witness.key, text):
                        raise UnavailableError("answered with a signature that does not hold")
                    self._known[line] = size
                    self._troubles.pop(line, None)
                    return answer
                self._known[line] = answer
        except UnavailableError as error:
            self._troubles[line] = f"witness {witness.key.name}: {error}"
            _log.warning("a witness did not sign", witness=witness.key.name, reason=str(error))
        return None

    async def _enter(self, size: int, signatures: list[NoteSignature]) -> None:
        """Record who saw this head; the decisions that waited are published by it, when enough did."""
        lines = tuple(signature.line() for signature in signatures)
        root = self._levels.root(0, size).hex()
        self._seen_size = size + 1
        inputs = [Input(ROOM, f"head-{size}-{len(lines)}", HeadWitnessed(size, root, lines, self._label))]
        now_s = asyncio.get_running_loop().time()
        held = [one for one in self._awaited.values() if one.seq < size and one.deadline_s > now_s]
        if len(signatures) >= self._rules.needed_count and held:
            inputs = [Input(ROOM, f"seen-{one.decision_id}", self._seen(one, size, root, lines)) for one in held]
            for one in held:
                del self._awaited[one.decision_id]
        with contextlib.suppress(WatchfloorError):
            for item in inputs:
                await self._writer.enter(item)

    def _seen(self, awaited: _Awaited, size: int, root: str, lines: tuple[str, ...]) -> DecisionWitnessed:
        return DecisionWitnessed(
            request_id=awaited.request_id,
            version=awaited.version,
            at_us=self._writer.room_now_us(),
            label=awaited.label,
            decision_id=awaited.decision_id,
            size_count=size,
            root=root,
            signature_lines=lines,
        )

    async def _stop(self, awaited: _Awaited) -> None:
        sentence = f"fewer than {self._rules.needed_count} witnesses saw the decision within {self._rules.wait_s:g} s"

        def make(state: RoomState, _: int, room_us: int) -> list[Fact]:
            return [*deciding.stop_unwitnessed(state.board, awaited.decision_id, sentence, room_us)[1]]

        with contextlib.suppress(WatchfloorError):
            await self._writer.enter(Input(ROOM, f"unseen-{awaited.decision_id}", make=make))
