"""The one check at every way out of the room: whether a class of viewers may see an item with a label.

Cedar decides, by the policy below, through the same wrapper as the rules of engagement; its answer is kept by viewer
class and label, which are few. HTTP, WebSocket, CoT, exports, views and a replay all ask here.
"""

from functools import lru_cache

from watchfloor.base.labels import Audience, Label, label_for
from watchfloor.messages.findings import RuleAnswer
from watchfloor.messages.room import SeatTaken
from watchfloor.rules.engine import Entities, Question, RuleSet

SCHEMA = """
entity Viewers, Item;
type Marked = {"level": Long, "nations": Set<String>, "need_to_know": Set<String>};
action see appliesTo {principal: Viewers, resource: Item, context: {"viewers": Marked, "item": Marked}};
"""
POLICY = """
@id("S01")
@note("Seen when it is releasable to every nation of the viewers, up to their level, and they are in all its groups.")
permit (principal, action == Action::"see", resource)
when { !context.viewers.nations.isEmpty() && context.item.nations.containsAll(context.viewers.nations) }
when { context.item.level <= context.viewers.level }
when { context.viewers.need_to_know.containsAll(context.item.need_to_know) };
"""
_KEPT_COUNT = 1 << 16


class _Sight:
    def __init__(self) -> None:
        self.rules = RuleSet({"sight.cedar": POLICY}, SCHEMA)
        self.nobody: Entities = self.rules.entities("[]")


@lru_cache(maxsize=1)
def _sight() -> _Sight:
    return _Sight()


def audience_of_seat(seat: SeatTaken) -> Audience:
    """The class of viewers that a seat is."""
    return Audience((seat.nation,), seat.level, seat.need_to_know)


def label_of_seat(seat: SeatTaken) -> Label:
    """The label of what is for the seat's own class of viewers alone."""
    return label_for((seat.nation,), seat.level, seat.need_to_know)


def judge_sight(label: Label, audience: Audience) -> bool:
    """Cedar's own answer, asked anew: True only for an allow without any fault.

    **Doubt**: any error is no.
    """
    sight = _sight()
    question = Question(
        principal={"type": "Viewers", "id": "viewers"},
        action={"type": "Action", "id": "see"},
        resource={"type": "Item", "id": "item"},
        context={"viewers": _marked(audience), "item": _marked(label)},
    )
    return sight.rules.ask(question, sight.nobody).answer is RuleAnswer.NO_OBJECTION


@lru_cache(maxsize=_KEPT_COUNT)
def may_see(label: Label, audience: Audience) -> bool:
    """Whether every viewer of the class may see an item with this label; Cedar's answer, kept."""
    return judge_sight(label, audience)


def _marked(marks: Label | Audience) -> dict[str, object]:
    return {
        "level": int(marks.level),
        "nations": list(marks.nations),
        "need_to_know": list(marks.need_to_know),
    }
