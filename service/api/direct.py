"""Endpoints that take the request as it is: described like all others, and answered at once.

FastAPI's way to an endpoint tries one pattern after the other, opens exit stacks, reads a body and
solves dependencies, which costs more than these answers: see `decisions/021-less-per-request.md`.
"""

from collections.abc import Mapping

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send


class Direct(APIRoute):
    """A route of one fixed path, whose endpoint takes the request and nothing else."""

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; what goes wrong is for `Failures`."""
        response = await self.endpoint(Request(scope, receive))
        await response(scope, receive, send)


class Shortcut:
    """Goes straight to the endpoint where one look at the path says which; plain ASGI.

    Args:
        app: What takes all other requests.
        routes: By path.
    """

    def __init__(self, app: ASGIApp, routes: Mapping[str, Direct]) -> None:
        self.app = app
        self.routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        route = self.routes.get(scope["path"]) if scope["type"] == "http" else None
        if route is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = route
        await route.answer(scope, receive, send)
