"""Comparing by solver against asking the engine about every question of a finite domain, written apart."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.rules.compare import ChangeClass, change_key, changed_parts, compare
from watchfloor.rules.engine import Question, RuleSet

SCHEMA = """
entity Nation; entity City; entity Area in [City] { held: String, big: Bool };
action g; action fly, drop in [g] appliesTo
  { principal: Nation, resource: Area, context: { x: Long, y?: Long, b: Bool, s: Set<String>, r?: { t: String } } };
"""
LONGS = (-1, 0, 1, 2, 3)
ATOMS = st.sampled_from(
    [
        "context.x > 0",
        "context.x <= 1",
        "context.x + 1 == 2",
        "context has y && context.y < 2",
        "context has y && context.y == context.x",
        "context.b",
        "!context.b",
        'context.s.contains("a")',
        'context.s.containsAll(["a", "b"])',
        'context.s.containsAny(["b", "c"])',
        '["a"].containsAll(context.s)',
        "context.s.isEmpty()",
        'context.s == ["a"]',
        'resource.held == "h"',
        '["h", "k"].contains(resource.held)',
        "resource.big",
        'resource in City::"T"',
        'principal == Nation::"A"',
        'action in Action::"g"',
        "if context.b then context.x > 1 else resource.big",
        'context has r && context.r.t == "h"',
        "principal is Nation",
    ]
)
HEADS = st.sampled_from(
    [
        "principal, action, resource",
        'principal == Nation::"A", action, resource',
        'principal, action == Action::"drop", resource',
        'principal, action in Action::"g", resource',
        'principal, action, resource in City::"T"',
        'principal, action, resource == Area::"D"',
        "principal, action, resource is Area",
    ]
)
CLAUSES = st.lists(
    st.builds(
        lambda word, one, op, two: f"{word} {{ ({one}) {op} ({two}) }}",
        st.sampled_from(["when", "unless"]),
        ATOMS,
        st.sampled_from(["&&", "||"]),
        ATOMS,
    ),
    max_size=2,
)


def policies(number: int, *, permit: bool):
    def text(head: str, clauses: list[str], answer: str) -> str:
        said = "" if permit else f'@answer("{answer}")' + ('@ask("legal")' if answer == "ask" else "")
        return f'@id("R{number}") {said} {"permit" if permit else "forbid"}({head}) {" ".join(clauses)};'

    return st.builds(text, HEADS, CLAUSES, st.sampled_from(["stop", "ask"]))


SETS = st.tuples(policies(0, permit=True), *(policies(number, permit=False) for number in range(1, 4)))


def every_question():
    """Each fact at each value that the policies can tell apart, and one beyond."""
    sets = [
        ["a", "b", "c", "z"][:0],
        ["a"],
        ["b"],
        ["c"],
        ["a", "b"],
        ["a", "c"],
        ["b", "c"],
        ["a", "b", "c"],
        ["z"],
        ["a", "z"],
    ]
    sets += [["b", "z"], ["c", "z"], ["a", "b", "z"], ["a", "c", "z"], ["b", "c", "z"], ["a", "b", "c", "z"]]
    for x, y, b, s, t in product(LONGS, (None, 0, 1, 2, 3, -1), (True, False), sets, (None, "h", "z")):
        context = {"x": x, "b": b, "s": s}
        if y is not None:
            context["y"] = y
        if t is not None:
            context["r"] = {"t": t}
        yield context


CONTEXTS = list(every_question())[::7]
PLACES = list(product(("h", "k", "z"), (True, False), (True, False), ("D", "E")))


def by_engine(old: RuleSet, new: RuleSet) -> set[tuple]:
    """Keys of all classes that a finite sample of questions shows."""
    changed, found = changed_parts(old, new), set()
    for held, big, in_city, area in PLACES[::2]:
        attributes = {"held": held, "big": big}
        parents = [{"type": "City", "id": "T"}] if in_city else []
        known = old.entities([{"uid": {"type": "Area", "id": area}, "attrs": attributes, "parents": parents}])
        for context in CONTEXTS:
            for nation, action in (("A", "fly"), ("B", "drop")):
                question = Question(
                    {"type": "Nation", "id": nation},
                    {"type": "Action", "id": action},
                    {"type": "Area", "id": area},
                    context,
                )
                one = change_key(old, new, changed, question, known)
                if one.before is not one.after:
                    found.add(one.key)
    return found


@settings(max_examples=12, deadline=None)
@given(SETS, SETS, st.sets(st.integers(0, 3), min_size=1, max_size=2))
def test_no_question_shows_a_class_that_the_solver_did_not_find(before, after, places):
    """And each class that it finds was shown by the engine: `compare` refuses to tell one that was not."""
    mixed = tuple(after[place] if place in places else before[place] for place in range(4))
    old, new = (RuleSet({"r.cedar": "\n".join(texts)}, SCHEMA) for texts in (before, mixed))
    if old.faults or new.faults:
        return
    found = {one.key for one in compare(old, new).classes}
    assert by_engine(old, new) <= found


def test_every_class_of_a_small_change_is_found_and_no_other():
    permit = '@id("R0") permit(principal, action, resource);'
    one = '@id("R1") @answer("stop") forbid(principal, action, resource) when { context.x > %d && context.b };'
    two = """@id("R2") @answer("ask") @ask("legal")
forbid(principal, action == Action::"drop", resource) when { resource.big };"""
    old, new = (RuleSet({"r.cedar": permit + one % limit + two}, SCHEMA) for limit in (1, 0))
    classes = compare(old, new).classes
    assert all(isinstance(found, ChangeClass) for found in classes)
    assert {found.key for found in classes} == by_engine(old, new)
    assert {found.word for found in classes} == {"newly stopped"}
