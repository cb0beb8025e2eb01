"""Metrics of sources, worker and viewers, for Prometheus."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.responses import Response

from schema.errors import ErrorWord
from schema.freshness import Freshness
from schema.heartbeat import IDENTITY
from schema.status import DiagnosisCode, Overall, Row
from service.api.live import Live
from service.api.metering import Meters
from service.families import counters, gauges, rendered, states
from service.report_metrics import facts
from service.verdict.readers import Readers
from service.verdict.snapshot import Snapshot
from service.verdict.status import worker_status

if TYPE_CHECKING:
    from service.alerts.alerting import Alerting


class Text(Response):
    """Prometheus's text form."""

    media_type = "text/plain; version=0.0.4"  # Starlette adds the charset


def render(
    snapshot: Snapshot,
    readers: Readers,
    live: Live,
    meters: Meters,
    alerting: "Alerting | None" = None,
) -> bytes:
    """Render all metrics in Prometheus's text format, without a query to a store."""
    found = Facts(snapshot, readers, live, meters)
    name = snapshot.settings.process.name
    return rendered(name, meters.registry.collect(), found.collect(), alert_metrics(alerting))


def alert_metrics(alerting: "Alerting | None") -> Iterable[Metric]:
    """Yield the metrics of alerts; nothing without targets."""
    if alerting is None:
        return ()
    from service.alerts.metrics import families  # noqa: PLC0415 - only with targets

    return families(alerting)


class Facts:
    """The metrics that are computed when Prometheus scrapes."""

    def __init__(self, snapshot: Snapshot, readers: Readers, live: Live, meters: Meters) -> None:
        self._meters = meters
        self._snapshot = snapshot
        self._status = worker_status(snapshot)
        self._readers = readers
        self._live = live

    def collect(self) -> Iterator[Metric]:
        """Yield all of these metrics."""
        yield from self.own()
        if self._snapshot.report is not None:
            yield from facts(self._meters.totals.of(self._snapshot.report))

    def own(self) -> Iterator[Metric]:
        """Yield all metrics except those that the worker reports of itself."""
        yield from self._verdict()
        yield from self._readings()
        yield from self._reader_cost()
        yield from self._viewers()

    def _verdict(self) -> Iterator[Metric]:
        status = self._status
        overall, code = status.overall_status, status.diagnosis.code
        verdicts: dict[str, float] = {each: float(each is overall) for each in Overall}
        text = "The verdict: 1 for the current one."
        yield gauges("heartbeat_status", text, "status", verdicts)
        codes: dict[str, float] = {each: float(each is code) for each in DiagnosisCode}
        yield gauges("heartbeat_diagnosis", "What is wrong.", "code", codes)
        text = "Seconds between two heartbeats."
        yield GaugeMetricFamily("heartbeat_interval_seconds", text, value=status.interval_seconds)

    def _readings(self) -> Iterator[Metric]:
        """Yield the metrics of each source that has been read."""
        every: dict[str, Row] = {**self._status.timestamps, IDENTITY: self._status.iam}
        rows = {name: row for name, row in every.items() if row.observed_at is not None}
        ages = {n: row.age_seconds for n, row in rows.items() if row.age_seconds is not None}
        yield gauges("heartbeat_age_seconds", "How old the newest stamp is.", "source", ages)
        durations = {name: (row.latency_ms or 0.0) / 1000 for name, row in rows.items()}
        text = "How long the last reading took."
        yield gauges("heartbeat_read_duration_seconds", text, "source", durations)
        freshness = {name: row.freshness for name, row in rows.items()}
        text = "Freshness of the newest stamp."
        yield states("heartbeat_freshness", text, "freshness", Freshness, freshness)
        errors = {name: row.error for name, row in rows.items()}
        yield states("heartbeat_error", "What is wrong with a source.", "word", ErrorWord, errors)

    def _reader_cost(self) -> Iterator[Metric]:
        reads = {name: reader.reads for name, reader in self._readers.by_name.items()}
        text = "Readings of each source by this process."
        yield counters("heartbeat_reads", text, "source", reads)
        aws = self._snapshot.aws
        for name, counts in (("calls", aws.calls), ("throttles", aws.throttles)) if aws else ():
            text = f"AWS {name} of this process."
            yield counters(f"heartbeat_api_aws_{name}", text, "operation", dict(counts))

    def _viewers(self) -> Iterator[Metric]:
        live = self._live
        yield GaugeMetricFamily("heartbeat_viewers", "Pages watching live.", value=live.viewers)
        refreshes = {"live": live.sent, **self._meters.refreshes}
        text = "Documents sent to pages, by transport."
        yield counters("heartbeat_page_refreshes", text, "kind", refreshes)
        failed = "Refreshes that failed, as pages report them with the next one that succeeds."
        for name, text, count in (
            ("page_refresh_failures", failed, self._meters.refresh_failures),
            ("viewers_dropped", "Viewers that read too slowly.", live.dropped),
            ("viewers_refused", "Viewers refused: there were too many.", live.refused),
        ):
            yield CounterMetricFamily(f"heartbeat_{name}", text, value=count)
