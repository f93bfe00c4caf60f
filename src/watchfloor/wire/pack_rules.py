"""A pack's rule files to a rulebook: versions with their texts, and cases whose facts are complete.

| file | holds |
|---|---|
| `rules/versions.yaml` | versions, oldest first: state, bounds, files |
| `rules/schema.cedarschema` | what rules may ask of |
| `rules/*.cedar`, `rules/caveats/*.cedar` | policies; a nation's caveats in that nation's file |
| `rules/cases.yaml` | test cases; may be absent |

**Source**: own format; Cedar for policies and schema.
"""

from collections.abc import Mapping
from typing import Any

from watchfloor.base.errors import InputError
from watchfloor.base.instants import us_from_hms, us_from_rfc3339
from watchfloor.messages.rulebook import (
    PackRuleVersion,
    Rulebook,
    RuleCase,
    RuleCases,
    RuleFile,
    RuleState,
    RuleVersion,
)
from watchfloor.wire.marked import Marked, PackError

VERSIONS, SCHEMA, CASES = "rules/versions.yaml", "rules/schema.cedarschema", "rules/cases.yaml"
_CLOCKS = {"now": "now_us", "window_from": "from_us", "window_until": "until_us"}


def rulebook_of(files: Mapping[str, bytes], midnight_us: int) -> Rulebook:
    """The rulebook of a pack.

    **Raises**: PackError, at the first fault, with file and line.
    """
    if VERSIONS not in files:
        raise PackError("the pack has no such file", file=VERSIONS, line=1, field="")
    marked = Marked(VERSIONS, files[VERSIONS])
    listed = marked.convert(tuple[PackRuleVersion, ...])
    schema = _text(files, SCHEMA)
    versions: list[RuleVersion] = []
    for place, one in enumerate(listed):
        if any(known.version == one.id for known in versions):
            raise marked.fault((place, "id"), f"`{one.id}` stands twice")
        texts = []
        for name in one.files:
            if f"rules/{name}" not in files:
                raise marked.fault((place, "files"), f"the pack has no file `rules/{name}`")
            texts.append(RuleFile(f"rules/{name}", _text(files, f"rules/{name}")))
        from_us = _instant(marked, (place, "valid_from"), one.valid_from) or 0
        until_us = _instant(marked, (place, "valid_until"), one.valid_until)
        if until_us is not None and until_us <= from_us:
            raise marked.fault((place, "valid_until"), "ends before it begins")
        versions.append(
            RuleVersion(
                version=one.id, title=one.title, from_us=from_us, until_us=until_us, schema=schema, files=tuple(texts)
            )
        )
    in_force = [one.id for one in listed if one.state is RuleState.IN_FORCE]
    if len(in_force) != 1:
        raise marked.fault((), f"one version is in force at the start, not {len(in_force)}")
    retired = frozenset(one.id for one in listed if one.state is RuleState.RETIRED)
    cases = _cases(files, versions, midnight_us)
    return Rulebook(versions=tuple(versions), in_force=in_force[0], retired=retired, cases=cases)


def _text(files: Mapping[str, bytes], name: str) -> str:
    if name not in files:
        raise PackError("the pack has no such file", file=name, line=1, field="")
    try:
        return files[name].decode()
    except UnicodeDecodeError as error:
        line = files[name].count(b"\n", 0, error.start) + 1
        raise PackError(f"not UTF-8: {error.reason}", file=name, line=line, field="") from error


def _instant(marked: Marked, path: tuple[str | int, ...], text: str) -> int | None:
    if not text:
        return None
    try:
        return us_from_rfc3339(text)
    except InputError as error:
        raise marked.fault(path, str(error)) from error


def _cases(files: Mapping[str, bytes], versions: list[RuleVersion], midnight_us: int) -> tuple[RuleCase, ...]:
    if CASES not in files:
        return ()
    marked = Marked(CASES, files[CASES])
    whole = marked.convert(RuleCases)
    found = []
    for place, case in enumerate(whole.cases):
        if all(case.version != version.version for version in versions):
            raise marked.fault(("cases", place, "version"), f"the pack has no rules of version `{case.version}`")
        facts: dict[str, Any] = {}
        for name, value in (whole.usual | case.facts).items():
            if name not in _CLOCKS:
                facts[name] = value
                continue
            try:
                facts[_CLOCKS[name]] = midnight_us + us_from_hms(str(value))
            except InputError as error:
                raise marked.fault(("cases", place, "facts", name), str(error)) from error
        found.append(
            RuleCase(
                name=case.name,
                version=case.version,
                nation=case.nation,
                kind=case.kind,
                area=case.area,
                facts=facts,
                answer=case.answer,
                rules=case.rules,
                asked=case.asked,
            )
        )
    return tuple(found)
