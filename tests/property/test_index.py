"""The index of standing plans against comparing with every one, whatever was set, set anew and taken out before."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.deconflict import index as indexing
from watchfloor.deconflict.index import Index
from watchfloor.deconflict.outlines import columns_of
from watchfloor.deconflict.volumes import overlapping
from watchfloor.messages.volumes import PlannedVolume

LEFT_EDGES = st.sampled_from([0.0, 0.05, 0.1, 0.2, 179.9, -179.95, -180.0, 179.85])


@st.composite
def volumes(draw: st.DrawFn) -> PlannedVolume:
    west, south = draw(LEFT_EDGES), draw(st.sampled_from([50.0, 50.05, 50.2]))
    low_m, begin = draw(st.sampled_from([0.0, 50.0, 100.0])), draw(st.sampled_from([0, 1, 2]))
    ring, center, radius_m = ((west, south), (west + 0.1, south), (west + 0.1, south + 0.1)), (0.0, 0.0), 0.0
    if draw(st.booleans()):
        ring, center, radius_m = (), (west, south), draw(st.sampled_from([500.0, 8000.0]))
    return PlannedVolume("", 0, ring, center, radius_m, low_m, low_m + 60, begin * 10**9, begin * 10**9 + 15 * 10**8)


PLANS = st.lists(volumes(), min_size=1, max_size=3)
CHANGES = st.lists(st.tuples(st.sampled_from("ABCDEFGH"), st.one_of(st.none(), PLANS)), max_size=25)


def compared(planned: dict[str, list[PlannedVolume]], asked: list[PlannedVolume]) -> list[str]:
    """Each plan beside the asked one, by the sweep over all pairs."""
    found = []
    for name, held in planned.items():
        both = columns_of([*held, *asked])
        plans = both._replace(plan=np.array([0] * len(held) + [1] * len(asked)))
        if len(overlapping(plans)[0]):
            found.append(name)
    return sorted(found)


@settings(max_examples=150, deadline=None)
@given(CHANGES, PLANS, st.sampled_from([0, 3, 64]))
def test_a_query_meets_whom_comparing_with_every_plan_meets(
    changes: list[tuple[str, list[PlannedVolume] | None]], asked: list[PlannedVolume], waiting: int
) -> None:
    planned: dict[str, list[PlannedVolume]] = {}
    held = Index()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indexing, "MOST_WAITING", waiting)
        for name, plan in changes:
            if plan is None:
                planned.pop(name, None)
                held = held.drop(name)
            else:
                planned[name] = plan
                held = held.put(name, tuple(plan))
    assert held.meeting(tuple(asked)) == compared(planned, asked)
    again = Index()
    for name, plan in planned.items():
        again = again.put(name, tuple(plan))
    assert again == held
