"""Exporters of one process: providers of OpenTelemetry's SDK, which send in their own threads."""

import asyncio
import os
import socket
import uuid
from collections.abc import Sequence
from concurrent.futures import Future
from threading import Thread

import anyio
from opentelemetry.metrics import Histogram, Meter, NoOpMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NoOpTracerProvider, Tracer

from service.shutdown import TELEMETRY_S
from service.telemetry.instruments import Collect, Instruments
from service.telemetry.sending import Metrics, Spans
from service.telemetry.settings import TelemetrySettings
from service.version import version

SCOPE = "heartbeat"


class Push:
    """Pushes metrics and traces of one process.

    Only the SDK's own threads wait for the collector, and none of them keeps the process from
    ending.

    Args:
        settings: The endpoints.
        process: `worker` or `api`.
        name: `HEARTBEAT_NAME`.
        title: `HEARTBEAT_TITLE`, None for none.

    Raises:
        ValueError: A variable that the SDK reads is invalid.
    """

    def __init__(
        self, settings: TelemetrySettings, process: str, name: str, title: str | None = None
    ) -> None:
        resource = _resource(process, name, title)
        self._providers: list[MeterProvider | TracerProvider] = []
        self._instruments: Instruments | None = None
        self.meter: Meter = NoOpMeterProvider().get_meter(SCOPE)
        self.tracer: Tracer = NoOpTracerProvider().get_tracer(SCOPE)
        if settings.metrics_url is not None:
            exporter = Metrics(settings.metrics_url)
            reader = PeriodicExportingMetricReader(exporter)
            metrics = MeterProvider([reader], resource, shutdown_on_exit=False)
            self.meter = metrics.get_meter(SCOPE, version())
            self._instruments = Instruments(self.meter, name)
            exporter.after = self._instruments.declare
            self._providers.append(metrics)
        if settings.traces_url is not None:
            traces = TracerProvider(resource=resource, shutdown_on_exit=False)
            traces.add_span_processor(BatchSpanProcessor(Spans(settings.traces_url)))
            self.tracer = traces.get_tracer(SCOPE, version())
            self._providers.append(traces)

    def histogram(self, name: str, text: str, bounds: Sequence[float]) -> Histogram:
        """Create a histogram of seconds.

        Args:
            name: Its name in `/metrics`.
            text: What it measures.
            bounds: Upper bounds of its buckets, except the last.
        """
        return self.meter.create_histogram(
            name, "s", text, explicit_bucket_boundaries_advisory=bounds
        )

    async def start(self, collect: Collect) -> None:
        """Push the metrics that `collect` returns; called on its event loop."""
        if self._instruments is not None:
            await self._instruments.start(collect)

    async def stop(self) -> None:
        """Push the rest, for a bounded time."""
        ended: Future[None] = Future()
        Thread(target=self._end, args=(ended,), name="telemetry-end", daemon=True).start()
        with anyio.move_on_after(TELEMETRY_S, shield=True):
            await asyncio.wrap_future(ended)
        if self._instruments is not None:
            self._instruments.end()

    def _end(self, ended: Future[None]) -> None:
        ended.set_running_or_notify_cancel()
        try:
            for provider in self._providers:
                provider.shutdown()
        finally:
            ended.set_result(None)


def _resource(process: str, name: str, title: str | None) -> Resource:
    """Return the resource; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence."""
    ours = {
        "service.name": "heartbeat",
        "service.version": version(),
        "service.instance.id": f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}",
        "heartbeat.process": process,
        "heartbeat.name": name,
    }
    if title is not None:
        ours["heartbeat.title"] = title
    theirs = OTELResourceDetector().detect().attributes
    return Resource.create({key: value for key, value in ours.items() if key not in theirs})
