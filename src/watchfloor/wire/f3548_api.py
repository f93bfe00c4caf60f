"""What services say to a directory of ASTM F3548-21 and to each other, and how entities are written for them.

| read | as |
|---|---|
| `PutOperationalIntentReferenceParameters`, `PutConstraintReferenceParameters` | `PutIntent`, `PutConstraint` |
| `PutSubscriptionParameters`, `SetUssAvailabilityStatusParameters` | `PutSubscription`, `SetAvailability` |
| `Query...Parameters` | `Query` |
| `PutOperationalIntentDetailsParameters`, `PutConstraintDetailsParameters` | `TellIntent`, `TellConstraint` |

Members that nobody here knows are passed over, and one that is null is absent, as the standard's interface says.
**Source**: ASTM F3548-21 annex A2, as published in the open API of interuss/astm-utm-protocol.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from watchfloor.base.errors import InputError, TooLargeError, WatchfloorError
from watchfloor.base.instants import rfc3339_from_us
from watchfloor.messages.airspace import UUID4, Availability, Entity, EntityKind, HeldVolume, Subscription, held_of
from watchfloor.wire.f3548 import (
    Altitude,
    Circle,
    LatLng,
    Polygon,
    Radius,
    Time,
    Volume3D,
    Volume4D,
    planned_volume,
)

NO_SUBSCRIPTION = "00000000-0000-4000-8000-000000000000"
_UUID4 = re.compile(UUID4)
_ALWAYS_US = 2**52
_URL = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*[^\s/?#])?")

UssUrl = Annotated[str, Meta(min_length=1, max_length=500)]
Parsed = TypeVar("Parsed", bound=Struct)


class NewSubscription(Struct, frozen=True):
    """An implicit subscription that an intent brings."""

    uss_base_url: UssUrl
    notify_for_constraints: bool | None = None


class PutIntent(Struct, frozen=True):
    """What a manager says of an operational intent."""

    extents: tuple[Volume4D, ...]
    state: str
    uss_base_url: UssUrl
    key: tuple[str, ...] | None = None
    subscription_id: str | None = None
    new_subscription: NewSubscription | None = None


class PutConstraint(Struct, frozen=True):
    """What a manager says of a constraint."""

    extents: tuple[Volume4D, ...]
    uss_base_url: UssUrl


class PutSubscription(Struct, frozen=True):
    """Of what somebody wants to be told."""

    extents: Volume4D
    uss_base_url: UssUrl
    notify_for_operational_intents: bool | None = None
    notify_for_constraints: bool | None = None


class Query(Struct, frozen=True):
    """What a caller wants to know of."""

    area_of_interest: Volume4D


class SetAvailability(Struct, frozen=True):
    """What an arbiter says of a service."""

    availability: str
    old_version: str | None = None


class Reference(Struct, frozen=True):
    """Of a reference, what details are taken by."""

    id: str
    manager: str
    version: Annotated[int, Meta(ge=0, le=2**31 - 1)]


class Details(Struct, frozen=True):
    """Volumes of an entity; `off_nominal_volumes` where it strays."""

    volumes: tuple[Volume4D, ...] | None = None
    off_nominal_volumes: tuple[Volume4D, ...] | None = None
    priority: Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)] | None = None


class Told(Struct, frozen=True):
    """An entity as its manager tells it."""

    reference: Reference
    details: Details


class TellIntent(Struct, frozen=True):
    """A manager tells of its operational intent; without one it is gone."""

    operational_intent_id: str
    operational_intent: Told | None = None


class TellConstraint(Struct, frozen=True):
    """A manager tells of its constraint; without one it is gone."""

    constraint_id: str
    constraint: Told | None = None


_VOLUME_FORMS = (Volume4D, Volume3D, Polygon, Circle, LatLng, Radius, Altitude, Time)
_FORMS = (PutIntent, PutConstraint, PutSubscription, NewSubscription, Query, SetAvailability)
_TOLD_FORMS = (TellIntent, TellConstraint, Told, Details, Reference)
_KNOWN = frozenset(name for form in (*_VOLUME_FORMS, *_FORMS, *_TOLD_FORMS) for name in form.__struct_fields__)


def read_body(raw: bytes, form: type[Parsed]) -> Parsed:
    """A request's body.

    **Raises**: InputError, naming the member.
    """
    try:
        return msgspec.convert(_of_known(msgspec.json.decode(raw)), form)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        field = str(error).rpartition("`$")[2].strip("`.") or "body"
        raise InputError(f"no such body: {error}", field=field) from error


def _of_known(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _of_known(inner) for name, inner in value.items() if name in _KNOWN}
    return [_of_known(inner) for inner in value] if isinstance(value, list) else value


def read_id(text: str, field: str) -> str:
    """An id in its one form, lower case.

    **Raises**: InputError, when it is no UUID of version 4.
    """
    lower = text.lower()
    if not _UUID4.fullmatch(lower):
        raise InputError(f"`{text[:40]}` is no UUID of version 4", field=field)
    return lower


def read_url(text: str) -> str:
    """A service's base address.

    **Raises**: InputError, when it is no http or https address, or ends with a slash.
    """
    if not _URL.fullmatch(text):
        raise InputError(f"`{text[:80]}` is no http(s) address without a slash at its end", field="uss_base_url")
    return text


def read_volumes(given: Sequence[Volume4D], field: str, *, needs_times: bool = True) -> tuple[HeldVolume, ...]:
    """Volumes as the directory holds them; those without times hold always, where times need not be.

    **Raises**: InputError, naming the volume and the member; TooLargeError.
    """
    if not given:
        raise InputError("one volume at least is needed", field=field)
    otherwise = (None, None) if needs_times else (0, _ALWAYS_US)
    held = []
    for number, volume in enumerate(given):
        try:
            held.append(held_of(planned_volume("", number, volume, otherwise)))
        except WatchfloorError as error:
            kind = TooLargeError if isinstance(error, TooLargeError) else InputError
            raise kind(f"volume {number + 1}: {error}", field=str(error.fields.get("field", field))) from error
    return tuple(held)


def read_subscribed(given: Volume4D, now_us: int, ends_after_us: int, end_us: int | None) -> HeldVolume:
    """A subscription's volume; from now on and for so long, where it gives no times.

    **Args**: `end_us`: the end of the subscription that it changes. **Raises**: InputError; TooLargeError.
    """
    begin_us = now_us if given.time_start is None else None
    begins = planned_volume("", 0, given, (begin_us, _ALWAYS_US)).begin_us
    return held_of(planned_volume("", 0, given, (begins, begins + ends_after_us if end_us is None else end_us)))


def reference_document(entity: Entity, availability: Availability, viewer: str) -> dict[str, Any]:
    """An entity's reference; its OVN only for its manager."""
    document: dict[str, Any] = {
        "id": entity.entity_id,
        "manager": entity.manager,
        "uss_availability": availability.value,
        "version": entity.version_count,
        "time_start": _time(min(volume.begin_us for volume in entity.volumes)),
        "time_end": _time(max(volume.end_us for volume in entity.volumes)),
        "uss_base_url": entity.base_url,
    }
    if entity.manager == viewer:
        document["ovn"] = entity.ovn
    if entity.kind is EntityKind.INTENT:
        state = entity.state.value if entity.state is not None else ""
        document |= {"state": state, "subscription_id": entity.subscription_id or NO_SUBSCRIPTION}
    return document


def subscription_document(subscription: Subscription, dependents: Sequence[str]) -> dict[str, Any]:
    """A subscription as its owner sees it."""
    return {
        "id": subscription.subscription_id,
        "version": subscription.version,
        "notification_index": subscription.told_count,
        "time_start": _time(min(volume.begin_us for volume in subscription.volumes)),
        "time_end": _time(max(volume.end_us for volume in subscription.volumes)),
        "uss_base_url": subscription.base_url,
        "notify_for_operational_intents": subscription.of_intents,
        "notify_for_constraints": subscription.of_constraints,
        "implicit_subscription": subscription.implicit,
        "dependent_operational_intents": list(dependents),
    }


def volume_document(volume: HeldVolume) -> dict[str, Any]:
    """A volume as a Volume4D."""
    outline: dict[str, Any]
    if volume.ring_e7deg:
        vertices = [{"lat": lat * 1e-7, "lng": (lng * 1e-7 + 180) % 360 - 180} for lng, lat in volume.ring_e7deg]
        outline = {"outline_polygon": {"vertices": vertices}}
    else:
        lng, lat = volume.center_e7deg
        radius = {"value": volume.radius_mm * 1e-3, "units": "M"}
        outline = {"outline_circle": {"center": {"lat": lat * 1e-7, "lng": lng * 1e-7}, "radius": radius}}
    for name, height_mm in (("altitude_lower", volume.low_mm), ("altitude_upper", volume.high_mm)):
        if height_mm is not None:
            outline[name] = {"value": height_mm * 1e-3, "reference": "W84", "units": "M"}
    return {"volume": outline, "time_start": _time(volume.begin_us), "time_end": _time(volume.end_us)}


def _time(instant_us: int) -> dict[str, str]:
    return {"value": rfc3339_from_us(instant_us), "format": "RFC3339"}
