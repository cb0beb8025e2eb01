"""What the worker counts and knows, for Prometheus, on its own port."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import anyio
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import Metric

from schema.timestamps import utc_now
from service.aws.client import Aws
from service.outcome import Outcome
from service.report_metrics import facts
from service.worker.loop import Worker

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
WRITE_BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)


class WorkerMetrics:
    """Counters of one worker process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._lateness = Gauge(
            "heartbeat_worker_lateness_seconds",
            "How much later than due the last cycle began.",
            registry=self.registry,
        )
        self._writes = Counter(
            "heartbeat_worker_writes",
            "Writes by how they ended: ok, or an error word.",
            ["source", "word"],
            registry=self.registry,
        )
        self._attempts = Counter(
            "heartbeat_worker_write_attempts",
            "Attempts of writes, retries included.",
            ["source"],
            registry=self.registry,
        )
        self._duration = Histogram(
            "heartbeat_worker_write_duration_seconds",
            "How long the last attempt of each write took.",
            ["source"],
            buckets=WRITE_BUCKETS_S,
            registry=self.registry,
        )

    def observe(self, outcomes: Sequence[Outcome], lateness_s: float) -> None:
        """Count one cycle."""
        self._lateness.set(lateness_s)
        for outcome in outcomes:
            self._writes.labels(outcome.source, str(outcome.result)).inc()
            self._attempts.labels(outcome.source).inc(outcome.attempts)
            self._duration.labels(outcome.source).observe(outcome.latency_ms / 1000)

    def render(self, worker: Worker, aws: Aws | None) -> bytes:
        """Everything in Prometheus's text form."""
        report = worker.report(
            utc_now() + timedelta(seconds=worker.next_due - anyio.current_time())
        )
        known = facts(report, dict(aws.calls), dict(aws.throttles)) if aws else facts(report)
        return generate_latest(self.registry) + generate_latest(_Metrics(known))


class _Metrics:
    """Metrics that were made just now, as a registry hands them out."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """All of them."""
        return self._metrics
