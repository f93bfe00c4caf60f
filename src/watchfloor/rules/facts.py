"""What the engine can tell rules of a request: the facts, and the question that they make.

| fact | type | means; in doubt |
|---|---|---|
| `now_us`, `from_us`, `until_us` | Long | room time, the window |
| `authority` | String | `room`, or `crew` for a use of a delegation |
| `complete` | Bool | every part of the request is given |
| `advised` | Set of roles | who advised on this version and counts |
| `advised_by` | Set of `role@NATION` | the same; the acting nation's own also as `role@acting` |
| `advised_in_writing` | Set of roles | the same, with words |
| `open_doubt_count` | Long | doubts that nobody has answered |
| `refusal_age_s` | Long, may be missing | since the newest refusal of this kind in an overlapping area; missing: none |
| `view_age_s` | Long, may be missing | age of the newest picture or report of the area; missing: there is none |
| `civilians_age_s` | Long, may be missing | since civilian movement was last reported; missing: no report, no proof |
| `notice` | String | `none`, `told`, `read_back`; in doubt `none` |
| `line` | String | `up`, `suspended`, `unknown`; in doubt `unknown` |
| `crosses_line` | Bool, may be missing | whether the flight crosses the party line; missing: nobody said |
| `notified` | Bool | a notified site or movement lies in area and window; false is no proof that there is none |
| `drop_open` | Bool | a drop in the same area is open or decided, its window not over |
| `sensing` | Set of nations, may be missing | whose sensors it rests on; missing: nobody said |
| `advising` | Set of nations | whose advisers have spoken |
| `source_count` | Long | independent sources that it rests on; in doubt 1 |
| `grant`, `use` | Record, may be missing | the delegation that a crew names, and what the crew says of its use |

A rule set's schema may name any of these; what it does not name it is not told.
**Source**: own reasoning, after the rules of the exercise `eight-thirty`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from watchfloor.base.errors import InputError
from watchfloor.messages.acts import Kind
from watchfloor.messages.pack import Area, AreaNamed
from watchfloor.rules.engine import Question, RuleSet
from watchfloor.rules.shape import Shape, shape_of

FACTS: Mapping[str, str] = {
    **dict.fromkeys(("now_us", "from_us", "until_us", "open_doubt_count", "source_count"), "Long"),
    **dict.fromkeys(("refusal_age_s", "view_age_s", "civilians_age_s"), "Long"),
    **dict.fromkeys(("authority", "notice", "line"), "String"),
    **dict.fromkeys(("complete", "notified", "drop_open", "crosses_line"), "Bool"),
    **dict.fromkeys(("advised", "advised_by", "advised_in_writing", "sensing", "advising"), "Set"),
    **dict.fromkeys(("grant", "use"), "Record"),
}
MAY_BE_MISSING = frozenset(
    {"refusal_age_s", "view_age_s", "civilians_age_s", "crosses_line", "sensing", "grant", "use"}
)
AREA_FACTS = {"city": "String", "held": "String", "near_line": "Bool"}


def schema_faults(rules: RuleSet) -> list[str]:
    """What a pack's schema asks for that the engine cannot tell."""
    if rules.schema is None:
        return ["there is no schema"]
    shape = shape_of(rules.schema)
    found = [
        f"the schema's action `{action.uid}` is no kind of request"
        for action in shape.actions.values()
        if action.resources and not _is_kind(action.uid)
    ]
    for action in shape.actions.values():
        for name, field in action.context.fields.items():
            if name not in FACTS:
                found.append(f"the engine knows no fact `{name}`; it knows {', '.join(sorted(FACTS))}")
            elif field.type.kind != FACTS[name]:
                found.append(f"`{name}` is a {FACTS[name]}")
            elif name in MAY_BE_MISSING and not field.optional:
                found.append(f"`{name}` may be missing; write it with a question mark")
    area = shape.entities.get("Area")
    if area is None or "Nation" not in shape.entities:
        found.append("the schema has no entities `Area` and `Nation`")
    else:
        found.extend(f"the map tells no `{name}` of an area" for name in area.fields if name not in AREA_FACTS)
    return sorted(set(found))


def _is_kind(uid: str) -> bool:
    return uid.removeprefix('Action::"').rstrip('"') in {kind.value for kind in Kind}


def question_of(shape: Shape, nation: str, kind: Kind, area_id: str, facts: Mapping[str, Any]) -> Question:
    """The question about a request, with the facts that the schema names.

    **Raises**: InputError, when the rules know no such kind.
    """
    action = f'Action::"{kind.value}"'
    if action not in shape.actions:
        raise InputError(f"the rules in force know no kind `{kind.value}`", field="kind")
    named = shape.actions[action].context.fields
    context = {name: value for name, value in facts.items() if name in named and value is not None}
    return Question(
        {"type": "Nation", "id": nation}, {"type": "Action", "id": kind.value}, {"type": "Area", "id": area_id}, context
    )


def entities_of(shape: Shape, nations: Sequence[str], areas: Sequence[Area | AreaNamed]) -> list[dict[str, Any]]:
    """Nations and areas, as the engine takes them."""
    named = shape.entities["Area"].fields if "Area" in shape.entities else {}
    found: list[dict[str, Any]] = [
        {"uid": {"type": "Nation", "id": nation}, "attrs": {}, "parents": []} for nation in nations
    ]
    for area in areas:
        known = {"city": area.city, "held": area.held, "near_line": area.is_near_line}
        attributes = {name: value for name, value in known.items() if name in named}
        found.append({"uid": {"type": "Area", "id": area.id}, "attrs": attributes, "parents": []})
    return found
