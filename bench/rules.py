"""Rules: decisions with parsed handles beside the same with strings; comparing by proof beside asking every question.

Compared are two sets of 100 policies over facts of small domains, so that every question there is can also be asked:
the peer asks the engine about each (in batches, with handles) and collects the classes. Both must name the same ones.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import cedarpy
from _figures import Figure, paired, tell

from watchfloor.app.rulebook import rules_in_use
from watchfloor.edge.stores.packs import load_pack
from watchfloor.rules.compare import ChangeClass, change_key, changed_parts, compare
from watchfloor.rules.engine import Question, RuleSet
from watchfloor.rules.facts import entities_of

ROUNDS, DECISIONS = 7, 300
SCHEMA = """
entity Nation enum ["ALD", "BVY", "CVL"];
entity Area enum ["D01", "D02", "D03", "D04", "D05"];
action fly, drop, close appliesTo { principal: Nation, resource: Area, context: {
  "advised": Set<String>, "line": Bool, "notice": Bool, "age": Bool, "refused": Bool, "doubt": Bool, "grant": Bool } };
"""
NATIONS, AREAS, ACTIONS = ("ALD", "BVY", "CVL"), ("D01", "D02", "D03", "D04", "D05"), ("fly", "drop", "close")
TRUTHS = ("line", "notice", "age", "refused", "doubt", "grant")
ROLES = ("analyst", "legal", "policy")


def policies(*, loosened: bool) -> str:
    """A permit and 99 forbids; loosened: four of them say less."""
    texts = ['@id("R000") @note("lets the others speak") permit(principal, action, resource);']
    for number in range(1, 100):
        nation, area = NATIONS[number % 3], AREAS[number % 5]
        action, role = ACTIONS[number // 5 % 3], ROLES[number // 7 % 3]
        one, two = TRUTHS[number % 6], TRUTHS[(number // 6 + 1) % 6]
        asks = number % 2 == 0
        unless = f'unless {{ context.advised.contains("{role}") }}' if asks else ""
        when = f"when {{ context.{one} && !context.{two} }}" if one != two else f"when {{ context.{one} }}"
        if loosened and number in (10, 37, 64, 91):
            when = f"when {{ context.{one} && context.grant && !context.{two} }}" if one != two else "when { false }"
        says = f'@answer("ask") @ask("{role}")' if asks else '@answer("stop")'
        head = f'principal == Nation::"{nation}", action == Action::"{action}", resource == Area::"{area}"'
        if number % 4 == 0:
            head = f'principal, action == Action::"{action}", resource == Area::"{area}"'
        texts.append(f'@id("R{number:03}") @note("n") {says} forbid({head}) {when} {unless};')
    return "\n".join(texts)


def every_question() -> list[Question]:
    """The finite domain: nation, action, area, six truths, eight sets of roles."""
    sets = [[role for place, role in enumerate(ROLES) if bits >> place & 1] for bits in range(8)]
    found = []
    for nation, action, area, advised in product(NATIONS, ACTIONS, AREAS, sets):
        for truths in product((True, False), repeat=len(TRUTHS)):
            context = {"advised": advised, **dict(zip(TRUTHS, truths, strict=True))}
            uids = (
                {"type": kind, "id": text} for kind, text in (("Nation", nation), ("Action", action), ("Area", area))
            )
            found.append(Question(*uids, context))
    return found


def enumerated(old: RuleSet, new: RuleSet, questions: list[Question]) -> set[tuple[str, ...]]:
    """Classes as asking every question finds them."""
    changed, known = changed_parts(old, new), old.entities([])
    keys = set()
    for question in questions:
        one = change_key(old, new, changed, question, known)
        if one.before is not one.after:
            keys.add(one.key)
    return keys


def spent_s(work: Callable[[], Any]) -> tuple[float, Any]:
    """How long a piece of work takes, and what it gives."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def decisions() -> Iterator[Figure]:
    """One decision with handles, beside the same checked decision from strings, and beside a bare call with strings."""
    pack = load_pack("eight-thirty")
    use = rules_in_use(pack)
    rules, files = use.rules, {file.name: file.text for file in use.version.files}
    plain = entities_of(use.shape, tuple(nation.id for nation in pack.header.nations), pack.areas)
    entities, text = rules.entities(plain), json.dumps(plain)
    questions = [use.question(case.nation, case.kind, case.area, case.facts) for case in pack.rulebook.cases]

    def with_handles(question: Question) -> str:
        return rules.ask(question, entities).engine.decision

    def with_strings(question: Question) -> str:
        parsed = RuleSet(files, rules.schema_text)
        return parsed.ask(question, parsed.entities(text)).engine.decision

    def bare(question: Question) -> str:
        return cedarpy.is_authorized(question.plain(), rules.text, text, rules.schema_text).decision.value

    asked = questions * (DECISIONS // len(questions))
    took: dict[Callable[[Question], str], list[float]] = {with_handles: [], with_strings: [], bare: []}
    for _ in range(ROUNDS):
        answers = []
        for way, spent in took.items():
            some = asked if way is with_handles else questions
            took_s, found = spent_s(lambda way=way, some=some: [way(one) for one in some])
            spent.append(took_s / len(some) * 1e6)
            answers.append(found[: len(questions)])
        assert answers[0] == answers[1] == answers[2]
    load = f"{len(rules.rules)} policies as shipped, {len(plain)} entities; equal answers; peer: "
    words: dict[str, Any] = {"unit": "us", "better": "lower", "goal": 1 / 20}
    name = "rule decision with handles"
    yield paired(
        name, took[with_handles], took[with_strings], load=load + "parsed, validated and asked from strings", **words
    )
    name += ", beside a bare call that validates no policy"
    yield paired(name, took[with_handles], took[bare], load=load + "one call of cedarpy with strings", **words)


def comparison(rounds: int) -> Figure:
    """Comparing 100 policies by proof, and by asking every question."""
    old, new = (RuleSet({"r.cedar": policies(loosened=which)}, SCHEMA) for which in (False, True))
    assert not old.faults, old.faults[:2]
    assert not new.faults, new.faults[:2]
    questions = every_question()
    ours, peer = [], []
    proved: set[tuple[str, ...]] = set()
    for _ in range(rounds):
        took_s, found = spent_s(lambda: compare(old, new))
        ours.append(took_s)
        classes: tuple[ChangeClass, ...] = found.classes
        proved = {one.key for one in classes}
        took_s, keys = spent_s(lambda: enumerated(old, new, questions))
        peer.append(took_s)
        assert proved == keys, (proved - keys, keys - proved)
    load = (
        f"100 policies, {len(changed_parts(old, new))} changed; a domain of {len(questions):,} questions; "
        f"the same {len(proved)} classes; {found.proofs} proofs that none is missing"
    )
    return paired("rule compare", ours, peer, unit="s", better="lower", goal=1 / 50, load=load)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    for figure in decisions():
        tell(figure, as_json=as_json)
    tell(comparison(ROUNDS), as_json=as_json)


if __name__ == "__main__":
    main()
