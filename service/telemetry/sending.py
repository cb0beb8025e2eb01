"""OpenTelemetry's exporters, which log once when a collector fails and once when it is back."""

from collections.abc import Callable, Sequence
from typing import Any

import requests
import structlog
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

log = structlog.get_logger()


class Session(requests.Session):
    """Remembers how its last request ended: a status, or the kind of an error.

    The SDK's own log lines contain the address, and may contain a header, so they are suppressed.
    """

    ending = "no request"

    def request(self, *arguments: Any, **named: Any) -> requests.Response:  # Any: of requests
        """Send one request."""
        try:
            response = super().request(*arguments, **named)
        except Exception as error:
            self.ending = type(error).__name__
            raise
        self.ending = f"HTTP {response.status_code}"
        return response


class Delivery:
    """Logs whether one signal reaches its collector.

    Args:
        signal: `metrics` or `traces`.
        session: Knows the result of the last request.
    """

    def __init__(self, signal: str, session: Session) -> None:
        self._signal = signal
        self._session = session
        self._failing = False

    def note(self, *, ok: bool) -> None:
        """Take the result of one export, and log a change."""
        if ok and self._failing:
            log.info("telemetry_sent_again", signal=self._signal)
        elif not ok and not self._failing:
            log.warning("telemetry_not_sent", signal=self._signal, detail=self._session.ending)
        self._failing = not ok


class Metrics(OTLPMetricExporter):
    """Exports metrics.

    Attributes:
        after: Called after each export, in its thread.
    """

    def __init__(self, url: str) -> None:
        session = Session()
        super().__init__(endpoint=url, session=session)
        self._delivery = Delivery("metrics", session)
        self.after: Callable[[], None] = lambda: None

    def export(
        self, metrics_data: MetricsData, timeout_millis: float | None = 10_000, **kwargs: Any
    ) -> MetricExportResult:
        """Send one collection; blocks, in a thread of the SDK."""
        result = super().export(metrics_data, timeout_millis, **kwargs)
        self._delivery.note(ok=result is MetricExportResult.SUCCESS)
        self.after()
        return result


class Spans(OTLPSpanExporter):
    """Exports spans."""

    def __init__(self, url: str) -> None:
        session = Session()
        super().__init__(endpoint=url, session=session)
        self._delivery = Delivery("traces", session)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send one batch; blocks, in a thread of the SDK."""
        result = super().export(spans)
        self._delivery.note(ok=result is SpanExportResult.SUCCESS)
        return result
