"""A match under attack: another plan, too much, or rubbish shows no more than was agreed, and the reason is told."""

import asyncio
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any

import private_set_intersection.python as psi

from watchfloor.app.match_run import Ended, MatchRun
from watchfloor.edge.matching import MatchProcess
from watchfloor.line.cells import Cell, coarse_of, element_of
from watchfloor.line.matching import Match
from watchfloor.messages.line import MatchTerms
from watchfloor.messages.line_frames import AnyMatchFrame, MatchOver, MatchPart, MatchStep, MatchTold
from watchfloor.messages.matching import MatchEnd, MatchOutcome, MatchStage

SIZE = 64
TERMS = MatchTerms(
    from_us=0, until_us=7_200_000_000, horizontal_m=9_260, vertical_ft=1_000, coarse_count=SIZE, fine_count=SIZE,
    most_of_flight_count=64, most_shown_permille=300, always_shown_count=2,
)  # fmt: skip
MATCH = Match("N1", "ab" * 32, TERMS, 0, {"N1": "11" * 32, "S2": "22" * 32})


def cells(*rows: int) -> set[Cell]:
    return {(4 * row, 800, 6, 8) for row in rows}


async def loaded(plans: dict[str, set[Cell]]) -> dict[str, set[Cell]]:
    return plans


def joined(one: dict[str, set[Cell]], other: dict[str, set[Cell]]) -> tuple[Ended, Ended]:
    """Two honest sides, each with a process of its own."""

    async def both() -> tuple[Ended, Ended]:
        runs: list[MatchRun] = []
        for number, (party, plans) in enumerate((("N1", one), ("S2", other))):
            send = partial(lambda to, frame: runs[to].take(frame), 1 - number)
            runs.append(MatchRun(MATCH, party, partial(loaded, plans), MatchProcess, send))
        return await asyncio.gather(*(run.run() for run in runs))  # type: ignore[return-value]

    return asyncio.run(both())


class Liar:
    """The other side, written for this test with the bare library: it puts in what it likes at each step."""

    def __init__(self) -> None:
        self.sent: list[AnyMatchFrame] = []
        self.client = psi.client.CreateWithNewKey(False)
        self.server = psi.server.CreateWithNewKey(False)

    def part(self, step: MatchStep, raw: bytes, stage: MatchStage = MatchStage.COUNT) -> MatchPart:
        return MatchPart(match=MATCH.digest, stage=stage, step=step, number=0, part_count=1, raw=raw)

    def setup(self, elements: list[str]) -> bytes:
        return bytes(self.server.CreateSetupMessage(1e-9, SIZE, elements, psi.DataStructure.RAW).SerializeToString())

    def request(self, elements: list[str]) -> bytes:
        return bytes(self.client.CreateRequest(elements).SerializeToString())

    def response(self, raw: bytes) -> bytes:
        request = psi.Request()
        request.ParseFromString(raw)
        return bytes(self.server.ProcessRequest(request).SerializeToString())

    def against(self, plan: set[Cell], script: Callable[["Liar", MatchRun], Any]) -> Ended:
        async def play() -> Ended:
            run = MatchRun(MATCH, "N1", partial(loaded, {"one": plan}), MatchProcess, self.sent.append)
            task = asyncio.create_task(run.run())
            script(self, run)
            while not task.done():
                asked = [one for one in self.sent if isinstance(one, MatchPart) and one.step is MatchStep.REQUEST]
                if asked and not any(isinstance(one, MatchOver) for one in self.sent):
                    self.answer(run, asked[0])
                await asyncio.sleep(0)
            return await task

        return asyncio.run(play())

    def answer(self, run: MatchRun, asked: MatchPart) -> None:
        if self.is_answered:
            return
        self.is_answered = True
        run.take(self.part(MatchStep.RESPONSE, self.response(asked.raw)))
        run.take(MatchTold(match=MATCH.digest, stage=MatchStage.COUNT, shared_count=self.told, digest="0" * 64))

    is_answered = False
    told = 0


def padded(own: set[Cell]) -> list[str]:
    elements = sorted({element_of(coarse_of(cell)) for cell in own})
    return [*elements, *(f"pad:{number}" for number in range(SIZE - len(elements)))]


def test_two_honest_sides_find_the_same_cells_each_of_its_own_plans() -> None:
    one, other = joined({"a": cells(1, 2, 3), "b": cells(9)}, {"x": cells(3, 4, 5, 6, 7)})
    assert (one.outcome, other.outcome) == (MatchOutcome.MATCHED, MatchOutcome.MATCHED)
    assert (one.coarse_count, one.fine_count) == (other.coarse_count, other.fine_count) == (1, 1)
    assert (one.transcript, one.result) == (other.transcript, other.result)
    assert [clash.plan_id for clash in one.clashes] == ["a"]
    assert [clash.plan_id for clash in other.clashes] == ["x"]


def test_plans_far_from_each_other_show_nothing() -> None:
    one, other = joined({"a": cells(1, 2)}, {"x": cells(5, 6)})
    assert [(end.outcome, end.coarse_count, len(end.clashes)) for end in (one, other)] == [
        (MatchOutcome.MATCHED, 0, 0)
    ] * 2


def test_a_plan_that_would_be_shown_is_not() -> None:
    one, other = joined({"a": cells(*range(1, 9))}, {"x": cells(*range(1, 40))})
    assert (one.outcome, other.outcome) == (MatchOutcome.STOPPED, MatchOutcome.STOPPED)
    assert one.reason == "it would show 8 of 8 coarse cells of our plans, more than was agreed"
    assert (one.coarse_count, one.clashes) == (0, ())


def test_a_side_with_more_cells_than_agreed_stops_before_it_says_anything() -> None:
    one, other = joined({"a": cells(*range(1, SIZE + 2))}, {"x": cells(1)})
    assert one.reason == "our plans have 65 count cells, over the 64 that were agreed"
    assert other.reason == "the other side: a plan has more cells than were agreed", "and not how many"
    assert (one.outcome, other.outcome) == (MatchOutcome.STOPPED, MatchOutcome.STOPPED)


def test_who_asks_with_one_plan_and_is_asked_with_another_is_seen() -> None:
    def script(liar: Liar, run: MatchRun) -> None:
        liar.told = 3
        run.take(liar.part(MatchStep.SETUP, liar.setup(padded(set()))))
        run.take(liar.part(MatchStep.REQUEST, liar.request(padded(cells(1, 2, 3)))))

    ended = Liar().against(cells(1, 2, 3), script)
    assert (ended.outcome, ended.clashes) == (MatchOutcome.FAILED, ())
    assert "do not find the same" in ended.reason


def test_who_is_counted_with_nothing_and_shown_with_the_whole_sky_is_ended() -> None:
    """It puts in nothing while cells are counted, so that the meter sees nothing, and then all of it."""

    class Late(Liar):
        def answer(self, run: MatchRun, asked: MatchPart) -> None:
            for one in [one for one in self.sent if isinstance(one, MatchPart) and one.step is MatchStep.REQUEST]:
                if one.stage not in self.answered:
                    self.answered.add(one.stage)
                    if one.stage is MatchStage.COARSE:
                        self.again()
                        run.take(self.part(MatchStep.SETUP, self.setup(sky), one.stage))
                        run.take(self.part(MatchStep.REQUEST, self.request(sky), one.stage))
                    run.take(self.part(MatchStep.RESPONSE, self.response(one.raw), one.stage))
                    count, digest = (0, "0" * 64) if one.stage is MatchStage.COUNT else (3, shown)
                    run.take(MatchTold(match=MATCH.digest, stage=one.stage, shared_count=count, digest=digest))

        def again(self) -> None:
            self.client, self.server = psi.client.CreateWithNewKey(True), psi.server.CreateWithNewKey(True)

    own = cells(1, 2, 3)
    sky = padded(own)
    elements = sorted(element_of(coarse_of(cell)) for cell in own)
    shown = sha256("\n".join((MATCH.digest, *elements)).encode()).hexdigest()
    liar = Late()
    liar.answered = set()  # type: ignore[attr-defined]

    def script(liar: Liar, run: MatchRun) -> None:
        run.take(liar.part(MatchStep.SETUP, liar.setup(padded(set()))))
        run.take(liar.part(MatchStep.REQUEST, liar.request(padded(set()))))

    ended = liar.against(own, script)
    assert (ended.outcome, ended.clashes) == (MatchOutcome.FAILED, ())
    assert "0 coarse cells were counted, and 3 shown" in ended.reason
    assert not [one for one in liar.sent if isinstance(one, MatchPart) and one.stage is MatchStage.FINE]


def test_rubbish_and_other_sizes_end_a_match_with_the_reason() -> None:
    scripts: list[tuple[str, Callable[[Liar, MatchRun], Any]]] = [
        ("no part of a match", lambda liar, run: [
            run.take(liar.part(MatchStep.SETUP, b"\xff" * 50)), run.take(liar.part(MatchStep.REQUEST, b"\xff" * 50)),
        ]),
        ("not of the agreed size", lambda liar, run: [
            run.take(liar.part(MatchStep.SETUP, liar.setup(padded(set())))),
            run.take(liar.part(MatchStep.REQUEST, liar.request(padded(set())[:9]))),
        ]),
        ("no part of this step", lambda liar, run: run.take(liar.part(MatchStep.RESPONSE, b"x"))),
        ("no part of this step", lambda liar, run: run.take(liar.part(MatchStep.SETUP, b"x", MatchStage.FINE))),
        ("the other side: it is over here", lambda liar, run: run.take(MatchOver(MATCH.digest, MatchEnd.OVER))),
        ("the connection went", lambda liar, run: run.lose()),
    ]  # fmt: skip
    for reason, script in scripts:
        ended = Liar().against(cells(1, 2, 3), script)
        assert ended.outcome is MatchOutcome.FAILED
        assert reason in ended.reason
        assert ended.clashes == ()
