"""What the API counts, and what it knows of sources and worker, for Prometheus."""

import time
from collections.abc import Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schema.errors import ErrorWord
from schema.freshness import Freshness
from schema.responses import DiagnosisCode, IamRow, Overall, Row
from service.api.live import Live
from service.api.page import Page
from service.report_metrics import facts, states
from service.verdict.snapshot import Snapshot
from service.verdict.status import Known

DURATION_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
KINDS = {b"poll": "poll", b"manual": "manual"}
FAILURES_MAX = 1_000  # what one page can have failed at between two successes, with backoff
OTHER = "other"  # requests that no route took
PAGE = "page"  # the static files


class Text(Response):
    """Prometheus's text form."""

    media_type = "text/plain; version=0.0.4"  # Starlette adds the charset


class Meters:
    """Counters of one API process, in a registry of its own.

    Attributes:
        refreshes: How often pages asked for the status, by what made them ask.
        refresh_failures: Refreshes that failed, as pages report them with the next success.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "heartbeat_api_requests",
            "Requests by route and status.",
            ["route", "status"],
            registry=self.registry,
        )
        self._duration = Histogram(
            "heartbeat_api_request_duration_seconds",
            "How long requests took, to the end of the answer.",
            ["route"],
            buckets=DURATION_BUCKETS_S,
            registry=self.registry,
        )
        self._known: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self.refreshes = dict.fromkeys(KINDS.values(), 0)
        self.refresh_failures = 0

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one request."""
        requests, duration = self._of(_template(scope), status)
        requests.inc()
        duration.observe(seconds)
        for name, value in scope["headers"]:
            if name == b"heartbeat-refresh" and value in KINDS:
                self.refreshes[KINDS[value]] += 1
            elif name == b"heartbeat-refresh-failures" and value.isdigit():
                self.refresh_failures += min(int(value[:9]), FAILURES_MAX)

    def _of(self, template: str, status: int) -> tuple[Counter, Histogram]:
        """The counters of a route and status; to look them up by label costs more than to count."""
        found = self._known.get((template, status))
        if found is None:
            found = (self._requests.labels(template, status), self._duration.labels(template))
            self._known[template, status] = found
        return found

    def render(self, known: Known, snapshot: Snapshot, live: Live) -> bytes:
        """Everything in Prometheus's text form; asks no store."""
        known_facts = _Facts(known, snapshot, live, self)
        return generate_latest(self.registry) + generate_latest(known_facts)


def _template(scope: Scope) -> str:
    """The route that took a request, in a bounded set of words."""
    if "route" in scope:
        return str(scope["route"].path)
    return PAGE if isinstance(scope.get("endpoint"), Page) else OTHER


class Metering:
    """Counts every request; plain ASGI."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self.app = app
        self.meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count it when it is answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_noting_status)
        finally:
            self.meters.count(scope, status, time.perf_counter() - started)


class _Facts:
    """What is known at the moment of scraping."""

    def __init__(self, known: Known, snapshot: Snapshot, live: Live, meters: Meters) -> None:
        self._meters = meters
        self._known = known
        self._snapshot = snapshot
        self._live = live

    def collect(self) -> Iterator[Metric]:
        """All of it."""
        yield from self._verdict()
        yield from self._readings()
        yield from self._reader_cost()
        yield from self._viewers()
        if self._known.report is not None:
            yield from facts(self._known.report)

    def _verdict(self) -> Iterator[Metric]:
        status = self._known.worker_status()
        overall = GaugeMetricFamily("heartbeat_status", "The verdict: 1 for it.", labels=["status"])
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
        """Of every source that is switched on, and has been read."""
        status = self._known.worker_status()
        rows: dict[str, Row | IamRow] = {**status.timestamps, "iam": status.iam}
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
            "heartbeat_freshness", "How old that is, in words.", "freshness", Freshness, freshness
        )
        errors = {name: row.error for name, row in rows.items()}
        yield states("heartbeat_error", "What is wrong with a source.", "word", ErrorWord, errors)

    def _reader_cost(self) -> Iterator[Metric]:
        reads = CounterMetricFamily(
            "heartbeat_reads", "Readings of each source by this process.", labels=["source"]
        )
        for name, reader in self._snapshot.readers.items():
            reads.add_metric([name], reader.reads)
        yield reads
        aws = self._known.aws
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
            "heartbeat_page_refreshes", "Documents that pages got, by how.", labels=["kind"]
        )
        for kind, count in kinds.items():
            refreshes.add_metric([kind], count)
        yield refreshes
        failed = "Refreshes that failed, as pages report them with the next one that succeeds."
        for name, text, count in (
            ("heartbeat_page_refresh_failures", failed, self._meters.refresh_failures),
            ("heartbeat_viewers_dropped", "Viewers that read too slowly.", live.dropped),
            ("heartbeat_viewers_refused", "Viewers that were too many.", live.refused),
        ):
            yield CounterMetricFamily(name, text, value=count)
