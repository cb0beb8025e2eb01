"""The worker's report as metrics, on the worker's port and on the API's.

On App Platform nothing can reach a worker, so the API must provide its metrics.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import accumulate

from prometheus_client import generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from schema.heartbeat import (
    Breaker,
    Counted,
    ProcessReport,
    SourceReport,
    Standing,
    WorkerReport,
)
from schema.history import LATENCY_BOUNDS_MS, LATENCY_BUCKETS

ALL = "all"  # the sum of all operations, if the report comes from the secret's short description


def rendered(name: str, *metrics: Iterable[Metric]) -> bytes:
    """Render metrics in Prometheus's text form, each with the deployment's name as a label.

    Args:
        name: `HEARTBEAT_NAME`, to tell deployments apart in one Prometheus.
        metrics: A registry's metrics, or those computed at the time of scraping.
    """
    return b"".join(generate_latest(_Named(name, each)) for each in metrics)


class _Named:
    """Metrics with one additional label."""

    def __init__(self, name: str, metrics: Iterable[Metric]) -> None:
        self._name = name
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Yield all of them."""
        for metric in self._metrics:
            metric.samples = [
                sample._replace(labels={"name": self._name, **sample.labels})
                for sample in metric.samples
            ]
            yield metric


def facts(report: WorkerReport) -> Iterator[Metric]:
    """Yield a worker's report as metrics.

    Args:
        report: The worker's own, or the newest one found in a store.
    """
    yield _labelled("info", "The worker's version.", "version", {report.version: 1.0})
    yield from _times(
        started=report.started_at,
        next_due=report.next_due,
        credentials_expiry=report.iam.credentials_expiry if report.iam else None,
        certificate_expiry=report.iam.certificate_expiry if report.iam else None,
    )
    yield _counter("cycles", "Cycles since the worker started.", report.cycles)
    yield _gauge(
        "value_writes_24h", "Values of the secret written in 24 h.", report.value_writes_24h
    )
    yield _gauge("history_waiting_rows", "Outcomes not stored yet.", report.history_waiting)
    yield _counter("history_dropped_rows", "Outcomes lost for good.", report.history_dropped)
    if report.standing is not None:
        yield from _of_lease(report)
    yield from _of_replicas(report)
    calls, throttles = report.aws_calls_by_operation, report.aws_throttles_by_operation
    yield _by_operation("aws_calls", "AWS calls.", calls or {ALL: report.aws_calls})
    yield _by_operation(
        "aws_throttles",
        "AWS calls that were throttled.",
        dict.fromkeys(calls, 0) | throttles if calls else {ALL: report.aws_throttles},
    )
    if report.process.resident_bytes:
        yield from _of_process(report.process)
    known = report.every_source.items()
    yield from _of_sources({name: r for name, r in known if r.last_result is not None})
    yield from _counted({name: r.counted for name, r in known if r.counted.writes})


def _of_lease(report: WorkerReport) -> Iterator[Metric]:
    text = "How the worker stands: by which lease it beats, or that it stands by."
    yield _labelled(
        "standing", text, "standing", {e: float(e is report.standing) for e in Standing}
    )
    text = "Grows whenever another worker takes over."
    yield _gauge("lease_token", text, report.lease_token)
    yield _gauge("standbys", "Workers that stand by.", len(report.standbys))


def _of_replicas(report: WorkerReport) -> Iterator[Metric]:
    lags = {n: r.lag_seconds for n, r in report.replicas.items() if r.lag_seconds is not None}
    late = {name: float(r.failing_since is None) for name, r in report.replicas.items()}
    lines = {n: float(s.timeline) for n, s in report.servers.items() if s.timeline is not None}
    text = "Time from the last write until its stamp was seen at the replica."
    if lags:
        yield _labelled("replica_lag_seconds", text, "source", lags)
    if late:
        yield _labelled("replica_ok", "Whether the stamp arrived in time.", "source", late)
    if lines:
        text = "The server's timeline, which each promotion raises."
        yield _labelled("server_timeline", text, "source", lines)


def _of_process(process: ProcessReport) -> Iterator[Metric]:
    yield _gauge("resident_memory_bytes", "Resident memory.", process.resident_bytes)
    yield _counter("cpu_seconds", "User and system time.", process.cpu_seconds)
    text = "How much later than due the last cycle began."
    yield _gauge("lateness_seconds", text, process.lateness_seconds)


def _counted(counted: Mapping[str, Counted]) -> Iterator[Metric]:
    writes = CounterMetricFamily(
        "heartbeat_worker_writes",
        "Writes by how they ended: ok, or an error word.",
        labels=["source", "word"],
    )
    attempts = CounterMetricFamily(
        "heartbeat_worker_write_attempts",
        "Attempts of writes, retries included.",
        labels=["source"],
    )
    durations = HistogramMetricFamily(
        "heartbeat_worker_write_duration_seconds",
        "How long the last attempt of each write took.",
        labels=["source"],
    )
    for source, each in counted.items():
        for word, count in each.writes.items():
            writes.add_metric([source, word], count)
        attempts.add_metric([source], each.attempts)
        durations.add_metric([source], _buckets(each.durations), each.duration_seconds)
    if counted:
        yield from (writes, attempts, durations)


def _buckets(durations: Sequence[int]) -> list[tuple[str, float]]:
    """Return cumulative counts for every second bound of the history's histogram."""
    counts = [*durations, *[0] * (LATENCY_BUCKETS - len(durations))]
    below = list(accumulate(counts))
    bounds = zip(LATENCY_BOUNDS_MS, below, strict=False)
    return [
        *((str(bound / 1000), float(count)) for bound, count in list(bounds)[::2]),
        ("+Inf", float(below[-1])),
    ]


def _of_sources(reports: Mapping[str, SourceReport]) -> Iterator[Metric]:
    yield _labelled(
        "write_ok",
        "Whether the last write landed.",
        "source",
        {name: float(r.last_result == "ok") for name, r in reports.items()},
    )
    yield _labelled(
        "consecutive_failures",
        "Cycles in a row whose write did not land.",
        "source",
        {name: float(r.consecutive_failures) for name, r in reports.items()},
    )
    yield _labelled(
        "last_write_duration_seconds",
        "How long the last attempt took.",
        "source",
        {n: r.latency_ms / 1000 for n, r in reports.items() if r.latency_ms is not None},
    )
    yield _labelled(
        "last_success_timestamp_seconds",
        "When a write last landed.",
        "source",
        {n: r.last_success.timestamp() for n, r in reports.items() if r.last_success},
    )
    yield states(
        "heartbeat_worker_breaker",
        "State of the circuit breaker.",
        "state",
        Breaker,
        {name: r.breaker for name, r in reports.items()},
    )


def states(
    name: str, text: str, label: str, members: Iterable[str], current: Mapping[str, str | None]
) -> Metric:
    """Return one series per source and state: 1 for the source's current state, else 0."""
    family = GaugeMetricFamily(name, text, labels=["source", label])
    for source, state in current.items():
        for member in members:
            family.add_metric([source, member], float(member == state))
    return family


def _times(**moments: datetime | None) -> Iterator[Metric]:
    for name, moment in moments.items():
        if moment is not None:
            text = f"Unix time of {name.replace('_', ' ')}."
            yield _gauge(f"{name}_timestamp_seconds", text, moment.timestamp())


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"heartbeat_worker_{name}", text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"heartbeat_worker_{name}", text, value=value)


def _labelled(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"heartbeat_worker_{name}", text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _by_operation(name: str, text: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(f"heartbeat_worker_{name}", text, labels=["operation"])
    for operation, value in values.items():
        family.add_metric([operation], value)
    return family
