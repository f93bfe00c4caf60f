"""The lines of a room in its state: what a person says is checked and owed; what the record holds is folded."""

from collections.abc import Mapping

from watchfloor.base.errors import IntegrityError
from watchfloor.decisions.knowing import knows
from watchfloor.line import session
from watchfloor.line.session import Line
from watchfloor.messages.line_record import AnyLineFact, LineOpened, LineSpoken
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.signed import SignedAct

Lines = Mapping[str, Line]


def speak(lines: Lines, act: LineSpoken, signed: SignedAct, room_us: int) -> tuple[Lines, tuple[ActRefused, ...]]:
    """The lines once somebody wants to say this, or why they cannot. Who may not know of a line hears of none."""
    line = lines.get(act.line_id)
    known = line if line is not None and knows(signed.actor, line.opened.label) else None
    objection = session.objection_to(known, act.body, signed.actor.powers, room_us)
    if known is None or objection is not None:
        return lines, (ActRefused(act.act_id, "refused", objection or "", signed.label),)
    return {**lines, act.line_id: session.speak(known, act)}, ()


def lines_with(lines: Lines, fact: AnyLineFact) -> Lines:
    """The lines after a fact of one.

    **Raises**: IntegrityError, when the record speaks of a line that was never opened.
    """
    before = lines.get(fact.line_id)
    if isinstance(fact, LineOpened):
        return {**lines, fact.line_id: session.open_line(fact, before)}
    if before is None:
        raise IntegrityError(f"the record speaks of the line `{fact.line_id}` before it was opened")
    return {**lines, fact.line_id: session.fold(before, fact)}


def lines_closed(lines: Lines) -> Lines:
    """The lines as a room starts again: each is opened anew, or stays closed."""
    return {line_id: session.close_line(line) for line_id, line in lines.items()}
