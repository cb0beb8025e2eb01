"""What a worker's report holds, as metrics: on the worker's port, and on the API's as well.

Nothing can reach a worker on App Platform, so its facts must be had from the API.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from schema.heartbeat import Breaker, SourceReport, WorkerReport

ALL = "all"  # operations together: the report holds no more


def facts(
    report: WorkerReport,
    calls: Mapping[str, int] | None = None,
    throttles: Mapping[str, int] | None = None,
) -> Iterator[Metric]:
    """What a worker's report says, as metrics.

    Args:
        report: The worker's own, or the newest that a store holds.
        calls: AWS calls by operation; None where only the report's sum is known.
        throttles: The same for throttled ones.
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
    yield _by_operation("aws_calls", "AWS calls.", calls or {ALL: report.aws_calls})
    yield _by_operation(
        "aws_throttles", "AWS calls that were throttled.", throttles or {ALL: report.aws_throttles}
    )
    known = report.every_source.items()
    yield from _of_sources({name: r for name, r in known if r.last_result is not None})


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
    """One series per source and member of a closed set: 1 for where the source is, else 0."""
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
