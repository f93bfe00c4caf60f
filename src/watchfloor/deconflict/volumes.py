"""All pairs of planned volumes that share space and time: a sweep along the most telling axis, then exact outlines.

Volumes are boxes first: longitudes, latitudes, heights, instants. Sorted along the axis on which boxes are shortest
against the whole, each is compared with those that begin before it ends; only boxes that share all four are held
against each other by their outlines. Polygons are compared in latitude and longitude, as their edges are drawn; a
circle on the plane at its centre. What only touches does not overlap.
**Source**: ASTM F3548-21, 4.4 (conflicts between operational intents); outlines by GEOS.
**Cost**: n log n and the number of boxes that share the chosen axis.
"""

import numpy as np

from watchfloor.base.geodesy import Floats
from watchfloor.deconflict.compiling import compiled
from watchfloor.deconflict.outlines import Places, Volumes, share_ground

_ROOM = 1 << 14


def overlapping(volumes: Volumes) -> tuple[Places, Places]:
    """Pairs of volumes of different plans that share space and time, the first one earlier in the file."""
    place, box = np.arange(len(volumes.plan)), volumes.box
    around = np.flatnonzero((box[:, 0] < -180) | (box[:, 4] > 180))
    turn = np.where(box[around, 4] > 180, -360.0, 360.0)
    again = box[around].copy()
    again[:, 0] += turn
    again[:, 4] += turn
    first, second = _sharing(np.concatenate((box, again)), volumes.plan[np.concatenate((place, around))])
    turns = np.concatenate((np.zeros(len(place)), turn))
    whose = np.concatenate((place, around))
    exact = share_ground(volumes, whose[first], whose[second], turns[second] - turns[first])
    pairs = np.unique(np.sort(np.column_stack((whose[first[exact]], whose[second[exact]])), axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _sharing(box: Floats, plan: Places) -> tuple[Places, Places]:
    """Pairs of boxes of different plans that share all four axes."""
    if len(box) < 2:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    low = box[:, :4]
    finite = np.where(np.isfinite(box), box, 0.0)
    whole = finite[:, 4:].max(axis=0) - finite[:, :4].min(axis=0)
    share = (finite[:, 4:] - finite[:, :4]).mean(axis=0) / np.where(whole > 0, whole, 1.0)
    share[~np.isfinite(box).reshape(len(box), 2, 4).all(axis=(0, 1)) | (whole <= 0)] = 1.0
    axis = int(share.argmin())
    order = np.argsort(low[:, axis], kind="stable")
    sorted_box, sorted_plan = box[order], plan[order]
    pairs = np.empty((_ROOM, 2), np.int64)
    count = _swept(sorted_box, sorted_plan, axis, pairs)
    if count > len(pairs):
        pairs = np.empty((count, 2), np.int64)
        _swept(sorted_box, sorted_plan, axis, pairs)
    return order[pairs[:count, 0]], order[pairs[:count, 1]]


@compiled
def _swept(box: Floats, plan: Places, axis: int, pairs: Places) -> int:
    """Boxes sorted along an axis: how many pairs share all axes, of which as many are in `pairs` as it holds."""
    count = 0
    for one in range(len(box)):
        end = box[one, axis + 4]
        for other in range(one + 1, len(box)):
            if box[other, axis] >= end:
                break
            if (
                plan[one] != plan[other]
                and box[one, 0] < box[other, 4]
                and box[other, 0] < box[one, 4]
                and box[one, 1] < box[other, 5]
                and box[other, 1] < box[one, 5]
                and box[one, 2] < box[other, 6]
                and box[other, 2] < box[one, 6]
                and box[one, 3] < box[other, 7]
                and box[other, 3] < box[one, 7]
            ):
                if count < len(pairs):
                    pairs[count, 0], pairs[count, 1] = one, other
                count += 1
    return count
