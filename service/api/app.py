"""The API: reads the stamps back, says how old they are, and serves the page."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypedDict

import anyio
import structlog
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send

from schema.findings import Finding
from schema.responses import Health
from service import garbage
from service.api import routes
from service.api.archive import Archive, opened
from service.api.live import Live
from service.api.metering import Meters
from service.api.middleware import add_middleware
from service.api.pushed import pushed
from service.lazy import Lazy
from service.settings import Settings
from service.verdict.diagnosis import diagnose
from service.verdict.watch import Watch, watching
from service.version import version

if TYPE_CHECKING:  # imported later, or only if there are targets
    from fastapi import FastAPI

    from service.alerts.alerting import Alerting
    from service.alerts.senders import Sender
    from service.telemetry.push import Push

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


class DeferredApp:
    """Pass requests to an app that is created behind the first answers; plain ASGI."""

    def __init__(self, app: "Lazy[FastAPI]") -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, once the app is created."""
        app = self.app.made or await self.app.get()
        await app(scope, receive, send)


def create(
    settings: Settings,
    senders: "Sequence[Sender]" = (),
    push: "Push | None" = None,
    die: Callable[[], object] = lambda: os._exit(1),
) -> Starlette:
    """Create the app; it connects to nothing before its lifespan begins.

    Args:
        settings: The sources, and the API's own settings.
        senders: Deliver alerts, one for each kind of target.
        push: Exports metrics; None if no endpoint is set.
        die: Ends the process after a defect outside of any request, so that the platform restarts
            it, like the worker.
    """
    meters = Meters()
    others = Lazy(lambda: _described(settings.process.title))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[State]:
        started = False
        try:
            async with (
                state(settings, meters, senders, push) as given,
                anyio.create_task_group() as tasks,
            ):
                started = True
                tasks.start_soon(_load, others)
                yield given
                tasks.cancel_scope.cancel()
        except Exception:  # of a background task, without which answers would never change again
            log.exception("api_defect")
            if not started:
                raise
            die()

    app = Starlette(routes=[WebSocketRoute("/ws", routes.live)], lifespan=lifespan)
    app.router.default = DeferredApp(others)
    add_middleware(app, settings, meters)
    return app


async def _load(others: "Lazy[FastAPI]") -> None:
    """Import what the first answers do without."""
    try:
        await others.get()
    finally:
        garbage.resume()


def _described(title: str | None) -> "FastAPI":
    from service.api.described import described  # noqa: PLC0415 - half of a start

    return described(title)


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
        opened(settings) as archive,
        running_alerting(settings, senders, watch) as alerting,
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
async def running_alerting(
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
