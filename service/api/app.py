"""The API: reads the stamps back, says how old they are, and serves the page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

import anyio
from fastapi import FastAPI, Request, Response
from fastapi.telemetry import TelemetryConfig
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from schema import migrations
from schema.errors import ErrorWord
from schema.responses import (
    DbStatus,
    Health,
    IamStatus,
    Overall,
    Ready,
    SecretStatus,
    WorkerHealth,
    WorkerStatus,
)
from schema.responses import Response as Document
from service.api import description, documents, history_routes, metrics
from service.api.archive import Archive, remembering
from service.api.direct import Direct
from service.api.doors import add_doors
from service.api.errors import add_handlers
from service.api.live import Live
from service.api.metrics import Meters
from service.api.page import Page
from service.aws.identity import Identity
from service.settings import Settings
from service.source import Observation
from service.sources import postgres, secrets_manager, valkey
from service.sources.postgres import PostgresObservation
from service.verdict.watch import Watch, watching
from service.version import version

JSON = "application/json"
OK, UNAVAILABLE = 200, 503
# Asked before each request whether it is on; we count for ourselves.
UNMETERED: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


class State(TypedDict):
    """What the lifespan gives to every request."""

    watch: Watch
    live: Live
    archive: Archive


def create(settings: Settings | None) -> FastAPI:
    """The app; nothing is connected before its lifespan begins.

    Args:
        settings: None to describe the API only, without an environment.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        if settings is None:
            msg = "an app without settings can only be described"
            raise RuntimeError(msg)
        async with (
            watching(settings) as watch,
            remembering(settings) as archive,
            anyio.create_task_group() as tasks,
        ):
            process = settings.process
            live = Live(watch, tasks.start_soon, process.max_viewers, process.cors_origins)
            tasks.start_soon(live.tick)
            yield State(watch=watch, live=live, archive=archive)
            tasks.cancel_scope.cancel()

    app = FastAPI(
        title="Heartbeat",
        version=version(),
        summary="Whether this app can still write to all its stores.",
        lifespan=lifespan,
        docs_url=None,  # it loads from a CDN
        redoc_url=None,
        telemetry=UNMETERED,
    )
    app.router.route_class = Direct
    meters = Meters()
    add_handlers(app)
    _add_routes(app, commit=settings.process.commit if settings else "unknown")
    app.include_router(history_routes.router)
    _add_metrics(app, meters)
    app.router.routes.append(WebSocketRoute("/ws", _live))
    app.mount("/", Page())
    add_doors(app, settings, meters)
    description.complete(app)
    return app


def _watch(request: Request) -> Watch:
    watch: Watch = request.state.watch
    return watch


def _answer(document: Document, status: int = OK) -> Response:
    """A document as it is: validating our own models again would double the cost."""
    return Response(document.model_dump_json(), status, media_type=JSON)


def _add_routes(app: FastAPI, commit: str) -> None:
    health = Health(version=version(), commit=commit).model_dump_json().encode()

    @app.get("/livez", response_model=Health, summary="The process answers", tags=["health"])
    @app.get("/healthz", response_model=Health, summary="The process answers", tags=["health"])
    async def livez(request: Request) -> Response:  # noqa: ARG001 - as all of them
        """Touches no store and no thread: it answers while every store hangs."""
        return Response(health, media_type=JSON)

    @app.get(
        "/readyz",
        response_model=Ready,
        responses={UNAVAILABLE: {"model": Ready}},
        summary="The database has this version's schema",
        tags=["health"],
    )
    async def readyz(request: Request) -> Response:
        """For people, and for orchestrators that gate traffic."""
        known = await _watch(request).known(postgres.Settings.name)
        ready = _ready(known.found.get(postgres.Settings.name))
        return _answer(ready, OK if ready.ready else UNAVAILABLE)

    @app.get("/db/status", response_model=DbStatus, summary="PostgreSQL and Valkey")
    async def db_status(request: Request) -> Response:
        """Whether both can be read and written, and the stamps in them."""
        known = await _watch(request).known(postgres.Settings.name, valkey.Settings.name)
        return _answer(documents.db_status(known))

    @app.get("/secret/status", response_model=SecretStatus, summary="AWS Secrets Manager")
    async def secret_status(request: Request) -> Response:
        """The stamps in the secret's description and value; never the value."""
        return _answer(
            documents.secret_status(await _watch(request).known(secrets_manager.Settings.name))
        )

    @app.get("/iam/status", response_model=IamStatus, summary="AWS IAM Roles Anywhere")
    async def iam_status(request: Request) -> Response:
        """Who AWS says that this app is, and until when."""
        return _answer(documents.iam_status(await _watch(request).known(Identity.name)))

    @app.get("/worker/status", response_model=WorkerStatus, summary="The whole")
    async def worker_status(request: Request) -> Response:
        """Every source, the identity, the worker, and what is wrong in one sentence."""
        return Response(await _watch(request).status(), media_type=JSON)

    @app.get(
        "/worker/health",
        response_model=WorkerHealth,
        responses={UNAVAILABLE: {"model": WorkerHealth}},
        summary="The verdict as an HTTP status",
        tags=["health"],
    )
    async def worker_health(request: Request) -> Response:
        """For an uptime monitor: 503 when something is not written or cannot be read."""
        status = (await _watch(request).known()).worker_status()
        verdict = WorkerHealth(overall_status=status.overall_status, diagnosis=status.diagnosis)
        return _answer(verdict, UNAVAILABLE if status.overall_status is Overall.ERROR else OK)


def _add_metrics(app: FastAPI, meters: Meters) -> None:
    @app.get(
        "/metrics",
        response_class=metrics.Text,
        summary="Everything that is counted, for Prometheus",
        tags=["health"],
    )
    async def show_metrics(request: Request) -> Response:
        """Asks the stores no more often than any other request does."""
        watch = _watch(request)
        known = await watch.known()
        return metrics.Text(meters.render(known, watch.snapshot, request.state.live))


async def _live(websocket: WebSocket) -> None:
    live: Live = websocket.state.live
    await live.serve(websocket)


def _ready(found: Observation | None) -> Ready:
    """Whether the schema is at this version's head or newer."""
    said = found if isinstance(found, PostgresObservation) else None
    return Ready(
        ready=said is not None and not said.schema_behind,
        schema_head=migrations.head(),
        schema_revision=said.schema_revision if said else None,
        error=found.error if found else ErrorWord.NOT_CONFIGURED,
    )
