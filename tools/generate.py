"""Writes what is generated from `watchfloor.messages`: JSON Schemas and the wall's types. `--check` only compares."""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from watchfloor.messages.entry import Fact
from watchfloor.messages.handover import BriefTold
from watchfloor.messages.pack import PackHeader, RequiredAdvice
from watchfloor.messages.screen import FactShown, NamesTold, PulseTold, ReplayTold, ScreenTold
from watchfloor.messages.signed import AnyAct

ROOT = Path(__file__).parents[1]
TOLD = (ScreenTold, PulseTold, NamesTold, ReplayTold, FactShown, BriefTold)
HEAD = "// Generated from watchfloor.messages by tools/generate.py; do not edit.\n"


def components(*kinds: Any) -> dict[str, Any]:
    """JSON Schema definitions of these types and all they use."""
    _, found = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    return dict(sorted(found.items()))


def schema(title: str, *kinds: Any) -> str:
    """One schema file."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "$defs": components(*kinds),
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def typescript(definitions: dict[str, Any]) -> str:
    """TypeScript types of schema definitions."""
    return HEAD + "\n".join(_declared(name, body) for name, body in definitions.items())


def _declared(name: str, body: dict[str, Any]) -> str:
    note = f"/** {body['description'].splitlines()[0]} */\n" if "description" in body else ""
    if "enum" in body:
        return f"{note}export type {name} = {' | '.join(json.dumps(value) for value in body['enum'])};\n"
    if body.get("type") == "array":
        return f"{note}export type {name} = [{', '.join(_type(item) for item in body['prefixItems'])}];\n"
    required = set(body.get("required", ()))
    lines = [
        f"  {field}{'' if field in required or 'const' in inner or 'enum' in inner else '?'}: {_type(inner)};"
        for field, inner in body["properties"].items()
    ]
    return f"{note}export interface {name} {{\n" + "\n".join(lines) + "\n}\n"


def _type(body: dict[str, Any]) -> str:
    if "$ref" in body:
        return str(body["$ref"]).rpartition("/")[2]
    if "enum" in body:
        return " | ".join(json.dumps(value) for value in body["enum"])
    if "anyOf" in body:
        return " | ".join(_type(inner) for inner in body["anyOf"])
    kind = body.get("type")
    if kind == "array":
        return f"({_type(body['items'])})[]" if "items" in body else "unknown[]"
    if kind == "object":
        return f"Record<string, {_type(body['additionalProperties'])}>"
    return {"integer": "number", "number": "number", "string": "string", "boolean": "boolean", "null": "null"}[
        str(kind)
    ]


def outputs() -> dict[Path, str]:
    """Every generated file."""
    return {
        ROOT / "schemas" / "entry.json": schema("facts of the record", Fact),
        ROOT / "schemas" / "acts.json": schema("acts that people sign", AnyAct),
        ROOT / "schemas" / "pack.json": schema("a pack's files", PackHeader, RequiredAdvice),
        ROOT / "wall" / "src" / "messages.ts": typescript(components(AnyAct, *TOLD)),
    }


def main() -> int:
    """Write, or compare; 1 when something is stale."""
    stale = []
    for path, text in outputs().items():
        if "--check" in sys.argv:
            if not path.exists() or path.read_text() != text:
                stale.append(path.relative_to(ROOT))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    for path in stale:
        print(f"{path} is stale; run `.venv/bin/python tools/generate.py`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
