"""HTTP of ASTM F3548-21: subscriptions, availability, reports; and the room as a service, under `/uss/v1`."""

from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from watchfloor.base.errors import InputError
from watchfloor.deconflict.directory.standing import Refused
from watchfloor.deconflict.directory.subscribing import (
    LONGEST_SUBSCRIPTION_US,
    remove_subscription,
    set_availability,
    set_subscription,
    take_details,
)
from watchfloor.edge.api.airspace import (
    ANY_SCOPE,
    ARBITRATION,
    AWARENESS,
    COORDINATION,
    MANAGEMENT,
    NAMES,
    PROCESSING,
    STATUS,
    Call,
    body_of,
    error_response,
    json_of,
    without_version,
)
from watchfloor.edge.api.airspace_entities import EntityDoors
from watchfloor.edge.api.problems import new_id
from watchfloor.edge.tokens import MOST_SUB, Bearer
from watchfloor.messages.airspace import Availability, DetailsTold, EntityKind, Subscription
from watchfloor.wire.f3548_api import (
    PutSubscription,
    Query,
    SetAvailability,
    TellConstraint,
    TellIntent,
    Told,
    read_body,
    read_id,
    read_subscribed,
    read_url,
    read_volumes,
    reference_document,
    subscription_document,
    volume_document,
)

SUBSCRIBERS = (PROCESSING, COORDINATION)
DETAIL_READERS = {EntityKind.INTENT: (COORDINATION,), EntityKind.CONSTRAINT: (PROCESSING,)}
TELLERS = {EntityKind.INTENT: (COORDINATION,), EntityKind.CONSTRAINT: (MANAGEMENT,)}
MOST_LOGGED = 2_000
_log = structlog.get_logger()


def airspace_routes(call: Call) -> list[BaseRoute]:
    """All routes of the interface."""
    doors = SubscriptionDoors(call)
    services = [route for kind in EntityKind for route in ServiceDoors(call, kind).routes()]
    entities = [route for kind in EntityKind for route in EntityDoors(call, kind).routes()]
    return [*entities, *doors.routes(), *services]


class SubscriptionDoors:
    """Subscriptions, availability and reports."""

    def __init__(self, call: Call) -> None:
        self._call, self._desk = call, call.desk

    def routes(self) -> list[BaseRoute]:
        """Their routes."""
        base, route = "/dss/v1/subscriptions", self._call.route
        return [
            route("POST", f"{base}/query", SUBSCRIBERS, self.query),
            route("GET", f"{base}/{{subscription}}", SUBSCRIBERS, self.get),
            route("PUT", f"{base}/{{subscription}}", SUBSCRIBERS, self.put),
            route("PUT", f"{base}/{{subscription}}/{{version}}", SUBSCRIBERS, self.put),
            route("DELETE", f"{base}/{{subscription}}/{{version}}", SUBSCRIBERS, self.delete),
            route("PUT", f"{base}/{{subscription}}/", SUBSCRIBERS, without_version),
            route("DELETE", f"{base}/{{subscription}}/", SUBSCRIBERS, without_version),
            route("GET", "/dss/v1/uss_availability/{uss}", (ARBITRATION, COORDINATION, AWARENESS), self.availability),
            route("PUT", "/dss/v1/uss_availability/{uss}", (ARBITRATION,), self.set_availability),
            route("POST", "/dss/v1/reports", ANY_SCOPE, report),
            route("POST", "/uss/v1/reports", ANY_SCOPE, report),
        ]

    async def query(self, request: Request, bearer: Bearer) -> Response:
        """The caller's own subscriptions that share ground, height and time with an area, and are not over."""
        asked = read_body(await body_of(request), Query)
        volumes = read_volumes([asked.area_of_interest], "area_of_interest", needs_times=False)
        directory, now_us = self._desk.directory, self._desk.now_us()
        found = [
            self._document(subscription)
            for subscription in directory.subscriptions_meeting(volumes)
            if subscription.manager == bearer.sub and max(one.end_us for one in subscription.volumes) >= now_us
        ]
        return JSONResponse({"subscriptions": found})

    async def get(self, request: Request, bearer: Bearer) -> Response:
        """One of the caller's subscriptions."""
        subscription_id = read_id(request.path_params["subscription"], "subscriptionid")
        known = self._desk.directory.subscriptions.get(subscription_id)
        if known is None:
            return error_response(404, f"no subscription `{subscription_id}`")
        if known.manager != bearer.sub:
            return error_response(403, f"`{subscription_id}` is somebody else's")
        return JSONResponse({"subscription": self._document(known)})

    async def put(self, request: Request, bearer: Bearer) -> Response:
        """A subscription set or changed; answered with what stands in its volume now."""
        subscription_id = read_id(request.path_params["subscription"], "subscriptionid")
        given = read_body(await body_of(request), PutSubscription)
        for is_wanted, scope in (
            (given.notify_for_operational_intents, COORDINATION),
            (given.notify_for_constraints, PROCESSING),
        ):
            if is_wanted and scope not in bearer.scopes:
                return error_response(403, f"to be told of these needs the scope `{scope}`")
        known = self._desk.directory.subscriptions.get(subscription_id)
        end_us = None if known is None else max(volume.end_us for volume in known.volumes)
        wanted = Subscription(
            subscription_id=subscription_id,
            manager=bearer.sub,
            base_url=read_url(given.uss_base_url),
            version=self._desk.fresh(),
            of_intents=bool(given.notify_for_operational_intents),
            of_constraints=bool(given.notify_for_constraints),
            implicit=False,
            told_count=0,
            volumes=(read_subscribed(given.extents, self._desk.now_us(), LONGEST_SUBSCRIPTION_US, end_us),),
        )
        version, label = request.path_params.get("version"), self._desk.label
        answer = await self._desk.change(lambda held, at_us: set_subscription(held, wanted, version, at_us, label))
        if isinstance(answer, Refused):
            return error_response(STATUS[answer.cause], answer.sentence)
        document: dict[str, Any] = {"subscription": self._document(answer.subscription)}
        for kind, is_wanted in ((EntityKind.INTENT, wanted.of_intents), (EntityKind.CONSTRAINT, wanted.of_constraints)):
            if is_wanted:
                directory = self._desk.directory
                document[f"{NAMES[kind]}_references"] = [
                    reference_document(entity, directory.available(entity.manager), bearer.sub)
                    for entity in directory.meeting(kind, wanted.volumes)
                ]
        return JSONResponse(document)

    async def delete(self, request: Request, bearer: Bearer) -> Response:
        """A subscription taken out; answered as it last was."""
        subscription_id = read_id(request.path_params["subscription"], "subscriptionid")
        version, label = request.path_params["version"], self._desk.label
        answer = await self._desk.change(
            lambda held, at_us: remove_subscription(held, subscription_id, version, bearer.sub, at_us, label)
        )
        if isinstance(answer, Refused):
            return error_response(STATUS[answer.cause], answer.sentence)
        return JSONResponse({"subscription": self._document(answer.subscription)})

    async def availability(self, request: Request, _: Bearer) -> Response:
        """What an arbiter last said of a service."""
        return self._availability_of(request.path_params["uss"])

    async def set_availability(self, request: Request, _: Bearer) -> Response:
        """An arbiter says whether a service answers."""
        manager, given = request.path_params["uss"], read_body(await body_of(request), SetAvailability)
        if not 0 < len(manager) <= MOST_SUB:
            raise InputError(f"a service's name has 1 to {MOST_SUB} characters", field="uss_id")
        if given.availability not in tuple(Availability):
            raise InputError(f"availability is one of {', '.join(Availability)}", field="availability")
        wanted, versions = Availability(given.availability), (given.old_version or "", self._desk.fresh())
        label = self._desk.label
        answer = await self._desk.change(
            lambda held, at_us: set_availability(held, manager, wanted, versions, at_us, label)
        )
        if isinstance(answer, Refused):
            return error_response(STATUS[answer.cause], answer.sentence)
        return self._availability_of(manager)

    def _availability_of(self, manager: str) -> Response:
        known = self._desk.directory.availability.get(manager)
        status = {"uss": manager, "availability": self._desk.directory.available(manager).value}
        return JSONResponse({"version": known.version if known is not None else "", "status": status})

    def _document(self, subscription: Subscription) -> dict[str, Any]:
        dependents = self._desk.directory.dependents.get(subscription.subscription_id, frozenset())
        return subscription_document(subscription, sorted(dependents))


class ServiceDoors:
    """The room among other services: details of what it manages itself, and what others tell it."""

    def __init__(self, call: Call, kind: EntityKind) -> None:
        self._call, self._desk, self._kind, self._name = call, call.desk, kind, NAMES[kind]

    def routes(self) -> list[BaseRoute]:
        """Routes of one kind of entity."""
        base, route = f"/uss/v1/{self._name}s", self._call.route
        routes: list[BaseRoute] = [
            route("GET", f"{base}/{{entity}}", DETAIL_READERS[self._kind], self.details),
            route("POST", base, TELLERS[self._kind], self.told),
        ]
        if self._kind is EntityKind.INTENT:
            routes.append(route("GET", f"{base}/{{entity}}/telemetry", (AWARENESS,), self.telemetry))
        return routes

    async def details(self, request: Request, _: Bearer) -> Response:
        """Reference and volumes of an entity of the room's own, its OVN with it."""
        entity_id = read_id(request.path_params["entity"], "entityid")
        entity = self._desk.directory.of_kind(self._kind).get(entity_id)
        if entity is None or entity.manager != self._desk.name:
            return error_response(404, f"`{entity_id}` is not managed here")
        available = self._desk.directory.available(entity.manager)
        details: dict[str, Any] = {"volumes": [volume_document(volume) for volume in entity.volumes]}
        if self._kind is EntityKind.INTENT:
            details |= {"off_nominal_volumes": [], "priority": 0}
        document = {"reference": reference_document(entity, available, entity.manager), "details": details}
        return JSONResponse({self._name: document})

    async def telemetry(self, request: Request, _: Bearer) -> Response:
        """None: what the room manages is planned, and never off nominal."""
        entity_id = read_id(request.path_params["entity"], "entityid")
        entity = self._desk.directory.intents.get(entity_id)
        if entity is None or entity.manager != self._desk.name:
            return error_response(404, f"`{entity_id}` is not managed here")
        return error_response(409, f"an intent that is {entity.state} gives no telemetry")

    async def told(self, request: Request, bearer: Bearer) -> Response:
        """Another service tells the details of its entity, or that it is gone."""
        raw = await body_of(request)
        entity_id, told = self._read_told(raw)
        if told is not None and read_id(told.reference.id, "reference.id") != entity_id:
            raise InputError("the reference is of another entity", field="reference.id")
        if told is not None and told.reference.manager != bearer.sub:
            return error_response(403, f"`{entity_id}` is told of by its manager, not by `{bearer.sub}`")
        details = told.details if told is not None else None
        given = [*(details.volumes or ()), *(details.off_nominal_volumes or ())] if details is not None else []
        fact = DetailsTold(
            kind=self._kind,
            entity_id=entity_id,
            manager=bearer.sub,
            version_count=told.reference.version if told is not None else 0,
            volumes=read_volumes(given, "volumes") if given or details is not None else (),
            priority=(details.priority or 0) if details is not None else 0,
            at_us=self._desk.now_us(),
            label=self._desk.label,
        )
        answer = await self._desk.change(lambda held, _: take_details(held, fact))
        if isinstance(answer, Refused):
            return error_response(STATUS[answer.cause], answer.sentence)
        return Response(status_code=204)

    def _read_told(self, raw: bytes) -> tuple[str, Told | None]:
        if self._kind is EntityKind.INTENT:
            intent = read_body(raw, TellIntent)
            return read_id(intent.operational_intent_id, "operational_intent_id"), intent.operational_intent
        constraint = read_body(raw, TellConstraint)
        return read_id(constraint.constraint_id, "constraint_id"), constraint.constraint


async def report(request: Request, bearer: Bearer) -> Response:
    """Something went wrong between services, as one of them saw it: kept in the log under an id."""
    document = json_of(await body_of(request))
    exchange = document.get("exchange")
    if not isinstance(exchange, dict):
        raise InputError("a report has an `exchange`", field="exchange")
    report_id = new_id()
    said = {name: str(exchange.get(name, ""))[:MOST_LOGGED] for name in ("url", "method", "problem")}
    _log.warning("reported", report_id=report_id, sub=bearer.sub, **said)
    return JSONResponse(document | {"report_id": report_id}, status_code=201)
