"""The directory of planned airspace: what stands in it, and how it changes by the facts that are entered.

Facts are taken as recorded; what may be entered is judged by `entering` and `subscribing`.
**Source**: ASTM F3548-21, annex A2 (the directory's interface).
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.deconflict.index import Index
from watchfloor.deconflict.outlines import covers_ground
from watchfloor.messages.airspace import (
    AnyAirspaceFact,
    Availability,
    AvailabilitySet,
    DetailsTold,
    Entity,
    EntityKind,
    EntityRemoved,
    EntitySet,
    HeldVolume,
    MoreTold,
    Subscriber,
    Subscription,
    SubscriptionRemoved,
    SubscriptionSet,
    planned_of,
)


class Cause(StrEnum):
    """Why a change is not entered, as callers tell them apart."""

    INPUT = "input"
    FORBIDDEN = "forbidden"
    UNKNOWN = "unknown"
    CONFLICT = "conflict"
    DOWN = "down"
    TOO_LARGE = "too_large"


class Refused(Struct, frozen=True):
    """Why a change is not entered; `missing` are the entities whose OVNs were not in the key."""

    cause: Cause
    sentence: str
    missing: tuple[Entity, ...] = ()


class Directory(Struct, frozen=True):
    """Everything set so far, by id; `dependents` are the intents that hang on a subscription, `counts`
    how many entities each manager has.
    """

    intents: Mapping[str, Entity] = {}
    constraints: Mapping[str, Entity] = {}
    subscriptions: Mapping[str, Subscription] = {}
    dependents: Mapping[str, frozenset[str]] = {}
    availability: Mapping[str, AvailabilitySet] = {}
    told: Mapping[str, DetailsTold] = {}
    counts: Mapping[str, int] = {}
    intent_index: Index = Index()
    constraint_index: Index = Index()
    subscription_index: Index = Index()

    def of_kind(self, kind: EntityKind) -> Mapping[str, Entity]:
        """Intents or constraints."""
        return self.intents if kind is EntityKind.INTENT else self.constraints

    def meeting(self, kind: EntityKind, volumes: tuple[HeldVolume, ...]) -> list[Entity]:
        """Entities that share ground, height and time with any of these volumes, by id."""
        held = self.of_kind(kind)
        return [held[name] for name in self._index(kind).meeting(planned_of(volumes), is_kept=False)]

    def unknown_among(
        self, kind: EntityKind, volumes: tuple[HeldVolume, ...], is_known: Callable[[Entity], bool]
    ) -> list[Entity]:
        """Entities that a plan of these volumes meets, but for those that it need not ask about, by id."""
        held = self.of_kind(kind)
        met = self._index(kind).meeting(planned_of(volumes), left_out=lambda name: is_known(held[name]))
        return [held[name] for name in met]

    def _index(self, kind: EntityKind) -> Index:
        return self.intent_index if kind is EntityKind.INTENT else self.constraint_index

    def subscriptions_meeting(self, volumes: tuple[HeldVolume, ...]) -> list[Subscription]:
        """Subscriptions that share ground, height and time with any of these volumes, by id."""
        return [
            self.subscriptions[name] for name in self.subscription_index.meeting(planned_of(volumes), is_kept=False)
        ]

    def available(self, manager: str) -> Availability:
        """What an arbiter last said of a manager's service."""
        known = self.availability.get(manager)
        return known.availability if known is not None else Availability.UNKNOWN


def fold(directory: Directory, fact: AnyAirspaceFact) -> Directory:
    """The directory after a fact, taken as recorded."""
    if isinstance(fact, EntitySet):
        return _with_entity(directory, fact)
    if isinstance(fact, EntityRemoved):
        return _without_entity(directory, fact)
    if isinstance(fact, MoreTold):
        return _counted(directory, fact.subscribers)
    if isinstance(fact, SubscriptionSet):
        return _with_subscription(directory, fact.subscription)
    if isinstance(fact, SubscriptionRemoved):
        return _without_subscription(directory, fact.subscription.subscription_id)
    if isinstance(fact, AvailabilitySet):
        return replace(directory, availability={**directory.availability, fact.manager: fact})
    return replace(directory, told={**directory.told, fact.entity_id: fact})


def covers(subscription: Subscription, volumes: Iterable[HeldVolume]) -> bool:
    """Whether each volume lies within one of a subscription's, in time and on the ground; heights do not matter."""
    outer = planned_of(subscription.volumes)
    return all(
        any(
            one.begin_us <= inner.begin_us and inner.end_us <= one.end_us and covers_ground(one, inner) for one in outer
        )
        for inner in planned_of(tuple(volumes))
    )


def span_us(volumes: Iterable[HeldVolume]) -> tuple[int, int]:
    """From when to when there is any of these volumes."""
    held = tuple(volumes)
    return min(volume.begin_us for volume in held), max(volume.end_us for volume in held)


def _with_entity(directory: Directory, fact: EntitySet) -> Directory:
    entity = fact.entity
    before = directory.of_kind(entity.kind).get(entity.entity_id)
    if fact.brings is not None:
        directory = _with_subscription(directory, fact.brings)
    directory = _counted(_detached(directory, before), fact.subscribers)
    if fact.ends:
        directory = _without_subscription(directory, fact.ends)
    if before is None:
        counts = directory.counts
        directory = replace(directory, counts={**counts, entity.manager: counts.get(entity.manager, 0) + 1})
    planned = planned_of(entity.volumes)
    if entity.kind is EntityKind.CONSTRAINT:
        return replace(
            directory,
            constraints={**directory.constraints, entity.entity_id: entity},
            constraint_index=directory.constraint_index.put(entity.entity_id, planned),
        )
    dependents = directory.dependents
    if entity.subscription_id:
        hanging = dependents.get(entity.subscription_id, frozenset()) | {entity.entity_id}
        dependents = {**dependents, entity.subscription_id: hanging}
    return replace(
        directory,
        intents={**directory.intents, entity.entity_id: entity},
        intent_index=directory.intent_index.put(entity.entity_id, planned),
        dependents=dependents,
    )


def _without_entity(directory: Directory, fact: EntityRemoved) -> Directory:
    kind, gone = fact.entity.kind, fact.entity.entity_id
    directory = _counted(_detached(directory, directory.of_kind(kind).get(gone)), fact.subscribers)
    if fact.ends:
        directory = _without_subscription(directory, fact.ends)
    left = {name: entity for name, entity in directory.of_kind(kind).items() if name != gone}
    manager = fact.entity.manager
    directory = replace(directory, counts={**directory.counts, manager: directory.counts.get(manager, 1) - 1})
    if kind is EntityKind.CONSTRAINT:
        return replace(directory, constraints=left, constraint_index=directory.constraint_index.drop(gone))
    return replace(directory, intents=left, intent_index=directory.intent_index.drop(gone))


def _detached(directory: Directory, entity: Entity | None) -> Directory:
    """Without an entity among those that hang on its subscription."""
    if entity is None or entity.subscription_id not in directory.dependents:
        return directory
    hanging = directory.dependents[entity.subscription_id] - {entity.entity_id}
    others = {name: held for name, held in directory.dependents.items() if name != entity.subscription_id}
    return replace(directory, dependents=others | ({entity.subscription_id: hanging} if hanging else {}))


def _with_subscription(directory: Directory, subscription: Subscription) -> Directory:
    name = subscription.subscription_id
    return replace(
        directory,
        subscriptions={**directory.subscriptions, name: subscription},
        subscription_index=directory.subscription_index.put(name, planned_of(subscription.volumes)),
    )


def _without_subscription(directory: Directory, name: str) -> Directory:
    left = {known: held for known, held in directory.subscriptions.items() if known != name}
    return replace(directory, subscriptions=left, subscription_index=directory.subscription_index.drop(name))


def _counted(directory: Directory, told: Iterable[Subscriber]) -> Directory:
    """With how often each subscription was told; one that ended since is not there to count."""
    held = dict(directory.subscriptions)
    for one in told:
        if one.subscription_id in held:
            held[one.subscription_id] = replace(held[one.subscription_id], told_count=one.told_count)
    return replace(directory, subscriptions=held)
