"""FastAPI's part: it describes every endpoint, and answers those with parameters and the page.

Its import takes half of the API's start, so it is imported once the API listens; see
`decisions/135-fastapi-is-loaded-behind-the-first-answer.md`.
"""

from enum import Enum
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from service.api import badge_routes, description, download_routes, history_routes, metrics
from service.api.endpoints import ENDPOINTS
from service.api.errors import problem, refused
from service.api.history_routes import INVALID
from service.api.manual import Manual
from service.api.page import Page
from service.api.routes import UNAVAILABLE
from service.history.window import WindowError
from service.version import version

# Disabled: it would be consulted before each request, and our own middleware counts.
UNMETERED: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


class Described(FastAPI):
    """FastAPI without its own answer to a defect: `Failures` gives that, in our form."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return the stack without its outermost part."""
        stack = super().build_middleware_stack()
        return stack.app if isinstance(stack, ServerErrorMiddleware) else stack


def described(title: str | None = None) -> FastAPI:
    """Create the app of all HTTP endpoints, without middleware and state.

    Args:
        title: The deployment's name; None if it has none.
    """
    app = Described(
        title="Heartbeat",
        version=version(),
        summary="Whether this app can still write to all its stores.",
        docs_url=None,  # its pages load from a CDN
        redoc_url=None,
        telemetry=UNMETERED,
    )
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(WindowError, no_window)
    app.include_router(_direct())
    app.include_router(history_routes.router)
    app.include_router(download_routes.router)
    app.include_router(badge_routes.router)
    app.router.routes.append(Route("/docs/{page}", Manual(), methods=["GET"]))
    app.mount("/", Page(title))
    description.complete(app)
    return app


def _direct() -> APIRouter:
    """Describe the endpoints that are called without FastAPI."""
    router = APIRouter()
    for each in ENDPOINTS:
        about: dict[str, Any] = {"response_model": each.model}  # Any: arguments of mixed types
        if each.model is None:
            about["response_class"] = metrics.Text
        if each.has_503:
            about["responses"] = {UNAVAILABLE: {"model": each.model}}
        tags: list[str | Enum] = [each.tag] if each.tag else []
        router.get(each.path, summary=each.summary, tags=tags, **about)(each.answer)
    return router


async def invalid(_: Request, error: Exception) -> Response:
    """Answer a RequestValidationError, by the first of its errors."""
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    return problem(INVALID, "invalid", f"{where}: {first['msg']}")


async def no_window(_: Request, error: Exception) -> Response:
    """Answer a WindowError, whose text names the parameter."""
    return problem(INVALID, "invalid", str(error))
