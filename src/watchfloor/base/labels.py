"""Releasability: who may see an item, and what follows for items made from several.

A label names a level and the nations it is releasable to. A derived item takes the highest level
and the common nations; an item with no common nation is seen by nobody but the record.
**Source**: own reasoning, after the shape of ADatP-4774.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache


class Level(IntEnum):
    """How far an item may travel inside the nations it is releasable to; higher is narrower."""

    OPEN = 0
    RESTRICTED = 1
    SECRET = 2


@lru_cache(maxsize=4096)
def _check_nations(nations: tuple[str, ...]) -> None:
    if nations != tuple(sorted(set(nations))):
        raise ValueError("`nations` are sorted and each stands once")


@dataclass(frozen=True, slots=True)
class Label:
    """Level and nations (three-letter codes, sorted, each once)."""

    level: Level
    nations: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_nations(self.nations)


def label_for(nations: frozenset[str] | set[str] | tuple[str, ...], level: Level = Level.OPEN) -> Label:
    """A label from any collection of nations."""
    return Label(level=level, nations=tuple(sorted(set(nations))))


def combine(labels: tuple[Label, ...]) -> Label:
    """The label of an item that was made from items with these labels.

    **Doubt**: made from nothing known, it is SECRET and releasable to nobody.
    **Example**:
    >>> combine((label_for(("A", "B")), label_for(("B", "C"), Level.RESTRICTED))).nations
    ('B',)
    """
    if not labels:
        return Label(level=Level.SECRET, nations=())
    common = set(labels[0].nations)
    for label in labels[1:]:
        common &= set(label.nations)
    return label_for(common, max(label.level for label in labels))


@dataclass(frozen=True, slots=True)
class Audience:
    """A class of viewers: an item reaches it when releasable to all its nations, up to its level."""

    nations: tuple[str, ...]
    level: Level = Level.OPEN


def releasable(label: Label, audience: Audience) -> bool:
    """Whether every viewer of the audience may see the item.

    **Doubt**: an audience without nations sees nothing.
    """
    return bool(audience.nations) and label.level <= audience.level and set(audience.nations) <= set(label.nations)
