"""Endpoints without parameters: described like all others, but called without FastAPI's routing.

FastAPI matches one pattern after the other, opens exit stacks, reads a body and solves
dependencies, which costs more than these answers: see `decisions/021-less-per-request.md`.
"""

from collections.abc import Mapping

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send


class Direct(APIRoute):
    """A route with a fixed path, whose endpoint takes only the request."""

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; `Failures` handles exceptions."""
        response = await self.endpoint(Request(scope, receive))
        await response(scope, receive, send)


class Shortcut:
    """Dispatch a request by its exact path, without the router; plain ASGI.

    Args:
        app: Handles all other requests.
        routes: The endpoints by path.
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
