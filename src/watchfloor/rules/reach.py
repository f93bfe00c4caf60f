"""What in a rule set can never speak, and what it can never let through; by proof. Needs the extra `analysis`."""

from typing import Any

import z3

from watchfloor.messages.findings import RuleAnswer
from watchfloor.rules.checking import Remark
from watchfloor.rules.compare import Side, kinds_of_question
from watchfloor.rules.engine import Rule, RuleSet
from watchfloor.rules.logic import name_literals
from watchfloor.rules.shape import shape_of
from watchfloor.rules.symbols import Literals, OpenQuestion


def check_reach(rules: RuleSet) -> list[Remark]:
    """Policies that no question can match, asks that always stand under a stop, actions that are always stopped.

    **Raises**: CannotCompareError, when a policy is outside the supported part; it is named with its line.
    """
    assert rules.schema is not None
    shape, literals = shape_of(rules.schema), Literals()
    name_literals((rules,), literals)
    speaks: set[str] = set()
    decides: set[str] = set()
    clear: dict[str, bool] = {}
    for action, principal, resource in kinds_of_question(shape):
        question = OpenQuestion(shape, action, principal, resource, literals)
        side = Side(rules, question)
        solver = z3.Solver()
        solver.add(*question.bounds)
        for one in side.matched:
            if one.rule.part not in speaks and _can(solver, one.matches):
                speaks.add(one.rule.part)
            asks = one.rule.answer is RuleAnswer.ASK and one.rule.part not in decides
            if asks and _can(solver, z3.And(one.matches, side.answer == 1)):
                decides.add(one.rule.part)
        clear[action] = clear.get(action, False) or _can(solver, side.answer == 0)
    found = [_note(rule, "can never match: no question fits it") for rule in _of(rules) if rule.part not in speaks]
    found.extend(
        _note(rule, "contradicts another rule: whenever it asks, another one stops")
        for rule in _of(rules)
        if rule.answer is RuleAnswer.ASK and rule.part in speaks and rule.part not in decides
    )
    found.extend(
        Remark("fault", "", 0, action, "is always stopped or asked: nothing about it can ever be without objection")
        for action, possible in clear.items()
        if not possible
    )
    return found


def _of(rules: RuleSet) -> list[Rule]:
    return list(rules.rules.values())


def _note(rule: Rule, sentence: str) -> Remark:
    return Remark("fault", rule.file, rule.line, rule.part, sentence)


def _can(solver: Any, condition: Any) -> bool:
    return bool(solver.check(condition) == z3.sat)
