"""A day of recorded flights: every loss of separation in it was told, in time, late, or after a manoeuvre."""

from collections import Counter

import numpy as np
import pytest

from tests.support import peers  # noqa: F401  # puts the benchmarks on the path
from watchfloor.deconflict.sweep import Traffic

import flights  # type: ignore[import-not-found]  # isort: skip
from flights import Look, judge, looks, recording  # type: ignore[import-not-found]  # isort: skip


def test_no_loss_in_a_recorded_day_is_missed() -> None:
    found, false = judge(list(looks(recording())))
    counts = Counter(loss.row for loss in found)
    assert len({loss.pair for loss in found}) == 141
    assert counts["missed"] == 0
    assert counts["in time"] > 0.75 * len(found)
    assert sum(counts[row] for row in flights.ROWS) == len(found)
    assert not {pair for pair, *_ in false} & {loss.pair for loss in found if loss.row == "missed"}


def meeting(*, turns: bool, appears: bool) -> list[Look]:
    """Two that meet head on at 480 kt, or of which one turns in at the last step, or is there from then on."""
    seen = []
    for step in range(40):
        lon = 0.6 - step * 480 / 3600 / 60 * 10
        near = lon < 0.08
        lat, trk = (0.1, 0.0) if turns and not near else (0.0, 270.0)
        rows = [[0.0, 0.0, 30_000.0, 0.1, 0.0, 0.0], [lat, lon, 30_000.0, 480.0, trk, 0.0]]
        if appears and not near:
            rows.pop()
        seen.append(Look(step, ["A", "B"][: len(rows)], Traffic(*np.array(rows).T.copy())))
        if lon < -0.05:
            break
    return seen


@pytest.mark.parametrize(
    ("turns", "appears", "row"),
    [(False, False, "in time"), (True, False, "missed because one manoeuvred"), (False, True, "late")],
)
def test_a_loss_falls_in_the_row_of_how_it_was_told(turns: bool, appears: bool, row: str) -> None:
    found, _ = judge(meeting(turns=turns, appears=appears))
    assert [loss.row for loss in found] == [row]


def test_a_loss_that_nobody_tells_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flights.Alerts, "standing", lambda *_: set())
    found, false = judge(meeting(turns=False, appears=False))
    assert [loss.row for loss in found] == ["missed"]
    assert false == []
