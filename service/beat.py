"""The worker command: connects every source, and beats until a signal comes."""

import os
import sys
from datetime import timedelta

import anyio
import structlog
from anyio import Event

from schema.heartbeat import IamReport, WorkerReport
from schema.timestamps import utc_now
from service.history import History
from service.ledger import Ledger
from service.liveness import LATE_S, Route, server
from service.roles_anywhere import Aws
from service.settings import Settings
from service.signals import stop_on_signals
from service.source import Source
from service.sources.postgres import Postgres
from service.sources.secrets_manager import SecretsManager
from service.sources.valkey import Valkey
from service.spill import Spill
from service.version import version
from service.watch import close, connect
from service.worker import Worker
from service.worker_metrics import MEDIA_TYPE, WorkerMetrics

VALUE_WRITES_WINDOW = timedelta(hours=24)  # how long AWS keeps a version that is one too many

log = structlog.get_logger()


def main(settings: Settings) -> int:
    """Beat until a signal comes; blocks.

    Returns:
        0.
    """
    aws = anyio.run(_beat, settings, backend_options={"use_uvloop": True})
    if aws is not None and aws.lane.busy:
        # An AWS call that nobody waits for any more would keep the interpreter until it ends.
        sys.stdout.flush()
        os._exit(0)
    return 0


async def _beat(settings: Settings) -> Aws | None:
    for warning in settings.warnings():
        log.warning("setting_warning", message=warning)
    sources, aws = connect(settings)
    history = _history(settings, sources)
    metrics = WorkerMetrics()
    worker = Worker(
        settings.process,
        sources,
        recorder=history,
        facts=lambda report: _with_facts(report, sources, aws, history),
        observe=metrics.observe,
    )
    stop = Event()
    routes: dict[str, Route] = {
        "/livez": lambda: _livez(worker),
        "/metrics": lambda: (200, MEDIA_TYPE, metrics.render(worker, aws)),
    }
    health = server(settings.process.health_port, routes)
    async with anyio.create_task_group() as tasks:
        await tasks.start(stop_on_signals, stop)
        tasks.start_soon(health.serve)
        if history is not None:
            tasks.start_soon(history.run)
        await worker.run(stop)
        health.should_exit = True
        if history is not None:
            await history.finish()
        await close(sources)
        tasks.cancel_scope.cancel()
    return aws


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
        facts["value_writes_24h"] = secret.value_writes_since(utc_now() - VALUE_WRITES_WINDOW)
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
