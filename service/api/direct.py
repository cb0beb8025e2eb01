"""Endpoints without parameters, called by their exact path, without FastAPI.

FastAPI matches one pattern after the other, opens exit stacks, reads a body and solves
dependencies, which costs more than these answers; and its import is half of a start. So it
describes these endpoints and never calls them: see `decisions/021-less-per-request.md` and
`decisions/135-fastapi-is-loaded-behind-the-first-answer.md`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Direct:
    """A route with a fixed path, whose endpoint takes only the request.

    Attributes:
        path: Its path, by which its requests are counted.
        endpoint: Answers; `Failures` handles its exceptions.
    """

    path: str
    endpoint: Endpoint


class Shortcut:
    """Dispatch a request by its exact path, without a router; plain ASGI.

    Args:
        app: Handles all other requests.
        endpoints: By path.
    """

    def __init__(self, app: ASGIApp, endpoints: Mapping[str, Endpoint]) -> None:
        self.app = app
        self.routes = {path: Direct(path, endpoint) for path, endpoint in endpoints.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        route = self.routes.get(scope["path"]) if scope["type"] == "http" else None
        if route is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = route
        response = await route.endpoint(Request(scope, receive))
        await response(scope, receive, send)
