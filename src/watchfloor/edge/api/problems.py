"""Every error outside has one shape: RFC 9457 with a code, a sentence and an id that the log repeats."""

import secrets
from uuid import uuid4

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from watchfloor.base.errors import (
    ConflictError,
    InputError,
    UnavailableError,
    WatchfloorError,
    WireError,
)

_log = structlog.get_logger()
REFUSAL_STATUS = {"unknown": 404, "stale": 409, "over": 409, "refused": 403}


def new_id() -> str:
    """A fresh random id, a UUID of version 4."""
    return str(uuid4())


def tell_refused(status: int, sentence: str, code: str = "airspace") -> str:
    """Note a refusal in the log; answers the id that it has there."""
    error_id = secrets.token_hex(4)
    _log.info("refused", status=status, code=code, sentence=sentence, error_id=error_id)
    return error_id


def problem(status: int, code: str, sentence: str, **fields: str | int) -> JSONResponse:
    """One error response; its id is in the log too."""
    error_id = tell_refused(status, sentence, code)
    body = {"type": f"about:blank#{code}", "title": sentence, "status": status, "code": code, "id": error_id}
    return JSONResponse({**body, **fields}, status_code=status, media_type="application/problem+json")


async def on_error(_: Request, error: Exception) -> Response:
    """Our own errors as problems; anything else is a bug and says only its id."""
    if isinstance(error, InputError):
        return problem(401 if error.field == "session" else 400, error.code, str(error), field=error.field)
    if isinstance(error, WireError):
        return problem(400, error.code, str(error))
    if isinstance(error, ConflictError):
        return problem(409, error.code, str(error))
    if isinstance(error, UnavailableError):
        return problem(503, error.code, str(error))
    if isinstance(error, WatchfloorError):
        return problem(500, error.code, str(error))
    _log.error("bug", error=repr(error))
    return problem(500, "bug", "the room has a fault; its log holds the id")
