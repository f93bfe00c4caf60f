"""Places of faults, spellings of names, shapes of schemas: against the engine itself."""

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.rules.engine import RuleSet
from watchfloor.rules.fault import RuleFaultError, statements
from watchfloor.rules.shape import shape_of
from watchfloor.rules.uids import escaped, uid_of

POLICY = '@id("R%d") permit(principal, action, resource) when { context.a == "x;{" && [1, 2].contains(3) };'


@given(st.integers(1, 6), st.integers(0, 5), st.text(alphabet=" \n", max_size=5), st.booleans())
def test_a_stray_word_is_found_where_it_stands(count: int, at: int, gap: str, commented: bool):
    at = min(at, count - 1)
    texts = [POLICY % number for number in range(count)]
    lead = "// {;\n" if commented else ""
    whole = gap + lead
    for place, text in enumerate(texts):
        whole += text.replace("when {", "when { stray", 1) if place == at else text
        whole += "\n" + gap
    offset = whole.index("stray")
    next_word = offset + len("stray ")
    with pytest.raises(RuleFaultError) as caught:
        RuleSet({"f": whole}, None)
    line, column = whole.count("\n", 0, next_word) + 1, next_word - whole.rfind("\n", 0, next_word)
    assert (caught.value.fields["line"], caught.value.fields["column"]) == (line, column)


@given(
    st.lists(
        st.sampled_from(
            [POLICY % 1, "forbid(principal, action, resource);", '@note("a;b}") permit(principal, action, resource);']
        ),
        max_size=6,
    )
)
def test_statements_are_those_that_the_engine_counts(texts: list[str]):
    whole = "\n// ; {\n".join(texts)
    assert [text for _, text in statements(whole)] == texts
    assert len(statements(whole)) == len(cedarpy.PolicySet.from_str(whole))


@given(st.text(max_size=20))
def test_a_name_reads_back_as_it_was_written(text: str):
    assert uid_of(f"A::B::{escaped(text)}") == {"type": "A::B", "id": text}


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12))
def test_the_engine_reads_the_same_name(text: str):
    nodes = cedarpy.policies_to_pst(f"permit(principal == User::{escaped(text)}, action, resource);").static_policies
    assert nodes["policy0"].principal.entity.id == text


@pytest.mark.parametrize("text", ["", "User", 'User::"a', '::"a"', 'User:"a"', '1U::"a"'])
def test_what_is_no_name_is_refused(text: str):
    with pytest.raises(ValueError, match="not of the form"):
        uid_of(text)


NAMES = st.sampled_from(["A", "B", "C"])
TYPES = st.recursive(
    st.sampled_from(["Long", "String", "Bool", "decimal", "A", "Facts"]),
    lambda inner: (
        inner.map(lambda one: f"Set<{one}>")
        | st.dictionaries(st.sampled_from(["x", "y z", "if"]), st.tuples(inner, st.booleans()), max_size=3).map(
            lambda fields: (
                "{" + ", ".join(f'"{name}"{"?" if maybe else ""}: {one}' for name, (one, maybe) in fields.items()) + "}"
            )
        )
    ),
    max_leaves=6,
)


@given(TYPES, st.booleans(), st.booleans())
def test_a_schema_has_the_shape_that_the_engine_checks_facts_by(kind: str, optional: bool, spaced: bool):
    """A fact is accepted by the engine exactly when the shape names it, and may be left out when it says so."""
    body = f"""type Facts = {{ n: Long }};
    entity A; entity B in [A] {{ "f"{"?" if optional else ""}: {kind} }};
    action "go to" appliesTo {{ principal: A, resource: B, context: {{ "f"{"?" if optional else ""}: {kind} }} }};"""
    text = f"namespace N {{ {body} }}" if spaced else body
    schema = cedarpy.Schema.from_str(text)
    shape = shape_of(schema)
    lead = "N::" if spaced else ""
    action = shape.actions[f'{lead}Action::"go to"']
    assert (action.principals, action.resources) == ((f"{lead}A",), (f"{lead}B",))
    assert shape.entities[f"{lead}B"].parents == (f"{lead}A",)
    assert action.context.fields["f"] == shape.entities[f"{lead}B"].fields["f"]
    assert action.context.fields["f"].optional is optional
    request = {
        "principal": {"type": f"{lead}A", "id": "a"},
        "action": {"type": f"{lead}Action", "id": "go to"},
        "resource": {"type": f"{lead}B", "id": "b"},
        "context": {},
    }
    result = cedarpy.is_authorized(request, "permit(principal, action, resource);", "[]", schema)
    assert (result.decision is cedarpy.Decision.Allow) is optional
