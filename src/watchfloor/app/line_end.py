"""Our end of a line: what the other room sends is checked, made durable and then receipted; what we say is sent.

A connection may go at any moment: whatever has no receipt is sent again on the next, and what comes twice is answered
as it stands. Silence is measured by steady time, whatever anybody declared.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

from watchfloor.app.clock import steady_s
from watchfloor.app.ports import LineKey
from watchfloor.app.state import RoomState
from watchfloor.app.writer import LINE, Input, Writer
from watchfloor.base.errors import WireError
from watchfloor.base.units import US_PER_S
from watchfloor.line import session
from watchfloor.line.chain import NOTHING, Reader, Refusal
from watchfloor.line.session import Line
from watchfloor.messages.entry import Entry, Fact
from watchfloor.messages.line import SignedLine
from watchfloor.messages.line_frames import AnyLineFrame, LineBeat, LineHello, LineReceipt, LineTold
from watchfloor.messages.line_record import (
    LineCountersigned,
    LineHeard,
    LineMeasure,
    LineMeasured,
    LineOpened,
    LineRefused,
    LineSaid,
)

BEAT_EVERY_S = 1.0
SILENT_AFTER_S = 8.0
DEAD_AFTER_S = 20.0
SAME_REFUSAL_EVERY_S = 60.0
Send = Callable[[AnyLineFrame], None]


class LineEnd:
    """One line's end. Runs on the event loop only."""

    def __init__(self, writer: Writer, opened: LineOpened, key: LineKey, now_s: Callable[[], float] = steady_s) -> None:
        self.opened = opened
        self.skew_us: int | None = None
        self._writer, self._key, self._now_s = writer, key, now_s
        self._send: Send | None = None
        self._is_met = False
        self._heard_s: float | None = None
        self._measured = LineMeasure.NEVER_HEARD
        self._refused_s: dict[str, float] = {}
        self._count = 0
        writer.listen(self)

    @property
    def line(self) -> Line:
        """The line as it stands."""
        return self._writer.state.lines[self.opened.line_id]

    def meet(self, send: Send) -> None:
        """A connection to the other room stands; say who we are and what we hold."""
        self._send, self._is_met = send, False
        line = self.line
        send(
            LineHello(
                line_id=self.opened.line_id,
                party=self.opened.party,
                said_count=len(line.ours.taken),
                heard_count=len(line.theirs.taken),
                heard_head=line.theirs.head(),
                room_us=self._writer.room_now_us(),
            )
        )

    def part(self, send: Send) -> None:
        """That connection went."""
        if self._send is send:
            self._send, self._is_met = None, False

    def beat(self) -> None:
        """Tell the other room that we are there."""
        if self._send is not None and self._is_met:
            self._send(LineBeat(self._writer.room_now_us()))

    async def take(self, frame: AnyLineFrame) -> None:
        """A frame of the other room's.

        **Raises**: WireError, when it cannot be taken, with the reason; the connection ends then. UnavailableError,
        when the record cannot be written; nothing is receipted then.
        """
        if isinstance(frame, LineHello):
            self._greet(frame)
        elif not self._is_met:
            raise WireError("it did not say first who it is and what it holds")
        self._heard_s = self._now_s()
        if isinstance(frame, LineTold):
            await self._hear(SignedLine(frame.document, frame.signature))
        elif isinstance(frame, LineReceipt):
            await self._take_receipt(frame)
        elif isinstance(frame, LineBeat):
            self.skew_us = frame.room_us - self._writer.room_now_us()
        self.measure()

    def refuse(self, reason: str, raw: bytes) -> None:
        """Put on record that something was not taken; of the same kind once a minute, whatever its details."""
        now_s, kind = self._now_s(), reason.partition(":")[0]
        if now_s - self._refused_s.get(kind, -SAME_REFUSAL_EVERY_S) < SAME_REFUSAL_EVERY_S:
            return
        self._refused_s[kind] = now_s
        digest = sha256(raw).hexdigest()
        fact = LineRefused(line_id=self.opened.line_id, reason=reason[:300], digest=digest, label=self.opened.label)
        self._writer.enter_soon(Input(LINE, self._next_key("refused"), fact))

    def measure(self) -> None:
        """Put on record when the line falls silent, or is heard again."""
        if self._heard_s is None:
            return
        silent_s = self._now_s() - self._heard_s
        state = LineMeasure.SILENT if silent_s >= SILENT_AFTER_S else LineMeasure.HEARD
        if state is self._measured:
            return
        self._measured = state
        fact = LineMeasured(
            line_id=self.opened.line_id,
            state=state,
            silent_us=round(silent_s * US_PER_S),
            label=self.opened.label,
        )
        self._writer.enter_soon(Input(LINE, self._next_key("measured"), fact))

    def told(self, entries: Sequence[Entry]) -> None:
        """Send what we said, once it is durable."""
        for entry in entries:
            fact = entry.body
            if isinstance(fact, LineSaid) and fact.line_id == self.opened.line_id and self._is_met and self._send:
                self._send(LineTold(fact.signed.document, fact.signed.signature))

    def _greet(self, hello: LineHello) -> None:
        if self._is_met:
            raise WireError("it said a second time who it is")
        if (hello.line_id, hello.party) != (self.opened.line_id, self.line.others()):
            raise WireError("it is of another line, or another party")
        ours, theirs = self.line.ours, self.line.theirs
        if hello.said_count < len(theirs.taken):
            raise WireError("their room lost messages of its own that were receipted here")
        held = ours.taken[hello.heard_count - 1].digest if 0 < hello.heard_count <= len(ours.taken) else NOTHING
        if hello.heard_count > len(ours.taken) or held != hello.heard_head:
            raise WireError("their room holds messages of ours that this room never said")
        self.skew_us = hello.room_us - self._writer.room_now_us()
        self._is_met = True
        for taken in ours.taken.after(len(self.line.countersigned)):
            if self._send is not None:
                self._send(LineTold(taken.signed.document, taken.signed.signature))

    async def _hear(self, signed: SignedLine) -> None:
        mark = self._key.sign(signed.document.encode(errors="surrogatepass")).hex()
        found: list[LineReceipt | Refusal] = []

        def make(state: RoomState, _: int, __: int) -> list[Fact]:
            line = state.lines[self.opened.line_id]
            told = session.hear(line, signed, Reader())
            if isinstance(told, Refusal):
                found.append(told)
                return []
            number = told.message.number
            if number < len(line.theirs.taken):
                found.append(LineReceipt(number, told.signed.countersignature))
                return []
            found.append(LineReceipt(number, mark))
            countersigned = SignedLine(signed.document, signed.signature, mark)
            return [LineHeard(line_id=self.opened.line_id, signed=countersigned, label=self.opened.label)]

        await self._writer.enter(Input(LINE, self._next_key("heard"), make=make))
        answer = found[-1]
        if isinstance(answer, Refusal):
            raise WireError(answer.value)
        if self._send is not None:
            self._send(answer)

    async def _take_receipt(self, receipt: LineReceipt) -> None:
        line = self.line
        if receipt.number < len(line.countersigned):
            return
        if receipt.number > len(line.countersigned) or receipt.number >= len(line.ours.taken):
            raise WireError("it receipts a message that is not the next one")
        document = line.ours.taken[receipt.number].signed.document
        if not Reader().has_signed(line.theirs.party, document, receipt.countersignature):
            raise WireError("its receipt is not signed with the key that was exchanged")
        fact = LineCountersigned(
            line_id=self.opened.line_id,
            number=receipt.number,
            countersignature=receipt.countersignature,
            label=self.opened.label,
        )

        def make(state: RoomState, _: int, __: int) -> list[Fact]:
            """An earlier connection may have brought the same receipt, which stands by now."""
            is_next = len(state.lines[self.opened.line_id].countersigned) == receipt.number
            return [fact] if is_next else []

        await self._writer.enter(Input(LINE, self._next_key("receipt"), make=make))

    def _next_key(self, what: str) -> str:
        self._count += 1
        return f"{self.opened.line_id}-{what}-{self._writer.size}-{self._count}"
