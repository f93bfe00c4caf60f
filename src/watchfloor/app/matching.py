"""A line's private matchings: what we would put in is kept and committed to; what both agreed to is run, and recorded.

Our plans stay in this room. A person proposes or accepts; the desk only carries out what both parties' people signed.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.app.match_run import MOST_FRAMES, Ended, MatchRun
from watchfloor.app.media import MediaKeeper
from watchfloor.app.ports import Matcher, MediaStore
from watchfloor.app.state import RoomState
from watchfloor.app.writer import LINE, Input, Writer
from watchfloor.base.errors import InputError, UnavailableError, WireError
from watchfloor.line.cells import Cell, coarse_of, fine_cells
from watchfloor.line.matching import (
    ALWAYS_SHOWN,
    MOST_SHOWN_PERMILLE,
    Match,
    objection_to_running,
    objection_to_terms,
)
from watchfloor.line.session import Line
from watchfloor.line.speaking import objection_to_match
from watchfloor.messages.canonical import canonical_bytes, decode_canonical
from watchfloor.messages.entry import Fact
from watchfloor.messages.keeping import MediaKind
from watchfloor.messages.line import MOST_CELLS, MatchTerms
from watchfloor.messages.line_frames import AnyMatchFrame, MatchOver, MatchPart
from watchfloor.messages.line_record import LineOpened
from watchfloor.messages.matching import (
    MATCH_INPUT,
    MOST_CLASHES_IN_ENTRY,
    LineMatched,
    LinePlan,
    MatchEnd,
    MatchInput,
)

SIZES = (1_024, 4_096, 16_384, MOST_CELLS)
MOST_OF_FLIGHT = 2_000
Send = Callable[[AnyMatchFrame], None]


class Prepared(Struct, frozen=True):
    """What we would put into a match: by which terms, under which commitment, of how many flights and cells."""

    terms: MatchTerms
    commitment: str
    plan_count: int
    coarse_count: int
    fine_count: int


class Matching:
    """The matchings of one line, one at a time. Runs on the event loop only.

    `fresh` gives salts: 32 random bytes in hex.
    """

    def __init__(
        self,
        writer: Writer,
        opened: LineOpened,
        plans: Sequence[LinePlan],
        media: tuple[MediaKeeper, MediaStore],
        make_matcher: Callable[[], Matcher],
        fresh: Callable[[], str],
    ) -> None:
        self._writer, self._opened, self._plans = writer, opened, tuple(plans)
        self._keeper, self._store = media
        self._make_matcher, self._fresh = make_matcher, fresh
        self._prepared: dict[MatchTerms, Prepared] = {}
        self._send: Send | None = None
        self._run: MatchRun | None = None
        self._task: asyncio.Task[None] | None = None
        self._begun: set[str] = set()
        self._early: dict[str, list[AnyMatchFrame]] = {}

    @property
    def _line(self) -> Line:
        return self._writer.state.lines[self._opened.line_id]

    async def propose(self, from_us: int, until_us: int, horizontal_m: int, vertical_ft: int) -> Prepared:
        """What we would put into a match of an epoch, kept and committed to; the size is for our own plan and more.

        **Raises**: InputError, when there is nothing to match, or it cannot be by these terms.
        """
        terms = MatchTerms(
            from_us=from_us,
            until_us=until_us,
            horizontal_m=horizontal_m,
            vertical_ft=vertical_ft,
            coarse_count=MOST_CELLS,
            fine_count=MOST_CELLS,
            most_of_flight_count=MOST_OF_FLIGHT,
            most_shown_permille=MOST_SHOWN_PERMILLE,
            always_shown_count=ALWAYS_SHOWN,
        )
        objection = objection_to_terms(terms, self._line.matches, self._writer.room_now_us())
        if objection is not None:
            raise InputError(objection, field="epoch")
        cells = await self._cells(terms)
        needed = 3 * len({coarse_of(cell) for one in cells.values() for cell in one}) // 2
        size = next((size for size in SIZES if size >= needed), MOST_CELLS)
        return await self._prepare(replace(terms, coarse_count=size, fine_count=size), cells)

    async def accept(self, about: str, horizontal_m: int, vertical_ft: int) -> Prepared:
        """What we would put into the match that they proposed, kept and committed to.

        **Args**: the room's own minima: a match by smaller ones would call near what we must keep apart.
        **Raises**: InputError, when we cannot accept it.
        """
        objection = objection_to_match(self._line, about, self._writer.room_now_us())
        if objection is not None:
            raise InputError(objection, field="about")
        terms = self._line.matches[about].terms
        if terms.horizontal_m < horizontal_m or terms.vertical_ft < vertical_ft:
            raise InputError("its minima are smaller than this room's own", field="terms")
        return await self._prepare(terms, await self._cells(terms))

    async def _prepare(self, terms: MatchTerms, cells: dict[str, set[Cell]]) -> Prepared:
        """The same plans by the same terms are committed to once."""
        known = self._prepared.get(terms)
        if known is not None:
            return known
        fine = {cell for one in cells.values() for cell in one}
        coarse_count = len({coarse_of(cell) for cell in fine})
        if coarse_count > terms.coarse_count:
            sentence = f"our plans cover {coarse_count:,} coarse cells, over the {terms.coarse_count:,} of these terms"
            raise InputError(sentence, field="plans")
        for plan_id, one in cells.items():
            if len(one) > terms.most_of_flight_count:
                sentence = f"`{plan_id}` covers {len(one):,} cells, over {terms.most_of_flight_count:,} for one flight"
                raise InputError(f"{sentence}; plan it more exactly", field="plans")
        told = MatchInput(
            salt=self._fresh(),
            line_id=self._opened.line_id,
            party=self._opened.party,
            terms=terms,
            plans=tuple(plan for plan in self._plans if plan.plan_id in cells),
        )
        raw = canonical_bytes(told)
        commitment = await self._keeper.keep(raw, MediaKind.DOCUMENT, MATCH_INPUT, terms.from_us, terms.until_us)
        prepared = self._prepared[terms] = Prepared(terms, commitment, len(cells), coarse_count, len(fine))
        return prepared

    async def _cells(self, terms: MatchTerms) -> dict[str, set[Cell]]:
        """The cells of each plan that touches the epoch."""
        found = await asyncio.to_thread(cells_of, self._plans, terms)
        if not found:
            raise InputError("no plan of ours touches that epoch; a room is given plans with --plans", field="plans")
        return found

    def meet(self, send: Send) -> None:
        """A connection to the other room stands: begin what both agreed to."""
        self._send = send
        self.look()

    def part(self) -> None:
        """That connection went; a match does not outlive it."""
        self._send = None
        self._early.clear()
        if self._run is not None:
            self._run.lose()

    def look(self) -> None:
        """Begin the match that is agreed and has not ended, if there is one; one at a time, and each once."""
        known = self._line.matches.get(self._run.match.digest) if self._run is not None else None
        if self._run is not None and known is not None and known.is_replaced:
            self._run.lose()  # another that was agreed at the same time stands instead of it
        send = self._send
        if send is None or self._run is not None:
            return
        open_ones = [one for one in self._line.matches.values() if one.is_open() and one.digest not in self._begun]
        if not open_ones:
            return
        match = min(open_ones, key=lambda one: one.digest)
        self._begun.add(match.digest)
        self._run = MatchRun(match, self._opened.party, lambda: self._committed(match), self._make_matcher, send)
        for frame in self._early.pop(match.digest, ()):
            self._run.take(frame)
        self._task = asyncio.get_running_loop().create_task(self._carry_out(self._run))

    def take(self, frame: AnyMatchFrame) -> None:
        """A frame of a match.

        **Raises**: WireError, when it is of none that was ever proposed, or more than a match holds.
        """
        if self._run is not None and self._run.match.digest == frame.match:
            self._run.take(frame)
            return
        match = self._line.matches.get(frame.match)
        if match is None:
            raise WireError("it sent a part of a match that nobody proposed")
        if match.is_open() and match.digest not in self._begun:
            early = self._early.setdefault(match.digest, [])
            if len(early) >= MOST_FRAMES:
                raise WireError("it sent more than a match holds")
            early.append(frame)
        elif isinstance(frame, MatchPart) and frame.number == 0 and self._send is not None:
            self._send(MatchOver(frame.match, MatchEnd.OVER))

    async def _carry_out(self, run: MatchRun) -> None:
        match = run.match
        ended = await run.run()
        facts = self._facts(match, ended)

        def make(state: RoomState, _: int, __: int) -> list[Fact]:
            """All at once, and once: clashes without their end would be none's."""
            return [*facts] if state.lines[self._opened.line_id].matches[match.digest].is_open() else []

        self._run = self._task = None
        with suppress(UnavailableError):  # the writer says itself that the record cannot be written
            await self._writer.enter(Input(LINE, f"{match.digest[:32]}-ended-{self._writer.size}", make=make))
        self.look()

    async def _committed(self, match: Match) -> dict[str, set[Cell]]:
        """What we committed to, as it was kept.

        **Raises**: UnavailableError, when it is not there, or is of another match, or the time for it is over.
        """
        if objection := objection_to_running(match, self._line.matches, self._writer.room_now_us()):
            raise UnavailableError(objection)
        raw = await asyncio.to_thread(self._store.read, match.commitments[self._opened.party])
        if raw is None:
            raise UnavailableError("what we committed to is not here any more")
        told = decode_canonical(raw, MatchInput)
        if (told.line_id, told.party, told.terms) != (self._opened.line_id, self._opened.party, match.terms):
            raise UnavailableError("what we committed to is of another match")
        return await asyncio.to_thread(cells_of, told.plans, match.terms)

    def _facts(self, match: Match, ended: Ended) -> list[LineMatched]:
        """How it ended, with its clashes in as many entries as they need, the last of which ends it."""
        clashes = ended.clashes
        parts = [clashes[at : at + MOST_CLASHES_IN_ENTRY] for at in range(0, len(clashes), MOST_CLASHES_IN_ENTRY)]
        parts = parts or [()]
        return [
            LineMatched(
                line_id=self._opened.line_id,
                match=match.digest,
                outcome=ended.outcome,
                reason=ended.reason[:300],
                coarse_count=ended.coarse_count,
                fine_count=ended.fine_count,
                transcript=ended.transcript,
                result=ended.result,
                clashes=tuple(part),
                more_count=len(parts) - place,
                label=self._opened.label,
            )
            for place, part in enumerate(parts, 1)
        ]


def cells_of(plans: Sequence[LinePlan], terms: MatchTerms) -> dict[str, set[Cell]]:
    """The fine cells of each plan that touches the epoch of these terms."""
    found = {plan.plan_id: fine_cells(plan.volumes, terms) for plan in plans}
    return {plan_id: cells for plan_id, cells in found.items() if cells}
