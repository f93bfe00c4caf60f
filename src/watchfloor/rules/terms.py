"""Terms of the solver: values with their errors, truth that folds when it is plain, and sets."""

from typing import Any

import z3
from msgspec import Struct

from watchfloor.rules.shape import Type
from watchfloor.rules.symbols import Leaf, SetSymbol, Symbol, literal_kind

LOWEST, HIGHEST = -(2**63), 2**63 - 1
FALSE, TRUE = z3.BoolVal(False), z3.BoolVal(True)
BOOL, LONG, STRING = Type("Bool"), Type("Long"), Type("String")


def every(*terms: Any) -> Any:
    """All of these; what is plainly true or false costs the solver nothing."""
    if any(term is FALSE for term in terms):
        return FALSE
    left = [term for term in terms if term is not TRUE]
    return TRUE if not left else left[0] if len(left) == 1 else z3.And(left)


def some(*terms: Any) -> Any:
    """Any of these."""
    if any(term is TRUE for term in terms):
        return TRUE
    left = [term for term in terms if term is not FALSE]
    return FALSE if not left else left[0] if len(left) == 1 else z3.Or(left)


def negated(term: Any) -> Any:
    """Not this."""
    return FALSE if term is TRUE else TRUE if term is FALSE else z3.Not(term)


def truth(value: bool) -> Any:
    """A plain truth value."""
    return TRUE if value else FALSE


class Unsupported(Exception):  # noqa: N818  # not an error: an answer
    """What a policy uses that cannot be compared."""


class WrittenSet(Struct, frozen=True):
    """A set written out in a policy: the numbers of its values."""

    of: Type
    numbers: frozenset[int]


class Term(Struct, frozen=True):
    """A value, and when computing it errors."""

    value: Symbol | WrittenSet
    errs: Any = FALSE

    @property
    def term(self) -> Any:
        """The solver's term of a single value."""
        if not isinstance(self.value, Leaf) or self.value.term is None:
            raise Unsupported("a value whose type is not compared")
        return self.value.term


def bounded(value: Any, errs: Any) -> Term:
    """A sum or product, which errs beyond 64 bits."""
    return Term(Leaf(LONG, value), some(errs, value < LOWEST, value > HIGHEST))


def is_empty(held: Any) -> Any:
    """Whether a set holds nothing."""
    if isinstance(held, WrittenSet):
        return truth(not held.numbers)
    if not isinstance(held, SetSymbol):
        raise Unsupported("`isEmpty` of what is no set")
    return every(negated(held.other), *[negated(one) for one in held.holds.values()])


def equal(left: Any, right: Any) -> Any:
    """Whether two values are the same."""
    if isinstance(left, WrittenSet) and isinstance(right, SetSymbol):
        left, right = right, left
    if isinstance(left, SetSymbol) and isinstance(right, WrittenSet):
        exact = [one if number in right.numbers else negated(one) for number, one in left.holds.items()]
        return every(negated(left.other), *exact)
    if not isinstance(left, Leaf) or not isinstance(right, Leaf) or left.term is None or right.term is None:
        raise Unsupported("`==` of records or of two sets")
    if literal_kind(left.type) != literal_kind(right.type):
        return FALSE
    return left.term == right.term


def contains_all(held: Any, wanted: Any) -> Any:
    """Whether a set holds all of another."""
    if isinstance(held, SetSymbol) and isinstance(wanted, WrittenSet):
        return every(*[held.holds.get(number, FALSE) for number in wanted.numbers])
    if isinstance(held, WrittenSet) and isinstance(wanted, SetSymbol):
        beyond = [negated(one) for number, one in wanted.holds.items() if number not in held.numbers]
        return every(negated(wanted.other), *beyond)
    raise Unsupported("`containsAll` between two sets of facts")


def contains_any(held: Any, wanted: Any) -> Any:
    """Whether a set holds any of another."""
    if isinstance(held, WrittenSet) and isinstance(wanted, SetSymbol):
        held, wanted = wanted, held
    if isinstance(held, SetSymbol) and isinstance(wanted, WrittenSet):
        return some(*[held.holds.get(number, FALSE) for number in wanted.numbers])
    raise Unsupported("`containsAny` between two sets of facts")
