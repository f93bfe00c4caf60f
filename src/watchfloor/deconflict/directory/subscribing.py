"""Who may subscribe to changes of the directory, say that a service is down, or tell the details of an entity.

**Source**: ASTM F3548-21, annex A2, and where it leaves room, what interuss/dss does.
"""

from msgspec.structs import replace

from watchfloor.base.instants import DAY_US
from watchfloor.base.labels import Label
from watchfloor.base.units import US_PER_S
from watchfloor.deconflict.directory.standing import Cause, Directory, Refused, covers
from watchfloor.messages.airspace import (
    Availability,
    AvailabilitySet,
    DetailsTold,
    Subscription,
    SubscriptionRemoved,
    SubscriptionSet,
)

LONGEST_SUBSCRIPTION_US = DAY_US
PAST_START_US = 300 * US_PER_S
MOST_SUBSCRIPTIONS = MOST_TOLD = 20_000


def set_subscription(
    directory: Directory, wanted: Subscription, version: str | None, at_us: int, label: Label
) -> SubscriptionSet | Refused:
    """A new or changed subscription.

    **Args**: `wanted`: its `version` is the fresh one; `version`: of the one that is changed, None for a new one.
    """
    known = directory.subscriptions.get(wanted.subscription_id)
    (volume,) = wanted.volumes
    if not (wanted.of_intents or wanted.of_constraints):
        return Refused(Cause.INPUT, "a subscription is told of intents, of constraints, or of both")
    if volume.end_us - volume.begin_us > LONGEST_SUBSCRIPTION_US:
        return Refused(Cause.INPUT, "a subscription lasts at most 24 hours")
    if known is None and version is not None:
        return Refused(Cause.INPUT, f"no subscription `{wanted.subscription_id}` to change")
    if known is not None and version != known.version:
        return Refused(Cause.CONFLICT, f"`{version or ''}` is not the newest version of `{wanted.subscription_id}`")
    if known is not None and known.manager != wanted.manager:
        return Refused(Cause.FORBIDDEN, f"`{wanted.subscription_id}` is somebody else's")
    if volume.end_us < at_us:
        return Refused(Cause.INPUT, "it is over already")
    if known is None and volume.begin_us < at_us - PAST_START_US:
        return Refused(Cause.INPUT, "a subscription starts at most five minutes in the past")
    if known is None and len(directory.subscriptions) >= MOST_SUBSCRIPTIONS:
        return Refused(Cause.TOO_LARGE, f"the directory holds {MOST_SUBSCRIPTIONS:,} subscriptions already")
    for entity_id in sorted(directory.dependents.get(wanted.subscription_id, ())):
        if not covers(wanted, directory.intents[entity_id].volumes):
            return Refused(Cause.INPUT, f"it would no longer cover `{entity_id}`, which hangs on it")
    count = known.told_count if known is not None else 0
    return SubscriptionSet(subscription=replace(wanted, told_count=count), at_us=at_us, label=label)


def remove_subscription(
    directory: Directory, subscription_id: str, version: str, manager: str, at_us: int, label: Label
) -> SubscriptionRemoved | Refused:
    """A subscription taken out by its owner."""
    known = directory.subscriptions.get(subscription_id)
    if known is None:
        return Refused(Cause.UNKNOWN, f"no subscription `{subscription_id}`")
    if known.manager != manager:
        return Refused(Cause.FORBIDDEN, f"`{subscription_id}` is somebody else's")
    if known.version != version:
        return Refused(Cause.CONFLICT, f"`{version}` is not the newest version of `{subscription_id}`")
    if directory.dependents.get(subscription_id):
        return Refused(Cause.INPUT, "operational intents hang on it; change or remove them first")
    return SubscriptionRemoved(subscription=known, at_us=at_us, label=label)


def set_availability(
    directory: Directory, manager: str, availability: Availability, versions: tuple[str, str], at_us: int, label: Label
) -> AvailabilitySet | Refused:
    """What an arbiter says of a manager's service.

    **Args**: `versions`: the one that it changes, empty for none; and the fresh one.
    """
    known = directory.availability.get(manager)
    old, fresh = versions
    if old != (known.version if known is not None else ""):
        return Refused(Cause.CONFLICT, f"`{old}` is not the newest version of what is known of `{manager}`")
    return AvailabilitySet(manager=manager, availability=availability, version=fresh, at_us=at_us, label=label)


def take_details(directory: Directory, told: DetailsTold) -> DetailsTold | Refused:
    """Details that another service tells of its own entity; never older ones than are known, nor after its end.

    What is gone keeps its last version, so that nothing older comes back.
    """
    known = directory.of_kind(told.kind).get(told.entity_id)
    before = directory.told.get(told.entity_id)
    if known is None and before is None and not told.volumes:
        return Refused(Cause.UNKNOWN, f"nothing is known of `{told.entity_id}`")
    manager = known.manager if known is not None else before.manager if before is not None else told.manager
    if manager != told.manager:
        return Refused(Cause.FORBIDDEN, f"`{told.entity_id}` is managed by somebody else")
    if before is None and len(directory.told) >= MOST_TOLD:
        return Refused(Cause.TOO_LARGE, f"details of {MOST_TOLD:,} entities are held already")
    if before is None:
        return told
    if not told.volumes:
        return replace(told, version_count=before.version_count)
    is_same = (told.volumes, told.priority) == (before.volumes, before.priority)
    if told.version_count < before.version_count or (told.version_count == before.version_count and not is_same):
        return Refused(Cause.CONFLICT, f"version {before.version_count} of `{told.entity_id}` is known already")
    return told
