"""Requests to a collector on loopback, parsed with OpenTelemetry's own protocol definition."""

from collections.abc import Iterable, Iterator, Mapping

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, NumberDataPoint
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.service.alerts.receiver import Received, Receiver


def environ(who: Receiver, **more: str) -> dict[str, str]:
    """Return the variables that push to it, often."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{who.place}",
        "OTEL_METRIC_EXPORT_INTERVAL": "200",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        **more,
    }


def resources(who: Receiver) -> list[dict[str, str]]:
    """Return the resource attributes of each request with metrics."""
    return [who_sent(request) for request in at(who, "/v1/metrics")]


def who_sent(request: Received) -> dict[str, str]:
    """Return a request's resource attributes."""
    (sent,) = ExportMetricsServiceRequest.FromString(request.body).resource_metrics
    return named(sent.resource.attributes)


def metrics(who: Receiver) -> Iterator[Metric]:
    """Yield every metric of every request, in the order of arrival."""
    for request in at(who, "/v1/metrics"):
        yield from metrics_of(request)


def metrics_of(request: Received) -> Iterator[Metric]:
    """Yield every metric of one request."""
    for sent in ExportMetricsServiceRequest.FromString(request.body).resource_metrics:
        for scope in sent.scope_metrics:
            yield from scope.metrics


def spans(who: Receiver) -> list[Span]:
    """Return every span of every request."""
    return [
        span
        for request in at(who, "/v1/traces")
        for sent in ExportTraceServiceRequest.FromString(request.body).resource_spans
        for scope in sent.scope_spans
        for span in scope.spans
    ]


def points(metric: Metric) -> Iterator[tuple[Mapping[str, str], NumberDataPoint]]:
    """Yield the points of a counter or a gauge with their labels."""
    for point in (metric.sum if metric.HasField("sum") else metric.gauge).data_points:
        yield named(point.attributes), point


def named(attributes: Iterable[KeyValue]) -> dict[str, str]:
    """Return attributes by their keys."""
    return {each.key: each.value.string_value for each in attributes}


def at(who: Receiver, path: str) -> list[Received]:
    """Return the requests to a path."""
    with who.came:
        return [request for request in who.received if request.path == path]
