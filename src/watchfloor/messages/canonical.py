"""One canonical encoding for all that is hashed or signed: JSON after RFC 8785, integers and strings only.

Floats are refused, so that two machines can never disagree about the bytes of an entry.
Structs whose schema holds neither fractions nor free maps are written by msgspec with sorted fields, which gives the
same bytes as RFC 8785 (held against the `rfc8785` package by property tests) at a hundredth of the time.
**Source**: RFC 8785 (JCS).
"""

import re
from functools import cache
from typing import Any, TypeVar

import msgspec
import rfc8785
from msgspec import inspect

from watchfloor.base.errors import WireError

T = TypeVar("T")

_GREATEST = 2**53 - 1
_SORTED = msgspec.json.Encoder(order="sorted")
_LONG_NUMBER = re.compile(rb"[:\[,]-?(?:\d{17}|9\d{15})")


def canonical_bytes(value: object) -> bytes:
    """The one byte string for a struct or plain value.

    **Raises**: WireError, when a float, a huge integer or a lone surrogate is inside.
    """
    if isinstance(value, msgspec.Struct) and _is_plain(type(value)):
        try:
            raw = _SORTED.encode(value)
        except (msgspec.MsgspecError, UnicodeError, OverflowError) as error:
            raise WireError(f"cannot be written canonically: {error}") from error
        if not _LONG_NUMBER.search(raw):
            return raw
    try:
        plain = msgspec.to_builtins(value)
        _refuse_floats(plain, "$")
        return rfc8785.dumps(plain)
    except (rfc8785.CanonicalizationError, UnicodeError) as error:
        raise WireError(f"cannot be written canonically: {error}") from error


def decode_canonical(raw: bytes, kind: type[T]) -> T:
    """The struct that these bytes say, when they are canonical and of this kind.

    **Raises**: WireError, when they are not JSON, not of the schema, or not the canonical spelling.
    """
    try:
        value: T = _decoder(kind).decode(raw)  # type: ignore[arg-type]  # a type is hashable
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise WireError(f"not a document of this room: {error}") from error
    again = _SORTED.encode(value) if _is_bounded(kind) else canonical_bytes(value)  # type: ignore[arg-type]
    if again != raw:
        raise WireError("the document is not in canonical form (RFC 8785)")
    return value


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


@cache
def _is_plain(kind: Any) -> bool:
    """Whether a struct's schema admits nothing but structs, tuples, texts, whole numbers and truth values."""
    return _admits_only_plain(inspect.type_info(kind), frozenset(), bounded=False)


@cache
def _is_bounded(kind: Any) -> bool:
    """Whether a schema is plain and says of each number that it fits a JSON number; then decoding checked it."""
    return _admits_only_plain(inspect.type_info(kind), frozenset(), bounded=True)


def _admits_only_plain(kind: inspect.Type, above: frozenset[type], *, bounded: bool) -> bool:
    if isinstance(kind, inspect.StructType | inspect.DataclassType):
        if kind.cls in above:
            return True
        return all(_admits_only_plain(field.type, above | {kind.cls}, bounded=bounded) for field in kind.fields)
    if isinstance(kind, inspect.UnionType):
        return all(_admits_only_plain(inner, above, bounded=bounded) for inner in kind.types)
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        return _admits_only_plain(kind.item_type, above, bounded=bounded)
    if isinstance(kind, inspect.TupleType):
        return all(_admits_only_plain(inner, above, bounded=bounded) for inner in kind.item_types)
    if isinstance(kind, inspect.IntType):
        return not bounded or (
            kind.ge is not None and kind.le is not None and kind.ge >= -_GREATEST and kind.le <= _GREATEST
        )
    return isinstance(
        kind,
        inspect.StrType | inspect.BoolType | inspect.NoneType | inspect.EnumType | inspect.LiteralType,
    )


def _refuse_floats(value: Any, path: str) -> None:
    if isinstance(value, float):
        raise WireError(f"`{path}` is a fraction; entries hold integers and strings only")
    if isinstance(value, dict):
        for key, inner in value.items():
            _refuse_floats(inner, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            _refuse_floats(inner, f"{path}[{place}]")
