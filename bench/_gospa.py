"""How far a set of told places is from the true ones: GOSPA.

**Source**: Rahmathullah, Garcia-Fernandez, Svensson 2017, with alpha = 2: a target that is missed, and a place that is
none, cost `cutoff^order / 2` each.
"""

import lap
import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.float64]


def gospa_m(truth: Places, told: Places, cutoff_m: float, order: float) -> float:
    """The distance [m] between two sets of places, `(n, 2)` and `(m, 2)` [m]."""
    strays = len(truth) + len(told)
    if not len(truth) or not len(told):
        return float((strays * cutoff_m**order / 2) ** (1 / order))
    gaps = np.linalg.norm(truth[:, None] - told[None], axis=2)
    costs = np.minimum(gaps, cutoff_m) ** order
    columns, _ = lap.lapjv(costs, extend_cost=True, return_cost=False)
    rows = np.flatnonzero(columns >= 0)
    near = gaps[rows, columns[rows]] < cutoff_m
    total = float(costs[rows, columns[rows]][near].sum()) + (strays - 2 * int(near.sum())) * cutoff_m**order / 2
    return float(total ** (1 / order))
