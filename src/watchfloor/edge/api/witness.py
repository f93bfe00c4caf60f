"""A witness's HTTP side: `POST /add-checkpoint`, `GET /<origin hash>/checkpoint`, and a page that says who it is.

**Source**: C2SP tlog-witness.
"""

import re
import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from watchfloor.base.errors import WireError
from watchfloor.edge.stores.witness_folder import WitnessFolder
from watchfloor.record.note import VerifierKey
from watchfloor.record.witness import MAX_REQUEST_BYTES, Refusal, judge, parse_request

_CONFLICT = 409


def make_witness_app(folder: WitnessFolder, trusted: list[VerifierKey]) -> Starlette:
    """The witness as an application. Requests are judged one after the other: signing is not awaited in between."""
    newest = folder.newest()

    async def add(request: Request) -> Response:
        raw = b""
        async for part in request.stream():
            raw += part
            if len(raw) > MAX_REQUEST_BYTES:
                return PlainTextResponse("the request is too large\n", 413)
        try:
            asked = parse_request(raw.decode())
        except (WireError, UnicodeDecodeError) as error:
            return PlainTextResponse(f"{error}\n", 400)
        found = judge(asked, trusted, newest)
        if isinstance(found, Refusal):
            if found.status == _CONFLICT:
                return Response(f"{found.known_size}\n", _CONFLICT, media_type="text/x.tlog.size")
            return PlainTextResponse(f"{found.sentence}\n", found.status)
        signature = folder.sign(asked.note, trusted, int(time.time()))
        newest[found.origin] = found
        return PlainTextResponse(signature.line() + "\n")

    async def checkpoint(request: Request) -> Response:
        name = str(request.path_params["origin"])
        path = folder.head_path(name)
        if not re.fullmatch(r"[0-9a-f]{64}", name) or not path.is_file():
            return PlainTextResponse("this witness has signed no head of that log\n", 404)
        return PlainTextResponse(path.read_text())

    async def who(_: Request) -> Response:
        logs = "".join(f"  {key.line()}\n" for key in trusted)
        heads = "".join(f"  {head.origin}: {head.size} entries\n" for head in newest.values())
        return PlainTextResponse(f"watchfloor witness\n{folder.key.line()}\nlogs:\n{logs}newest heads:\n{heads}")

    return Starlette(
        routes=[
            Route("/", who),
            Route("/add-checkpoint", add, methods=["POST"]),
            Route("/{origin}/checkpoint", checkpoint),
        ]
    )
