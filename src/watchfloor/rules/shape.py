"""What a schema lets a question look like: for each kind of question its principal, resource and facts, with types.

Reads the schema as the engine prints it, so that text, JSON and declarations for several names are one form.
**Source**: Cedar schema grammar (docs.cedarpolicy.com/schema/human-readable-schema-grammar.html).
"""

import re
from collections.abc import Mapping

import cedarpy
from msgspec import Struct

from watchfloor.base.errors import InputError
from watchfloor.rules.uids import escaped, unescaped

_TOKEN = re.compile(r'\s+|("(?:\\.|[^"\\])*"|[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*|@|[{}\[\]<>(),;:?=])', re.ASCII)
_PRIMITIVES = frozenset({"Long", "String", "Bool", "Boolean"})
_EXTENSIONS = frozenset({"decimal", "ipaddr", "datetime", "duration"})


class Type(Struct, frozen=True):
    """A type: `Long`, `String`, `Bool`, `Set`, `Record`, `Entity`, or an extension's name.

    `of` is a set's element, `fields` a record's, `name` an entity's.
    """

    kind: str
    name: str = ""
    of: "Type | None" = None
    fields: Mapping[str, "Field"] = {}


class Field(Struct, frozen=True):
    """An attribute, and whether it may be missing."""

    type: Type
    optional: bool


class EntityShape(Struct, frozen=True):
    """An entity type: its attributes, what it may stand under, and its ids when the schema lists all of them."""

    name: str
    fields: Mapping[str, Field]
    parents: tuple[str, ...]
    ids: tuple[str, ...] | None


class ActionShape(Struct, frozen=True):
    """An action: the groups it is in, and whom it applies to."""

    uid: str
    groups: tuple[str, ...]
    principals: tuple[str, ...]
    resources: tuple[str, ...]
    context: Type


class Shape(Struct, frozen=True):
    """A whole schema."""

    entities: Mapping[str, EntityShape]
    actions: Mapping[str, ActionShape]


def shape_of(schema: cedarpy.Schema) -> Shape:
    """The shape of a schema.

    **Raises**: InputError, when the schema uses what this reader does not know.
    """
    reader = _Reader(str(schema))
    reader.read()
    return reader.shape()


def action_groups(shape: Shape, uid: str) -> frozenset[str]:
    """An action and every group above it."""
    found: set[str] = set()
    waiting = [uid]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(shape.actions[name].groups if name in shape.actions else ())
    return frozenset(found)


class _Reader:
    """A reader of the engine's own print of a schema: two passes, names first, types when all names are known."""

    def __init__(self, text: str) -> None:
        self._words = [match[1] for match in _TOKEN.finditer(text) if match[1]]
        self._at = 0
        self._space = ""
        self._types: dict[str, tuple[int, str]] = {}
        self._entities: dict[str, tuple[int, str, tuple[str, ...], tuple[str, ...] | None, int]] = {}
        self._actions: list[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...], int, str]] = []

    def read(self) -> None:
        """Note where each declaration's type stands."""
        while self._at < len(self._words):
            self._annotations()
            word = self._next()
            if word == "namespace":
                self._space = self._next() + "::"
                self._expect("{")
            elif word == "}":
                self._space = ""
            elif word == "type":
                name = self._next()
                self._expect("=")
                self._types[self._space + name] = (self._at, self._space)
                self._skip()
            elif word == "entity":
                self._entity()
            elif word == "action":
                self._action()
            else:
                raise InputError(f"`{word}` in a schema is not known here", field="schema")

    def _entity(self) -> None:
        name = self._space + self._next()
        parents: tuple[str, ...] = ()
        ids: tuple[str, ...] | None = None
        place = -1
        if self._peek() == "enum":
            self._next()
            ids = tuple(self._unquoted(word) for word in self._list())
        if self._peek() == "in":
            self._next()
            parents = tuple(self._entity_name(word, self._space) for word in self._list())
        if self._peek() in ("=", "{"):
            if self._peek() == "=":
                self._next()
            place = self._at
        self._entities[name] = (place, self._space, parents, ids, self._at)
        self._skip()

    def _action(self) -> None:
        name = self._unquoted(self._next())
        groups: tuple[str, ...] = ()
        principals: tuple[str, ...] = ()
        resources: tuple[str, ...] = ()
        place = -1
        if self._peek() == "in":
            self._next()
            groups = tuple(self._action_list())
        if self._peek() == "appliesTo":
            self._next()
            self._expect("{")
            while self._peek() != "}":
                key = self._next()
                self._expect(":")
                if key == "context":
                    place = self._at
                    self._skip_type()
                else:
                    names = tuple(self._list())
                    principals = names if key == "principal" else principals
                    resources = names if key == "resource" else resources
                if self._peek() == ",":
                    self._next()
            self._expect("}")
        self._actions.append(
            (f"{self._space}Action::{escaped(name)}", groups, principals, resources, place, self._space)
        )
        self._skip()

    def _action_list(self) -> list[str]:
        words = self._list()
        found = []
        for word in words:
            if word.startswith('"'):
                found.append(f"{self._space}Action::{word}")
            else:
                found.append(word)
        return found

    def shape(self) -> Shape:
        """All types, resolved."""
        entities = {}
        for name, (place, space, parents, ids, _) in self._entities.items():
            fields = self._type_at(place, space).fields if place >= 0 else {}
            entities[name] = EntityShape(name, fields, parents, ids)
        actions = {}
        for uid, groups, principals, resources, place, space in self._actions:
            context = self._type_at(place, space) if place >= 0 else Type("Record")
            who = tuple(self._entity_name(word, space) for word in principals)
            what = tuple(self._entity_name(word, space) for word in resources)
            actions[uid] = ActionShape(uid, groups, who, what, context)
        return Shape(entities, actions)

    def _type_at(self, place: int, space: str) -> Type:
        self._at, self._space = place, space
        return self._type()

    def _type(self) -> Type:
        word = self._next()
        if word == "{":
            return self._record()
        if word == "Set":
            self._expect("<")
            inner = self._type()
            self._expect(">")
            return Type("Set", of=inner)
        return self._named(word.removeprefix("__cedar::"))

    def _record(self) -> Type:
        fields: dict[str, Field] = {}
        while self._peek() != "}":
            self._annotations()
            name = self._unquoted(self._next())
            optional = self._peek() == "?"
            if optional:
                self._next()
            self._expect(":")
            fields[name] = Field(self._type(), optional)
            if self._peek() == ",":
                self._next()
        self._expect("}")
        return Type("Record", fields=fields)

    def _named(self, word: str) -> Type:
        for name in (self._space + word, word):
            if name in self._types:
                held = self._at, self._space
                found = self._type_at(*self._types[name])
                self._at, self._space = held
                return found
            if name in self._entities:
                return Type("Entity", name=name)
        if word in _PRIMITIVES:
            return Type("Bool" if word == "Boolean" else word)
        if word in _EXTENSIONS:
            return Type(word)
        raise InputError(f"`{word}` in a schema is not known here", field="schema")

    def _entity_name(self, word: str, space: str) -> str:
        return space + word if space + word in self._entities else word

    def _list(self) -> list[str]:
        """One name, or several in brackets; `Action::"x"` is one."""
        if self._peek() != "[":
            return [self._whole_name()]
        self._next()
        found = []
        while self._peek() != "]":
            found.append(self._whole_name())
            if self._peek() == ",":
                self._next()
        self._next()
        return found

    def _whole_name(self) -> str:
        word = self._next()
        while self._peek() == ":":
            self._next()
            self._expect(":")
            word += "::" + self._next()
        return word

    def _skip_type(self) -> None:
        depth = 0
        while not (depth == 0 and self._peek() in (",", "}")):
            word = self._next()
            depth += (word in "{[<") - (word in "}]>")

    def _skip(self) -> None:
        depth = 0
        while not (depth == 0 and self._peek() == ";"):
            word = self._next()
            depth += (word in "{[<") - (word in "}]>")
        self._next()

    def _annotations(self) -> None:
        while self._peek() == "@":
            self._next()
            self._next()
            if self._peek() == "(":
                while self._next() != ")":
                    pass

    @staticmethod
    def _unquoted(word: str) -> str:
        return unescaped(word[1:-1]) if word.startswith('"') else word

    def _peek(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _next(self) -> str:
        word = self._peek()
        if not word:
            raise InputError("the schema ends too early", field="schema")
        self._at += 1
        return word

    def _expect(self, wanted: str) -> None:
        word = self._next()
        if word != wanted:
            raise InputError(f"`{word}` stands in a schema where `{wanted}` is due", field="schema")
