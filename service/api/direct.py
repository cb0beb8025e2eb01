"""Endpoints without parameters, called by their exact path, without FastAPI.

FastAPI matches one pattern after the other, opens exit stacks, reads a body and solves
dependencies, which costs more than these answers; and its import is half of a start. So it
describes these endpoints and never calls them: see `decisions/021-less-per-request.md` and
`decisions/135-fastapi-is-loaded-behind-the-first-answer.md`.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from schema.response import Response as Document


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route with a fixed path, whose answer depends only on the request.

    Attributes:
        path: Its path, by which its requests are counted.
        answer: Answers; `Failures` handles its exceptions.
        summary: What it is, in one line.
        model: The document of its answers, None for text.
        tag: Its group in the description, None for none.
        has_503: Whether an answer with status 503 has the same document.
    """

    path: str
    answer: Callable[[Request], Awaitable[Response]]
    summary: str
    model: type[Document] | None
    tag: str | None = None
    has_503: bool = False


class Shortcut:
    """Dispatch a request by its exact path, without a router; plain ASGI.

    Args:
        app: Handles all other requests.
        endpoints: Those that it calls.
    """

    def __init__(self, app: ASGIApp, endpoints: Iterable[Endpoint]) -> None:
        self.app = app
        self.routes = {each.path: each for each in endpoints}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        route = self.routes.get(scope["path"]) if scope["type"] == "http" else None
        if route is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = route
        response = await route.answer(Request(scope, receive))
        await response(scope, receive, send)
