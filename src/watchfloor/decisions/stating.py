"""Facts that people state because no part of the room measures them: who may, about what, in which words.

**Doubt**: a fact that nobody stated, or that has lapsed, is not known; rules are told so.
**Source**: own reasoning, after rules R06 to R08 of the exercise `eight-thirty`.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from watchfloor.decisions.board import Board
from watchfloor.decisions.knowing import is_as_narrow, knows, objection_to_label
from watchfloor.messages.acts import Actor, FactStated, StatedFact

ROOM = "room"


class Subject(StrEnum):
    """What a fact is about."""

    ROOM = "room"
    PLACE = "place"
    REQUEST = "request"


class FactForm(Struct, frozen=True):
    """How a fact is stated: by seats with one of these powers, about what, in one of these words or in a pattern."""

    powers: tuple[str, ...]
    about: Subject
    values: tuple[str, ...] = ()
    pattern: str = ""

    def takes(self, value: str) -> bool:
        """Whether a value is one of the words that the fact takes."""
        return value in self.values if self.values else re.fullmatch(self.pattern, value) is not None


_SEERS = ("report", "grade", "run_watch")
_LINE = ("call", "read_back")
FORMS: Mapping[StatedFact, FactForm] = {
    StatedFact.VIEW: FactForm(_SEERS, Subject.PLACE, ("seen",)),
    StatedFact.CIVILIANS: FactForm(_SEERS, Subject.PLACE, ("seen",)),
    StatedFact.NOTICE: FactForm(_LINE, Subject.PLACE, ("told", "read_back", "none")),
    StatedFact.LINE: FactForm(_LINE, Subject.ROOM, ("up", "suspended")),
    StatedFact.CROSSES_LINE: FactForm(("write",), Subject.REQUEST, ("yes", "no")),
    StatedFact.NOTIFIED: FactForm(("notify", "read_back", "review"), Subject.PLACE, ("yes", "no")),
    StatedFact.SENSING: FactForm(("write", *_SEERS), Subject.REQUEST, pattern=r"([A-Z]{3}( [A-Z]{3})*)?"),
    StatedFact.SOURCE_COUNT: FactForm(("grade", "report"), Subject.REQUEST, pattern=r"\d{1,2}"),
}


def objection_to_fact(board: Board, act: FactStated, actor: Actor, room_us: int) -> str | None:
    """Why this fact cannot be stated by this actor, or None."""
    doctrine, form = board.doctrine, FORMS[act.fact]
    if doctrine is None:
        return "no rules are in force in this room; no fact is needed"
    if not set(form.powers) & set(actor.powers):
        return f"`{act.fact.value}` is stated by seats with one of the powers {', '.join(form.powers)}"
    if not form.takes(act.value):
        return f"`{act.value}` is no value of `{act.fact.value}`"
    if act.as_of_us > room_us:
        return "a fact is of now or of before"
    if act.until_us and act.until_us <= room_us:
        return "the fact has lapsed already"
    unfit = objection_to_label(board, act.label, actor)
    if unfit is not None:
        return unfit
    if form.about is Subject.ROOM:
        return None if act.about == ROOM else f"`{act.fact.value}` is a fact about the room"
    if form.about is Subject.REQUEST:
        request = board.requests.get(act.about)
        if request is None or not knows(actor, request.act.label):
            return f"no request `{act.about}`"
        if not is_as_narrow(act.label, request.act.label):
            return "what is told of a request is shown to nobody who may not see it"
        return None
    places = {area.id for area in doctrine.areas} | {area.city for area in doctrine.areas if area.city}
    return None if act.about in places else f"the map has no area or city `{act.about}`"
