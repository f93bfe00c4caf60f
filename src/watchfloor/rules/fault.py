"""Where a rule file does not parse: file, line and column.

The engine says what is wrong but not where. Its parser reads from left to right, so a text that is cut off before the
fault ends too early, and one cut off behind it does not: the first token that turns one message into the other is
the fault.
**Source**: the viable-prefix property of LR parsers; own reasoning.
"""

import re
from collections.abc import Callable

from watchfloor.base.errors import InputError

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)|"(?:\\.|[^"\\])*"|[A-Za-z_]\w*|\d+|::|==|!=|<=|>=|&&|\|\||.""", re.DOTALL | re.ASCII
)
_QUOTED = re.compile(r"`([^`]+)`|: @?(\w+)$")
_NUMBER, _GREATEST = re.compile(r"(?<!\w)\d+"), 2**63 - 1
_ENDED_EARLY = "unexpected end of input"

MAX_DEPTH = 100
Parse = Callable[[str], object]


class RuleFaultError(InputError):
    """A fault in a rule file, with its place."""

    def __init__(self, sentence: str, *, file: str, line: int, column: int) -> None:
        super().__init__(f"{file}:{line}:{column}: {sentence}", field=file, file=file, line=line, column=column)
        self.bare = sentence


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, both counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def fault_in(file: str, text: str, parse: Parse) -> RuleFaultError | None:
    """The first fault of a text, or None when it parses.

    **Args**: `parse`: raises ValueError with the engine's own sentence.
    """
    deep = _too_deep(text)
    if deep is not None:
        line, column = place_of(text, deep)
        return RuleFaultError(f"brackets stand over {MAX_DEPTH} deep", file=file, line=line, column=column)
    sentence = _message(parse, text)
    if sentence is None:
        return None
    sentence = sentence.removeprefix("policy parse errors:").removeprefix("error parsing schema:").strip()
    line, column = place_of(text, _offset(text, sentence, parse))
    return RuleFaultError(sentence, file=file, line=line, column=column)


def _too_deep(text: str) -> int | None:
    """Where brackets stand deeper than the engine's parser survives, or None: it would end the whole process."""
    depth = 0
    for token in _TOKEN.finditer(text):
        word = token.group()
        depth += (word in "{([") - (word in "})]")
        if depth > MAX_DEPTH:
            return token.start()
    return None


def statements(text: str) -> list[tuple[int, str]]:
    """Top-level statements, each with the offset of its first token; a tail without `;` is the last one."""
    found: list[tuple[int, str]] = []
    depth, start = 0, -1
    for token in _TOKEN.finditer(text):
        if token["space"] is not None:
            continue
        start = token.start() if start < 0 else start
        word = token.group()
        depth += (word in "{([") - (word in "})]")
        if (word == ";" and depth <= 0) or (word == "}" and depth == 0 and text.startswith("namespace", start)):
            found.append((start, text[start : token.end()]))
            depth, start = 0, -1
    if start >= 0:
        found.append((start, text[start:]))
    return found


def _offset(text: str, sentence: str, parse: Parse) -> int:
    ends = [token.end() for token in _TOKEN.finditer(text) if token["space"] is None]
    if not ends or _ENDED_EARLY in sentence:
        return len(text.rstrip())
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if _is_viable(_message(parse, text[: ends[middle]])) else (low, middle)
    at = ends[low] - 1
    if text[at] in ";}":
        return _meant(text, sentence, parse)
    starts = [token.start() for token in _TOKEN.finditer(text) if token["space"] is None]
    return starts[low]


def _meant(text: str, sentence: str, parse: Parse) -> int:
    """A whole statement is at fault: the word that the sentence names, in the first that does not stand alone."""
    for start, statement in statements(text):
        if _message(parse, statement) is not None:
            return start + _named(statement, sentence)
    return _named(text, sentence)


def _named(text: str, sentence: str) -> int:
    quoted = _QUOTED.search(sentence)
    word = next((group for group in quoted.groups() if group), "") if quoted else ""
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) or re.search(re.escape(word), text) if word else None
    if found is None and "number too large" in sentence:
        found = next((number for number in _NUMBER.finditer(text) if int(number.group()) > _GREATEST), None)
    return found.start() if found else 0


def _is_viable(message: str | None) -> bool:
    return message is None or _ENDED_EARLY in message


def _message(parse: Parse, text: str) -> str | None:
    try:
        parse(text)
    except ValueError as error:
        return str(error)
    return None
