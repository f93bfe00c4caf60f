"""One canonical encoding for all that is hashed or signed: JSON after RFC 8785, integers and strings only.

Floats are refused, so that two machines can never disagree about the bytes of an entry.
**Source**: RFC 8785 (JCS).
"""

from typing import Any, TypeVar

import msgspec
import rfc8785

from watchfloor.base.errors import WireError

T = TypeVar("T")


def canonical_bytes(value: object) -> bytes:
    """The one byte string for a struct or plain value.

    **Raises**: WireError, when a float, a huge integer or a lone surrogate is inside.
    """
    plain = msgspec.to_builtins(value)
    _refuse_floats(plain, "$")
    try:
        return rfc8785.dumps(plain)
    except (rfc8785.CanonicalizationError, UnicodeError) as error:
        raise WireError(f"cannot be written canonically: {error}") from error


def decode_canonical(raw: bytes, kind: type[T]) -> T:
    """The struct that these bytes say, when they are canonical and of this kind.

    **Raises**: WireError, when they are not JSON, not of the schema, or not the canonical spelling.
    """
    try:
        value = msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise WireError(f"not a document of this room: {error}") from error
    if canonical_bytes(value) != raw:
        raise WireError("the document is not in canonical form (RFC 8785)")
    return value


def _refuse_floats(value: Any, path: str) -> None:
    if isinstance(value, float):
        raise WireError(f"`{path}` is a fraction; entries hold integers and strings only")
    if isinstance(value, dict):
        for key, inner in value.items():
            _refuse_floats(inner, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            _refuse_floats(inner, f"{path}[{place}]")
