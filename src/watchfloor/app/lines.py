"""The lines of a room in its state: what a person says is checked and owed; what the record holds is folded."""

from collections.abc import Mapping

from msgspec.structs import replace

from watchfloor.base.errors import IntegrityError
from watchfloor.decisions.board import Board
from watchfloor.decisions.knowing import knows
from watchfloor.deconflict.regimes import SUSPENDED
from watchfloor.line import session
from watchfloor.line.overdue import overdue
from watchfloor.line.session import Line
from watchfloor.line.speaking import objection_to
from watchfloor.messages.line_record import AnyLineFact, CallMissed, LineKind, LineOpened, LineSpoken, LineUnanswered
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.signed import SignedAct

Lines = Mapping[str, Line]


def speak(lines: Lines, act: LineSpoken, signed: SignedAct, room_us: int) -> tuple[Lines, tuple[ActRefused, ...]]:
    """The lines once somebody wants to say this, or why they cannot. Who may not know of a line hears of none."""
    line = lines.get(act.line_id)
    known = line if line is not None and knows(signed.actor, line.opened.label) else None
    objection = objection_to(known, act.body, signed.actor.powers, room_us, signed.actor.role)
    if known is None or objection is not None:
        return lines, (ActRefused(act.act_id, "refused", objection or "", signed.label),)
    return {**lines, act.line_id: session.speak(known, act)}, ()


def lines_with(lines: Lines, fact: AnyLineFact, room_us: int) -> Lines:
    """The lines after a fact of one.

    **Raises**: IntegrityError, when the record speaks of a line that was never opened.
    """
    before = lines.get(fact.line_id)
    if isinstance(fact, LineOpened):
        return {**lines, fact.line_id: session.open_line(fact, before, room_us)}
    if before is None:
        raise IntegrityError(f"the record speaks of the line `{fact.line_id}` before it was opened")
    return {**lines, fact.line_id: session.fold(before, fact, room_us)}


def lines_jumped(lines: Lines, room_us: int) -> Lines:
    """The lines in a new time context: no call was due before it, and nothing of the old one waits or was missed."""
    return {
        line_id: replace(line, since_us=room_us, missed=(), asked={}, waits_us={}) for line_id, line in lines.items()
    }


def pass_time(lines: Lines, room_us: int) -> tuple[Lines, list[CallMissed | LineUnanswered]]:
    """The lines at a later room time, and what nobody did in time."""
    found: list[CallMissed | LineUnanswered] = []
    for line in lines.values():
        for fact in overdue(line, room_us):
            lines = lines_with(lines, fact, room_us)
            found.append(fact)
    return lines, found


def board_beside(board: Board, lines: Lines, room_us: int) -> Board:
    """The board as it hears of what was declared on the air line: rules and minima for a suspended one hold at once.

    Where no air line is open, one that was suspended is suspended still.
    """
    air = [line for line in lines.values() if line.opened.line is LineKind.AIR]
    is_suspended = any(line.suspended for line in [line for line in air if line.is_open] or air)
    declared = SUSPENDED if is_suspended else ""
    if declared == board.line_declared:
        return board
    return replace(board, line_declared=declared, line_declared_us=room_us)


def fallbacks_of(lines: Lines) -> list[tuple[int, int]]:
    """The separations [m, ft] that parties declared for a suspended air line."""
    return [
        (one.horizontal_m, one.vertical_ft)
        for line in lines.values()
        if line.opened.line is LineKind.AIR
        for one in line.fallbacks.values()
    ]


def lines_closed(lines: Lines) -> Lines:
    """The lines as a room starts again: each is opened anew, or stays closed."""
    return {line_id: session.close_line(line) for line_id, line in lines.items()}
