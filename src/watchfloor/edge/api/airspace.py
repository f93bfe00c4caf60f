"""HTTP of ASTM F3548-21: how every request of the interface is let in, read and refused.

Every request needs a bearer token with a scope that the standard names for it. What is refused is never half done; what
is answered as done is in the record.
**Source**: ASTM F3548-21 annex A2, as published in the open API of interuss/astm-utm-protocol.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watchfloor.app.airspace import AirspaceDesk
from watchfloor.base.errors import InputError, TooLargeError, UnavailableError, WatchfloorError
from watchfloor.deconflict.directory.standing import Cause
from watchfloor.edge.api.problems import tell_refused
from watchfloor.edge.tokens import Bearer, TokenError, Tokens
from watchfloor.messages.airspace import EntityKind

COORDINATION, AWARENESS = "utm.strategic_coordination", "utm.conformance_monitoring_sa"
MANAGEMENT, PROCESSING = "utm.constraint_management", "utm.constraint_processing"
ARBITRATION = "utm.availability_arbitration"
ANY_SCOPE = (COORDINATION, AWARENESS, MANAGEMENT, PROCESSING, ARBITRATION)
MOST_BODY_BYTES = 1 << 20
STATUS: Mapping[Cause, int] = {
    Cause.INPUT: 400, Cause.FORBIDDEN: 403, Cause.UNKNOWN: 404, Cause.CONFLICT: 409, Cause.DOWN: 412,
    Cause.TOO_LARGE: 413,
}  # fmt: skip
NAMES = {EntityKind.INTENT: "operational_intent", EntityKind.CONSTRAINT: "constraint"}
READERS = {EntityKind.INTENT: (COORDINATION, AWARENESS), EntityKind.CONSTRAINT: (MANAGEMENT, PROCESSING)}
WRITERS = {EntityKind.INTENT: (COORDINATION, AWARENESS), EntityKind.CONSTRAINT: (MANAGEMENT,)}

Handler = Callable[[Request, Bearer], Awaitable[Response]]


class Call:
    """What every door needs: the desk, the tokens, and one way to refuse."""

    def __init__(self, desk: AirspaceDesk, tokens: Tokens) -> None:
        self.desk, self._tokens = desk, tokens

    def route(self, method: str, path: str, scopes: tuple[str, ...], handler: Handler) -> Route:
        """A route that only a bearer with one of these scopes passes."""

        async def guarded(request: Request) -> Response:
            try:
                bearer = self._tokens.bearer(request.headers.get("authorization", ""))
            except TokenError as error:
                refused = error_response(401, str(error))
                refused.headers["WWW-Authenticate"] = 'Bearer realm="watchfloor"'
                return refused
            if not bearer.scopes & set(scopes):
                return error_response(403, f"this needs the scope {' or '.join(f'`{one}`' for one in scopes)}")
            try:
                return await handler(request, bearer)
            except TooLargeError as error:
                return error_response(413, str(error))
            except InputError as error:
                return error_response(400, f"{error} (`{error.field}`)")
            except UnavailableError as error:
                return error_response(503, str(error))
            except WatchfloorError as error:
                return error_response(400, str(error))

        return Route(path, guarded, methods=[method])


def error_response(status: int, sentence: str, **more: Any) -> JSONResponse:
    """An error as the standard's interface has it; the log holds it too."""
    tell_refused(status, sentence)
    return JSONResponse({"message": sentence, **more}, status_code=status)


async def without_version(_: Request, __: Bearer) -> Response:
    """A change that names an empty version is none, wherever a router would send it on to."""
    return error_response(400, "name the version that is changed: an OVN, or a subscription's version")


async def body_of(request: Request) -> bytes:
    """A request's body.

    **Raises**: TooLargeError, when it is too long.
    """
    raw = b""
    async for piece in request.stream():
        raw += piece
        if len(raw) > MOST_BODY_BYTES:
            raise TooLargeError(f"a body has at most {MOST_BODY_BYTES:,} bytes", field="body")
    return raw


def json_of(raw: bytes) -> dict[str, Any]:
    """A body that is any JSON object.

    **Raises**: InputError.
    """
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InputError(f"no JSON: {error}", field="body") from error
    if not isinstance(document, dict):
        raise InputError("a JSON object is needed", field="body")
    return document
