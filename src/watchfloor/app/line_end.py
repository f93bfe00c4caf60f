"""Our end of a line: what the other room sends is checked, made durable and then receipted; what we say is sent.

A connection may go at any moment: whatever has no receipt is sent again on the next, and what comes twice is answered
as it stands. Silence is measured by steady time, whatever anybody declared.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

from msgspec import Struct

from watchfloor.app.clock import steady_s
from watchfloor.app.matching import Matching
from watchfloor.app.ports import LineKey
from watchfloor.app.state import RoomState
from watchfloor.app.writer import LINE, Input, Writer
from watchfloor.base.errors import WireError
from watchfloor.base.units import US_PER_S
from watchfloor.line import session
from watchfloor.line.chain import PROOFS, Reader, Refusal, digest_of
from watchfloor.line.session import Line
from watchfloor.messages.entry import Entry, Fact
from watchfloor.messages.line import SignedLine
from watchfloor.messages.line_frames import (
    AnyLineFrame,
    AnyMatchFrame,
    LineBeat,
    LineHello,
    LineReceipt,
    LineTold,
)
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
SKEW_STEP_US, SKEW_EVERY_S = 2_000_000, 10.0
MOST_SKEW_US = 1 << 52
MOST_PROOFS = 100
Send = Callable[[AnyLineFrame], None]


class LineLink(Struct):
    """One connection of a line, and whether the other room has said on it who it is."""

    send: Send
    is_met: bool = False


class LineEnd:
    """One line's end. Runs on the event loop only. Of several connections the newest counts, the others are deaf."""

    def __init__(
        self,
        writer: Writer,
        opened: LineOpened,
        key: LineKey,
        matching: Matching,
        now_s: Callable[[], float] = steady_s,
    ) -> None:
        self.opened, self.matching = opened, matching
        self._writer, self._key, self._now_s = writer, key, now_s
        self._link: LineLink | None = None
        self._heard_s: float | None = None
        self._measured = LineMeasured(
            line_id=opened.line_id, state=LineMeasure.NEVER_HEARD, silent_us=0, label=opened.label
        )
        self._measured_s = -SKEW_EVERY_S
        self._skew_us = 0
        self._refused_s: dict[str, float] = {}
        self._proofs: set[str] = set()
        self._count = 0
        writer.listen(self)

    @property
    def line(self) -> Line:
        """The line as it stands."""
        return self._writer.state.lines[self.opened.line_id]

    def meet(self, send: Send) -> LineLink:
        """A connection to the other room stands; say who we are and what we hold."""
        self._let_go()
        link = self._link = LineLink(send)
        line = self.line
        send(
            LineHello(
                context=self.opened.context,
                line_id=self.opened.line_id,
                party=self.opened.party,
                said_count=len(line.ours.taken),
                heard_count=len(line.theirs.taken),
                heard_head=line.theirs.head(),
                room_us=self._writer.room_now_us(),
            )
        )
        return link

    def part(self, link: LineLink) -> None:
        """That connection went."""
        if self._link is link:
            self._let_go()

    def beat(self) -> None:
        """Tell the other room that we are there."""
        if self._link is not None and self._link.is_met:
            self._link.send(LineBeat(self._writer.room_now_us()))

    async def take(self, frame: AnyLineFrame, link: LineLink) -> None:
        """A frame of the other room's, on a connection; nothing, where a newer one stands.

        **Raises**: WireError, when it cannot be taken, with the reason; the connection ends then. UnavailableError,
        when the record cannot be written; nothing is receipted then.
        """
        if link is not self._link:
            return
        if isinstance(frame, LineHello):
            self._greet(frame, link)
        elif not link.is_met:
            raise WireError("it did not say first who it is and what it holds")
        self._heard_s = self._now_s()
        if isinstance(frame, LineTold):
            await self._hear(SignedLine(frame.document, frame.signature), link)
        elif isinstance(frame, LineReceipt):
            await self._take_receipt(frame)
        elif isinstance(frame, LineBeat):
            self._skew_us = frame.room_us - self._writer.room_now_us()
        elif isinstance(frame, AnyMatchFrame):
            self.matching.take(frame)
        self.measure()

    def refuse(self, reason: str, raw: bytes) -> None:
        """Put on record that something was not taken; of the same kind once a minute, whatever its details."""
        now_s = self._now_s()
        if now_s - self._refused_s.get(reason, -SAME_REFUSAL_EVERY_S) < SAME_REFUSAL_EVERY_S:
            return
        self._refused_s[reason] = now_s
        self._put_refused(reason, raw, None)

    def measure(self) -> None:
        """Put on record when the line falls silent, is heard again, or their clock is off from ours otherwise."""
        if self._heard_s is None:
            return
        now_s = self._now_s()
        silent_s = now_s - self._heard_s
        state = LineMeasure.SILENT if silent_s >= SILENT_AFTER_S else LineMeasure.HEARD
        drifts = abs(self._skew_us - self._measured.skew_us) >= SKEW_STEP_US
        is_due = drifts and now_s - self._measured_s >= SKEW_EVERY_S
        if state is self._measured.state and not is_due:
            return
        self._measured_s = now_s
        self._measured = LineMeasured(
            line_id=self.opened.line_id,
            state=state,
            silent_us=round(silent_s * US_PER_S),
            label=self.opened.label,
            skew_us=max(min(self._skew_us, MOST_SKEW_US), -MOST_SKEW_US),
        )
        self._writer.enter_soon(Input(LINE, self._next_key("measured"), self._measured))

    def told(self, entries: Sequence[Entry]) -> None:
        """Send what we said, once it is durable."""
        link = self._link
        for entry in entries:
            fact = entry.body
            if isinstance(fact, LineSaid) and fact.line_id == self.opened.line_id and link and link.is_met:
                link.send(LineTold(fact.signed.document, fact.signed.signature))
        self.matching.look()

    def _let_go(self) -> None:
        self._link = None
        self.matching.part()

    def _greet(self, hello: LineHello, link: LineLink) -> None:
        if link.is_met:
            raise WireError("it said a second time who it is")
        if (hello.line_id, hello.party) != (self.opened.line_id, self.line.others()):
            raise WireError(Refusal.OTHER_LINE.value)
        if hello.context is not self.opened.context:
            raise WireError(Refusal.OTHER_CONTEXT.value)
        ours, theirs, receipted_count = self.line.ours, self.line.theirs, len(self.line.countersigned)
        if hello.said_count < len(theirs.taken):
            raise WireError("their room lost messages of its own that were receipted here")
        if hello.heard_count < receipted_count:
            raise WireError("their room lost messages of ours that it had receipted")
        held = ours.head_at(min(hello.heard_count, len(ours.taken)))
        if hello.heard_count > len(ours.taken) or held != hello.heard_head:
            raise WireError(
                "their room holds messages of ours that are not in this record: one of the two was set back or changed"
            )
        self._skew_us = hello.room_us - self._writer.room_now_us()
        link.is_met = True
        for taken in ours.taken.after(receipted_count):
            link.send(LineTold(taken.signed.document, taken.signed.signature))
        self.matching.meet(link.send)

    async def _hear(self, signed: SignedLine, link: LineLink) -> None:
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
            self._refuse_message(answer, signed)
            raise WireError(answer.value)
        link.send(answer)

    def _refuse_message(self, refusal: Refusal, signed: SignedLine) -> None:
        """What their own key signed and cannot be is kept as it was said: it is proof against them."""
        digest = digest_of(signed.document)
        if refusal not in PROOFS or digest in self._proofs or len(self._proofs) >= MOST_PROOFS:
            return
        self._proofs.add(digest)
        self._refused_s[refusal.value] = self._now_s()
        self._put_refused(refusal.value, signed.document.encode(), signed)

    def _put_refused(self, reason: str, raw: bytes, signed: SignedLine | None) -> None:
        fact = LineRefused(
            line_id=self.opened.line_id,
            reason=reason[:300],
            digest=sha256(raw).hexdigest(),
            label=self.opened.label,
            signed=signed,
        )
        self._writer.enter_soon(Input(LINE, self._next_key("refused"), fact))

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
