"""The API: reads the stamps back, says how old they are, and serves the page."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypedDict

import anyio
import structlog
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.routing import Route, WebSocketRoute

from schema.findings import Finding
from schema.responses import Health
from service.api import (
    alert_routes,
    badge_routes,
    description,
    download_routes,
    history_routes,
    routes,
)
from service.api.archive import Archive, remembering
from service.api.errors import add_handlers
from service.api.live import Live
from service.api.manual import Manual
from service.api.metering import Meters
from service.api.middleware import add_middleware
from service.api.page import Page
from service.api.pushed import pushed
from service.settings import Settings
from service.verdict.diagnosis import diagnose
from service.verdict.watch import Watch, watching
from service.version import version

if TYPE_CHECKING:  # imported only if there are targets
    from service.alerts.alerting import Alerting
    from service.alerts.senders import Sender
    from service.telemetry.push import Push

# Disabled: it would be consulted before each request, and our own middleware counts.
UNMETERED: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}

log = structlog.get_logger()


class State(TypedDict):
    """State that the lifespan gives to every request."""

    health: bytes
    stuck: bytes
    watch: Watch
    live: Live
    archive: Archive
    title: str | None
    meters: Meters
    alerting: "Alerting | None"


def create(
    settings: Settings | None,
    senders: "Sequence[Sender]" = (),
    push: "Push | None" = None,
    die: Callable[[], object] = lambda: os._exit(1),
) -> FastAPI:
    """Create the app; it connects to nothing before its lifespan begins.

    Args:
        settings: None to describe the API only, without an environment.
        senders: Deliver alerts, one for each kind of target.
        push: Exports metrics; None if no endpoint is set.
        die: Ends the process after a defect outside of any request, so that the platform restarts
            it, like the worker.
    """
    meters = Meters()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        if settings is None:
            msg = "an app without settings can only be described"
            raise RuntimeError(msg)
        started = False
        try:
            async with state(settings, meters, senders, push) as given:
                started = True
                yield given
        except Exception:  # of a background task, without which answers would never change again
            log.exception("api_defect")
            if not started:
                raise
            die()

    app = FastAPI(
        title="Heartbeat",
        version=version(),
        summary="Whether this app can still write to all its stores.",
        lifespan=lifespan,
        docs_url=None,  # its pages load from a CDN
        redoc_url=None,
        telemetry=UNMETERED,
    )
    add_handlers(app)
    app.include_router(routes.router)
    app.include_router(history_routes.router)
    app.include_router(download_routes.router)
    app.include_router(badge_routes.router)
    app.include_router(alert_routes.router)
    app.router.routes.append(WebSocketRoute("/ws", routes.live))
    app.router.routes.append(Route("/docs/{page}", Manual(), methods=["GET"]))
    app.mount("/", Page(settings.process.title if settings else None))
    add_middleware(app, settings, meters)
    description.complete(app)
    return app


@asynccontextmanager
async def state(
    settings: Settings,
    meters: Meters,
    senders: "Sequence[Sender]" = (),
    push: "Push | None" = None,
) -> AsyncIterator[State]:
    """Provide what requests need, while the app runs."""
    process = settings.process
    health = Health(version=version(), commit=process.commit)
    stuck = health.model_copy(update={"status": "stuck"})
    async with (
        watching(settings) as watch,
        remembering(settings) as archive,
        telling(settings, senders, watch) as alerting,
        anyio.create_task_group() as tasks,
    ):
        live = Live(watch, tasks.start_soon, process.max_viewers, process.cors_origins)
        tasks.start_soon(live.tick)
        async with pushed(push, watch, live, meters, alerting):
            yield State(
                health=health.model_dump_json().encode(),
                stuck=stuck.model_dump_json().encode(),
                watch=watch,
                live=live,
                archive=archive,
                title=settings.process.title,
                meters=meters,
                alerting=alerting,
            )
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def telling(
    settings: Settings, senders: "Sequence[Sender]", watch: Watch
) -> "AsyncIterator[Alerting | None]":
    """Run alerting while the app runs; None, with nothing imported, if there are no targets."""
    if not settings.alerts.on:
        yield None
        return
    from service.alerts.alerting import alerting  # noqa: PLC0415

    async def look() -> Sequence[Finding]:
        return diagnose((await watch.snapshot()).situation()).findings

    async with alerting(settings, senders, look) as found:
        watch.undelivered = found.undelivered
        yield found
