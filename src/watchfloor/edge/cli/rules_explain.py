"""`watchfloor rules explain`: what the rules answer to a question, with the engine's own decision beside ours."""

import argparse
import json
from pathlib import Path
from typing import Any

import msgspec

from watchfloor.base.errors import InputError
from watchfloor.edge.cli.rules_record import explain_request
from watchfloor.messages.findings import Finding
from watchfloor.rules.engine import Entities, Question, RuleSet
from watchfloor.rules.fault import RuleFaultError
from watchfloor.rules.uids import uid_of

MAX_FILE_BYTES = 64 << 20
_STOPPED = {"result": "stop", "rules": [], "valid": False}


def add(verbs: Any) -> None:
    """Add the verb."""
    explain = verbs.add_parser(
        "explain",
        help="what the rules answer to a question, and why",
        description="With REQUEST and --data: what the rules answered about a request of a record, and what they were "
        "told. With files: asks any Cedar policies any question; whatever is wrong (no schema, a file that does not "
        "fit it, an error of a policy) makes the answer `stop`. With --json the last line is the answer.",
        epilog="examples:\n  watchfloor rules explain R-1 --data rooms/monday\n  watchfloor rules explain --schema "
        "s.cedarschema --policies p.cedar --entities e.json --request r.json --json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    explain.add_argument("subject", nargs="?", metavar="REQUEST", help="a request of a record, with --data")
    explain.add_argument("--data", metavar="DIR", help="the record's folder")
    explain.add_argument("--schema", metavar="S", help="Cedar schema, as text or JSON")
    explain.add_argument("--policies", metavar="P", help="Cedar policies")
    explain.add_argument("--entities", metavar="E", help="entities in Cedar's JSON")
    explain.add_argument("--request", metavar="R", help='{"principal": "T::\\"id\\"", "action", "resource", "context"}')
    explain.add_argument("--json", action="store_true", help="JSON lines and nothing else")
    explain.set_defaults(work=work_explain)


def work_explain(arguments: argparse.Namespace) -> int:
    """Explain one question, or what was answered about a request."""
    if arguments.subject or arguments.data:
        if not (arguments.subject and arguments.data):
            raise InputError("name a REQUEST and the record's folder with --data", field="REQUEST")
        return explain_request(arguments.data, arguments.subject, as_json=arguments.json)
    if not (arguments.policies and arguments.request):
        raise InputError("name --policies and --request, or a REQUEST with --data", field="policies")
    try:
        rules, entities, question = _read(arguments)
    except RuleFaultError as error:
        if arguments.json:
            print(json.dumps({**_STOPPED, "engine": {"decision": "NoDecision", "reasons": [], "errors": [str(error)]}}))
        raise
    finding = rules.ask(question, entities)
    if arguments.json:
        notes = {rules.rules[one].part: rules.rules[one].note for one in finding.engine.reasons}
        print(json.dumps({"asked": finding.asked, "faults": finding.faults, "notes": notes}))
        print(json.dumps(answer_line(finding)))
        return 0
    print(f"{finding.answer.value}" + (f": {' '.join(finding.rules)}" if finding.rules else ""))
    for one in finding.engine.reasons:
        rule = rules.rules[one]
        print(f"  {rule.part} ({rule.file}:{rule.line}, {rule.effect}): {rule.note or 'no note'}")
    if finding.asked:
        print(f"  to be asked: {', '.join(finding.asked)}")
    for fault in finding.faults:
        print(f"  does not fit: {fault}")
    engine = finding.engine
    print(f"  engine: {engine.decision} by {' '.join(engine.reasons) or 'nothing'}; {len(engine.errors)} errors")
    for sentence in engine.errors:
        print(f"    {sentence}")
    return 0


def answer_line(finding: Finding) -> dict[str, Any]:
    """The answer as programs read it."""
    return {
        "result": finding.answer.value,
        "rules": finding.rules,
        "valid": finding.valid,
        "engine": msgspec.to_builtins(finding.engine),
    }


def _read(arguments: argparse.Namespace) -> tuple[RuleSet, Entities, Question]:
    schema = None if arguments.schema is None else read_text(arguments.schema)
    rules = RuleSet({arguments.policies: read_text(arguments.policies)}, schema)
    entities = rules.entities("[]" if arguments.entities is None else read_text(arguments.entities))
    return rules, entities, read_question(read_text(arguments.request))


def read_question(text: str) -> Question:
    """A question in Cedar's JSON: names as `Type::"id"` or as objects with type and id.

    **Raises**: InputError, naming the part that is wrong.
    """
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the request is not JSON: {error}", field="request") from error
    if not isinstance(plain, dict):
        raise InputError("the request is not a JSON object", field="request")
    uids = []
    for name in ("principal", "action", "resource"):
        value = plain.get(name)
        try:
            uids.append(uid_of(value) if isinstance(value, str) else _uid_of_object(value))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f'`{name}` is to be `Type::"id"` or an object with type and id', field=name) from error
    context = plain.get("context") or {}
    if not isinstance(context, dict):
        raise InputError("`context` is to be an object", field="context")
    return Question(uids[0], uids[1], uids[2], context)


def _uid_of_object(value: Any) -> dict[str, str]:
    return {part: str(value[part]) for part in ("type", "id")}


def read_text(name: str) -> str:
    """A file's text, within bounds; InputError, when it cannot be read."""
    path = Path(name)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InputError(f"`{name}` is over {MAX_FILE_BYTES} bytes", field=name)
        return path.read_bytes().decode()
    except OSError as error:
        raise InputError(f"`{name}` cannot be read: {error.strerror}", field=name) from error
    except UnicodeDecodeError as error:
        raise InputError(f"`{name}` is not UTF-8: {error.reason}", field=name) from error
