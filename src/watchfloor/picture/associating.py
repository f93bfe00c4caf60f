"""Which plot belongs to which estimate: those within reach of each other, weighed, and assigned once each.

**Source**: global nearest neighbour, Blackman and Popoli 1999, section 6.4: the assignment that is likeliest overall.
A plot may belong to nobody; how likely that is follows from how many plots of clutter and newcomers there are.
**Doubt**: an estimate that flies straight is believed first, one that turns at a price. **Cost**: a matrix of a scan's
plots by the estimates near any of them.
"""

from math import log, pi

import lap
import numpy as np
from numpy.typing import NDArray

from watchfloor.base.geodesy import Floats
from watchfloor.base.units import US_PER_S
from watchfloor.picture.estimating import PLACE, TIME, TURNING_M2PS3, Surprise, predict

GATE = 16.0  # squared Mahalanobis distance, 2 degrees of freedom: 1 in 3,000 of one's own plots are outside
FASTEST_MPS = 345.0
SLACK_M = 2_000.0
STRANGERS_PER_M2 = 1e-9
TURN_PRICE = 6.0
_STRANGER = -2.0 * log(STRANGERS_PER_M2) - 2.0 * log(2.0 * pi)

Indices = NDArray[np.int64]


def within_reach(rows: Floats, toa_us: Floats, places: Floats) -> tuple[Indices, Indices]:
    """Pairs of estimate and plot that an aircraft's speed allows.

    **Args**: `rows`: `(n, WIDTH)`; `toa_us`: `(m,)` [us]; `places`: `(m, 3)` [m].
    """
    apart_s = np.abs(toa_us[None, :] - rows[:, TIME, None]) / US_PER_S
    allowed_m = apart_s * FASTEST_MPS + SLACK_M
    gaps = rows[:, None, PLACE] - places[None, :, :]
    pairs = np.nonzero(np.einsum("nmi,nmi->nm", gaps, gaps) <= allowed_m**2)
    return pairs[0], pairs[1]


def weigh(rows: Floats, toa_us: Floats, places: Floats, errors: Floats) -> Floats:
    """What it costs to believe that a plot is of an estimate, pair by pair; infinite outside the gate.

    **Args**: as in `Surprise`, but rows of any earlier time. **Returns**: `(k,)`, twice a negative log-likelihood.
    """
    straight = Surprise(predict(rows, toa_us), toa_us, places, errors)
    turning = Surprise(predict(rows, toa_us, TURNING_M2PS3), toa_us, places, errors)
    costs = np.minimum(
        straight.squared + np.log(straight.area_m4), turning.squared + np.log(turning.area_m4) + TURN_PRICE
    )
    return np.where(turning.squared <= GATE, costs, np.inf)


def assign(estimates: Indices, plots: Indices, costs: Floats) -> list[tuple[int, int]]:
    """The pairs that are likeliest as a whole, each estimate and each plot at most once; a plot may stay alone.

    **Args**: `estimates`, `plots`, `costs`: `(k,)` each, what may be paired.
    """
    possible = np.isfinite(costs) & (costs < _STRANGER)
    if not possible.any():
        return []
    names, row_of = np.unique(estimates[possible], return_inverse=True)
    marks, column_of = np.unique(plots[possible], return_inverse=True)
    matrix = np.full((len(marks), len(names) + len(marks)), np.inf)
    matrix[column_of, row_of] = costs[possible] - _STRANGER
    matrix[np.arange(len(marks)), len(names) + np.arange(len(marks))] = 0.0
    finite = np.where(np.isfinite(matrix), matrix, 1e9)
    chosen, _ = lap.lapjv(finite, extend_cost=True, return_cost=False)
    return [(int(names[name]), int(mark)) for mark, name in zip(marks, chosen, strict=True) if name < len(names)]
