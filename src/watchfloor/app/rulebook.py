"""A pack's rulebook ready to answer: each version parsed once, with the map's areas and the room's nations."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from watchfloor.base.errors import InputError
from watchfloor.decisions.stating import FORMS
from watchfloor.messages.acts import Kind
from watchfloor.messages.findings import Finding
from watchfloor.messages.pack import Area, AreaNamed, Pack
from watchfloor.messages.rulebook import RuleCase, RuleVersion
from watchfloor.rules.checking import Remark, check_names
from watchfloor.rules.engine import Question, RuleSet
from watchfloor.rules.facts import entities_of, question_of, schema_faults
from watchfloor.rules.shape import shape_of


class CaseResult(Struct, frozen=True):
    """One of the pack's cases, as it is due and as it came out."""

    case: RuleCase
    finding: Finding

    @property
    def holds(self) -> bool:
        """Whether answer, rules and asked roles are the ones due."""
        due = (self.case.answer, tuple(sorted(self.case.rules)), tuple(sorted(self.case.asked)))
        return due == (self.finding.answer, self.finding.rules, self.finding.asked)


class RulesInUse:
    """One version of rules on one map."""

    def __init__(self, version: RuleVersion, nations: Sequence[str], areas: Sequence[Area | AreaNamed]) -> None:
        """Parse.

        **Raises**: RuleFaultError, with file, line and column, when a file does not parse.
        """
        self.version = version
        self.rules = rule_set_of(version)
        assert self.rules.schema is not None
        self.shape = shape_of(self.rules.schema)
        self._entities = self.rules.entities(entities_of(self.shape, nations, areas))

    def question(self, nation: str, kind: Kind, area_id: str, facts: Mapping[str, Any]) -> Question:
        """The question that these facts make."""
        return question_of(self.shape, nation, kind, area_id, facts)

    def ask(self, question: Question) -> Finding:
        """What the rules answer."""
        return self.rules.ask(question, self._entities)

    def run_case(self, case: RuleCase) -> CaseResult:
        """One of the pack's own cases."""
        return CaseResult(case, self.ask(self.question(case.nation, case.kind, case.area, case.facts)))

    def remarks(self, pack: Pack) -> list[Remark]:
        """Everything that is wrong without asking a solver."""
        roles = {role.id for role in pack.header.roles}
        nations = {nation.id for nation in pack.header.nations}
        found = check_names(self.rules, roles, {group.id for group in pack.header.need_to_know}, nations)
        found.extend(Remark("fault", "schema", 0, "", sentence) for sentence in schema_faults(self.rules))
        return found


@lru_cache(maxsize=64)
def rule_set_of(version: RuleVersion) -> RuleSet:
    """A version's rules, parsed once.

    **Raises**: RuleFaultError, with file, line and column.
    """
    return RuleSet({file.name: file.text for file in version.files}, version.schema)


def rules_in_use(pack: Pack, name: str = "") -> RulesInUse:
    """A version of a pack's rules; without a name the one in force at the start.

    **Raises**: InputError, when there is no such version; RuleFaultError, when it does not parse.
    """
    version = pack.rulebook.version(name or pack.rulebook.in_force)
    if version is None:
        known = ", ".join(f"`{one.version}`" for one in pack.rulebook.versions)
        raise InputError(f"the pack has no rules of version `{name}`; it has {known}", field="version")
    return RulesInUse(version, [nation.id for nation in pack.header.nations], pack.areas)


def fact_forms() -> dict[str, Any]:
    """How each fact that people state is stated, by its name."""
    return {fact.value: msgspec.to_builtins(form) for fact, form in FORMS.items()}


@lru_cache(maxsize=16)
def rule_notes(text: str) -> Mapping[str, str]:
    """What each policy of a version says in plain language, by full id; from the text that a record keeps."""
    version = read_version(text)
    return {rule.part: rule.note for rule in rule_set_of(version).rules.values()}


def read_version(text: str) -> RuleVersion:
    """The version that a record's text holds.

    **Raises**: msgspec's error, when it holds none.
    """
    return msgspec.json.decode(text, type=RuleVersion)


def version_text(version: RuleVersion) -> str:
    """A version in full, as the record keeps it."""
    return msgspec.json.encode(version).decode()


def require_sound_rules(pack: Pack) -> None:
    """A room takes no rules with a fault, and no rules whose own cases do not hold.

    **Raises**: InputError, naming version, file, line and policy of the first fault.
    """
    found = check_rulebook(pack)
    if found:
        version, remark = found[0]
        more = f" (and {len(found) - 1} more; `watchfloor rules check` tells all)" if len(found) > 1 else ""
        raise InputError(f"rules of version `{version}`: {remark}{more}", field="rules")


def check_rulebook(pack: Pack) -> list[tuple[str, Remark]]:
    """Every fault of every version that stands without asking a solver, and every case that does not hold."""
    found: list[tuple[str, Remark]] = []
    for version in pack.rulebook.versions:
        rules = rules_in_use(pack, version.version)
        found.extend((version.version, remark) for remark in rules.remarks(pack))
        for case in pack.rulebook.cases:
            if case.version == version.version and not found:
                result = rules.run_case(case)
                if not result.holds:
                    found.append((version.version, Remark("fault", "rules/cases.yaml", 0, case.name, _told(result))))
    return found


def _told(result: CaseResult) -> str:
    due, got = result.case, result.finding
    faults = f" ({'; '.join(got.faults)})" if got.faults else ""
    came = f"{got.answer.value} by {', '.join(got.rules) or 'none'} asking {', '.join(got.asked) or 'nobody'}"
    return (
        f"due {due.answer.value} by {', '.join(due.rules) or 'none'} asking {', '.join(due.asked) or 'nobody'}; "
        f"came out {came}{faults}"
    )
