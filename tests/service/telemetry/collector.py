"""Parse requests to a collector on loopback, with OpenTelemetry's own protocol definition."""

from collections.abc import Iterable, Iterator, Mapping

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, NumberDataPoint
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.service.alerts.receiver import Received, Receiver


def environ(receiver: Receiver, **more: str) -> dict[str, str]:
    """Return the variables that push to a receiver at short intervals."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{receiver.place}",
        "OTEL_METRIC_EXPORT_INTERVAL": "200",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        **more,
    }


def resources(receiver: Receiver) -> list[dict[str, str]]:
    """Return the resource attributes of each request with metrics."""
    return [resource_of(request) for request in at(receiver, "/v1/metrics")]


def resource_of(request: Received) -> dict[str, str]:
    """Return a request's resource attributes."""
    (sent,) = ExportMetricsServiceRequest.FromString(request.body).resource_metrics
    return named(sent.resource.attributes)


def metrics(receiver: Receiver) -> Iterator[Metric]:
    """Yield all metrics of all requests, in the order of arrival."""
    for request in at(receiver, "/v1/metrics"):
        yield from metrics_of(request)


def metrics_of(request: Received) -> Iterator[Metric]:
    """Yield every metric of one request."""
    for sent in ExportMetricsServiceRequest.FromString(request.body).resource_metrics:
        for scope in sent.scope_metrics:
            yield from scope.metrics


def spans(receiver: Receiver) -> list[Span]:
    """Return every span of every request."""
    return [
        span
        for request in at(receiver, "/v1/traces")
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


def at(receiver: Receiver, path: str) -> list[Received]:
    """Return the requests to a path."""
    with receiver.came:
        return [request for request in receiver.received if request.path == path]
