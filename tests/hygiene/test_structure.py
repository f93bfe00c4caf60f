"""The house rules that a machine can keep: closed packages, sizes, units, no cycles, no forbidden names."""

import ast
import re
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "watchfloor"
MODULES = sorted(SOURCE.rglob("*.py"))
WALL = [path for kind in ("*.ts", "*.svelte") for path in sorted((ROOT / "wall" / "src").rglob(kind))]
CODE = [*MODULES, *(path for path in WALL if path.name != "messages.ts")]  # that one is generated

# SCOPE limit 10: this list is closed; a new name needs a decision record in docs/decisions/.
PACKAGES = {
    "base", "messages", "wire", "picture", "deconflict", "line", "rules", "decisions", "record", "assess", "release",
    "app", "edge", "exercise", "verify",
}  # fmt: skip


def test_the_top_level_packages_are_those_of_the_architecture() -> None:
    found = {path.name for path in SOURCE.iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert found <= PACKAGES


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_has_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text())
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_a_function_has_at_most_60_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in MODULES
        for node in functions(path)
        if (node.end_lineno or 0) - node.lineno + 1 > 60
    ]
    assert not long


def test_no_module_is_called_a_drawer() -> None:
    assert not [path for path in MODULES if path.stem in ("utils", "helpers", "manager", "common", "misc")]


def test_a_wire_module_opens_with_its_source() -> None:
    for path in (SOURCE / "wire").glob("*.py"):
        if path.name != "__init__.py":
            assert "**Source**" in (ast.get_docstring(ast.parse(path.read_text())) or ""), path.name


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("watchfloor")
    for package in ["watchfloor", *(f"watchfloor.{name}" for name in PACKAGES if (SOURCE / name).is_dir())]:
        children = sorted(graph.find_children(package))
        reaches = {
            (one, other)
            for one in children
            for other in children
            if one != other and graph.find_shortest_chains(one, other, as_packages=True)
        }
        circles = [(one, other) for one, other in reaches if (other, one) in reaches]
        assert not circles


def test_nouns_of_a_pack_do_not_stand_in_the_engine() -> None:
    nouns = re.compile(r"\b(tolmere|sellan|mirrane|saltyard|aldane|brevony|holdfast|tiller|heron)\b", re.IGNORECASE)
    for path in MODULES:
        assert not nouns.search(path.read_text()), path


def test_every_way_out_asks_the_one_check_who_may_see_an_item() -> None:
    ways_out = [path for path in MODULES if path.relative_to(SOURCE).parts[0] in ("app", "edge", "exercise", "verify")]
    imported = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in ways_out
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and any(name.name == "releasable" for name in node.names)
    ]
    assert not imported, "ask `watchfloor.app.sight.may_see`"
