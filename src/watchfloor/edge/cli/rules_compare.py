"""`watchfloor rules compare OLD NEW`: what a change of rules makes newly possible or newly stopped."""

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

import msgspec

from watchfloor.app.rulebook import rule_set_of, rules_in_use
from watchfloor.base.errors import InputError, UnavailableError
from watchfloor.edge.cli.rules_explain import read_text
from watchfloor.edge.cli.rules_record import past_otherwise
from watchfloor.edge.stores.packs import load_pack
from watchfloor.messages.rulebook import RuleVersion
from watchfloor.rules.engine import RuleSet

if TYPE_CHECKING:
    from watchfloor.rules.compare import ChangeClass, Comparison


def add(verbs: Any) -> None:
    """Add the verb."""
    compare = verbs.add_parser(
        "compare",
        help="what becomes newly possible or newly stopped between two versions",
        description="Compares two committed versions of a pack's rules, or two policy files with --schema, over all "
        "questions there are: one class for each way in which answers change, with a worked example that was run again "
        "through the engine, and a proof that no class is missing. It takes no request and no goal. Exit code 1: it "
        "cannot compare; the policy and its line are named.",
        epilog="example: watchfloor rules compare 3 4-draft",
    )
    compare.add_argument("old", metavar="OLD", help="a version of the pack, or a policy file")
    compare.add_argument("new", metavar="NEW", help="another one")
    compare.add_argument("--pack", default="eight-thirty", help="name or folder of the pack (default: %(default)s)")
    compare.add_argument("--schema", metavar="S", help="with policy files: their schema")
    compare.add_argument(
        "--texts",
        metavar="FILE",
        help="two versions in full, in a JSON list, as a room hands them over (-: standard input)",
    )
    compare.add_argument("--record", metavar="DIR", help="also ask again about every past answer of this record")
    compare.add_argument("--json", action="store_true", help="JSON lines and nothing else")
    compare.set_defaults(work=work_compare)


def work_compare(arguments: argparse.Namespace) -> int:
    """Compare; exit code 1 when it cannot."""
    try:
        from watchfloor.rules.compare import CannotCompareError, compare  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise UnavailableError("comparing needs the extra `analysis`: pip install 'watchfloor[analysis]'") from error
    old, new = _rule_sets(arguments)
    try:
        comparison = compare(old, new)
    except CannotCompareError as error:
        print(json.dumps({"cannot_compare": str(error)}) if arguments.json else str(error))
        return 1
    if arguments.json:
        _tell_json(comparison, old, new)
    else:
        _tell(comparison, old, new)
    if arguments.record:
        _tell_past(arguments)
    return 0


def _tell_past(arguments: argparse.Namespace) -> None:
    """Past answers under the new version. That none changes proves nothing: what nobody asked is in the classes."""
    count, otherwise = past_otherwise(arguments.record, arguments.pack, arguments.new)
    if arguments.json:
        for one in otherwise:
            print(json.dumps({"past": msgspec.to_builtins(one)}))
        print(json.dumps({"past_answers": count, "otherwise": len(otherwise)}))
        return
    print(f"\nof {count} past answers, {len(otherwise)} come out otherwise:")
    for one in otherwise:
        signed = ", which was signed" if one.was_decided else ""
        was, would = (
            f"{a.value} ({' '.join(by) or '-'})" for a, by in ((one.was, one.was_by), (one.would, one.would_by))
        )
        print(f"  entry {one.seq}, {one.request_id}{signed}: {was} -> {would}")


def _rule_sets(arguments: argparse.Namespace) -> tuple[RuleSet, RuleSet]:
    names = (arguments.old, arguments.new)
    if arguments.texts is not None:
        return _of_texts(arguments.texts, names)
    if arguments.schema is None:
        pack = load_pack(arguments.pack)
        old, new = (rule_set_of(rules_in_use(pack, name).version) for name in names)
        return old, new
    schema = read_text(arguments.schema)
    old, new = (RuleSet({name: read_text(name)}, schema) for name in names)
    return old, new


def _of_texts(file: str, names: tuple[str, str]) -> tuple[RuleSet, RuleSet]:
    """The two versions of a list, which must be those that are named.

    **Raises**: InputError, when they are not.
    """
    raw = sys.stdin.read() if file == "-" else read_text(file)
    try:
        versions = msgspec.json.decode(raw, type=tuple[RuleVersion, RuleVersion])
    except msgspec.MsgspecError as error:
        raise InputError(f"no two versions of rules: {error}", field="texts") from error
    if (versions[0].version, versions[1].version) != names:
        raise InputError(f"the texts are of `{versions[0].version}` and `{versions[1].version}`", field="texts")
    return rule_set_of(versions[0]), rule_set_of(versions[1])


def _tell_json(comparison: "Comparison", old: RuleSet, new: RuleSet) -> None:
    for one in comparison.classes:
        print(
            json.dumps(
                {
                    "class": one.word,
                    "action": one.action,
                    "before": one.before.value,
                    "after": one.after.value,
                    "before_by": one.before_by,
                    "after_by": one.after_by,
                    "answered": one.answered,
                    "example": {"request": one.question, "entities": one.entities},
                }
            )
        )
    whole = {"changed": comparison.changed, "classes": len(comparison.classes), "proved_complete": comparison.proofs}
    print(json.dumps({**whole, "old_digest": old.digest(), "new_digest": new.digest()}))


def _tell(comparison: "Comparison", old: RuleSet, new: RuleSet) -> None:
    if not comparison.changed:
        print("nothing changed: the two versions hold the same policies")
        return
    print(f"changed policies: {', '.join(comparison.changed)}")
    named = _facts_named(comparison, (old, new))
    word = ""
    for one in comparison.classes:
        if one.word != word:
            word = one.word
            print(f"\n{word}:")
        print(f"  {_about(one)}")
        print(f"    for example: {_example(one, named)}")
    print(f"\n{len(comparison.classes)} classes; every example was run through the engine again.")
    print(f"Proved for all {comparison.proofs} kinds of question that no class is missing.")


def _about(one: "ChangeClass") -> str:
    before = f"{one.before.value} by {' '.join(one.before_by) or 'unchanged rules'}"
    after = one.after.value + (f" by {' '.join(one.after_by)}" if one.after_by else "")
    although = f"; also where {', '.join(one.answered)} had asked and were answered" if one.answered else ""
    return f"{one.action}: {before} -> {after}{although}"


def _facts_named(comparison: "Comparison", sets: tuple[RuleSet, RuleSet]) -> frozenset[str]:
    """Facts that the changed policies speak of; the others of an example only fill the form."""
    changed = [rule for rules in sets for rule in rules.rules.values() if rule.part in comparison.changed]
    return frozenset(name for rule in changed for name in rule.named)


def _example(one: "ChangeClass", named: frozenset[str]) -> str:
    ids = {name: one.question[name]["id"] for name in ("principal", "resource")}
    facts = [
        f"{name} = {json.dumps(value)}" for name, value in sorted(one.question["context"].items()) if name in named
    ]
    for entity in one.entities:
        known = [f"its {name} = {json.dumps(value)}" for name, value in entity["attrs"].items() if name in named]
        facts.extend(known)
    return f"{ids['principal']} on {ids['resource']}" + "".join(f", {fact}" for fact in facts)
