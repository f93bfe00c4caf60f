"""One private match from both commitments to its end, over a line's connection: three stages, each both ways.

First both learn only how many coarse cells both plans touch; where that would show too much, it ends there. Then they
learn which coarse cells, then which fine cells inside them. Both must say the same of each stage, and as many coarse
cells must be shown as were counted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from hashlib import sha256

import structlog
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
from watchfloor.messages.matching import MatchClash, MatchEnd, MatchOutcome, MatchStage

WAIT_S = 300.0
MOST_FRAMES = 3 * (3 * MOST_PARTS + 1) + 1
_THEM = ""
Send = Callable[[AnyMatchFrame], None]
Plans = Mapping[str, Collection[Cell]]
_log = structlog.get_logger()


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
    """The match goes no further; `words` are for our own record, and go to nobody."""

    def __init__(self, end: MatchEnd, words: str = "", *, is_theirs: bool = False) -> None:
        super().__init__(end.value)
        self.end, self.is_theirs = end, is_theirs
        self.words = words or (f"the other side: {end.value}" if is_theirs else end.value)


class MatchRun:
    """A match under way. `load` gives the fine cells of each of our plans, as they were committed to."""

    def __init__(
        self,
        match: Match,
        party: str,
        load: Callable[[], Awaitable[Plans]],
        make_matcher: Callable[[], Matcher],
        send: Send,
    ) -> None:
        self.match = match
        self._party, self._load, self._make_matcher, self._send = party, load, make_matcher, send
        self._came: asyncio.Queue[AnyMatchFrame | None] = asyncio.Queue()
        self._frame_count = 0
        self._said: dict[tuple[MatchStage, str, MatchStep], bytes] = {}
        self._coarse_count = 0

    def take(self, frame: AnyMatchFrame) -> None:
        """A frame of the other side's.

        **Raises**: WireError, when it sent more than a match can hold.
        """
        self._frame_count += 1
        if self._frame_count > MOST_FRAMES:
            raise WireError("it sent more than a match holds")
        self._came.put_nowait(frame)

    def lose(self) -> None:
        """The connection went; what has not come will not come."""
        self._came.put_nowait(None)

    async def run(self) -> Ended:
        """Match to the end; whatever goes wrong is an end too, and the other side is told."""
        try:
            plans = await self._load()
            matcher = self._make_matcher()
            try:
                async with asyncio.timeout(WAIT_S):
                    return await self._match(plans, matcher)
            finally:
                await matcher.close()
        except _Over as over:
            end, words = over.end, over.words
            if over.is_theirs:
                return self._ended(end, words)
        except TimeoutError:
            end, words = MatchEnd.LATE, f"{MatchEnd.LATE.value}: {WAIT_S:g} s"
        except WireError as error:
            end, words = MatchEnd.NO_PART, error.sentence
        except WatchfloorError as error:
            end, words = MatchEnd.FAULT, error.sentence
        except Exception as error:  # noqa: BLE001  # a fault of ours must end the match too, and say so
            _log.exception("match at fault", match=self.match.digest)
            end, words = MatchEnd.FAULT, f"{MatchEnd.FAULT.value}: {error!r}"
        self._send(MatchOver(self.match.digest, end))
        return self._ended(end, words)

    def _ended(self, end: MatchEnd, words: str) -> Ended:
        return Ended(
            outcome=end.outcome(), reason=words, coarse_count=self._coarse_count, transcript=self._transcript()
        )

    async def _match(self, plans: Plans, matcher: Matcher) -> Ended:
        fine = {element_of(cell): cell for cells in plans.values() for cell in cells}
        coarse = {element_of(cell): cell for cell in map(coarse_of, fine.values())}
        count = await self._count(matcher, sorted(coarse))
        shared_coarse = await self._shared(matcher, MatchStage.COARSE, sorted(coarse))
        if len(shared_coarse) != count:
            words = f"{MatchEnd.DIFFERS.value}: {count} coarse cells were counted, and {len(shared_coarse)} shown"
            raise _Over(MatchEnd.DIFFERS, words)
        self._coarse_count = len(shared_coarse)
        hit = {coarse[element] for element in shared_coarse}
        inside = sorted(element for element, cell in fine.items() if coarse_of(cell) in hit)
        shared = await self._shared(matcher, MatchStage.FINE, inside) if hit else []
        return Ended(
            outcome=MatchOutcome.MATCHED,
            coarse_count=self._coarse_count,
            fine_count=len(shared),
            transcript=self._transcript(),
            result=self._digest(shared),
            clashes=clashes_of(plans, [fine[element] for element in shared], self.match.terms),
        )

    async def _count(self, matcher: Matcher, elements: Sequence[str]) -> int:
        """How many coarse cells both touch, before anybody learns which."""
        found = await self._stage(matcher, MatchStage.COUNT, elements)
        if not isinstance(found, int):
            raise UnavailableError("the matcher told more than a count")
        await self._agree(MatchStage.COUNT, found, NOTHING)
        if shows_too_much(found, len(elements), self.match.terms):
            words = f"it would show {found} of {len(elements)} coarse cells of our plans, more than was agreed"
            raise _Over(MatchEnd.SHOWS_TOO_MUCH, words)
        return found

    async def _shared(self, matcher: Matcher, stage: MatchStage, elements: Sequence[str]) -> list[str]:
        """Which of our cells both touch."""
        found = await self._stage(matcher, stage, elements)
        if isinstance(found, int):
            raise UnavailableError("the matcher told a count only")
        await self._agree(stage, len(found), self._digest(found))
        return found

    async def _stage(self, matcher: Matcher, stage: MatchStage, elements: Sequence[str]) -> int | list[str]:
        terms = self.match.terms
        size = terms.fine_count if stage is MatchStage.FINE else terms.coarse_count
        if len(elements) > size:
            words = f"our plans have {len(elements)} {stage.value} cells, over the {size} that were agreed"
            raise _Over(MatchEnd.TOO_MANY_CELLS, words)
        setup, request = await matcher.begin(elements, size, only_counts=stage is MatchStage.COUNT)
        self._say(stage, MatchStep.SETUP, setup)
        self._say(stage, MatchStep.REQUEST, request)
        their_setup = await self._next(stage, MatchStep.SETUP)
        their_request = await self._next(stage, MatchStep.REQUEST)
        self._say(stage, MatchStep.RESPONSE, await matcher.answer(their_request))
        return await matcher.finish(their_setup, await self._next(stage, MatchStep.RESPONSE))

    async def _agree(self, stage: MatchStage, count: int, digest: str) -> None:
        """Tell what was found, and hear that the other side says the same."""
        ours = MatchTold(match=self.match.digest, stage=stage, shared_count=count, digest=digest)
        self._send(ours)
        if await self._next_frame() != ours:
            raise _Over(MatchEnd.DIFFERS)

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
            if not isinstance(frame, MatchPart) or (frame.stage, frame.step, frame.number) != (stage, step, len(parts)):
                raise WireError("what came is no part of this step of the match")
            parts.append(frame.raw)
            if len(parts) >= frame.part_count:
                raw = self._said[stage, _THEM, step] = b"".join(parts)
                return raw

    async def _next_frame(self) -> MatchPart | MatchTold:
        frame = await self._came.get()
        if frame is None:
            raise _Over(MatchEnd.GONE)
        if isinstance(frame, MatchOver):
            raise _Over(frame.end, is_theirs=True)
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
