"""Planned airspace as a directory holds it: who manages what, where and when; and who wants to be told.

Places are quantised to 1e-7 degrees and millimetres, and compared as they are quantised, so that a replay compares the
same. Names follow ASTM F3548-21; an entity is an operational intent or a constraint.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from watchfloor.base.labels import Label
from watchfloor.messages.acts import Integer, Whole
from watchfloor.messages.volumes import PlannedVolume

MOST_IN_ENTRY = 100
UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
EntityId = Annotated[str, Meta(pattern=f"^{UUID4}$")]
AnyId = Annotated[str, Meta(pattern=f"^({UUID4})?$")]
Manager = Annotated[str, Meta(min_length=1, max_length=200)]
BaseUrl = Annotated[str, Meta(max_length=500)]
Ovn = Annotated[str, Meta(min_length=16, max_length=128)]


class EntityKind(StrEnum):
    """What an entity is."""

    INTENT = "operational_intent"
    CONSTRAINT = "constraint"


class IntentState(StrEnum):
    """How an operational intent is flown; off nominal are the last two."""

    ACCEPTED = "Accepted"
    ACTIVATED = "Activated"
    NONCONFORMING = "Nonconforming"
    CONTINGENT = "Contingent"


class Availability(StrEnum):
    """Whether somebody's service answers, as an arbiter says."""

    UNKNOWN = "Unknown"
    NORMAL = "Normal"
    DOWN = "Down"


class HeldVolume(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A planned volume, quantised: an outline of (longitude, latitude), or a circle where `radius_mm` is above 0.

    A height that is None is no limit.
    """

    begin_us: Whole
    end_us: Whole
    ring_e7deg: tuple[tuple[Integer, Integer], ...] = ()
    center_e7deg: tuple[Integer, Integer] = (0, 0)
    radius_mm: Whole = 0
    low_mm: Integer | None = None
    high_mm: Integer | None = None


class Entity(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An operational intent or a constraint as its manager last set it; `state` is None for a constraint.

    `subscription_id` is empty where the intent has none. `version_count` counts from 1; the OVN changes with it.
    """

    kind: EntityKind
    entity_id: EntityId
    manager: Manager
    state: IntentState | None
    base_url: BaseUrl
    subscription_id: AnyId
    version_count: Whole
    ovn: Ovn
    volumes: tuple[HeldVolume, ...]


class Subscription(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who wants to be told of what changes in a volume; implicit ones came with an intent and go with it."""

    subscription_id: EntityId
    manager: Manager
    base_url: BaseUrl
    version: Ovn
    of_intents: bool
    of_constraints: bool
    implicit: bool
    told_count: Whole
    volumes: tuple[HeldVolume, ...]


class Subscriber(Struct, frozen=True, forbid_unknown_fields=True):
    """A subscription that a change has touched, and how many changes it has been told of with this one."""

    subscription_id: EntityId
    told_count: Whole


class EntitySet(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="EntitySet", kw_only=True):
    """A manager set an entity. `brings` is the implicit subscription it brings, `ends` the one that it ends."""

    entity: Entity
    brings: Subscription | None
    ends: AnyId
    subscribers: tuple[Subscriber, ...]
    at_us: Whole
    label: Label


class EntityRemoved(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="EntityRemoved", kw_only=True
):
    """A manager took an entity out; it is told as it last was."""

    entity: Entity
    ends: AnyId
    subscribers: tuple[Subscriber, ...]
    at_us: Whole
    label: Label


class MoreTold(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="MoreTold", kw_only=True):
    """More subscriptions that the change entered before this has touched; there are more than fit one entry."""

    subscribers: tuple[Subscriber, ...]
    at_us: Whole
    label: Label


class SubscriptionSet(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="SubscriptionSet", kw_only=True
):
    """Somebody subscribed, or changed a subscription."""

    subscription: Subscription
    at_us: Whole
    label: Label


class SubscriptionRemoved(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="SubscriptionRemoved", kw_only=True
):
    """Somebody took a subscription out; it is told as it last was."""

    subscription: Subscription
    at_us: Whole
    label: Label


class AvailabilitySet(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="AvailabilitySet", kw_only=True
):
    """An arbiter said whether a manager's service answers."""

    manager: Manager
    availability: Availability
    version: Ovn
    at_us: Whole
    label: Label


class DetailsTold(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="DetailsTold", kw_only=True):
    """Another service told the details of its entity, or (without volumes) that it is gone."""

    kind: EntityKind
    entity_id: EntityId
    manager: Manager
    version_count: Whole
    volumes: tuple[HeldVolume, ...]
    priority: Integer
    at_us: Whole
    label: Label


AnyAirspaceFact = (
    EntitySet | EntityRemoved | MoreTold | SubscriptionSet | SubscriptionRemoved | AvailabilitySet | DetailsTold
)


def in_entries(fact: AnyAirspaceFact) -> Iterator[AnyAirspaceFact]:
    """A fact as it is entered: with the subscriptions that fit, and the others in entries behind it."""
    if not isinstance(fact, EntitySet | EntityRemoved):
        yield fact
        return
    yield replace(fact, subscribers=fact.subscribers[:MOST_IN_ENTRY])
    for place in range(MOST_IN_ENTRY, len(fact.subscribers), MOST_IN_ENTRY):
        part = fact.subscribers[place : place + MOST_IN_ENTRY]
        yield MoreTold(subscribers=part, at_us=fact.at_us, label=fact.label)


def held_of(volume: PlannedVolume) -> HeldVolume:
    """A planned volume, quantised."""
    return HeldVolume(
        begin_us=volume.begin_us,
        end_us=volume.end_us,
        ring_e7deg=tuple((round(lng * 1e7), round(lat * 1e7)) for lng, lat in volume.ring),
        center_e7deg=(round(volume.center[0] * 1e7), round(volume.center[1] * 1e7)),
        radius_mm=round(volume.radius_m * 1e3),
        low_mm=None if volume.low_m == -_ANY else round(volume.low_m * 1e3),
        high_mm=None if volume.high_m == _ANY else round(volume.high_m * 1e3),
    )


def planned_of(held: tuple[HeldVolume, ...]) -> tuple[PlannedVolume, ...]:
    """Quantised volumes as they are compared, of a plan without a name."""
    return tuple(
        PlannedVolume(
            "",
            number,
            tuple((lng * 1e-7, lat * 1e-7) for lng, lat in volume.ring_e7deg),
            (volume.center_e7deg[0] * 1e-7, volume.center_e7deg[1] * 1e-7),
            volume.radius_mm * 1e-3,
            -_ANY if volume.low_mm is None else volume.low_mm * 1e-3,
            _ANY if volume.high_mm is None else volume.high_mm * 1e-3,
            volume.begin_us,
            volume.end_us,
        )
        for number, volume in enumerate(held)
    )


_ANY = float("inf")
