"""The worker command: connect every source, and write stamps until a signal arrives."""

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, NoReturn

import anyio
import stamina.instrumentation
import structlog
from anyio import Event

from schema.timestamps import utc_now
from service import logs
from service.aws.client import Aws
from service.aws.notices import IdentityWarnings
from service.connections import close, connect, shared
from service.history.ledger import Ledger
from service.history.recorder import History
from service.history.spill import Spill
from service.outcome import Outcome
from service.settings import Settings
from service.shutdown import CLOSE_S
from service.signals import stop_on_signals
from service.source import Source
from service.version import version
from service.worker import standby
from service.worker.health import Health
from service.worker.loop import Worker

if TYPE_CHECKING:  # imported later, or only if metrics are pushed or requested
    from prometheus_client.core import Metric

    from service.telemetry.push import Push
    from service.worker.liveness import Route
    from service.worker.metrics import WorkerMetrics

LATE_S = 30.0  # how much later than its deadline a loop may be before it counts as dead
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

log = structlog.get_logger()


def main(settings: Settings, push: "Push | None" = None) -> NoReturn:
    """Run until a signal arrives, then exit: with 0, or with 1 after a defect.

    Args:
        settings: The configured sources.
        push: Exports metrics and traces; None if no endpoint is set.
    """
    anyio.run(_beat_and_exit, settings, push, backend_options={"use_uvloop": True})
    raise AssertionError  # not reached


async def _beat_and_exit(settings: Settings, push: "Push | None") -> NoReturn:
    status = 0
    try:
        await _beat(settings, push)
    except Exception:  # any defect: it is logged, and the platform restarts the process
        log.exception("worker_defect")
        status = 1
    # Not by returning: a hung AWS call or name look-up would keep the interpreter alive for a
    # minute and more.
    logs.finish()
    os._exit(status)


async def _beat(settings: Settings, push: "Push | None") -> None:
    stamina.instrumentation.set_on_retry_hooks([])  # the cycle logs retries, at level debug
    for warning in settings.warnings():
        log.warning("setting_warning", message=warning)
    among = shared(settings)
    sources, aws = connect(settings, among), among.aws
    history, lease = _history(settings, sources), standby.lease(settings, sources)
    routes: dict[str, Route] = {
        "/livez": lambda: _livez(worker),
        "/metrics": lambda: (200, METRICS_TYPE, metrics().render()),
    }
    health = Health(settings.process, routes)
    worker = Worker(
        settings.process,
        sources,
        recorder=history,
        lease=lease,
        observe=_after_cycle(settings, aws, health, push),
    )
    metrics = _metrics(worker)

    async def collect() -> Iterable["Metric"]:
        return metrics().collect()

    if push is not None:
        await push.start(collect)
    await _run(worker, health, history, push)


async def _run(
    worker: Worker, health: Health, history: History | None, push: "Push | None"
) -> None:
    """Write or stand by, serve the health port and record history, until a signal arrives."""
    stop = Event()
    async with anyio.create_task_group() as tasks:
        await tasks.start(stop_on_signals, stop)
        tasks.start_soon(health.run)
        if history is not None:
            tasks.start_soon(history.run)
        if worker.lease is not None:
            tasks.start_soon(worker.lease.run, stop)
        await worker.run(stop)
        health.stop()
        await _finish(worker, history)
        with anyio.move_on_after(CLOSE_S):
            await _close(worker, push)
        tasks.cancel_scope.cancel()


async def _finish(worker: Worker, history: History | None) -> None:
    """Release the lease, and store pending outcomes."""
    async with anyio.create_task_group() as tasks:
        if worker.lease is not None:
            tasks.start_soon(worker.lease.release)
        if history is not None:
            tasks.start_soon(history.finish)


async def _close(worker: Worker, push: "Push | None") -> None:
    """Close the stores, and push the last metrics concurrently."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(close, worker.sources)
        if push is not None:
            tasks.start_soon(push.stop)


def _after_cycle(
    settings: Settings, aws: Aws | None, health: Health, push: "Push | None"
) -> Callable[[Sequence[Outcome]], None]:
    """Check for credentials that end soon, and push the results of the cycle."""
    looks: list[Callable[[Sequence[Outcome]], object]] = [lambda _: health.note_cycle()]
    if aws is not None:
        notices = IdentityWarnings(aws.credentials)
        looks.append(lambda _: notices.look(utc_now()))
    if push is not None:
        from service.telemetry.cycles import Cycles  # noqa: PLC0415

        looks.append(Cycles(push, settings.process.name).take)

    def look(outcomes: Sequence[Outcome]) -> None:
        for each in looks:
            each(outcomes)

    return look


def _metrics(worker: Worker) -> "Callable[[], WorkerMetrics]":
    """Return the worker's metrics on first use: the platform never asks for them."""

    @cache
    def made() -> "WorkerMetrics":
        from service.worker.metrics import WorkerMetrics  # noqa: PLC0415 - 2 MB

        return WorkerMetrics(worker)

    return made


def _history(settings: Settings, sources: dict[str, Source]) -> History | None:
    """Return the recorder of outcomes, None without PostgreSQL."""
    name, kept = settings.process.name, timedelta(days=settings.process.history_retention_days)
    where = settings.history.name if settings.history else None
    database = sources[where].database if where else None
    if where is None or database is None:
        return None
    keys = next((source.keys for source in sources.values() if source.keys), None)
    return History(Ledger(database, name), Spill(keys, name) if keys else None, kept, where)


def _livez(worker: Worker) -> tuple[int, str, bytes]:
    """Answer 200 while the loop is at most a deadline and half a minute late."""
    late_s = anyio.current_time() - worker.next_due
    alive = late_s <= worker.settings.write_deadline_s + LATE_S
    word = "ok" if alive else "late"
    body = f'{{"status":"{word}","version":"{version()}","late_seconds":{max(0.0, late_s):.1f}}}\n'
    return (200 if alive else 503), "application/json", body.encode()
