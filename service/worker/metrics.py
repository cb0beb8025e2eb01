"""The worker's metrics for Prometheus, on its own port."""

from collections.abc import Iterable
from datetime import timedelta

import anyio
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric

from schema.timestamps import utc_now
from service.families import rendered
from service.report_metrics import facts
from service.worker.loop import Worker


class WorkerMetrics:
    """Metrics of a worker's report and process."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)

    def collect(self) -> Iterable[Metric]:
        """Yield the report's metrics."""
        due_in = timedelta(seconds=self._worker.next_due - anyio.current_time())
        return facts(self._worker.report(utc_now() + due_in))

    def render(self) -> bytes:
        """Render all metrics in Prometheus's text format."""
        return rendered(self._worker.settings.name, self._registry.collect(), self.collect())
