"""How outcomes are made: what all of them say of their request."""

from typing import Any, Protocol

from msgspec.structs import replace

from watchfloor.base.labels import Label
from watchfloor.decisions.board import Board, Request
from watchfloor.messages.outcomes import ActRefused, RequestStopped, StopCause


class HasId(Protocol):
    """An act."""

    @property
    def act_id(self) -> str:
        """Its nonce."""


def about(request: Request, room_us: int) -> dict[str, Any]:
    """The fields that every outcome has: which request in which version, under which label, and when."""
    return {
        "request_id": request.act.request_id,
        "version": request.version,
        "at_us": room_us,
        "label": request.act.label,
    }


def put(board: Board, request: Request) -> Board:
    """The board with a request as it stands now."""
    return replace(board, requests={**board.requests, request.act.request_id: request})


def stopped(request: Request, cause: StopCause, sentence: str, room_us: int) -> RequestStopped:
    """The end of a request without a decision."""
    return RequestStopped(**about(request, room_us), cause=cause, sentence=sentence)


def refused(act: HasId, code: str, sentence: str, label: Label) -> ActRefused:
    """The room's no to an act."""
    return ActRefused(act.act_id, code, sentence, label)
