"""The worker command: connects every source, and beats until a signal comes."""

import os
from collections.abc import Sequence
from datetime import timedelta
from typing import NoReturn

import anyio
import stamina.instrumentation
import structlog
from anyio import Event

from schema.heartbeat import IamReport, WorkerReport
from schema.timestamps import utc_now
from service.aws.client import Aws
from service.aws.notices import Notices
from service.connections import close, connect, identity
from service.history.ledger import Ledger
from service.history.recorder import History
from service.history.spill import Spill
from service.outcome import Outcome
from service.settings import Settings
from service.signals import stop_on_signals
from service.source import Source
from service.sources.postgres.store import Postgres
from service.sources.secrets_manager.store import SecretsManager
from service.sources.valkey.store import Valkey
from service.version import version
from service.worker.liveness import LATE_S, Route, Server, server
from service.worker.loop import Observer, Worker
from service.worker.metrics import MEDIA_TYPE, WorkerMetrics

VALUE_WRITES_WINDOW = timedelta(hours=24)  # how long AWS keeps a version that is one too many

log = structlog.get_logger()


def main(settings: Settings) -> NoReturn:
    """Beat until a signal comes, then end the process: with 0, or with 1 after a defect."""
    anyio.run(_beat_and_exit, settings, backend_options={"use_uvloop": True})
    raise AssertionError  # it never comes here


async def _beat_and_exit(settings: Settings) -> NoReturn:
    status = 0
    try:
        await _beat(settings)
    except Exception:  # whatever it is, it goes to the log, and the platform starts us again
        log.exception("worker_defect")
        status = 1
    # Not by returning: an AWS call, or the look-up of a name where no server answers, would keep
    # interpreter and loop until it ends, a minute and more. Every line of the log is out.
    os._exit(status)


async def _beat(settings: Settings) -> None:
    stamina.instrumentation.set_on_retry_hooks([])  # retries are told of by the cycle, at debug
    for warning in settings.warnings():
        log.warning("setting_warning", message=warning)
    aws = identity(settings)
    sources = connect(settings, aws)
    history = _history(settings, sources)
    metrics = WorkerMetrics()
    worker = Worker(
        settings.process,
        sources,
        recorder=history,
        facts=lambda report: _with_facts(report, sources, aws, history),
        observe=_observer(metrics, aws),
    )
    routes: dict[str, Route] = {
        "/livez": lambda: _livez(worker),
        "/metrics": lambda: (200, MEDIA_TYPE, metrics.render(worker, aws)),
    }
    await _run(worker, server(settings.process.health_port, routes), history)


async def _run(worker: Worker, health: Server, history: History | None) -> None:
    """Beat, answer at the health port and keep history, until a signal comes."""
    stop = Event()
    async with anyio.create_task_group() as tasks:
        await tasks.start(stop_on_signals, stop)
        tasks.start_soon(health.listen)
        if history is not None:
            tasks.start_soon(history.run)
        await worker.run(stop)
        health.should_exit = True
        if history is not None:
            await history.finish()
        await close(worker.sources)
        tasks.cancel_scope.cancel()


def _observer(metrics: WorkerMetrics, aws: Aws | None) -> Observer:
    """Counts each cycle, and looks whether something ends soon."""
    notices = Notices(aws) if aws else None

    def observe(outcomes: Sequence[Outcome], lateness_s: float) -> None:
        metrics.observe(outcomes, lateness_s)
        if notices is not None:
            notices.look(utc_now())

    return observe


def _history(settings: Settings, sources: dict[str, Source]) -> History | None:
    """Where outcomes go, None without PostgreSQL."""
    name, kept = settings.process.name, timedelta(days=settings.process.history_retention_days)
    postgres = next((s for s in sources.values() if isinstance(s, Postgres)), None)
    valkey = next((s for s in sources.values() if isinstance(s, Valkey)), None)
    if postgres is None:
        return None
    return History(Ledger(postgres, name), Spill(valkey, name) if valkey else None, kept)


def _livez(worker: Worker) -> tuple[int, str, bytes]:
    """Alive while the loop is no later than a deadline and half a minute, whatever stores do."""
    late_s = anyio.current_time() - worker.next_due
    alive = late_s <= worker.settings.write_deadline_s + LATE_S
    word = "ok" if alive else "late"
    body = f'{{"status":"{word}","version":"{version()}","late_seconds":{max(0.0, late_s):.1f}}}\n'
    return (200 if alive else 503), "application/json", body.encode()


def _with_facts(
    report: WorkerReport, sources: dict[str, Source], aws: Aws | None, history: History | None
) -> WorkerReport:
    """The report with what the AWS identity and the secret count and know."""
    secret = next((s for s in sources.values() if isinstance(s, SecretsManager)), None)
    facts: dict[str, object] = {}
    if history is not None:
        facts |= {"history_waiting": history.waiting, "history_dropped": history.dropped}
    if secret is not None:
        facts["value_writes_24h"] = secret.value.writes_since(utc_now() - VALUE_WRITES_WINDOW)
        facts["value_interval_seconds"] = secret.settings.value_interval_s
    if aws is not None:
        known = report.iam or IamReport()
        facts |= {
            "aws_calls": sum(aws.calls.values()),
            "aws_throttles": sum(aws.throttles.values()),
            "iam": known.model_copy(
                update={
                    "refusal": aws.refusal,
                    "credentials_created": aws.credentials_created,
                    "credentials_expiry": aws.credentials_expiry,
                    "certificate_expiry": aws.certificate_expiry,
                }
            ),
        }
    return report.model_copy(update=facts)
