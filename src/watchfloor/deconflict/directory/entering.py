"""Who may set or take out an operational intent or a constraint, and what a plan must know of first.

An intent in its nominal states is entered only with the OVNs of all intents that it meets, so that nobody plans past
another's newest version; off nominal ones are entered as they are, because they happen. Each function answers with the
fact that is entered, or why not.
**Source**: ASTM F3548-21, annex A2, and where it leaves room, what interuss/dss does.
**Doubt**: what only touches is not met; a subscription that may be concerned is told.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.base.instants import DAY_US
from watchfloor.base.labels import Label
from watchfloor.deconflict.directory.standing import Cause, Directory, Refused, covers, span_us
from watchfloor.messages.airspace import (
    Availability,
    Entity,
    EntityKind,
    EntityRemoved,
    EntitySet,
    HeldVolume,
    IntentState,
    Subscriber,
    Subscription,
    planned_of,
)

NOMINAL = frozenset((IntentState.ACCEPTED, IntentState.ACTIVATED))
LEADS_TO: Mapping[IntentState, frozenset[IntentState]] = {
    IntentState.ACCEPTED: frozenset(IntentState),
    IntentState.ACTIVATED: frozenset(IntentState) - {IntentState.ACCEPTED},
    IntentState.NONCONFORMING: frozenset(IntentState) - {IntentState.ACCEPTED},
    IntentState.CONTINGENT: frozenset((IntentState.CONTINGENT,)),
}
HORIZON_US = {EntityKind.INTENT: 30 * DAY_US, EntityKind.CONSTRAINT: 56 * DAY_US}
LONGEST_CONSTRAINT_US = DAY_US
MOST_ENTITIES, MOST_OF_ONE, MOST_VOLUMES, MOST_CORNERS = 20_000, 5_000, 100, 1_000
NO_SUBSCRIPTION = ""


class Caller(Struct, frozen=True):
    """Who asks: the manager's name, whether off-nominal states are theirs to say, and an unguessable fresh OVN."""

    manager: str
    may_say_off_nominal: bool
    fresh_ovn: str


class WantedEntity(Struct, frozen=True, kw_only=True):
    """What a manager wants to set. `ovn` is of the version that it changes, None for a new entity.

    `key`: OVNs that the manager knows of. `subscription_id`: which to hang the intent on; `new_subscription` brings an
    implicit one of that id instead, told of constraints too where `of_constraints`.
    """

    kind: EntityKind
    entity_id: str
    ovn: str | None
    base_url: str
    volumes: tuple[HeldVolume, ...]
    state: IntentState | None = None
    key: frozenset[str] = frozenset()
    subscription_id: str = NO_SUBSCRIPTION
    new_subscription: tuple[str, str] | None = None
    of_constraints: bool = False


def set_entity(
    directory: Directory, wanted: WantedEntity, caller: Caller, at_us: int, label: Label
) -> EntitySet | Refused:
    """A new or changed intent or constraint."""
    known = directory.of_kind(wanted.kind).get(wanted.entity_id)
    refusal = (
        _wrong_shape(directory, wanted, known, at_us)
        or _not_theirs(directory, wanted, known, caller)
        or _wrong_version(wanted, known)
        or _wrong_state(wanted, known)
    )
    if refusal is not None:
        return refusal
    brings: Subscription | None = None
    attached = wanted.subscription_id
    if wanted.new_subscription is not None:
        attached, base_url = wanted.new_subscription
        brings = _implicit(attached, base_url, wanted, caller)
    elif attached:
        held = _attachable(directory, wanted, caller)
        if isinstance(held, Refused):
            return held
        brings = held if held is not directory.subscriptions[attached] else None
    subscription = brings or directory.subscriptions.get(attached)
    missing = _missing(directory, wanted, with_constraints=subscription is not None and subscription.of_constraints)
    if missing:
        return Refused(Cause.CONFLICT, "the key lacks the OVNs of what the plan meets", missing)
    ends = "" if known is None or known.subscription_id == attached else _ended(directory, known)
    entity = Entity(
        kind=wanted.kind,
        entity_id=wanted.entity_id,
        manager=caller.manager,
        state=wanted.state,
        base_url=wanted.base_url,
        subscription_id=attached,
        version_count=1 if known is None else known.version_count + 1,
        ovn=caller.fresh_ovn,
        volumes=wanted.volumes,
    )
    touched = {wanted.volumes, known.volumes} if known is not None else {wanted.volumes}
    told = _subscribers(directory, wanted.kind, touched, without=ends, brings=brings)
    return EntitySet(entity=entity, brings=brings, ends=ends, subscribers=told, at_us=at_us, label=label)


def remove_entity(
    directory: Directory, kind: EntityKind, entity_id: str, ovn: str, caller: Caller, at_us: int, label: Label
) -> EntityRemoved | Refused:
    """An intent or constraint taken out by its manager."""
    known = directory.of_kind(kind).get(entity_id)
    if known is None:
        return Refused(Cause.UNKNOWN, f"no {_said(kind)} `{entity_id}`")
    if known.manager != caller.manager:
        return Refused(Cause.FORBIDDEN, f"`{entity_id}` is managed by somebody else")
    if kind is EntityKind.INTENT and directory.available(caller.manager) is Availability.DOWN:
        return Refused(Cause.DOWN, f"`{caller.manager}` is marked Down; it takes nothing out")
    if known.ovn != ovn:
        return Refused(Cause.CONFLICT, f"`{ovn}` is not the newest version of `{entity_id}`")
    told = _subscribers(directory, kind, [known.volumes], without="", brings=None)
    ends = _ended(directory, known)
    return EntityRemoved(entity=known, ends=ends, subscribers=told, at_us=at_us, label=label)


def _said(kind: EntityKind) -> str:
    return kind.value.replace("_", " ")


def _wrong_shape(directory: Directory, wanted: WantedEntity, known: Entity | None, at_us: int) -> Refused | None:
    begin_us, end_us = span_us(wanted.volumes)
    if _is_too_large(wanted.volumes):
        return Refused(Cause.TOO_LARGE, f"an entity has at most {MOST_VOLUMES} volumes and {MOST_CORNERS:,} corners")
    if end_us < at_us:
        return Refused(Cause.INPUT, "it is over already")
    if end_us > at_us + HORIZON_US[wanted.kind]:
        return Refused(Cause.INPUT, f"it ends over {HORIZON_US[wanted.kind] // DAY_US} days ahead")
    if wanted.kind is EntityKind.CONSTRAINT and end_us - begin_us > LONGEST_CONSTRAINT_US:
        return Refused(Cause.INPUT, "a constraint lasts at most 24 hours; set it anew for longer")
    if wanted.kind is EntityKind.INTENT:
        if any(volume.low_mm is None or volume.high_mm is None for volume in wanted.volumes):
            return Refused(Cause.INPUT, "every volume of an operational intent has a lower and an upper height")
        has_subscription = wanted.subscription_id or wanted.new_subscription
        if wanted.state is not IntentState.ACCEPTED and not has_subscription:
            return Refused(Cause.INPUT, f"an intent that is {wanted.state} needs a subscription")
        if known is None and wanted.ovn is None and wanted.state is not IntentState.ACCEPTED:
            return Refused(Cause.INPUT, f"a new operational intent is Accepted first, not {wanted.state}")
    if known is None and len(directory.of_kind(wanted.kind)) >= MOST_ENTITIES:
        return Refused(Cause.TOO_LARGE, f"the directory holds {MOST_ENTITIES:,} of them already")
    return None


def _is_too_large(volumes: tuple[HeldVolume, ...]) -> bool:
    corners = sum(len(volume.ring_e7deg) or 1 for volume in volumes)
    return len(volumes) > MOST_VOLUMES or corners > MOST_CORNERS


def _not_theirs(directory: Directory, wanted: WantedEntity, known: Entity | None, caller: Caller) -> Refused | None:
    is_intent = wanted.kind is EntityKind.INTENT
    if is_intent and wanted.state not in NOMINAL and not caller.may_say_off_nominal:
        return Refused(Cause.FORBIDDEN, f"{wanted.state} needs the scope `utm.conformance_monitoring_sa`")
    if known is not None and known.manager != caller.manager:
        return Refused(Cause.FORBIDDEN, f"`{wanted.entity_id}` is managed by somebody else")
    if known is None and directory.counts.get(caller.manager, 0) >= MOST_OF_ONE:
        return Refused(Cause.TOO_LARGE, f"`{caller.manager}` has {MOST_OF_ONE:,} entities already; take some out")
    if is_intent and wanted.state in NOMINAL and directory.available(caller.manager) is Availability.DOWN:
        return Refused(
            Cause.DOWN, f"`{caller.manager}` is marked Down; it plans nothing until an arbiter says otherwise"
        )
    return None


def _wrong_version(wanted: WantedEntity, known: Entity | None) -> Refused | None:
    if known is not None and wanted.ovn != known.ovn:
        return Refused(Cause.CONFLICT, f"`{wanted.ovn or ''}` is not the newest version of `{wanted.entity_id}`")
    if known is None and wanted.ovn is not None:
        cause = Cause.INPUT if wanted.kind is EntityKind.INTENT else Cause.CONFLICT
        return Refused(cause, f"no {_said(wanted.kind)} `{wanted.entity_id}` to change")
    return None


def _wrong_state(wanted: WantedEntity, known: Entity | None) -> Refused | None:
    if known is None or known.state is None or wanted.state in LEADS_TO[known.state]:
        return None
    return Refused(Cause.INPUT, f"an intent that is {known.state} does not become {wanted.state}")


def _implicit(subscription_id: str, base_url: str, wanted: WantedEntity, caller: Caller) -> Subscription:
    return Subscription(
        subscription_id=subscription_id,
        manager=caller.manager,
        base_url=base_url,
        version=caller.fresh_ovn,
        of_intents=True,
        of_constraints=wanted.of_constraints,
        implicit=True,
        told_count=0,
        volumes=wanted.volumes,
    )


def _attachable(directory: Directory, wanted: WantedEntity, caller: Caller) -> Subscription | Refused:
    """The subscription to hang an intent on; an implicit one grows with what hangs on it."""
    held = directory.subscriptions.get(wanted.subscription_id)
    if held is None:
        return Refused(Cause.INPUT, f"no subscription `{wanted.subscription_id}`")
    if held.manager != caller.manager:
        return Refused(Cause.FORBIDDEN, f"subscription `{wanted.subscription_id}` is somebody else's")
    if covers(held, wanted.volumes):
        return held
    if held.implicit:
        others = directory.dependents.get(held.subscription_id, frozenset()) - {wanted.entity_id}
        volumes = (*wanted.volumes, *(one for name in sorted(others) for one in directory.intents[name].volumes))
        if _is_too_large(volumes):
            return Refused(
                Cause.TOO_LARGE, f"too much hangs on subscription `{wanted.subscription_id}`; bring a new one"
            )
        return replace(held, volumes=volumes, version=caller.fresh_ovn)
    return Refused(Cause.INPUT, f"subscription `{wanted.subscription_id}` does not cover the intent's area and time")


def _missing(directory: Directory, wanted: WantedEntity, *, with_constraints: bool) -> tuple[Entity, ...]:
    """Entities that an intent meets and whose newest versions its manager does not show to know."""
    if wanted.kind is not EntityKind.INTENT or wanted.state not in NOMINAL:
        return ()
    kinds = (EntityKind.INTENT, EntityKind.CONSTRAINT) if with_constraints else (EntityKind.INTENT,)

    def is_known(one: Entity) -> bool:
        return (
            one.entity_id == wanted.entity_id
            or one.ovn in wanted.key
            or (one.state is IntentState.ACCEPTED and directory.available(one.manager) is Availability.DOWN)
        )

    return tuple(one for kind in kinds for one in directory.unknown_among(kind, wanted.volumes, is_known))


def _ended(directory: Directory, entity: Entity) -> str:
    """The implicit subscription that ends when an entity no longer hangs on it."""
    held = directory.subscriptions.get(entity.subscription_id)
    alone = directory.dependents.get(entity.subscription_id, frozenset()) <= {entity.entity_id}
    return held.subscription_id if held is not None and held.implicit and alone else ""


def _subscribers(
    directory: Directory,
    kind: EntityKind,
    touched: Iterable[tuple[HeldVolume, ...]],
    *,
    without: str,
    brings: Subscription | None,
) -> tuple[Subscriber, ...]:
    """Who is told, each once; a subscription that comes with the change is told of it."""
    held = {**directory.subscriptions, **({brings.subscription_id: brings} if brings is not None else {})}
    met = {name for volumes in touched for name in directory.subscription_index.meeting(planned_of(volumes))}
    if brings is not None:
        met.add(brings.subscription_id)
    found = [held[name] for name in sorted(met - {without})]
    return tuple(
        Subscriber(one.subscription_id, one.told_count + 1)
        for one in found
        if (one.of_intents if kind is EntityKind.INTENT else one.of_constraints)
    )
