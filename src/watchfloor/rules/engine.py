"""The one wrapper around the rule engine: it answers stop, ask or no objection, and stops whenever anything is wrong.

| Cedar says | and | answer |
|---|---|---|
| Allow | no error, all valid | no objection |
| Deny by `forbid`s that all say `@answer("ask")` | no error, all valid | ask the roles in their `@ask` |
| Deny otherwise | | stop |
| NoDecision, any error, a schema missing or not fitting | | stop |

Cedar skips a policy that errors, so that a broken `forbid` would let through what it should stop; here any error stops.
**Source**: docs.cedarpolicy.com (authorization, validation); own reasoning for the three answers.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from typing import Any

import cedarpy
from cedarpy import pst
from msgspec import Struct

from watchfloor.base.errors import InputError
from watchfloor.messages.findings import EngineAnswer, Finding, RuleAnswer
from watchfloor.rules.fault import RuleFaultError, fault_in, place_of, statements

POLICIES, SCHEMA = "policies", "schema"
_NAMED = re.compile(r'"attr": "([^"]+)"')
ANSWERS = (RuleAnswer.STOP.value, RuleAnswer.ASK.value)


class Rule(Struct, frozen=True, kw_only=True):
    """One policy of a set: its full id (`R02.policy` is a part of rule `R02`), what it answers and whom it asks.

    `named` are the attributes and facts that it speaks of.
    """

    part: str
    effect: str
    answer: RuleAnswer
    asks: tuple[str, ...]
    note: str
    file: str
    line: int
    text: str
    body: str
    annotations: Mapping[str, str | None]
    named: frozenset[str]

    @property
    def rule(self) -> str:
        """The rule that the policy is a part of."""
        return self.part.partition(".")[0]

    @property
    def groups(self) -> frozenset[str]:
        """Groups that alone may know that it spoke."""
        return frozenset((self.annotations.get("label") or "").split())

    @property
    def has_when(self) -> bool:
        """Whether it speaks on a condition of its own, not only unless something was done."""
        return any(clause["kind"] == "when" for clause in json.loads(self.body)["conditions"])


class Question(Struct, frozen=True):
    """What rules are asked: who, what, where, each by type and id; and the facts."""

    principal: Mapping[str, str]
    action: Mapping[str, str]
    resource: Mapping[str, str]
    context: Mapping[str, Any]

    def plain(self) -> dict[str, Any]:
        """As the engine takes it."""
        return {
            "principal": dict(self.principal),
            "action": dict(self.action),
            "resource": dict(self.resource),
            "context": dict(self.context),
        }


class Entities(Struct, frozen=True):
    """Parsed entities, to be asked with often; `faults`: where they do not fit the schema."""

    handle: cedarpy.Entities
    faults: tuple[str, ...]


class RuleSet:
    """Parsed policies with their schema; both parsed once and asked often.

    `rules` maps the engine's own policy ids to what their annotations say.
    """

    def __init__(self, files: Mapping[str, str], schema: str | None) -> None:
        """Parse.

        **Raises**: RuleFaultError, at the first policy or schema that does not parse, with file, line and column.
        """
        for name, text in files.items():
            fault = fault_in(name, text, cedarpy.PolicySet.from_str)
            if fault is not None:
                raise fault
        self.text = "\n".join(files.values())
        self._handle = cedarpy.PolicySet.from_str(self.text)
        self.schema_text = schema
        self.schema = None if schema is None else schema_of(schema)
        self.rules = _shallow(files, self.text)
        checked = None if self.schema is None else cedarpy.validate_policies(self.text, self.schema)
        self.faults: tuple[tuple[str, str], ...] = (
            (("", "there is no schema; without one nothing can be checked"),)
            if checked is None
            else tuple((error.policy_id, error.error) for error in checked.errors)
        )

    def entities(self, plain: str | Sequence[Any]) -> "Entities":
        """A handle on entities, with what of them does not fit the schema.

        **Raises**: InputError, when they are no entities at all.
        """
        text = plain if isinstance(plain, str) else json.dumps(list(plain))
        try:
            json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"the entities are not JSON: {error}", field="entities") from error
        try:
            return Entities(cedarpy.Entities.from_json_str(text, self.schema), ())
        except ValueError as error:
            fault = str(error)
        try:
            return Entities(cedarpy.Entities.from_json_str(text), (fault,))
        except ValueError as error:
            raise InputError(str(error), field="entities") from error

    def ask(self, question: Question, known: "Entities") -> Finding:
        """What the rules answer.

        **Doubt**: any error; a question, entities or policies that do not fit the schema; no schema: stop.
        """
        entities = known.handle
        result = cedarpy.is_authorized(question.plain(), self._handle, entities, self.schema)
        faults = [*(fault for _, fault in self.faults), *known.faults]
        if result.decision is cedarpy.Decision.NoDecision:
            faults.extend(result.diagnostics.errors)
            # What the engine says of a question that its schema refuses is shown beside our `stop`, never used.
            result = cedarpy.is_authorized(question.plain(), self._handle, entities)
        engine = EngineAnswer(
            result.decision.value, tuple(result.diagnostics.reasons), tuple(result.diagnostics.errors)
        )
        return self._finding(engine, tuple(faults))

    def _finding(self, engine: EngineAnswer, faults: tuple[str, ...]) -> Finding:
        reasons = [self.rules[reason] for reason in engine.reasons]
        sound = not engine.errors and not faults
        answer, behind = RuleAnswer.STOP, [rule for rule in reasons if rule.answer is RuleAnswer.STOP]
        if sound and engine.decision == "Allow":
            answer, behind = RuleAnswer.NO_OBJECTION, []
        elif sound and engine.decision == "Deny" and reasons and not behind:
            answer, behind = RuleAnswer.ASK, reasons
        elif engine.decision != "Deny":
            behind = []
        asked = {role for rule in behind for role in rule.asks} if answer is RuleAnswer.ASK else set()
        return Finding(
            answer=answer,
            rules=tuple(sorted({rule.rule for rule in behind})),
            parts=tuple(sorted({rule.part for rule in behind})),
            asked=tuple(sorted(asked)),
            valid=not faults,
            faults=faults,
            engine=engine,
        )

    @cached_property
    def nodes(self) -> Mapping[str, pst.Template]:
        """Each policy as nodes, by the engine's own id.

        **Raises**: InputError, when one nests deeper than the engine takes apart.
        """
        try:
            return self._handle.to_pst().static_policies
        except ValueError as error:
            raise InputError(f"cannot compare: {error}", field="rules") from error

    def canonical(self) -> str:
        """The set keyed by id, so that order, spacing and comments do not count: what its digest is over."""
        rules: dict[str, Any] = {}
        for rule in self.rules.values():
            twin = sum(known.partition("#")[0] == rule.part for known in rules)
            rules[f"{rule.part}#{twin + 1}" if twin else rule.part] = json.loads(rule.body)
        whole = {"rules": rules, "schema": "" if self.schema is None else str(self.schema)}
        return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def digest(self) -> str:
        """SHA-256 of the canonical form."""
        return sha256(self.canonical().encode()).hexdigest()


def schema_of(text: str, file: str = SCHEMA) -> cedarpy.Schema:
    """A handle on a schema, in Cedar's own text or as JSON.

    **Raises**: RuleFaultError, with line and column.
    """
    if text.lstrip().startswith("{"):
        try:
            json.loads(text)
            return cedarpy.Schema.from_json_str(text)
        except json.JSONDecodeError as error:
            raise RuleFaultError(error.msg, file=file, line=error.lineno, column=error.colno) from error
        except (ValueError, RecursionError) as error:
            raise RuleFaultError(str(error), file=file, line=1, column=1) from error
    fault = fault_in(file, text, cedarpy.Schema.from_str)
    if fault is not None:
        raise fault
    return cedarpy.Schema.from_str(text)


def _shallow(files: Mapping[str, str], whole: str) -> dict[str, Rule]:
    """What each policy says of itself; a chain of operators that nests too deep is a fault of the longest policy."""
    try:
        return _rules(files, whole)
    except RecursionError as error:
        found = [(len(part), name, start) for name, text in files.items() for start, part in statements(text)]
        _, name, start = max(found)
        line, column = place_of(files[name], start)
        raise RuleFaultError("an expression is too long", file=name, line=line, column=column) from error


def _rules(files: Mapping[str, str], whole: str) -> dict[str, Rule]:
    """What each policy says of itself, by the engine's own id: policies are numbered as they stand."""
    bodies: dict[str, Any] = json.loads(cedarpy.policies_to_json_str(whole))
    by_id: dict[str, Any] = bodies["templates"] | bodies["staticPolicies"]
    places = [
        (name, *place_of(text, start), statement)
        for name, text in files.items()
        for start, statement in statements(text)
    ]
    found = {}
    for number, (file, line, _, text) in enumerate(places):
        engine_id = f"policy{number}"
        body = by_id[engine_id]
        said: dict[str, str | None] = body.get("annotations") or {}
        answer = said.get("answer") or RuleAnswer.STOP.value
        found[engine_id] = Rule(
            part=said.get("id") or engine_id,
            effect=body["effect"],
            answer=RuleAnswer(answer) if answer in ANSWERS else RuleAnswer.STOP,
            asks=tuple((said.get("ask") or "").split()),
            note=said.get("note") or "",
            file=file,
            line=line,
            text=text,
            body=json.dumps(body, sort_keys=True),
            annotations=said,
            named=frozenset(_NAMED.findall(json.dumps(body))),
        )
    return found
