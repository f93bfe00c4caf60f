"""Releasability: who may see an item, and what follows for items made from several.

A label names a level, the nations it is releasable to, and the groups that one must belong to (need to know). A derived
item takes the highest level, the common nations and all groups; an item with no common nation is seen by nobody but
the record.
**Source**: own reasoning, after the shape of ADatP-4774.
"""

from enum import IntEnum
from functools import lru_cache

from msgspec import Struct


class Level(IntEnum):
    """How far an item may travel inside the nations it is releasable to; higher is narrower."""

    OPEN = 0
    RESTRICTED = 1
    SECRET = 2


LEVEL_NAMES = tuple(level.name.lower() for level in Level)


def level_named(name: str) -> Level:
    """A level by the name that packs and command lines use."""
    return Level[name.upper()]


@lru_cache(maxsize=4096)
def _check_sorted(name: str, ids: tuple[str, ...]) -> None:
    if ids != tuple(sorted(set(ids))):
        raise ValueError(f"`{name}` are sorted and each stands once")


class Label(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Level, nations (three-letter codes), and groups that need to know; both sorted, each once."""

    level: Level
    nations: tuple[str, ...]
    need_to_know: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_sorted("nations", self.nations)
        _check_sorted("need_to_know", self.need_to_know)


def label_for(
    nations: frozenset[str] | set[str] | tuple[str, ...],
    level: Level = Level.OPEN,
    need_to_know: frozenset[str] | set[str] | tuple[str, ...] = (),
) -> Label:
    """A label from any collections of nations and groups."""
    return Label(level, tuple(sorted(set(nations))), tuple(sorted(set(need_to_know))))


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
    groups: set[str] = set()
    for label in labels:
        common &= set(label.nations)
        groups |= set(label.need_to_know)
    return label_for(common, max(label.level for label in labels), groups)


class Audience(Struct, frozen=True, omit_defaults=True):
    """A class of viewers: an item reaches it when releasable to all its nations, up to its level and in its groups."""

    nations: tuple[str, ...]
    level: Level = Level.OPEN
    need_to_know: tuple[str, ...] = ()


def releasable(label: Label, audience: Audience) -> bool:
    """Whether every viewer of the audience may see the item: the plain algebra, for pure steps.

    At a way out of the room `watchfloor.app.sight.may_see` answers instead.

    **Doubt**: an audience without nations sees nothing.
    """
    return (
        bool(audience.nations)
        and label.level <= audience.level
        and set(audience.nations) <= set(label.nations)
        and set(label.need_to_know) <= set(audience.need_to_know)
    )


def meet(first: Audience, second: Audience) -> Audience:
    """The class of what both may see."""
    return Audience(
        tuple(sorted({*first.nations, *second.nations})),
        min(first.level, second.level),
        tuple(sorted({*first.need_to_know} & {*second.need_to_know})),
    )
