"""Answer the page's requests inside the browser, instead of the API."""

from collections.abc import Collection
from datetime import datetime
from urllib.parse import parse_qs, urlparse

from playwright.sync_api import BrowserContext, Page, Route, WebSocketRoute

from schema.alerts import Alerts
from schema.history import Range
from schema.status import WorkerStatus
from schema.timestamps import from_text
from service.history.window import Buckets, buckets, ranged, window
from tests.web import documents, past


class Answers:
    """Answers to the page's requests, which a test may change at any time.

    Attributes:
        status: The document; None fails every request, as if the API were down.
        live: Whether the WebSocket is accepted.
        outages: The outages in history and incidents.
        away: The period without a worker.
        first: The slot of the first beat.
        incidents: Whether the incidents can be loaded.
        alerts: Alerts and targets; None leaves the answer to the API.
        history_requests: The URLs of all requests for the history.
        status_requests: The headers of all requests for the status.
    """

    def __init__(self, page: Page | BrowserContext, status: WorkerStatus | None) -> None:
        self.status = status
        self.live = True
        self.status_requests: list[dict[str, str]] = []
        self.sockets: list[WebSocketRoute] = []
        self.outages: Collection[past.Outage] = past.OVER
        self.away: tuple[datetime, datetime] | None = None
        self.first = past.LONG_AGO
        self.history_requests: list[str] = []
        self.incidents = True
        self.alerts: Alerts | None = None
        page.route("**/alerts", self._answer_alerts)
        page.route("**/worker/status", self._answer)
        page.route("**/history?*", self._answer_history)
        page.route("**/incidents?*", self._answer_incidents)
        page.route_web_socket("**/ws", self._accept)

    def push(self, status: WorkerStatus) -> None:
        """Send a status to every open socket, as the API does after a change."""
        self.status = status
        for socket in self.sockets:
            socket.send(status.model_dump_json())

    def cut(self, code: int = 1011) -> None:
        """Close every socket and accept no other."""
        self.live = False
        sockets, self.sockets = self.sockets, []
        for socket in sockets:
            socket.close(code=code)

    def _answer(self, route: Route) -> None:
        self.status_requests.append(route.request.headers)
        if self.status is None:
            route.abort("connectionrefused")
        else:
            route.fulfill(json=self.status.model_dump(mode="json"))

    def _answer_history(self, route: Route) -> None:
        self.history_requests.append(route.request.url)
        if self.status is None:
            route.abort("connectionrefused")
            return
        cut = _cut(route.request.url)
        found = past.history(cut, self.outages, self.away, self.first)
        route.fulfill(json=found.model_dump(mode="json"))

    def _answer_incidents(self, route: Route) -> None:
        if self.incidents:
            start, limit = _cut(route.request.url).start(0), _query(route.request.url, "limit")
            found = past.incidents(start, self.outages, self.away, int(limit or 1000))
            route.fulfill(json=found.model_dump(mode="json"))
        else:
            route.fulfill(status=404, json={"error": "not_found", "message": "nothing here"})

    def _answer_alerts(self, route: Route) -> None:
        if self.alerts is None:
            route.continue_()
        else:
            route.fulfill(json=self.alerts.model_dump(mode="json"))

    def _accept(self, socket: WebSocketRoute) -> None:
        if not self.live or self.status is None:
            socket.close(code=1011)
            return
        self.sockets.append(socket)
        socket.send(self.status.model_dump_json())


def _cut(url: str) -> Buckets:
    """Return the buckets of a request, as the API divides them."""
    name = _query(url, "range")
    if name is not None:
        return ranged(Range(name), documents.NOW, past.KEPT, 60)
    begin, end = (from_text(_query(url, name) or "") for name in ("from", "to"))
    span = window(begin, end, documents.NOW, past.KEPT)
    return buckets(span, int(_query(url, "buckets") or 48), documents.NOW, past.KEPT, 60)


def _query(url: str, name: str) -> str | None:
    return parse_qs(urlparse(url).query).get(name, [None])[0]
