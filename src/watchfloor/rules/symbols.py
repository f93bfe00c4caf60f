"""A question whose every fact is open, as logic: what a symbol may be, and how an answer of the solver reads as facts.

| fact | symbol |
|---|---|
| Bool, Long | a truth value; a whole number of 64 bits |
| String, Entity | a number: one for each text or id that the policies name, any other for what they do not |
| Set of those | a truth value for each text or id that the policies name, and one for "something else" |
| Record | its fields, each with a truth value for "is there", when it may be missing |

Needs the extra `analysis` (z3). Attributes of principal and resource are open too: a comparison holds for any map.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import z3
from msgspec import Struct

from watchfloor.rules.shape import Shape, Type
from watchfloor.rules.uids import uid_of

_LOW, _HIGH = -(2**63), 2**63 - 1
_EXTENSION_VALUES = {"decimal": "0.0", "ipaddr": "127.0.0.1", "datetime": "2031-03-14", "duration": "0s"}
_EXTENSION_CALLS = {"ipaddr": "ip"}


class Leaf(Struct, frozen=True):
    """A symbol that is one term of the solver; None for a type that policies may name but nothing here compares."""

    type: Type
    term: Any


class SetSymbol(Struct, frozen=True):
    """A set: by literal number, whether it is in; and whether anything else is."""

    type: Type
    holds: Mapping[int, Any]
    other: Any


class RecordSymbol(Struct, frozen=True):
    """A record: by field, whether it is there (None: always) and what it is."""

    fields: Mapping[str, tuple[Any, "Symbol"]]


Symbol = Leaf | SetSymbol | RecordSymbol


class Literals:
    """Numbers for the texts and ids that policies name, by type; what they do not name is any number from `free` on."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[str, int]] = {}
        self._symbols = 0

    def number(self, kind: str, text: str) -> int:
        """The number of a text; new when it was never named."""
        known = self._numbers.setdefault(kind, {})
        return known.setdefault(text, len(known))

    def fresh(self) -> str:
        """A name for a symbol that no other has, whatever policies and schema call things."""
        self._symbols += 1
        return f"#{self._symbols}"

    def known(self, kind: str) -> Mapping[str, int]:
        """All that is named of a type."""
        return self._numbers.get(kind, {})

    def text(self, kind: str, number: int) -> str:
        """What a number of the solver's answer reads as."""
        for text, known in self.known(kind).items():
            if known == number:
                return text
        return f"other-{number}"


def literal_kind(of: Type) -> str:
    """Under which name the literals of a type are numbered."""
    return of.name if of.kind == "Entity" else of.kind


class OpenQuestion:
    """An action on a principal and a resource of given types, with every fact open."""

    def __init__(self, shape: Shape, action: str, principal: str, resource: str, literals: Literals) -> None:
        self.shape, self.action, self.literals = shape, action, literals
        self.types = {"principal": principal, "resource": resource}
        self.bounds: list[Any] = []
        for entity in shape.entities.values():
            for text in entity.ids or ():
                literals.number(entity.name, text)
        self.ids = {name: self._leaf(Type("Entity", name=kind)) for name, kind in self.types.items()}
        self.context = self._symbol(shape.actions[action].context)
        self.attributes = {
            name: self._symbol(Type("Record", fields=shape.entities[kind].fields)) for name, kind in self.types.items()
        }
        self.memberships: dict[tuple[str, str], Any] = {}
        self._same_entity()

    def _same_entity(self) -> None:
        """One entity has one set of attributes, whichever role it plays."""
        if self.types["principal"] == self.types["resource"]:
            pairs = zip(_terms(self.attributes["principal"]), _terms(self.attributes["resource"]), strict=True)
            same = [first == second for first, second in pairs]
            self.bounds.append(z3.Implies(self.ids["principal"].term == self.ids["resource"].term, z3.And(same)))

    def member(self, name: str, group: str) -> Any:
        """Whether principal or resource stands under an entity that policies name."""
        if (name, group) not in self.memberships:
            self.memberships[name, group] = z3.Bool(self.literals.fresh())
        return self.memberships[name, group]

    def _symbol(self, of: Type) -> Symbol:
        if of.kind == "Record":
            fields = {}
            for key, field in of.fields.items():
                there = z3.Bool(self.literals.fresh()) if field.optional else None
                fields[key] = (there, self._symbol(field.type))
            return RecordSymbol(fields)
        if of.kind == "Set" and of.of is not None and of.of.kind in ("String", "Long", "Entity"):
            known = self.literals.known(literal_kind(of.of))
            holds = {number: z3.Bool(self.literals.fresh()) for number in known.values()}
            other = z3.Bool(self.literals.fresh())
            if of.of.kind == "Entity" and self.shape.entities[of.of.name].ids is not None:
                self.bounds.append(z3.Not(other))
            return SetSymbol(of, holds, other)
        return self._leaf(of)

    def _leaf(self, of: Type) -> Leaf:
        if of.kind == "Bool":
            return Leaf(of, z3.Bool(self.literals.fresh()))
        if of.kind not in ("Long", "String", "Entity"):
            return Leaf(of, None)
        term = z3.Int(self.literals.fresh())
        self.bounds.append(term >= (_LOW if of.kind == "Long" else 0))
        self.bounds.append(term <= _HIGH)
        ids = self.shape.entities[of.name].ids if of.kind == "Entity" else None
        if ids is not None:
            self.bounds.append(z3.Or([term == self.literals.number(of.name, text) for text in ids]))
        return Leaf(of, term)

    def read(self, model: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """A question and its entities, as the engine takes them, from an answer of the solver."""
        uids = {
            name: {"type": self.types[name], "id": self._value(leaf, model)["id"]} for name, leaf in self.ids.items()
        }
        question: dict[str, Any] = {**uids, "action": uid_of(self.action), "context": self._value(self.context, model)}
        entities: dict[tuple[str, str], dict[str, Any]] = {}
        for name, uid in uids.items():
            parents = [
                uid_of(group)
                for (who, group), held in self.memberships.items()
                if who == name and z3.is_true(model.eval(held, model_completion=True)) and uid_of(group) != uid
            ]
            entity = {"uid": uid, "attrs": self._value(self.attributes[name], model), "parents": parents}
            entities.setdefault((uid["type"], uid["id"]), entity)
        return question, list(entities.values())

    def _value(self, symbol: Symbol, model: Any) -> Any:
        if isinstance(symbol, RecordSymbol):
            return {
                key: self._value(inner, model)
                for key, (there, inner) in symbol.fields.items()
                if there is None or z3.is_true(model.eval(there, model_completion=True))
            }
        if isinstance(symbol, SetSymbol):
            return self._set_value(symbol, model)
        of = symbol.type
        if of.kind == "Set":
            return []
        if of.kind in _EXTENSION_VALUES:
            call = _EXTENSION_CALLS.get(of.kind, of.kind)
            return {"__extn": {"fn": call, "arg": _EXTENSION_VALUES[of.kind]}}
        found = model.eval(symbol.term, model_completion=True)
        if of.kind == "Bool":
            return z3.is_true(found)
        return self._literal_value(of, found.as_long())

    def _literal_value(self, of: Type, number: int) -> Any:
        if of.kind == "Long":
            return number
        text = self.literals.text(literal_kind(of), number)
        return {"type": of.name, "id": text} if of.kind == "Entity" else text

    def _set_value(self, symbol: SetSymbol, model: Any) -> list[Any]:
        of = symbol.type.of or Type("String")
        known = {number: text for text, number in self.literals.known(literal_kind(of)).items()}
        found: list[Any] = []
        for number, held in symbol.holds.items():
            if z3.is_true(model.eval(held, model_completion=True)):
                found.append(_read_literal(of, known[number]))
        if z3.is_true(model.eval(symbol.other, model_completion=True)):
            found.append(_read_literal(of, _unnamed(of, set(known.values()))))
        return found


def _read_literal(of: Type, text: str) -> Any:
    if of.kind == "Long":
        return int(text)
    return {"type": of.name, "id": text} if of.kind == "Entity" else text


def _unnamed(of: Type, named: set[str]) -> str:
    """A value that no policy names."""
    number = 0
    while (str(number) if of.kind == "Long" else f"other-{number}") in named:
        number += 1
    return str(number) if of.kind == "Long" else f"other-{number}"


def _terms(symbol: Symbol) -> Iterator[Any]:
    if isinstance(symbol, RecordSymbol):
        for there, inner in symbol.fields.values():
            if there is not None:
                yield there
            yield from _terms(inner)
    elif isinstance(symbol, SetSymbol):
        yield from symbol.holds.values()
        yield symbol.other
    elif symbol.term is not None:
        yield symbol.term
