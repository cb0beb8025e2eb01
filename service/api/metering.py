"""Counters of the API's own requests."""

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.manual import Manual
from service.api.page import Page
from service.api.totals import Totals

DURATION_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
DURATION = "heartbeat_api_request_duration_seconds"
DURATION_TEXT = "How long requests took, to the end of the answer."
KINDS = {b"poll": "poll", b"manual": "manual"}
FAILURES_MAX = 1_000  # more failures than one page can have between two successes, with backoff
OTHER = "other"  # requests that no route matched
PAGE = "page"  # the static files


class Meters:
    """Counters of one API process, in their own registry.

    Attributes:
        refreshes: Requests of pages for the status, by their reason.
        refresh_failures: Failed refreshes, which pages report with the next success.
        totals: Counters of the workers.
        timed: Takes each request's route and seconds, for the exporter; returns at once.
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
            DURATION,
            DURATION_TEXT,
            ["route"],
            buckets=DURATION_BUCKETS_S,
            registry=self.registry,
        )
        self._known: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self.refreshes = dict.fromkeys(KINDS.values(), 0)
        self.refresh_failures = 0
        self.totals = Totals()
        self.timed: Callable[[str, float], None] | None = None

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one request."""
        template = _template(scope)
        requests, duration = self._of(template, status)
        requests.inc()
        duration.observe(seconds)
        if self.timed is not None:
            self.timed(template, seconds)
        for name, value in scope["headers"]:
            if name == b"heartbeat-refresh" and value in KINDS:
                self.refreshes[KINDS[value]] += 1
            elif name == b"heartbeat-refresh-failures" and value.isdigit():
                self.refresh_failures += min(int(value[:9]), FAILURES_MAX)

    def _of(self, template: str, status: int) -> tuple[Counter, Histogram]:
        """Return the counters of a route and status; a lookup by label costs more than counting."""
        found = self._known.get((template, status))
        if found is None:
            found = (self._requests.labels(template, status), self._duration.labels(template))
            self._known[template, status] = found
        return found


def _template(scope: Scope) -> str:
    """Name the route that matched a request, from a bounded set of words."""
    if "route" in scope:
        return str(scope["route"].path)
    return PAGE if isinstance(scope.get("endpoint"), Page | Manual) else OTHER


class Metering:
    """Count every request; plain ASGI."""

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
