"""The assignment of plots to estimates, against every assignment there is."""

from itertools import permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.picture.associating import _STRANGER, assign

COSTS = st.one_of(st.none(), st.floats(0, 60))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(COSTS, min_size=4, max_size=4), min_size=1, max_size=4))
def test_what_is_assigned_is_the_cheapest_of_all_ways(table: list[list[float | None]]) -> None:
    pairs = [(row, plot, cost) for plot, line in enumerate(table) for row, cost in enumerate(line) if cost is not None]
    estimates, plots, costs = (np.array([pair[part] for pair in pairs]) for part in range(3))
    chosen = assign(estimates.astype(int), plots.astype(int), costs.astype(float))
    assert len({row for row, _ in chosen}) == len({plot for _, plot in chosen}) == len(chosen)
    price = {(row, plot): cost for row, plot, cost in pairs}
    alone = len(table) - len(chosen)
    spent = sum(price[pair] for pair in chosen) + alone * _STRANGER
    assert spent <= cheapest(table) + 1e-6


def cheapest(table: list[list[float | None]]) -> float:
    """By trying all: each plot to an estimate of its own, or to nobody."""
    best = float("inf")
    nobody = [None] * len(table)
    for order in set(permutations([0, 1, 2, 3, *nobody], len(table))):
        prices = [_STRANGER if row is None else table[plot][row] for plot, row in enumerate(order)]
        if all(price is not None for price in prices):
            best = min(best, sum(price for price in prices if price is not None))
    return best
