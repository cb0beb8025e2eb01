"""The worker's report as metrics, on the worker's port and on the API's.

On App Platform nothing can reach a worker, so the API must provide its metrics.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import accumulate

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
from service.families import counters, gauges, states

ALL = "all"  # the sum of all operations, if the report comes from the secret's short description


def facts(report: WorkerReport) -> Iterator[Metric]:
    """Yield a worker's report as metrics.

    Args:
        report: The worker's own, or the newest one found in a store.
    """
    text = "The worker's version."
    yield gauges("heartbeat_worker_info", text, "version", {report.version: 1.0})
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
    yield counters(
        "heartbeat_worker_aws_calls", "AWS calls.", "operation", calls or {ALL: report.aws_calls}
    )
    yield counters(
        "heartbeat_worker_aws_throttles",
        "AWS calls that were throttled.",
        "operation",
        dict.fromkeys(calls, 0) | throttles if calls else {ALL: report.aws_throttles},
    )
    if report.process.resident_bytes:
        yield from _of_process(report.process)
    known = report.every_source.items()
    yield from _of_sources({name: r for name, r in known if r.last_result is not None})
    yield from _counted({name: r.counted for name, r in known if r.counted.writes})


def _of_lease(report: WorkerReport) -> Iterator[Metric]:
    text = "How the worker stands: by which lease it beats, or that it stands by."
    standings: dict[str, float] = {each: float(each is report.standing) for each in Standing}
    yield gauges("heartbeat_worker_standing", text, "standing", standings)
    text = "Grows whenever another worker takes over."
    yield _gauge("lease_token", text, report.lease_token)
    yield _gauge("standbys", "Workers that stand by.", len(report.standbys))


def _of_replicas(report: WorkerReport) -> Iterator[Metric]:
    lags = {n: r.lag_seconds for n, r in report.replicas.items() if r.lag_seconds is not None}
    late = {name: float(r.failing_since is None) for name, r in report.replicas.items()}
    lines = {n: float(s.timeline) for n, s in report.servers.items() if s.timeline is not None}
    text = "Time from the last write until its stamp was seen at the replica."
    if lags:
        yield _by_source("replica_lag_seconds", text, lags)
    if late:
        yield _by_source("replica_ok", "Whether the stamp arrived in time.", late)
    if lines:
        text = "The server's timeline, which each promotion raises."
        yield _by_source("server_timeline", text, lines)


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
    yield _by_source(
        "write_ok",
        "Whether the last write landed.",
        {name: float(r.last_result == "ok") for name, r in reports.items()},
    )
    yield _by_source(
        "consecutive_failures",
        "Cycles in a row whose write did not land.",
        {name: float(r.consecutive_failures) for name, r in reports.items()},
    )
    yield _by_source(
        "last_write_duration_seconds",
        "How long the last attempt took.",
        {n: r.latency_ms / 1000 for n, r in reports.items() if r.latency_ms is not None},
    )
    yield _by_source(
        "last_success_timestamp_seconds",
        "When a write last landed.",
        {n: r.last_success.timestamp() for n, r in reports.items() if r.last_success},
    )
    yield states(
        "heartbeat_worker_breaker",
        "State of the circuit breaker.",
        "state",
        Breaker,
        {name: r.breaker for name, r in reports.items()},
    )


def _times(**moments: datetime | None) -> Iterator[Metric]:
    for name, moment in moments.items():
        if moment is not None:
            text = f"Unix time of {name.replace('_', ' ')}."
            yield _gauge(f"{name}_timestamp_seconds", text, moment.timestamp())


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"heartbeat_worker_{name}", text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"heartbeat_worker_{name}", text, value=value)


def _by_source(name: str, text: str, values: Mapping[str, float]) -> Metric:
    return gauges(f"heartbeat_worker_{name}", text, "source", values)
