"""conformance/requirements.md tells the truth: all 56 stand there, and every check it names exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "conformance" / "requirements.md").read_text()
NUMBERED = re.compile(r"^(\d+)\. (.+?)(?=^\d+\. |^\*\*|\Z)", re.DOTALL | re.MULTILINE)


def requirements() -> dict[int, list[str]]:
    """What stands below each number: checks, or `not yet`."""
    found = {}
    for number, body in NUMBERED.findall(TEXT):
        found[int(number)] = [line.strip()[2:] for line in body.splitlines()[1:] if line.strip().startswith("- ")]
    return found


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return names | {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def test_all_56_requirements_stand_there_each_with_checks_or_not_yet() -> None:
    found = requirements()
    assert sorted(found) == list(range(1, 57))
    for number, lines in found.items():
        assert lines, f"requirement {number} says nothing"
        assert all(line.startswith("check: `") for line in lines) or (len(lines) == 1 and line_is_not_yet(lines[0])), (
            f"requirement {number}: {lines}"
        )


def line_is_not_yet(line: str) -> bool:
    return line == "not yet" or line.startswith("not yet: ")


def test_every_check_that_is_named_exists() -> None:
    for number, lines in requirements().items():
        for line in lines:
            if line.startswith("check: "):
                path, _, name = line.removeprefix("check: `").removesuffix("`").partition("::")
                assert (ROOT / path).is_file(), f"requirement {number} names {path}"
                assert name in names_in(ROOT / path), f"requirement {number} names {path}::{name}"


def test_the_readme_does_not_claim_more_than_the_checks() -> None:
    done = [number for number, lines in requirements().items() if lines[0].startswith("check: ")]
    assert set(done) >= {1, 19, 20, 21, 26, 27, 29, 37}
