"""Metrics of sources, worker and viewers, for Prometheus."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.responses import Response

from schema.errors import ErrorWord
from schema.freshness import Freshness
from schema.heartbeat import IDENTITY
from schema.responses import DiagnosisCode, Overall, Row
from service.api.live import Live
from service.api.metering import Meters
from service.report_metrics import facts, rendered, states
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
    return rendered(name, meters.registry.collect(), found.collect(), told(alerting))


def told(alerting: "Alerting | None") -> Iterable[Metric]:
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
        overall = GaugeMetricFamily(
            "heartbeat_status", "The verdict: 1 for the current one.", labels=["status"]
        )
        for word in Overall:
            overall.add_metric([word], float(word is status.overall_status))
        yield overall
        code = GaugeMetricFamily("heartbeat_diagnosis", "What is wrong.", labels=["code"])
        for each in DiagnosisCode:
            code.add_metric([each], float(each is status.diagnosis.code))
        yield code
        text = "Seconds between two heartbeats."
        yield GaugeMetricFamily("heartbeat_interval_seconds", text, value=status.interval_seconds)

    def _readings(self) -> Iterator[Metric]:
        """Yield the metrics of each source that has been read."""
        status = self._status
        rows: dict[str, Row] = {**status.timestamps, IDENTITY: status.iam}
        rows = {name: row for name, row in rows.items() if row.observed_at is not None}
        age = GaugeMetricFamily(
            "heartbeat_age_seconds", "How old the newest stamp is.", labels=["source"]
        )
        duration = GaugeMetricFamily(
            "heartbeat_read_duration_seconds", "How long the last reading took.", labels=["source"]
        )
        for name, row in rows.items():
            if row.age_seconds is not None:
                age.add_metric([name], row.age_seconds)
            duration.add_metric([name], (row.latency_ms or 0.0) / 1000)
        yield age
        yield duration
        freshness = {name: row.freshness for name, row in rows.items()}
        yield states(
            "heartbeat_freshness",
            "Freshness of the newest stamp.",
            "freshness",
            Freshness,
            freshness,
        )
        errors = {name: row.error for name, row in rows.items()}
        yield states("heartbeat_error", "What is wrong with a source.", "word", ErrorWord, errors)

    def _reader_cost(self) -> Iterator[Metric]:
        reads = CounterMetricFamily(
            "heartbeat_reads", "Readings of each source by this process.", labels=["source"]
        )
        for name, reader in self._readers.by_name.items():
            reads.add_metric([name], reader.reads)
        yield reads
        aws = self._snapshot.aws
        for name, counts in (("calls", aws.calls), ("throttles", aws.throttles)) if aws else ():
            family = CounterMetricFamily(
                f"heartbeat_api_aws_{name}", f"AWS {name} of this process.", labels=["operation"]
            )
            for operation, count in dict(counts).items():
                family.add_metric([operation], count)
            yield family

    def _viewers(self) -> Iterator[Metric]:
        live = self._live
        yield GaugeMetricFamily("heartbeat_viewers", "Pages watching live.", value=live.viewers)
        kinds = {"live": live.sent, **self._meters.refreshes}
        refreshes = CounterMetricFamily(
            "heartbeat_page_refreshes", "Documents sent to pages, by transport.", labels=["kind"]
        )
        for kind, count in kinds.items():
            refreshes.add_metric([kind], count)
        yield refreshes
        failed = "Refreshes that failed, as pages report them with the next one that succeeds."
        for name, text, count in (
            ("heartbeat_page_refresh_failures", failed, self._meters.refresh_failures),
            ("heartbeat_viewers_dropped", "Viewers that read too slowly.", live.dropped),
            (
                "heartbeat_viewers_refused",
                "Viewers refused: there were too many.",
                live.refused,
            ),
        ):
            yield CounterMetricFamily(name, text, value=count)
