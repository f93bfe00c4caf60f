"""`watchfloor rules check|test|explain|compare`: rules of engagement as code."""

import argparse
import json
from typing import Any

from watchfloor.app.rulebook import check_rulebook, rule_set_of, rules_in_use
from watchfloor.edge.cli import rules_compare, rules_explain, rules_record
from watchfloor.edge.stores.packs import load_pack
from watchfloor.rules.checking import Remark


def add(commands: Any) -> None:
    """Add the command and its verbs."""
    parser = commands.add_parser(
        "rules",
        help="rules of engagement: check, test, explain, compare, history",
        description="Works on a pack's rules. Rules stop, ask or have no objection; they never approve.",
        epilog="example: watchfloor rules compare 3 4",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = verbs.add_parser(
        "check",
        help="names, schema, what can never speak, what contradicts",
        description="Checks every version of a pack's rules. A file that does not parse is named with line and column.",
        epilog="example: watchfloor rules check eight-thirty",
    )
    _pack_and_json(check)
    check.set_defaults(work=work_check)
    test = verbs.add_parser(
        "test",
        help="run the pack's own cases",
        description="Runs the cases of `rules/cases.yaml`; exit code 1 when one does not come out as it says.",
        epilog="example: watchfloor rules test eight-thirty",
    )
    _pack_and_json(test)
    test.set_defaults(work=work_test)
    rules_explain.add(verbs)
    rules_compare.add(verbs)
    rules_record.add(verbs)


def _pack_and_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pack", nargs="?", default="eight-thirty", metavar="PACK", help="name or folder of a pack")
    parser.add_argument("--json", action="store_true", help="one JSON line per finding and nothing else")


def work_check(arguments: argparse.Namespace) -> int:
    """Check every version; exit code 1 when something is wrong."""
    pack = load_pack(arguments.pack)
    remarks = check_rulebook(pack)
    unchecked = ""
    if not remarks:
        remarks, unchecked = _reach(pack)
    for name, remark in remarks:
        _tell(arguments, name, remark)
    if not arguments.json:
        for version in pack.rulebook.versions:
            rules = rule_set_of(version)
            state = ", in force" if version.version == pack.rulebook.in_force else ""
            print(f"version {version.version}{state}: {len(rules.rules)} policies, {rules.digest()[:16]}")
        print(f"{len(remarks)} faults" + (f"; {unchecked}" if unchecked else ""))
    return 1 if remarks else 0


def _reach(pack: Any) -> tuple[list[tuple[str, Remark]], str]:
    """What a solver finds; without the solver, that it was not asked."""
    try:
        from watchfloor.rules.reach import check_reach  # noqa: PLC0415  # an extra
    except ImportError:
        return [], "unreachable rules were not looked for: pip install 'watchfloor[analysis]'"
    found: list[tuple[str, Remark]] = []
    for version in pack.rulebook.versions:
        found.extend((version.version, remark) for remark in check_reach(rule_set_of(version)))
    return found, ""


def _tell(arguments: argparse.Namespace, version: str, remark: Remark) -> None:
    if arguments.json:
        line = {"version": version, "file": remark.file, "line": remark.line, "rule": remark.part}
        print(json.dumps({**line, "fault": remark.sentence}))
    else:
        print(f"version {version}: {remark}")


def work_test(arguments: argparse.Namespace) -> int:
    """Run the pack's cases; exit code 1 when one does not hold."""
    pack = load_pack(arguments.pack)
    failed = 0
    for case in pack.rulebook.cases:
        result = rules_in_use(pack, case.version).run_case(case)
        failed += not result.holds
        got = result.finding
        if arguments.json:
            line = {"case": case.name, "version": case.version, "holds": result.holds, "answer": got.answer.value}
            print(json.dumps({**line, "rules": got.rules, "asked": got.asked}))
            continue
        by = f": {' '.join(got.rules)}" if got.rules else ""
        print(f"{'holds' if result.holds else 'FAILS'}  v{case.version}  {case.name} -> {got.answer.value}{by}")
        if not result.holds:
            print(f"       due: {case.answer.value} {' '.join(case.rules)}; asked: {' '.join(case.asked) or 'nobody'}")
            for fault in got.faults:
                print(f"       {fault}")
    if not arguments.json:
        print(f"{len(pack.rulebook.cases) - failed} of {len(pack.rulebook.cases)} cases hold")
    return 1 if failed else 0
