"""A doubt holds a request, whoever raises it and however it comes.

**Source**: requirement 21; own reasoning.
"""

from msgspec.structs import replace

from watchfloor.decisions.board import Board, Doubt, Request
from watchfloor.decisions.outcomes import about, put
from watchfloor.messages.outcomes import AnyOutcome, RequestHeld


def hold(board: Board, request: Request, doubt: Doubt, room_us: int) -> tuple[Board, list[AnyOutcome]]:
    """A doubt stops a request; a decision that was signed, awaited or taken no longer stands."""
    held = RequestHeld(
        **about(request, room_us),
        doubt_id=doubt.doubt_id,
        role=doubt.actor.role,
        nation=doubt.actor.nation,
        words=doubt.words,
    )
    past = request.superseded if request.decided is None else (*request.superseded, request.decided)
    after = replace(request, doubts=(*request.doubts, doubt), signed=None, pending=None, decided=None, superseded=past)
    return put(board, after), [held]
