"""YAML and JSON with the line of every value kept, so that a fault in a file can be pointed at.

JSON is read as the YAML it nearly is. Tags, anchors and duplicate keys are refused; `1_000`, `yes` and other
spellings that surprise people stay text.
**Source**: YAML 1.2, JSON schema; PyYAML's nodes carry the marks.
"""

import re
from typing import Any, TypeVar

import msgspec
import yaml

from watchfloor.base.errors import InputError

T = TypeVar("T")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_FRACTION = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_FIELD = re.compile(r"\.([^.\[\]`]+)|\[(\d+|\.\.\.)\]")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class PackError(InputError):
    """A fault in a file: which file, which line, which field, and what is wrong there."""

    def __init__(self, sentence: str, *, file: str, line: int, field: str) -> None:
        where = f"{file}:{line}: " + (f"`{field}`: " if field else "")
        super().__init__(where + sentence, field=field, file=file, line=line)


class Marked:
    """A file's plain value, and the line on which each part of it stands."""

    def __init__(self, file: str, raw: bytes) -> None:
        self.file = file
        self._lines: dict[tuple[str | int, ...], int] = {}
        try:
            root = yaml.compose(raw.decode(), Loader=_LOADER)
        except UnicodeDecodeError as error:
            raise PackError(f"not UTF-8: {error.reason}", file=file, line=1, field="") from error
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise PackError(str(error.problem), file=file, line=line, field="") from error
        except yaml.YAMLError as error:
            raise PackError(str(error), file=file, line=1, field="") from error
        if root is None:
            raise PackError("the file is empty", file=file, line=1, field="")
        self.value = self._plain(root, ())

    def line(self, path: tuple[str | int, ...]) -> int:
        """The line of a part, or of the nearest part around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def fault(self, path: tuple[str | int, ...], sentence: str) -> PackError:
        """A fault at this part."""
        return PackError(sentence, file=self.file, line=self.line(path), field=_spelled(path))

    def convert(self, kind: type[T]) -> T:
        """The value as a struct.

        **Raises**: PackError, naming line and field, when it does not fit.
        """
        try:
            return msgspec.convert(self.value, kind)
        except msgspec.ValidationError as error:
            sentence, _, where = str(error).partition(" - at `$")
            path: list[str | int] = []
            for name, index in _FIELD.findall(where):
                path.append(name if name else int(index) if index != "..." else 0)
            raise self.fault(tuple(path), sentence[:1].lower() + sentence[1:]) from error

    def _plain(self, node: yaml.Node, path: tuple[str | int, ...]) -> Any:
        self._lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            found: dict[str, Any] = {}
            for key_node, value_node in node.value:
                key = str(key_node.value)
                if key in found:
                    raise self.fault((*path, key), "stands twice")
                found[key] = self._plain(value_node, (*path, key))
            return found
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(item, (*path, place)) for place, item in enumerate(node.value)]
        return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    text = node.value
    if getattr(node, "style", None) in ("'", '"', "|", ">"):
        return text
    if text in ("true", "false"):
        return text == "true"
    if text in ("null", "~", ""):
        return None
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FRACTION.fullmatch(text):
        return float(text)
    return text


def _spelled(path: tuple[str | int, ...]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
