"""`watchfloor rules` as people and programs use it: answers, places of faults, exit codes."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.running import run_words
from watchfloor.edge.stores.packs import shipped_folder

SCHEMA = "entity U; entity P; action v appliesTo { principal: U, resource: P, context: { x: Long } };"
POLICIES = 'permit(principal, action, resource);\n@id("R1") forbid(principal, action, resource) when { context.x > 3 };'


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "s.cedarschema").write_text(SCHEMA)
    (tmp_path / "p.cedar").write_text(POLICIES)
    (tmp_path / "e.json").write_text("[]")
    ask(tmp_path, x=1)
    return tmp_path


def ask(folder: Path, principal: str = 'U::"a"', **context: object) -> None:
    request = {"principal": principal, "action": 'Action::"v"', "resource": 'P::"b"', "context": context}
    (folder / "r.json").write_text(json.dumps(request))


def explain(folder: Path, *more: str, schema: bool = True):
    words = ["--policies", "p.cedar", "--entities", "e.json", "--request", "r.json", "--json", *more]
    if schema:
        words += ["--schema", "s.cedarschema"]
    paths = [str(folder / word) if (folder / word).exists() else word for word in words]
    return run_words("rules", "explain", *paths)


def answer(folder: Path, **how: bool) -> dict:
    done = explain(folder, **how)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_explain_ends_with_the_answer_and_the_engines_own_beside_it(files: Path) -> None:
    allow = {"decision": "Allow", "reasons": ["policy0"], "errors": []}
    assert answer(files) == {"result": "no_objection", "rules": [], "valid": True, "engine": allow}
    ask(files, x=9)
    deny = {"decision": "Deny", "reasons": ["policy1"], "errors": []}
    assert answer(files) == {"result": "stop", "rules": ["R1"], "valid": True, "engine": deny}


def test_without_a_schema_or_with_unfit_facts_it_stops_and_shows_what_the_engine_says(files: Path) -> None:
    without = answer(files, schema=False)
    assert (without["result"], without["valid"], without["engine"]["decision"]) == ("stop", False, "Allow")
    ask(files, x="many")
    unfit = answer(files)
    assert (unfit["result"], unfit["valid"]) == ("stop", False)
    assert len(unfit["engine"]["errors"]) == 1


def test_a_schema_in_json_is_read_as_well(files: Path) -> None:
    applies = {"principalTypes": ["U"], "resourceTypes": ["P"]}
    context = {"type": "Record", "attributes": {"x": {"type": "Long"}}}
    plain = {"": {"entityTypes": {"U": {}, "P": {}}, "actions": {"v": {"appliesTo": {**applies, "context": context}}}}}
    (files / "s.cedarschema").write_text(json.dumps(plain))
    assert answer(files)["valid"] is True


def test_names_with_quotes_and_line_ends_reach_the_engine(files: Path) -> None:
    (files / "p.cedar").write_text('permit(principal == U::"a\\"b\\nc", action, resource);')
    ask(files, principal='U::"a\\"b\\nc"', x=1)
    assert answer(files)["engine"]["decision"] == "Allow"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("p.cedar", "permit(principal, action, resource);\n forbid(", "p.cedar:2:9: unexpected end"),
        ("s.cedarschema", "entity U;\nentity P", "schema:2:9: unexpected end"),
        ("s.cedarschema", '{"": \n 3,}', "schema:2:4: "),
        ("e.json", "{", "not JSON: Expecting"),
        ("r.json", "[]", "not a JSON object"),
        ("r.json", '{"principal": "U"}', "`principal` is to be"),
        ("r.json", "\xff", "not JSON"),
    ],
)
def test_a_file_that_does_not_parse_is_wrong_use_and_named(files: Path, name: str, text: str, said: str) -> None:
    (files / name).write_text(text)
    done = explain(files)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_check_test_and_compare_of_the_shipped_rules() -> None:
    for verb in ("check", "test"):
        done = run_words("rules", verb)
        assert done.returncode == 0, done.stdout + done.stderr
    done = run_words("rules", "compare", "4", "4-draft", "--json")
    assert done.returncode == 0, done.stderr
    *classes, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert last["changed"] == ["R12.district"]
    assert last["classes"] == len(classes)
    assert {one["class"] for one in classes} == {"newly possible", "no longer stopped"}
    assert all(one["example"]["request"]["context"]["refusal_age_s"] < 86_400 for one in classes)
    assert "newly possible" in run_words("rules", "compare", "3", "4-draft").stdout


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "said"),
    [
        (
            "rules/v3.cedar",
            "forbid (principal, action, resource)",
            "forbid (principal, action resource)",
            2,
            "rules/v3.cedar:12:27",
        ),
        ("rules/v3.cedar", '"crew"', '"room"', 1, "FAILS"),
        ("rules/versions.yaml", "v3.cedar", "v9.cedar", 2, "versions.yaml:7: `[0].files`"),
        ("rules/versions.yaml", "state: proposed", "state: in_force", 2, "one version is in force"),
        ("rules/cases.yaml", 'version: "4"', 'version: "7"', 2, "no rules of version `7`"),
        ("rules/schema.cedarschema", '"drop_open": Bool', '"moon": Bool', 1, "no fact `moon`"),
    ],
)
def test_a_fault_of_a_pack_is_named(tmp_path: Path, file: str, old: str, new: str, code: int, said: str) -> None:
    pack = tmp_path / "mine"
    shutil.copytree(shipped_folder() / "eight-thirty", pack)
    text = (pack / file).read_text()
    assert old in text
    (pack / file).write_text(text.replace(old, new))
    verb = "test" if said == "FAILS" else "check"
    done = run_words("rules", verb, str(pack))
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_what_cannot_be_compared_blocks_and_is_named(files: Path) -> None:
    (files / "new.cedar").write_text(
        POLICIES.replace("context.x > 3", 'principal in U::"g" && context.x * context.x > 3')
    )
    (files / "like.cedar").write_text(
        POLICIES + '\n@id("R2") forbid(principal, action, resource) when { "a" like "b*" };'
    )
    schema = ("--schema", str(files / "s.cedarschema"))
    done = run_words("rules", "compare", str(files / "p.cedar"), str(files / "like.cedar"), *schema)
    assert done.returncode == 1
    assert "cannot compare: policy `R2`" in done.stdout
    assert "like.cedar:3" in done.stdout
