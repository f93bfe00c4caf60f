"""One private match from both commitments to its end, over a line's connection: three stages, each both ways.

First both learn only how many coarse cells both plans touch; where that would show too much, it ends there. Then they
learn which coarse cells, then which fine cells inside them. Both directions must find the same.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import sha256

from msgspec import Struct

from watchfloor.app.ports import Matcher
from watchfloor.base.errors import UnavailableError, WatchfloorError, WireError
from watchfloor.line.cells import Cell, coarse_of, element_of
from watchfloor.line.chain import NOTHING
from watchfloor.line.matching import Match, clashes_of, shows_too_much
from watchfloor.messages.line_frames import (
    MOST_PART_BYTES,
    MOST_PARTS,
    AnyMatchFrame,
    MatchOver,
    MatchPart,
    MatchStep,
    MatchTold,
)
from watchfloor.messages.matching import MatchClash, MatchOutcome, MatchStage

WAIT_S = 300.0
_MOST_FRAMES = 3 * (3 * MOST_PARTS + 1) + 1
_THEM = ""
Send = Callable[[AnyMatchFrame], None]


class Ended(Struct, frozen=True, kw_only=True):
    """How a match ended here. `coarse_count` and `fine_count`: how many cells both plans touch."""

    outcome: MatchOutcome
    reason: str = ""
    coarse_count: int = 0
    fine_count: int = 0
    transcript: str = NOTHING
    result: str = NOTHING
    clashes: Sequence[MatchClash] = ()


class _Over(Exception):  # noqa: N818  # no error: a match that ends before its end
    """The match goes no further."""

    def __init__(self, outcome: MatchOutcome, reason: str, *, ours: bool = True) -> None:
        super().__init__(reason)
        self.outcome, self.reason, self.ours = outcome, reason, ours


class MatchRun:
    """A match under way. `plans`: the fine cells of each of our plans."""

    def __init__(
        self, match: Match, party: str, plans: Mapping[str, Collection[Cell]], matcher: Matcher, send: Send
    ) -> None:
        self.match = match
        self._party, self._plans, self._matcher, self._send = party, plans, matcher, send
        self._came: asyncio.Queue[AnyMatchFrame] = asyncio.Queue()
        self._frame_count = 0
        self._said: dict[tuple[MatchStage, str, MatchStep], bytes] = {}

    def take(self, frame: AnyMatchFrame) -> None:
        """A frame of the other side's.

        **Raises**: WireError, when it sent more than a match can hold.
        """
        self._frame_count += 1
        if self._frame_count > _MOST_FRAMES:
            raise WireError("it sent more than a match holds")
        self._came.put_nowait(frame)

    async def run(self) -> Ended:
        """Match to the end; whatever goes wrong is an end too, and the other side is told."""
        coarse_count = 0
        try:
            async with asyncio.timeout(WAIT_S):
                fine = {element_of(cell): cell for cells in self._plans.values() for cell in cells}
                coarse = {element_of(cell): cell for cell in map(coarse_of, fine.values())}
                await self._count(sorted(coarse))
                shared_coarse = await self._shared(MatchStage.COARSE, sorted(coarse))
                coarse_count = len(shared_coarse)
                hit = {coarse[element] for element in shared_coarse}
                inside = sorted(element for element, cell in fine.items() if coarse_of(cell) in hit)
                shared = await self._shared(MatchStage.FINE, inside) if hit else []
            return Ended(
                outcome=MatchOutcome.MATCHED,
                coarse_count=coarse_count,
                fine_count=len(shared),
                transcript=self._transcript(),
                result=self._digest(shared),
                clashes=clashes_of(self._plans, [fine[element] for element in shared], self.match.terms),
            )
        except _Over as over:
            if over.ours:
                self._end(over.outcome, over.reason)
            ended = over.outcome, over.reason
        except TimeoutError:
            ended = MatchOutcome.FAILED, f"it was not done within {WAIT_S:g} s"
            self._end(*ended)
        except WatchfloorError as error:
            ended = MatchOutcome.FAILED, error.sentence
            self._end(*ended)
        finally:
            await self._matcher.close()
        return Ended(outcome=ended[0], reason=ended[1], coarse_count=coarse_count, transcript=self._transcript())

    def _end(self, outcome: MatchOutcome, reason: str) -> None:
        self._send(MatchOver(self.match.digest, outcome is MatchOutcome.STOPPED, reason[:200]))

    async def _count(self, elements: Sequence[str]) -> None:
        """How many coarse cells both touch, before anybody learns which."""
        found = await self._stage(MatchStage.COUNT, elements)
        if not isinstance(found, int):
            raise UnavailableError("the matcher told more than a count")
        await self._agree(MatchStage.COUNT, found, NOTHING)
        if shows_too_much(found, len(elements), self.match.terms):
            reason = f"it would show {found} of {len(elements)} coarse cells of a plan, more than was agreed"
            raise _Over(MatchOutcome.STOPPED, reason)

    async def _shared(self, stage: MatchStage, elements: Sequence[str]) -> list[str]:
        """Which of our cells both touch."""
        found = await self._stage(stage, elements)
        if isinstance(found, int):
            raise UnavailableError("the matcher told a count only")
        await self._agree(stage, len(found), self._digest(found))
        return found

    async def _stage(self, stage: MatchStage, elements: Sequence[str]) -> int | list[str]:
        terms = self.match.terms
        size = terms.fine_count if stage is MatchStage.FINE else terms.coarse_count
        if len(elements) > size:
            raise _Over(MatchOutcome.STOPPED, f"a plan has more {stage.value} cells than were agreed")
        setup, request = await self._matcher.begin(elements, size, only_counts=stage is MatchStage.COUNT)
        self._say(stage, MatchStep.SETUP, setup)
        self._say(stage, MatchStep.REQUEST, request)
        their_setup = await self._next(stage, MatchStep.SETUP)
        their_request = await self._next(stage, MatchStep.REQUEST)
        self._say(stage, MatchStep.RESPONSE, await self._matcher.answer(their_request))
        return await self._matcher.finish(their_setup, await self._next(stage, MatchStep.RESPONSE))

    async def _agree(self, stage: MatchStage, count: int, digest: str) -> None:
        """Tell what was found, and hear that the other side found the same: who put in other sets each way is seen."""
        ours = MatchTold(match=self.match.digest, stage=stage, shared_count=count, digest=digest)
        self._send(ours)
        if await self._next_frame() != ours:
            raise WireError("the two directions do not find the same; one was asked with another plan")

    def _say(self, stage: MatchStage, step: MatchStep, raw: bytes) -> None:
        self._said[stage, self._party, step] = raw
        parts = [raw[place : place + MOST_PART_BYTES] for place in range(0, len(raw), MOST_PART_BYTES)]
        for place, part in enumerate(parts):
            self._send(
                MatchPart(
                    match=self.match.digest,
                    stage=stage,
                    step=step,
                    number=place,
                    part_count=len(parts),
                    raw=part,
                )
            )

    async def _next(self, stage: MatchStage, step: MatchStep) -> bytes:
        """What the other side says in this step, from its parts."""
        parts: list[bytes] = []
        while True:
            frame = await self._next_frame()
            if not isinstance(frame, MatchPart):
                raise WireError("what came is no part of this step of the match")
            if (frame.stage, frame.step, frame.number) != (stage, step, len(parts)):
                raise WireError("what came is no part of this step of the match")
            parts.append(frame.raw)
            if len(parts) >= frame.part_count:
                raw = self._said[stage, _THEM, step] = b"".join(parts)
                return raw

    async def _next_frame(self) -> MatchPart | MatchTold:
        frame = await self._came.get()
        if isinstance(frame, MatchOver):
            outcome = MatchOutcome.STOPPED if frame.is_stopped else MatchOutcome.FAILED
            raise _Over(outcome, f"the other side: {frame.reason}", ours=False)
        return frame

    def _digest(self, elements: Sequence[str]) -> str:
        return sha256("\n".join((self.match.digest, *elements)).encode()).hexdigest()

    def _transcript(self) -> str:
        """One digest over all that both said, in an order that both know: stage, who proposed first, step."""
        running = sha256(self.match.digest.encode())
        first, second = self._party, _THEM
        if self.match.party != self._party:
            first, second = second, first
        for stage in MatchStage:
            for party in (first, second):
                for step in MatchStep:
                    raw = self._said.get((stage, party, step), b"")
                    running.update(len(raw).to_bytes(8, "big") + raw)
        return running.hexdigest()
