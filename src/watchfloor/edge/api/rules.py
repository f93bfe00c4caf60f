"""HTTP of the rules: all versions, checking one as it is typed, comparing one with what is in force."""

import asyncio
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from watchfloor.app import drafting
from watchfloor.app.rule_history import past_decisions
from watchfloor.app.rulebook import fact_forms, read_version, rule_notes, rule_set_of, version_text
from watchfloor.app.seats import Seats
from watchfloor.app.sight import audience_of_seat
from watchfloor.app.state import RoomState
from watchfloor.app.writer import Writer
from watchfloor.base.errors import InputError
from watchfloor.edge.api.problems import problem
from watchfloor.edge.api.seats import SeatDoors, convert, read_json
from watchfloor.messages.delegation import RulesCompared
from watchfloor.messages.pack import Pack
from watchfloor.messages.rulebook import RuleVersion


class RuleOffice(Protocol):
    """Whoever compares versions of rules."""

    async def compare(self, version: str) -> tuple[RulesCompared, list[dict[str, Any]]]:
        """The comparison of a version with the rules in force, and its classes."""


class RuleDoors(SeatDoors):
    """The handlers of rules. `pack` is None for a room fed from files."""

    def __init__(
        self, seats: Seats | None, writer: Writer, pack: Pack | None, rules: RuleOffice | None, room_id: str
    ) -> None:
        super().__init__(seats, writer, room_id)
        self._pack, self._rules, self._room_writer = pack, rules, writer

    def rule_routes(self) -> list[BaseRoute]:
        """Routes of rules."""
        return [
            Route("/api/rules", self.rules),
            Route("/api/rules/check", self.check, methods=["POST"]),
            Route("/api/rules/compare", self.compare, methods=["POST"]),
        ]

    async def rules(self, request: Request) -> Response:
        """All versions of rules with their texts, which is in force, and what was compared."""
        if self._session(request) is None:
            return problem(401, "session", "open a seat's link first")
        return JSONResponse(rulebook_document(self._room_writer.state, self._pack))

    async def check(self, request: Request) -> Response:
        """What is wrong with a version as it is typed, and how the pack's cases come out under it."""
        refused = self._refuse(request)
        if refused is not None:
            return refused
        if self._pack is None:
            raise InputError("this room has no pack, and so no rules", field="rules")
        wish = convert(await read_json(request), drafting.DraftWish)
        checked = await asyncio.to_thread(drafting.check_version, self._pack, wish)
        return JSONResponse(drafting.told(checked))

    async def compare(self, request: Request) -> Response:
        """Compare a version with the rules in force; only who may change rules asks for it."""
        refused = self._refuse(request)
        if refused is not None or self._rules is None:
            return refused or problem(404, "unknown", "this room has no rules to compare")
        body = await read_json(request)
        compared, classes = await self._rules.compare(str(body.get("version", "")))
        past = await asyncio.to_thread(self._past, request, compared.new_version)
        return JSONResponse({**msgspec.to_builtins(compared), "classes": classes, "past": past})

    def _past(self, request: Request, version: str) -> list[dict[str, Any]]:
        """Decisions of this room that this viewer may see, under a version of the rules."""
        board, session = self._room_writer.state.board, self._session(request)
        if self._pack is None or board.doctrine is None or session is None or self._seats is None:
            return []
        proposed = drafting.version_named(self._pack, board, version)
        other = replace(
            board.doctrine,
            rules_version=version,
            rules_digest=rule_set_of(proposed).digest(),
            rules_text=version_text(proposed),
        )
        viewers = audience_of_seat(self._seats.seat_fact(session))
        return [msgspec.to_builtins(one) for one in past_decisions(board, other, viewers)]

    def _refuse(self, request: Request) -> Response | None:
        session = self._session(request)
        if session is None or self._seats is None:
            return problem(401, "session", "open a seat's link first")
        if "change_rules" not in self._seats.seat_fact(session).powers:
            return problem(403, "refused", "this seat does not hold the power `change_rules`")
        return None


def rules_document(state: RoomState) -> dict[str, Any]:
    """The rules in force: version, digest, and what each policy says in plain language."""
    doctrine = state.board.doctrine
    if doctrine is None:
        return {}
    return {
        "rules_digest": doctrine.rules_digest,
        "rules_version": doctrine.rules_version,
        "facts": fact_forms(),
        "rules": dict(rule_notes(doctrine.rules_text)) if doctrine.advice is None else {},
    }


def rulebook_document(state: RoomState, pack: Pack | None) -> dict[str, Any]:
    """All versions of rules, the pack's and those written here, with what people need to read and sign a change."""
    doctrine, authority = state.board.doctrine, state.board.authority
    if pack is None or doctrine is None:
        return {"versions": []}
    listed = [(one, "", "") for one in pack.rulebook.versions]
    listed += [
        (read_version(draft.act.rules_text), draft.actor.seat_id, draft.act.words)
        for draft in authority.drafts.values()
    ]
    return {"versions": [_version(state, pack, *one) for one in listed]}


def _version(state: RoomState, pack: Pack, version: RuleVersion, written_by: str, why: str) -> dict[str, Any]:
    doctrine, authority = state.board.doctrine, state.board.authority
    rules = rule_set_of(version)
    digest = rules.digest()
    compared = authority.compared.get(digest)
    return {
        "version": version.version,
        "title": version.title,
        "digest": digest,
        "from_us": version.from_us,
        "until_us": version.until_us,
        "in_force": doctrine is not None and digest == doctrine.rules_digest,
        "retired": version.version in pack.rulebook.retired,
        "written_by": written_by,
        "why": why,
        "policies": {rule.part: rule.text for rule in rules.rules.values()},
        "schema": version.schema,
        "files": [msgspec.to_builtins(file) for file in version.files],
        "compared": None if compared is None else msgspec.to_builtins(compared),
        "signed_by": [one.actor.seat_id for one in authority.signatures if one.act.to_digest == digest],
        "agreed": authority.agreed is not None and authority.agreed.to_digest == digest,
    }
