"""What is wrong with a rule set, beyond not parsing: names, schema, what can never speak, what contradicts.

Names and schema need the engine alone. What can never match, and actions about which nothing can ever be without
objection, need the extra `analysis`; without it the report says that they were not looked for.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct

from watchfloor.rules.engine import ANSWERS, Rule, RuleSet

ACTING = "acting"
_PART = re.compile(r"[A-Z][A-Za-z0-9-]*(\.[a-z0-9-]+)?")


class Remark(Struct, frozen=True):
    """One fault of a rule set, with its place. `weight`: `fault` refuses the set, `note` tells something odd."""

    weight: str
    file: str
    line: int
    part: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.part}: {self.sentence}"


def check_names(
    rules: RuleSet, roles: Collection[str], groups: Collection[str] = (), nations: Collection[str] = ()
) -> list[Remark]:
    """Faults of ids, notes, answers, roles and groups, and of the schema.

    **Args**: `roles`: those that may be asked, alone or as `role@NATION` of one of the `nations`, or as `role@acting`;
    `groups`: those that a policy's `@label` may name.
    """
    found: list[Remark] = []
    seen: dict[str, Rule] = {}
    for rule in rules.rules.values():
        found.extend(_remark("fault", rule, sentence) for sentence in _naming_faults(rule, roles, groups, nations))
        if rule.part in seen:
            first = seen[rule.part]
            found.append(_remark("fault", rule, f"the id stands already at {first.file}:{first.line}"))
        seen[rule.part] = rule
    if not any(rule.effect == "permit" for rule in rules.rules.values()):
        found.append(Remark("fault", "", 0, "", "there is no `permit`: nothing could ever be without objection"))
    for engine_id, sentence in rules.faults:
        known = rules.rules.get(engine_id)
        plain = sentence.removeprefix(f"for policy `{engine_id}`, ")
        found.append(Remark("fault", "schema", 0, "", plain) if known is None else _remark("fault", known, plain))
    return found


def _naming_faults(rule: Rule, roles: Collection[str], groups: Collection[str], nations: Collection[str]) -> list[str]:
    said: Mapping[str, Any] = rule.annotations
    found = []
    if "id" not in said:
        found.append("has no `@id`")
    elif not _PART.fullmatch(rule.part):
        found.append(f"`{rule.part}` is no id: a capital letter first, a part in small letters behind a dot")
    if not rule.note.strip():
        found.append("has no `@note` in plain language")
    answer = said.get("answer")
    if rule.effect == "permit" and (answer or rule.asks):
        found.append("a `permit` neither stops nor asks; it lets the other rules speak")
    if rule.effect == "forbid" and answer not in ANSWERS:
        found.append('`@answer` is "stop" or "ask"')
    if (answer == "ask") != bool(rule.asks):
        found.append("`@ask` names the roles that an `ask` asks, and stands nowhere else")
    found.extend(f"`@label` names `{group}`, which is no group of the pack" for group in rule.groups - set(groups))
    for asked in rule.asks:
        role, of, nation = asked.partition("@")
        if role not in roles:
            found.append(f"asks `{asked}`, which is no role of the pack")
        elif of and nation != ACTING and nation not in nations:
            found.append(f"asks `{asked}`, which names no nation of the pack")
    return found


def _remark(weight: str, rule: Rule, sentence: str) -> Remark:
    return Remark(weight, rule.file, rule.line, rule.part, sentence)
