"""Policies as logic over an open question: when each one matches, and when it errors.

| Cedar | supported |
|---|---|
| scopes | all, `==`, `in`, `is`; an action's groups as the schema has them; entities `in` named ones |
| values | Bool, Long, String, entities, sets of Long, String or entities, records |
| operators | `&&` `||` `!` `if` `==` `!=` `<` `<=` `>` `>=` `has` `is` `in`; `+` `-` `*`, which err beyond 64 bits |
| sets | `contains` of a named value, `containsAll` and `containsAny` with a set written out, `isEmpty`, `==` |
| not | `like`, tags, decimal, ipaddr, datetime, duration, attributes of an attribute's entity, computed sets |

Outside it the answer is "cannot compare", with the policy and its line: never a guess.
**Source**: docs.cedarpolicy.com (semantics of operators, short-circuiting and errors).
"""

from collections.abc import Callable, Iterable
from typing import Any

import z3
from cedarpy import pst
from msgspec import Struct

from watchfloor.rules.engine import Rule, RuleSet
from watchfloor.rules.shape import Type, action_groups
from watchfloor.rules.symbols import Leaf, Literals, OpenQuestion, RecordSymbol, SetSymbol
from watchfloor.rules.terms import (
    BOOL,
    FALSE,
    LONG,
    STRING,
    TRUE,
    Term,
    Unsupported,
    WrittenSet,
    bounded,
    contains_all,
    contains_any,
    equal,
    every,
    is_empty,
    negated,
    some,
    truth,
)
from watchfloor.rules.uids import escaped

_ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "less": lambda left, right: left < right,
    "less_eq": lambda left, right: left <= right,
    "greater": lambda left, right: left > right,
    "greater_eq": lambda left, right: left >= right,
}
_SUMS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda left, right: left + right,
    "sub": lambda left, right: left - right,
    "mul": lambda left, right: left * right,
}


class Matched(Struct, frozen=True):
    """One policy on an open question; `raised`: its head and every `when` hold, whatever its `unless` says."""

    rule: Rule
    matches: Any
    errs: Any
    raised: Any


def name_literals(sets: Iterable[RuleSet], literals: Literals) -> None:
    """Number every text and id that the policies name, before symbols are made."""
    for rules in sets:
        for template in rules.nodes.values():
            _name_in(template, literals)


def _name_in(node: Any, literals: Literals) -> None:
    if isinstance(node, pst.EntityUid):
        literals.number(str(node.type), node.id)
    elif isinstance(node, pst.StringLit):
        literals.number("String", node.value)
    elif isinstance(node, pst.Set):
        for element in node.elements:
            if isinstance(element, pst.LongLit):
                literals.number("Long", str(element.value))
    elif isinstance(node, pst.BinaryOp) and node.op == "contains" and isinstance(node.right, pst.LongLit):
        literals.number("Long", str(node.right.value))
    for inner in _children(node):
        _name_in(inner, literals)


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return list(node.values())
    if isinstance(node, tuple):
        return node
    return [getattr(node, name) for name in getattr(type(node), "__dataclass_fields__", ())]


def matched(rule: Rule, template: pst.Template, question: OpenQuestion) -> Matched:
    """When a policy matches, and when it errors.

    **Raises**: Unsupported, with what it uses that cannot be compared.
    """
    scope = every(
        _scope(template.principal, "principal", question),
        _action(template.action, question),
        _scope(template.resource, "resource", question),
    )
    if scope is FALSE:
        return Matched(rule, FALSE, FALSE, FALSE)
    translator = _Translator(question)
    holds, errs, raised = TRUE, FALSE, TRUE
    for clause in template.clauses:
        term = translator.term(clause.expr)
        errs = some(errs, every(holds, term.errs))
        holds = every(holds, term.term if isinstance(clause, pst.When) else negated(term.term))
        if isinstance(clause, pst.When):
            raised = every(raised, term.term)
    errs = every(scope, errs)
    return Matched(rule, every(scope, holds, negated(errs)), errs, every(scope, raised))


def _scope(scope: pst.PrincipalOrResourceConstraint, name: str, question: OpenQuestion) -> Any:
    if isinstance(scope, pst.ScopeAny):
        return TRUE
    if isinstance(scope, pst.ScopeIs | pst.ScopeIsIn) and str(scope.entity_type) != question.types[name]:
        return FALSE
    if isinstance(scope, pst.ScopeIs):
        return TRUE
    if not isinstance(scope.entity, pst.EntityUid):
        raise Unsupported("a template's slot")
    if isinstance(scope, pst.ScopeEq):
        return _is_entity(question, name, scope.entity)
    return _is_under(question, name, scope.entity)


def _action(scope: pst.ActionConstraint, question: OpenQuestion) -> Any:
    if isinstance(scope, pst.ScopeAny):
        return TRUE
    wanted = [scope.entity] if isinstance(scope, pst.ActionEq) else scope.entities
    above = {question.action} if isinstance(scope, pst.ActionEq) else action_groups(question.shape, question.action)
    return truth(any(_spelled(uid) in above for uid in wanted))


def _spelled(uid: pst.EntityUid) -> str:
    return f"{uid.type}::{escaped(uid.id)}"


def _is_entity(question: OpenQuestion, name: str, uid: pst.EntityUid) -> Any:
    if str(uid.type) != question.types[name]:
        return FALSE
    return question.ids[name].term == question.literals.number(str(uid.type), uid.id)


def _is_under(question: OpenQuestion, name: str, uid: pst.EntityUid) -> Any:
    itself = _is_entity(question, name, uid)
    if question.types["principal"] == question.types["resource"]:
        raise Unsupported("`in` where principal and resource are of one type")
    if question.shape.entities[str(uid.type)].parents and str(uid.type) in _above(question, question.types[name]):
        raise Unsupported("`in` of a group that may itself be in a group")
    if str(uid.type) not in _above(question, question.types[name]):
        return itself
    return some(itself, question.member(name, _spelled(uid)))


def _above(question: OpenQuestion, kind: str) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(question.shape.entities[kind].parents)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(question.shape.entities[name].parents)
    return frozenset(found)


class _Translator:
    """Expressions of a policy as terms."""

    def __init__(self, question: OpenQuestion) -> None:
        self._question = question

    def term(self, node: pst.Expr) -> Term:
        """The term of an expression."""
        if isinstance(node, pst.BoolLit):
            return Term(Leaf(BOOL, truth(node.value)))
        if isinstance(node, pst.LongLit):
            return Term(Leaf(LONG, z3.IntVal(node.value)))
        if isinstance(node, pst.StringLit | pst.EntityLit):
            of, number = self._literal(node)
            return Term(Leaf(of, z3.IntVal(number)))
        if isinstance(node, pst.Var):
            return Term(self._question.context if node.name == "context" else self._entity(node.name))
        if isinstance(node, pst.Set):
            return self._written(node)
        if isinstance(node, pst.GetAttr):
            return self._attribute(node)
        if isinstance(node, pst.HasAttr):
            return self._has(node)
        if isinstance(node, pst.UnaryOp):
            return self._unary(node)
        if isinstance(node, pst.BinaryOp):
            return self._binary(node)
        if isinstance(node, pst.IfThenElse):
            return self._if(node)
        if isinstance(node, pst.Is):
            return self._is(node)
        raise Unsupported(f"`{type(node).__name__.lower()}`")

    def _entity(self, name: str) -> Leaf:
        if name == "action":
            raise Unsupported("`action` outside a policy's head")
        return self._question.ids[name]

    def _literal(self, node: Any) -> tuple[Type, int]:
        if isinstance(node, pst.StringLit):
            return STRING, self._question.literals.number("String", node.value)
        if isinstance(node, pst.EntityLit):
            of = Type("Entity", name=str(node.value.type))
            return of, self._question.literals.number(of.name, node.value.id)
        if isinstance(node, pst.LongLit):
            return LONG, self._question.literals.number("Long", str(node.value))
        raise Unsupported("a set that is computed")

    def _written(self, node: pst.Set) -> Term:
        found = [self._literal(element) for element in node.elements]
        of = found[0][0] if found else STRING
        return Term(WrittenSet(of, frozenset(number for _, number in found)))

    def _fields(self, node: pst.Expr) -> tuple[RecordSymbol, Any]:
        """The record that an expression reads attributes of, and when reading it errors."""
        if isinstance(node, pst.Var) and node.name in ("principal", "resource"):
            record = self._question.attributes[node.name]
            assert isinstance(record, RecordSymbol)
            return record, FALSE
        base = self.term(node)
        if not isinstance(base.value, RecordSymbol):
            raise Unsupported("an attribute of an attribute's entity")
        return base.value, base.errs

    def _attribute(self, node: pst.GetAttr) -> Term:
        record, errs = self._fields(node.base)
        if node.attr not in record.fields:
            return Term(Leaf(BOOL, FALSE), TRUE)
        there, inner = record.fields[node.attr]
        return Term(inner, errs if there is None else some(errs, negated(there)))

    def _has(self, node: pst.HasAttr) -> Term:
        record, errs = self._fields(node.base)
        held: Any = TRUE
        for place, name in enumerate(node.attrs):
            if name not in record.fields:
                return Term(Leaf(BOOL, FALSE), errs)
            there, inner = record.fields[name]
            held = held if there is None else every(held, there)
            if place + 1 < len(node.attrs):
                if not isinstance(inner, RecordSymbol):
                    raise Unsupported("an attribute of an attribute's entity")
                record = inner
        return Term(Leaf(BOOL, held), errs)

    def _unary(self, node: pst.UnaryOp) -> Term:
        inner = self.term(node.arg)
        if node.op == "not":
            return Term(Leaf(BOOL, negated(inner.term)), inner.errs)
        if node.op == "neg":
            return bounded(-inner.term, inner.errs)
        if node.op == "is_empty":
            return Term(Leaf(BOOL, is_empty(inner.value)), inner.errs)
        raise Unsupported(f"`{node.op}`")

    def _binary(self, node: pst.BinaryOp) -> Term:
        if node.op in ("and", "or"):
            return self._lazy(node)
        if node.op == "in":
            return self._in(node)
        left, right = self.term(node.left), self.term(node.right)
        errs = some(left.errs, right.errs)
        if node.op in ("eq", "not_eq"):
            same = equal(left.value, right.value)
            return Term(Leaf(BOOL, same if node.op == "eq" else negated(same)), errs)
        if node.op in _ORDERS:
            if any(not isinstance(side.value, Leaf) or side.value.type.kind != "Long" for side in (left, right)):
                raise Unsupported(f"`{node.op}` of what is no Long")
            return Term(Leaf(BOOL, _ORDERS[node.op](left.term, right.term)), errs)
        if node.op in _SUMS:
            return bounded(_SUMS[node.op](left.term, right.term), errs)
        if node.op == "contains":
            return Term(Leaf(BOOL, self._contains(left.value, node.right, right)), errs)
        if node.op == "contains_all":
            return Term(Leaf(BOOL, contains_all(left.value, right.value)), errs)
        if node.op == "contains_any":
            return Term(Leaf(BOOL, contains_any(left.value, right.value)), errs)
        raise Unsupported(f"`{node.op}`")

    def _lazy(self, node: pst.BinaryOp) -> Term:
        """The right side is computed, and may err, only when the left one leaves it open."""
        left, right = self.term(node.left), self.term(node.right)
        goes_on = left.term if node.op == "and" else negated(left.term)
        value = every(left.term, right.term) if node.op == "and" else some(left.term, right.term)
        return Term(Leaf(BOOL, value), some(left.errs, every(goes_on, right.errs)))

    def _if(self, node: pst.IfThenElse) -> Term:
        cond, then, other = self.term(node.cond), self.term(node.then_expr), self.term(node.else_expr)
        if not isinstance(then.value, Leaf) or not isinstance(other.value, Leaf):
            raise Unsupported("`if` between sets or records")
        errs = some(cond.errs, z3.If(cond.term, then.errs, other.errs))
        return Term(Leaf(then.value.type, z3.If(cond.term, then.term, other.term)), errs)

    def _is(self, node: pst.Is) -> Term:
        if not isinstance(node.base, pst.Var) or node.in_expr is not None or node.base.name not in self._question.types:
            raise Unsupported("`is` of anything but principal and resource")
        same = self._question.types[node.base.name] == str(node.entity_type)
        return Term(Leaf(BOOL, truth(same)))

    def _in(self, node: pst.BinaryOp) -> Term:
        left, right = node.left, node.right
        listed = right.elements if isinstance(right, pst.Set) else (right,)
        if not isinstance(left, pst.Var) or any(not isinstance(one, pst.EntityLit) for one in listed):
            raise Unsupported("`in` of anything but principal, action and resource in named entities")
        uids = [one.value for one in listed if isinstance(one, pst.EntityLit)]
        if left.name == "action":
            above = action_groups(self._question.shape, self._question.action)
            return Term(Leaf(BOOL, truth(any(_spelled(uid) in above for uid in uids))))
        return Term(Leaf(BOOL, some(*[_is_under(self._question, left.name, uid) for uid in uids])))

    def _contains(self, held: Any, node: pst.Expr, element: Term) -> Any:
        if isinstance(held, WrittenSet):
            if held.of.kind == "Long":
                raise Unsupported("a written set of numbers that contains a computed one")
            return some(*[element.term == number for number in held.numbers])
        if not isinstance(held, SetSymbol):
            raise Unsupported("`contains` of what is no set")
        _, number = self._literal(node)
        return held.holds.get(number, FALSE)
