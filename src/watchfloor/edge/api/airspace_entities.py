"""HTTP of ASTM F3548-21: references of operational intents and constraints, under `/dss/v1`.

**Source**: ASTM F3548-21 annex A2, as published in the open API of interuss/astm-utm-protocol.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from watchfloor.base.errors import InputError
from watchfloor.deconflict.directory.entering import Caller, WantedEntity, remove_entity, set_entity
from watchfloor.deconflict.directory.standing import Directory, Refused
from watchfloor.edge.api.airspace import (
    AWARENESS,
    NAMES,
    PROCESSING,
    READERS,
    STATUS,
    WRITERS,
    Call,
    body_of,
    error_response,
    without_version,
)
from watchfloor.edge.api.problems import new_id
from watchfloor.edge.tokens import Bearer
from watchfloor.messages.airspace import Entity, EntityKind, EntityRemoved, EntitySet, IntentState, Subscriber
from watchfloor.wire.f3548_api import (
    PutConstraint,
    PutIntent,
    Query,
    read_body,
    read_id,
    read_url,
    read_volumes,
    reference_document,
)


class EntityDoors:
    """The directory's references of operational intents or of constraints."""

    def __init__(self, call: Call, kind: EntityKind) -> None:
        self._call, self._desk, self._kind, self._name = call, call.desk, kind, f"{NAMES[kind]}_reference"

    def routes(self) -> list[BaseRoute]:
        """Routes of one kind of entity."""
        base, route = f"/dss/v1/{self._name}s", self._call.route
        readers, writers = READERS[self._kind], WRITERS[self._kind]
        return [
            route("POST", f"{base}/query", readers, self.query),
            route("GET", f"{base}/{{entity}}", readers, self.get),
            route("PUT", f"{base}/{{entity}}", writers, self.put),
            route("PUT", f"{base}/{{entity}}/{{ovn}}", writers, self.put),
            route("DELETE", f"{base}/{{entity}}/{{ovn}}", writers, self.delete),
            route("PUT", f"{base}/{{entity}}/", writers, without_version),
            route("DELETE", f"{base}/{{entity}}/", writers, without_version),
        ]

    async def query(self, request: Request, bearer: Bearer) -> Response:
        """References of what shares ground, height and time with an area of interest."""
        asked = read_body(await body_of(request), Query)
        volumes = read_volumes([asked.area_of_interest], "area_of_interest", needs_times=False)
        directory = self._desk.directory
        found = [self._document(entity, bearer) for entity in directory.meeting(self._kind, volumes)]
        return JSONResponse({f"{self._name}s": found})

    async def get(self, request: Request, bearer: Bearer) -> Response:
        """One reference."""
        entity_id = read_id(request.path_params["entity"], "entityid")
        entity = self._desk.directory.of_kind(self._kind).get(entity_id)
        if entity is None:
            return error_response(404, f"no {self._name.replace('_', ' ')} `{entity_id}`")
        return JSONResponse({self._name: self._document(entity, bearer)})

    async def put(self, request: Request, bearer: Bearer) -> Response:
        """A reference set or changed."""
        entity_id = read_id(request.path_params["entity"], "entityid")
        wanted = self._wanted(entity_id, request.path_params.get("ovn"), await body_of(request))
        if wanted.of_constraints and PROCESSING not in bearer.scopes:
            return error_response(403, f"to be told of constraints needs the scope `{PROCESSING}`")
        caller = Caller(bearer.sub, AWARENESS in bearer.scopes, self._desk.fresh())
        label = self._desk.label
        before = self._desk.directory
        answer = await self._desk.change(lambda held, at_us: set_entity(held, wanted, caller, at_us, label))
        if isinstance(answer, Refused):
            return self._refusal(answer, bearer)
        document = self._document(answer.entity, bearer)
        changed = {"subscribers": self._subscribers(answer, before), self._name: document}
        return JSONResponse(changed, status_code=201 if answer.entity.version_count == 1 else 200)

    async def delete(self, request: Request, bearer: Bearer) -> Response:
        """A reference taken out; answered as it last was."""
        entity_id = read_id(request.path_params["entity"], "entityid")
        ovn = request.path_params["ovn"]
        caller = Caller(bearer.sub, AWARENESS in bearer.scopes, self._desk.fresh())
        kind, label = self._kind, self._desk.label
        before = self._desk.directory
        answer = await self._desk.change(
            lambda held, at_us: remove_entity(held, kind, entity_id, ovn, caller, at_us, label)
        )
        if isinstance(answer, Refused):
            return self._refusal(answer, bearer)
        document = self._document(answer.entity, bearer)
        return JSONResponse({"subscribers": self._subscribers(answer, before), self._name: document})

    def _wanted(self, entity_id: str, ovn: str | None, raw: bytes) -> WantedEntity:
        if self._kind is EntityKind.CONSTRAINT:
            given = read_body(raw, PutConstraint)
            return WantedEntity(
                kind=self._kind,
                entity_id=entity_id,
                ovn=ovn,
                base_url=read_url(given.uss_base_url),
                volumes=read_volumes(given.extents, "extents"),
            )
        intent = read_body(raw, PutIntent)
        if intent.subscription_id and intent.new_subscription is not None:
            raise InputError("give either `subscription_id` or `new_subscription`", field="new_subscription")
        if intent.state not in tuple(IntentState):
            raise InputError(f"`{intent.state[:40]}` is no state; there are {', '.join(IntentState)}", field="state")
        brings = intent.new_subscription
        return WantedEntity(
            kind=self._kind,
            entity_id=entity_id,
            ovn=ovn,
            base_url=read_url(intent.uss_base_url),
            volumes=read_volumes(intent.extents, "extents"),
            state=IntentState(intent.state),
            key=frozenset(intent.key or ()),
            subscription_id=read_id(intent.subscription_id, "subscription_id") if intent.subscription_id else "",
            new_subscription=None if brings is None else (new_id(), read_url(brings.uss_base_url)),
            of_constraints=brings is not None and bool(brings.notify_for_constraints),
        )

    def _document(self, entity: Entity, bearer: Bearer) -> dict[str, Any]:
        return reference_document(entity, self._desk.directory.available(entity.manager), bearer.sub)

    def _refusal(self, refused: Refused, bearer: Bearer) -> Response:
        lists: dict[str, Any] = {}
        for kind, name in ((EntityKind.INTENT, "operational_intents"), (EntityKind.CONSTRAINT, "constraints")):
            missing = [self._document(entity, bearer) for entity in refused.missing if entity.kind is kind]
            if missing:
                lists[f"missing_{name}"] = missing
        return error_response(STATUS[refused.cause], refused.sentence, **lists)

    def _subscribers(self, fact: EntitySet | EntityRemoved, before: Directory) -> list[dict[str, Any]]:
        """Who is to be told of a change, by the address of their service."""
        by_url: dict[str, list[Subscriber]] = {}
        for one in fact.subscribers:
            name = one.subscription_id
            held = self._desk.directory.subscriptions.get(name) or before.subscriptions.get(name)
            by_url.setdefault(held.base_url if held is not None else fact.entity.base_url, []).append(one)
        return [
            {
                "uss_base_url": url,
                "subscriptions": [
                    {"subscription_id": one.subscription_id, "notification_index": one.told_count} for one in told
                ],
            }
            for url, told in sorted(by_url.items())
        ]
