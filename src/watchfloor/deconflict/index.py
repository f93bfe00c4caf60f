"""Which of many standing plans a new one meets: a snapshot with a tree, and a short list of what came since.

A change costs little: what is set anew stands in the list, what it replaces is struck from the snapshot. When list and
strikes grow beyond a share of the snapshot, all are gathered into a new one. Every query asks both; the answer is that
of comparing with every plan.
**Source**: own reasoning, after log-structured merge trees; outlines and tree by GEOS.
**Cost**: of a query log n and the list, which is at most the square root of n long or MOST_WAITING; of a change
a copy of both lists of names.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import isqrt
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from watchfloor.base.errors import TooLargeError
from watchfloor.deconflict.outlines import Places, Volumes, columns_of, share_ground
from watchfloor.messages.volumes import PlannedVolume

MOST_WAITING, MOST_PAIRS = 64, 20_000
Plan = tuple[PlannedVolume, ...]
LeftOut = Callable[[str], bool]
_TURNS = (-360.0, 0.0, 360.0)
_WESTMOST_DEG, _EASTMOST_DEG = -275.0, 275.0


def _nobody(_: str) -> bool:
    return False


@lru_cache(maxsize=1 << 12)
def _columns(volumes: Plan) -> Volumes:
    return columns_of(volumes, since_us=0)


class Rows(NamedTuple):
    """Volumes in columns, and the name of each one's plan."""

    names: tuple[str, ...]
    columns: Volumes

    def without(self, gone: frozenset[str]) -> "Rows":
        """Those of other plans."""
        kept = np.array([name not in gone for name in self.names], np.bool_)
        return Rows(tuple(name for name in self.names if name not in gone), _chosen(self.columns, kept))

    def with_more(self, other: "Rows") -> "Rows":
        """These, then those."""
        return Rows((*self.names, *other.names), _joined(self.columns, other.columns))


_NONE = Rows((), columns_of(()))


class Index:
    """Plans by name; never changed, only made anew. Two are the same when they hold the same plans."""

    __slots__ = ("_planned", "_snapshot", "_struck", "_tree", "_waiting")

    def __init__(
        self,
        planned: Mapping[str, Plan] | None = None,
        snapshot: Rows = _NONE,
        tree: shapely.STRtree | None = None,
        waiting: Rows = _NONE,
        struck: frozenset[str] = frozenset(),
    ) -> None:
        self._planned = planned or {}
        self._snapshot, self._tree, self._waiting, self._struck = snapshot, tree, waiting, struck

    @classmethod
    def of(cls, planned: Mapping[str, Plan]) -> "Index":
        """An index of these plans, all in the snapshot."""
        names = tuple(name for name, volumes in planned.items() for _ in volumes)
        columns = columns_of([volume for volumes in planned.values() for volume in volumes], since_us=0)
        return cls(planned, *_gathered(Rows(names, columns)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Index) and self._planned == other._planned

    def __hash__(self) -> int:
        return hash(frozenset(self._planned))

    def put(self, name: str, volumes: Plan) -> "Index":
        """With this plan in the place of any of the same name."""
        fresh = Rows((name,) * len(volumes), _columns(volumes))
        return self._with({**self._planned, name: volumes}, name, fresh)

    def drop(self, name: str) -> "Index":
        """Without this plan."""
        return self._with({known: held for known, held in self._planned.items() if known != name}, name, _NONE)

    def _with(self, planned: Mapping[str, Plan], changed: str, fresh: Rows) -> "Index":
        waiting, struck = self._waiting, self._struck
        if changed in self._planned:
            waiting, struck = waiting.without(frozenset((changed,))), struck | {changed}
        waiting = waiting.with_more(fresh)
        if len(waiting.names) + len(struck) <= max(MOST_WAITING, isqrt(len(self._snapshot.names))):
            return Index(planned, self._snapshot, self._tree, waiting, struck)
        snapshot = self._snapshot.without(struck).with_more(waiting)
        return Index(planned, *_gathered(snapshot))

    def meeting(self, volumes: Plan, *, is_kept: bool = True, left_out: LeftOut = _nobody) -> list[str]:
        """Names of plans that share ground, height and time with any of these volumes, sorted.

        **Args**: `is_kept`: whether the volumes are of a plan that is put too, so that they need be read once.
        `left_out`: tells by its name whether a plan need not be compared.
        **Raises**: TooLargeError, when more pairs than MOST_PAIRS may meet.
        """
        if not self._planned:
            return []
        asked = _columns(volumes) if is_kept else columns_of(volumes, since_us=0)
        west_deg, east_deg = asked.box[:, 0].min(), asked.box[:, 4].max()
        found: set[str] = set()

        def is_struck_or_left_out(name: str) -> bool:
            return name in self._struck or left_out(name)

        for turn in _TURNS:
            if east_deg + turn < _WESTMOST_DEG or west_deg + turn > _EASTMOST_DEG:
                continue
            box = asked.box.copy()
            box[:, 0] += turn
            box[:, 4] += turn
            if self._tree is not None:
                theirs, ours = self._tree.query(shapely.box(box[:, 0], box[:, 1], box[:, 4], box[:, 5]))
                found |= _shared(self._snapshot, asked, (ours, theirs), (box, turn), is_struck_or_left_out)
            theirs, ours = np.nonzero(_share_boxes(self._waiting.columns.box[None, :, :], box[:, None, :]))
            found |= _shared(self._waiting, asked, (ours, theirs), (box, turn), left_out)
        return sorted(found)


def _gathered(rows: Rows) -> tuple[Rows, shapely.STRtree]:
    west, south, east, north = (rows.columns.box[:, axis] for axis in (0, 1, 4, 5))
    return rows, shapely.STRtree(shapely.box(west, south, east, north))


def _chosen(columns: Volumes, places: NDArray[np.bool_] | Places) -> Volumes:
    return Volumes(columns.plan[places], columns.box[places], columns.shape[places], columns.radius_m[places])


def _joined(one: Volumes, other: Volumes) -> Volumes:
    return Volumes(
        np.concatenate((one.plan, other.plan)),
        np.concatenate((one.box, other.box)),
        np.concatenate((one.shape, other.shape)),
        np.concatenate((one.radius_m, other.radius_m)),
    )


def _share_boxes(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether boxes share all four axes, along the last one."""
    shares = (one[..., :4] < other[..., 4:]) & (other[..., :4] < one[..., 4:])
    return np.asarray(shares.all(axis=-1))


def _shared(
    rows: Rows,
    asked: Volumes,
    pairs: tuple[Places, Places],
    seen: tuple[NDArray[np.float64], float],
    left_out: LeftOut,
) -> set[str]:
    """Names of rows that share all with what is asked, among pairs of (ours, asked); some names do not count."""
    box, turn = seen
    near = _share_boxes(rows.columns.box[pairs[0]], box[pairs[1]])
    ours, theirs = pairs[0][near], pairs[1][near]
    wanted = [not left_out(rows.names[place]) for place in ours]
    ours, theirs = ours[wanted], theirs[wanted]
    if len(ours) > MOST_PAIRS:
        sentence = f"over {MOST_PAIRS:,} pairs of volumes may meet; ask for less ground, height or time at once"
        raise TooLargeError(sentence, field="volumes")
    if not len(ours):
        return set()
    both = _joined(_chosen(rows.columns, ours), asked)
    meets = share_ground(both, np.arange(len(ours)), len(ours) + theirs, np.full(len(ours), turn))
    return {rows.names[place] for place in ours[meets]}
