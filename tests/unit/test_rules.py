"""Rules stop whenever anything is wrong, ask whom they name, and never approve."""

import pytest
from msgspec.structs import replace

from watchfloor.app.rulebook import check_rulebook, rule_set_of, rules_in_use
from watchfloor.base.errors import InputError
from watchfloor.edge.stores.packs import load_pack
from watchfloor.messages.findings import RuleAnswer
from watchfloor.rules.checking import check_names
from watchfloor.rules.compare import CannotCompareError, compare
from watchfloor.rules.engine import Question, RuleSet
from watchfloor.rules.fault import RuleFaultError
from watchfloor.rules.reach import check_reach

SCHEMA = """
entity Nation; entity Area { held: String };
action fly, drop appliesTo
  { principal: Nation, resource: Area, context: { age: Long, seen?: Bool, roles: Set<String> } };
"""
PERMIT = '@id("R00") @note("lets the others speak") permit(principal, action, resource);\n'
OLD = '@id("R01") @answer("stop") @note("old") forbid(principal, action, resource) when { context.age > 20 };\n'
ASK = """@id("R02.legal") @answer("ask") @ask("legal") @note("ask") forbid(principal, action, resource)
unless { context.roles.contains("legal") };
"""
FLY = Question({"type": "Nation", "id": "A"}, {"type": "Action", "id": "fly"}, {"type": "Area", "id": "D1"}, {})


def rules_of(*policies: str, schema: str | None = SCHEMA) -> RuleSet:
    return RuleSet({"r.cedar": "".join(policies)}, schema)


def ask(rules: RuleSet, **context: object):
    entities = rules.entities([{"uid": {"type": "Area", "id": "D1"}, "attrs": {"held": "x"}, "parents": []}])
    return rules.ask(Question(FLY.principal, FLY.action, FLY.resource, {"age": 1, "roles": [], **context}), entities)


def test_the_strongest_answer_lists_its_own_rules_only():
    rules = rules_of(PERMIT, OLD, ASK)
    asked = ask(rules)
    assert (asked.answer, asked.rules, asked.parts, asked.asked) == (
        RuleAnswer.ASK,
        ("R02",),
        ("R02.legal",),
        ("legal",),
    )
    stopped = ask(rules, age=21)
    assert (stopped.answer, stopped.rules, stopped.asked) == (RuleAnswer.STOP, ("R01",), ())
    assert ask(rules, roles=["legal"]).answer is RuleAnswer.NO_OBJECTION


def test_no_answer_of_a_rule_approves():
    assert {answer.value for answer in RuleAnswer} == {"stop", "ask", "no_objection"}


def test_a_forbid_that_errors_stops_though_the_engine_allows():
    """Cedar skips a policy that errors; what the engine says stands beside our answer."""
    rules = rules_of(
        PERMIT, '@id("R9") forbid(principal, action, resource) when { context.age + 9223372036854775807 > 0 };'
    )
    finding = ask(rules, age=1)
    assert finding.engine.decision == "Allow"
    assert len(finding.engine.errors) == 1
    assert finding.answer is RuleAnswer.STOP


@pytest.mark.parametrize(
    ("rules", "context"),
    [
        (rules_of(PERMIT, schema=None), {}),
        (rules_of(PERMIT), {"age": "old"}),
        (rules_of(PERMIT), {"unknown": 1}),
        (rules_of(PERMIT, "forbid(principal, action, resource) when { context.nothing };"), {}),
        (rules_of(OLD), {}),
        (rules_of(), {}),
    ],
    ids=["no schema", "a fact of another type", "a fact unknown", "a policy unfit", "nothing permits", "no policy"],
)
def test_whatever_does_not_fit_stops(rules: RuleSet, context: dict):
    assert ask(rules, **context).answer is RuleAnswer.STOP


def test_entities_that_do_not_fit_the_schema_stop():
    rules = rules_of(PERMIT)
    entities = rules.entities([{"uid": {"type": "Area", "id": "D1"}, "attrs": {"held": 3}, "parents": []}])
    question = Question(FLY.principal, FLY.action, FLY.resource, {"age": 1, "roles": []})
    finding = rules.ask(question, entities)
    assert (finding.answer, finding.valid) == (RuleAnswer.STOP, False)
    assert finding.engine.decision == "Allow"


def test_the_digest_is_of_what_rules_say_not_of_how_they_are_written():
    one = rules_of(PERMIT, OLD, ASK)
    other = rules_of("// a comment\n", ASK, OLD.replace("context.age > 20", "  context . age\n >   20"), PERMIT)
    assert one.digest() == other.digest()
    assert one.digest() != rules_of(PERMIT, OLD.replace("20", "21"), ASK).digest()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("permit(principal, action, resource);\n  forbid(principal, action, resource) when { a b };", "2:48"),
        ("permit(principal,\naction,\n  place);\npermit(principal, action, resource);", "3:3"),
        ("\npermit(principal, action, resource) when { near(1) };", "2:44"),
        ("permit(principal, action", "1:25"),
        ('permit(principal, action, resource) when { "open };', "1:44"),
        ('permit(principal, action, resource)\nwhen { context.x == "a\\qb" };', "2:23"),
        ("permit(principal, action, resource)\nwhen { context.x == 99999999999999999999 };", "2:21"),
        (f"permit(principal, action, resource) when {{ {'(' * 5000}true{')' * 5000} }};", "1:143"),
        (f"\npermit(principal, action, resource) when {{ {'true && ' * 2000}true }};", "2:1"),
    ],
)
def test_a_rule_file_that_does_not_parse_is_named_with_line_and_column(text: str, place: str):
    with pytest.raises(RuleFaultError) as caught:
        RuleSet({"rules/x.cedar": text}, SCHEMA)
    assert str(caught.value).startswith(f"rules/x.cedar:{place}: ")


def test_the_fault_of_the_second_file_is_named_with_its_own_lines():
    with pytest.raises(RuleFaultError) as caught:
        RuleSet({"one.cedar": PERMIT * 3, "two.cedar": "\n\nforbid(;"}, SCHEMA)
    assert str(caught.value).startswith("two.cedar:3:8: ")


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("forbid(principal, action, resource);", "has no `@id`"),
        ('@id("r1") @note("n") @answer("stop") forbid(principal, action, resource);', "is no id"),
        ('@id("R1") @answer("stop") forbid(principal, action, resource);', "no `@note`"),
        (
            '@id("R1") @note("n") @answer("approve") forbid(principal, action, resource);',
            '`@answer` is "stop" or "ask"',
        ),
        ('@id("R1") @note("n") @answer("ask") forbid(principal, action, resource);', "`@ask` names the roles"),
        ('@id("R1") @note("n") @answer("ask") @ask("king") forbid(principal, action, resource);', "asks `king`"),
        ('@id("R1") @note("n") @answer("stop") permit(principal, action, resource);', "neither stops nor asks"),
        ('@id("R1") @note("n") @answer("stop") forbid(principal, action, resource) when { context.who };', "`who`"),
        (OLD + OLD.replace("20", "30"), "stands already at r.cedar:2"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said(policy: str, said: str):
    sentences = [remark.sentence for remark in check_names(rules_of(PERMIT, policy), {"legal"})]
    assert any(said in sentence for sentence in sentences), sentences


def test_rules_that_can_never_speak_or_contradict_are_found():
    never = """@id("R3") @answer("stop") @note("n")
forbid(principal, action, resource) when { context.age > 5 && context.age < 3 };"""
    shadowed = """@id("R4") @answer("ask") @ask("legal") @note("n")
forbid(principal, action, resource) when { context.age > 30 };"""
    shut = '@id("R5") @answer("stop") @note("n") forbid(principal, action == Action::"drop", resource);'
    told = {remark.part: remark.sentence for remark in check_reach(rules_of(PERMIT, OLD, never, shadowed, shut))}
    assert set(told) == {"R3", "R4", 'Action::"drop"'}
    assert "never match" in told["R3"]
    assert "contradicts" in told["R4"]


@pytest.mark.parametrize(
    "condition",
    ['resource.held like "d*"', "context.roles.containsAny(context.roles)", "context.roles == context.roles"],
)
def test_what_cannot_be_compared_is_named_with_its_line_and_blocks(condition: str):
    beyond = f'@id("R7") forbid(principal, action, resource) when {{ {condition} }};'
    new = rules_of(PERMIT, OLD, beyond)
    assert not new.faults
    with pytest.raises(CannotCompareError, match=r"policy `R7`, r.cedar:3"):
        compare(rules_of(PERMIT, OLD), new)


def test_spacing_order_and_comments_are_no_change():
    assert compare(rules_of(PERMIT, OLD, ASK), rules_of("// c\n", ASK, OLD, PERMIT)).changed == ()


class TestTheShippedRules:
    pack = load_pack("eight-thirty")

    def test_are_sound_and_their_cases_hold(self):
        assert check_rulebook(self.pack) == []
        assert [remark for version in self.pack.rulebook.versions for remark in check_reach(rule_set_of(version))] == []

    def test_a_case_that_does_not_hold_is_told(self):
        case, rules = self.pack.rulebook.cases[0], rules_in_use(self.pack, "3")
        assert rules.run_case(case).holds
        for wrong in ({"answer": RuleAnswer.STOP}, {"rules": ("R02",)}, {"asked": ()}):
            assert not rules.run_case(replace(case, **wrong)).holds

    def test_the_draft_lets_pass_what_was_refused_within_a_day(self):
        """The clause that the draft lacks: version 4 against the draft, and the draft against what is in force."""
        draft, whole, three = (rule_set_of(rules_in_use(self.pack, name).version) for name in ("4-draft", "4", "3"))
        opened = [one for one in compare(whole, draft).classes if one.word == "newly possible"]
        assert {one.before_by for one in opened} == {("R12.district",)}
        assert all(one.question["context"]["refusal_age_s"] < 86_400 for one in opened)
        past_a_refusal = {
            name: any("R05" in one.answered for one in compare(three, rules).classes if one.word == "newly possible")
            for name, rules in (("draft", draft), ("whole", whole))
        }
        assert past_a_refusal == {"draft": True, "whole": False}

    def test_an_unknown_version_is_refused_with_those_there_are(self):
        with pytest.raises(InputError, match="`3`, `4-draft`, `4`"):
            rules_in_use(self.pack, "9")


def test_what_an_enumeration_names_and_no_policy_does_is_not_forgotten():
    schema = """entity Color enum ["red", "green"]; entity U; entity P;
action fly appliesTo { principal: U, resource: P, context: { s: Set<Color>, t: Set<String> } };"""
    head = "forbid(principal, action, resource)"
    held = f'@id("R1") {head} unless {{ context.s.isEmpty() || context.s.contains(Color::"red") }};'
    named = f'@id("R2") {head} when {{ context.t == ["something else"] }};'
    for policy in (held, named):
        before, after = (RuleSet({"r": PERMIT + more}, schema) for more in ("", policy))
        assert [one.word for one in compare(before, after).classes] == ["newly stopped"]


def test_two_policies_of_one_id_are_not_compared():
    with pytest.raises(InputError, match="`R01` twice"):
        compare(rules_of(PERMIT, OLD), rules_of(PERMIT, OLD, OLD))
