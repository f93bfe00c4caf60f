"""HTTP of logging in: a tab begins a login, comes back from the provider, and finishes it with its own secret."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from watchfloor.edge.api.seats import read_json
from watchfloor.edge.login import Login

_ANSWER = ("code", "state", "iss", "error")


class LoginDoors:
    """The handlers of one room's logins."""

    def __init__(self, login: Login) -> None:
        self._login = login

    def routes(self) -> list[BaseRoute]:
        """Routes of logging in."""
        return [
            Route("/api/login/begin", self.begin, methods=["POST"]),
            Route("/api/login/finish", self.finish, methods=["POST"]),
        ]

    async def begin(self, _: Request) -> Response:
        """Where to go, and the secret that the tab keeps."""
        url, tab = await self._login.begin()
        return JSONResponse({"url": url, "tab": tab})

    async def finish(self, request: Request) -> Response:
        """The provider's answer, as the tab got it, for a token to sit down with."""
        body = await read_json(request)
        answer = {name: str(body[name]) for name in _ANSWER if name in body}
        return JSONResponse({"login": await self._login.finish(answer, str(body.get("tab", "")))})
