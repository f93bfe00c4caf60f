"""Two versions of a rule set side by side: what becomes newly possible or newly stopped, as classes, and none missing.

Takes two committed versions only; it takes no request and no goal, and nothing here answers "what would pass".

A class is: action, types, the answer before and after, and which *changed* policies stand behind each. Unchanged ones
match alike on both sides, so they never tell two classes apart. The solver is asked for a member of a class that was
not found yet until it proves that there is none; each member is then run through the engine, which has the last word.
**Doubt**: what a policy uses that cannot be compared is named with its line, and no class is told at all.
**Cost**: one question to the solver for each class and each kind of question, and one more that proves the end.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import z3
from msgspec import Struct
from msgspec.structs import replace

from watchfloor.base.errors import InputError, InvariantError
from watchfloor.messages.findings import RuleAnswer
from watchfloor.rules.engine import Question, RuleSet
from watchfloor.rules.logic import Matched, matched, name_literals
from watchfloor.rules.shape import Shape, shape_of
from watchfloor.rules.symbols import Literals, OpenQuestion
from watchfloor.rules.terms import Unsupported, every, negated, some
from watchfloor.rules.uids import escaped

MAX_CLASSES = 2000
_ORDER = (RuleAnswer.NO_OBJECTION, RuleAnswer.ASK, RuleAnswer.STOP)


class ChangeClass(Struct, frozen=True, kw_only=True):
    """Questions that change alike: one worked example, as the engine takes it.

    `before_by` and `after_by` are the changed policies behind each answer, by full id. `answered` are unchanged rules
    that had something to ask in some of these questions and were answered: what a class lets pass *although*.
    """

    action: str
    before: RuleAnswer
    after: RuleAnswer
    before_by: tuple[str, ...]
    after_by: tuple[str, ...]
    answered: tuple[str, ...]
    question: dict[str, Any]
    entities: tuple[dict[str, Any], ...]

    @property
    def word(self) -> str:
        """The class in one phrase."""
        if self.after is RuleAnswer.NO_OBJECTION:
            return "newly possible"
        if self.after is RuleAnswer.STOP:
            return "newly stopped"
        return "newly asked" if self.before is RuleAnswer.NO_OBJECTION else "no longer stopped"

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from other classes."""
        types = (self.question["principal"]["type"], self.question["resource"]["type"])
        return (self.action, *types, self.before.value, self.after.value, *self.before_by, ">", *self.after_by)


class Comparison(Struct, frozen=True, kw_only=True):
    """All classes of a change. `changed` are full ids of policies that differ, in either version.

    `proofs` counts the kinds of question for which the solver proved that no class is missing.
    """

    changed: tuple[str, ...]
    classes: tuple[ChangeClass, ...]
    proofs: int
    kinds: int


class CannotCompareError(InputError):
    """A policy uses what cannot be compared; it is named with its place."""

    code = "cannot-compare"


def compare(old: RuleSet, new: RuleSet) -> Comparison:
    """What a change of rules changes.

    **Raises**: CannotCompareError, when a changed policy or one that decides beside it is outside the supported part;
    InputError, when a set is not valid or the schemas differ.
    """
    shape = _common_shape(old, new)
    changed = changed_parts(old, new)
    if not changed:
        return Comparison(changed=(), classes=(), proofs=0, kinds=0)
    literals = Literals()
    name_literals((old, new), literals)
    found: list[ChangeClass] = []
    proofs = kinds = 0
    for action, principal, resource in kinds_of_question(shape):
        kinds += 1
        search = _Search(OpenQuestion(shape, action, principal, resource, literals), old, new, changed)
        found.extend(_checked(one, old, new) for one in search.classes())
        proofs += 1
    unique = {one.key: one for one in reversed(found)}
    classes = tuple(sorted(unique.values(), key=lambda one: (_ORDER.index(one.after), one.key)))
    return Comparison(changed=changed, classes=classes, proofs=proofs, kinds=kinds)


def changed_parts(old: RuleSet, new: RuleSet) -> tuple[str, ...]:
    """Full ids of policies that differ between two sets; spacing, order and comments do not count."""
    before = {rule.part: rule.body for rule in old.rules.values()}
    after = {rule.part: rule.body for rule in new.rules.values()}
    return tuple(sorted(part for part in before.keys() | after.keys() if before.get(part) != after.get(part)))


def change_key(old: RuleSet, new: RuleSet, changed: Sequence[str], question: Question, entities: Any) -> ChangeClass:
    """The class of one question, by the engine alone."""
    sides = []
    for rules in (old, new):
        finding = rules.ask(question, entities)
        behind = {rules.rules[reason].part for reason in finding.engine.reasons}
        sides.append((finding.answer, tuple(sorted(behind & set(changed)))))
    return ChangeClass(
        action=f"{question.action['type']}::{escaped(question.action['id'])}",
        before=sides[0][0],
        after=sides[1][0],
        before_by=sides[0][1],
        after_by=sides[1][1],
        answered=(),
        question=question.plain(),
        entities=(),
    )


def _common_shape(old: RuleSet, new: RuleSet) -> Shape:
    for name, rules in (("old", old), ("new", new)):
        if rules.faults or rules.schema is None:
            where, sentence = rules.faults[0]
            place = f" ({rules.rules[where].part})" if where in rules.rules else ""
            raise InputError(f"the {name} rules do not fit their schema: {sentence}{place}", field=name)
        parts = [rule.part for rule in rules.rules.values()]
        twice = next((part for part in parts if parts.count(part) > 1), None)
        if twice is not None:
            raise InputError(f"the {name} rules hold `{twice}` twice; each policy needs an id of its own", field=name)
    if str(old.schema) != str(new.schema):
        raise CannotCompareError(
            "cannot compare: the two versions have different schemas; change the schema first, then the rules",
            field="schema",
        )
    assert old.schema is not None
    return shape_of(old.schema)


def kinds_of_question(shape: Shape) -> Iterator[tuple[str, str, str]]:
    """Every action with each pair of types that it applies to."""
    for action in shape.actions.values():
        for principal in action.principals:
            for resource in action.resources:
                yield action.uid, principal, resource


class Side:
    """One version on an open question."""

    def __init__(self, rules: RuleSet, question: OpenQuestion, known: "Side | None" = None) -> None:
        """Both sides share what did not change: `known` is the other side."""
        shared = {one.rule.body: one for one in known.matched} if known is not None else {}
        self.matched: list[Matched] = [
            replace(shared[rule.body], rule=rule) if rule.body in shared else _matched(rules, engine_id, question)
            for engine_id, rule in rules.rules.items()
        ]
        permits = [one.matches for one in self.matched if one.rule.effect == "permit"]
        forbids = [one for one in self.matched if one.rule.effect == "forbid"]
        objected = some(*[one.matches for one in forbids])
        stopped = some(*[one.matches for one in forbids if one.rule.answer is RuleAnswer.STOP])
        errs = some(*[one.errs for one in self.matched])
        self.denies = some(objected, negated(some(*permits)))
        asks = every(objected, negated(stopped), negated(errs))
        clear = every(negated(self.denies), negated(errs))
        self.answer = z3.If(clear, 0, z3.If(asks, 1, 2))

    def behind(self, changed: Sequence[str]) -> dict[str, Any]:
        """By full id of a changed policy: whether the engine would give it as a reason."""
        found = {}
        for one in self.matched:
            if one.rule.part in changed:
                speaks = self.denies if one.rule.effect == "forbid" else negated(self.denies)
                found[one.rule.part] = every(one.matches, speaks)
        return found


def _matched(rules: RuleSet, engine_id: str, question: OpenQuestion) -> Matched:
    rule = rules.rules[engine_id]
    try:
        if engine_id not in rules.nodes:
            raise Unsupported("a template's slot")
        return matched(rule, rules.nodes[engine_id], question)
    except Unsupported as error:
        raise CannotCompareError(
            f"cannot compare: policy `{rule.part}`, {rule.file}:{rule.line}: uses {error}", field=rule.part
        ) from error


class _Search:
    """All classes of one kind of question."""

    def __init__(self, question: OpenQuestion, old: RuleSet, new: RuleSet, changed: Sequence[str]) -> None:
        self._question = question
        before = Side(old, question)
        after = Side(new, question, before)
        self._answers = z3.Int("answer before"), z3.Int("answer after")
        self._behind = before.behind(changed), after.behind(changed)
        self._askers = [
            (one.rule.part, one.raised)
            for one in after.matched
            if one.rule.answer is RuleAnswer.ASK and one.rule.part not in changed and one.rule.has_when
        ]
        self._solver = z3.Solver()
        self._solver.add(*question.bounds)
        self._solver.add(self._answers[0] == before.answer, self._answers[1] == after.answer)
        self._solver.add(self._answers[0] != self._answers[1])
        self._bits: list[tuple[int, str, Any]] = []
        for side, behind in enumerate(self._behind):
            for part, speaks in behind.items():
                bit = z3.Bool(f"side {side} {part}")
                self._solver.add(bit == speaks)
                self._bits.append((side, part, bit))

    def classes(self) -> Iterator[ChangeClass]:
        """Class after class, until the solver proves that there is no other."""
        count = 0
        while (verdict := self._solver.check()) == z3.sat:
            count += 1
            if count > MAX_CLASSES:
                raise CannotCompareError(f"cannot compare: more than {MAX_CLASSES} classes", field="rules")
            model = self._solver.model()
            key = [*((answer, model.eval(answer)) for answer in self._answers), *self._bit_values(model)]
            yield self._class(model, key)
            self._solver.add(z3.Or([term != value for term, value in key]))
        if verdict != z3.unsat:
            raise CannotCompareError(f"cannot compare: the solver gives up ({self._solver.reason_unknown()})", field="")

    def _bit_values(self, model: Any) -> list[tuple[Any, Any]]:
        return [(bit, model.eval(bit, model_completion=True)) for _, _, bit in self._bits]

    def _answered(self, key: list[tuple[Any, Any]], after: RuleAnswer) -> tuple[str, ...]:
        """Rules whose `when` can hold in the class while they are silent; told where nothing objects any more."""
        if after is not RuleAnswer.NO_OBJECTION:
            return ()
        members = [term == value for term, value in key]
        return tuple(sorted({name for name, raised in self._askers if self._solver.check(*members, raised) == z3.sat}))

    def _class(self, model: Any, key: list[tuple[Any, Any]]) -> ChangeClass:
        by: tuple[list[str], list[str]] = ([], [])
        for side, part, bit in self._bits:
            if z3.is_true(model.eval(bit, model_completion=True)):
                by[side].append(part)
        question, entities = self._question.read(model)
        before, after = (_ORDER[model.eval(answer).as_long()] for answer in self._answers)
        return ChangeClass(
            action=self._question.action,
            before=before,
            after=after,
            before_by=tuple(sorted(by[0])),
            after_by=tuple(sorted(by[1])),
            answered=self._answered(key, after),
            question=question,
            entities=tuple(entities),
        )


def _checked(one: ChangeClass, old: RuleSet, new: RuleSet) -> ChangeClass:
    """The class, when the engine says of its example what the solver said.

    **Raises**: InvariantError, when it does not.
    """
    asked = Question(**one.question)
    by_engine = change_key(old, new, changed_parts(old, new), asked, old.entities(json.dumps(one.entities)))
    told = (one.before, one.after, one.before_by, one.after_by)
    if (by_engine.before, by_engine.after, by_engine.before_by, by_engine.after_by) != told:
        raise InvariantError(f"solver and engine differ about {one.question}: {told} and {by_engine}")
    return one
