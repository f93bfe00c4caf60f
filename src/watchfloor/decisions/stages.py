"""How long each stage of a request took, from seconds to hours; and under what pressure it was decided.

**Source**: requirement 29; own reasoning.
"""

from enum import StrEnum

from msgspec import Struct

from watchfloor.decisions.board import Board, Request
from watchfloor.decisions.knowing import is_as_narrow
from watchfloor.messages.outcomes import Pressure


class StageName(StrEnum):
    """What a request reached."""

    ASKED = "asked"
    FIRST_ADVICE = "first advice"
    LAST_ADVICE = "last advice"
    HELD = "held"
    ANSWERED = "answered"
    DECIDED = "decided"
    WORDS_GIVEN = "words given"
    CARRIED_OUT = "carried out"
    STOPPED = "stopped"


class Stage(Struct, frozen=True):
    """What was reached when [us, room time]."""

    name: StageName
    at_us: int


def state_word(request: Request) -> str:
    """Open, held, stopped, decided or carried out: the word on the request's card."""
    if request.stopped is not None:
        return "stopped"
    if request.carried_out is not None:
        return "carried out"
    if request.decided is not None:
        return "decided"
    if request.signed is not None:
        return "awaiting the rules"
    if request.pending is not None:
        return "awaiting witnesses"
    return "held" if request.open_doubts() else "open"


def stages_of(request: Request) -> tuple[Stage, ...]:
    """What a request went through, in the order of room time.

    After a jump back of room time the order is that of the clock, not that of what happened.
    """
    advice = [one.at_us for one in request.advice]
    decided, done, ended = request.decided, request.carried_out, request.stopped
    answered = [doubt.resolved_us for doubt in request.doubts if doubt.resolved_by is not None]
    found = [
        Stage(StageName.ASKED, request.opened_us),
        *([Stage(StageName.FIRST_ADVICE, min(advice))] if advice else []),
        *([Stage(StageName.LAST_ADVICE, max(advice))] if len(advice) > 1 else []),
        *(Stage(StageName.HELD, doubt.at_us) for doubt in request.doubts),
        *(Stage(StageName.ANSWERED, at_us) for at_us in answered),
        *(Stage(StageName.DECIDED, one.at_us) for one in (*request.superseded, *([decided] if decided else []))),
        *([Stage(StageName.WORDS_GIVEN, decided.words_us)] if decided and decided.words_us else []),
        *([Stage(StageName.CARRIED_OUT, done.at_us)] if done else []),
        *([Stage(StageName.STOPPED, ended.at_us)] if ended else []),
    ]
    return tuple(sorted(found, key=lambda stage: stage.at_us))


def pressure_at(board: Board, request: Request, room_us: int) -> Pressure:
    """Under what pressure a request is decided now.

    Counted are the requests that everybody may see who sees this one: more would tell of what they may not see.
    """
    others = [
        one
        for one in board.requests.values()
        if one.act.request_id != request.act.request_id and is_as_narrow(request.act.label, one.act.label)
    ]
    return Pressure(
        since_asked_us=max(room_us - request.opened_us, 0),
        left_us=max(request.act.until_us - room_us, 0),
        open_count=sum(not one.is_over() for one in others),
    )
