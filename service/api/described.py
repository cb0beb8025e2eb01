"""What FastAPI does: describes every endpoint, and answers those with parameters, and the page.

Its import takes half of the API's start, so it is imported once the API listens; see
`decisions/135-fastapi-is-loaded-behind-the-first-answer.md`.
"""

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

from schema.alerts import Alerts
from schema.responses import (
    DbStatus,
    Health,
    IamStatus,
    Ready,
    SecretStatus,
    WorkerHealth,
    WorkerStatus,
)
from service.api import badge_routes, description, download_routes, history_routes, metrics
from service.api.alert_routes import alerts
from service.api.errors import problem, refused
from service.api.manual import Manual
from service.api.page import Page
from service.api.routes import ENDPOINTS, UNAVAILABLE
from service.version import version

# Disabled: it would be consulted before each request, and our own middleware counts.
UNMETERED: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
HEALTH: dict[str, Any] = {  # Any, here and below: keyword arguments of mixed types
    "response_model": Health,
    "responses": {UNAVAILABLE: {"model": Health}},
    "summary": "The process answers",
    "tags": ["health"],
}
ALERTS_SUMMARY = "Open alerts, targets and deliveries"
DESCRIBED: dict[str, dict[str, Any]] = {
    "/livez": HEALTH,
    "/healthz": HEALTH,
    "/readyz": {
        "response_model": Ready,
        "responses": {UNAVAILABLE: {"model": Ready}},
        "summary": "The database has this version's schema",
        "tags": ["health"],
    },
    "/db/status": {"response_model": DbStatus, "summary": "PostgreSQL and Valkey"},
    "/secret/status": {"response_model": SecretStatus, "summary": "AWS Secrets Manager"},
    "/iam/status": {"response_model": IamStatus, "summary": "AWS IAM Roles Anywhere"},
    "/worker/status": {
        "response_model": WorkerStatus,
        "summary": "Every source, the worker and the diagnosis",
    },
    "/worker/health": {
        "response_model": WorkerHealth,
        "responses": {UNAVAILABLE: {"model": WorkerHealth}},
        "summary": "The verdict as an HTTP status",
        "tags": ["health"],
    },
    "/metrics": {
        "response_class": metrics.Text,
        "summary": "Metrics, for Prometheus",
        "tags": ["health"],
    },
}


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
    app.include_router(_direct())
    app.include_router(history_routes.router)
    app.include_router(download_routes.router)
    app.include_router(badge_routes.router)
    app.get("/alerts", response_model=Alerts, summary=ALERTS_SUMMARY, tags=["alerts"])(alerts)
    app.router.routes.append(Route("/docs/{page}", Manual(), methods=["GET"]))
    app.mount("/", Page(title))
    description.complete(app)
    return app


def _direct() -> APIRouter:
    """Describe the endpoints that are called without FastAPI."""
    router = APIRouter()
    for path, endpoint in ENDPOINTS.items():
        router.get(path, **DESCRIBED[path])(endpoint)
    return router


async def invalid(_: Request, error: Exception) -> Response:
    """Answer a RequestValidationError, by the first of its errors."""
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    return problem(422, "invalid", f"{where}: {first['msg']}")
