"""Incident services, which get the alert's key, so that they fold and resolve incidents."""

from urllib.parse import urlsplit

from schema.alerts import AlertEvent, EventKind
from service.alerts.senders.http import Http, Request
from service.alerts.senders.incident_requests import SERVICES, parts_of
from service.alerts.senders.result import SendResult
from service.alerts.targets import Target, TargetError


class Incidents:
    """Sends to one such service.

    Args:
        target: A target, whose URL has Apprise's form.

    Raises:
        TargetError: A part that the service needs is missing.
    """

    def __init__(self, target: Target) -> None:
        self._parts = parts_of(urlsplit(target.url))
        self._request = SERVICES[target.kind]
        self._http = Http()
        needs_path = target.kind in {"incidentio", "goalert", "goalerts"}
        if needs_path and not self._parts.path:
            raise TargetError(f"target no. {target.number} ({target.kind}) has no key after the /")
        if target.kind in {"splunk", "victorops"} and not self._parts.user:
            what = "has no routing key before the @"
            raise TargetError(f"target no. {target.number} ({target.kind}) {what}")

    def send(self, event: AlertEvent) -> SendResult:
        """Trigger or resolve the incident; a test event does both."""
        sent = self._http.send(self.request(event))
        if event.kind is EventKind.TEST and sent.error is None:
            ended = event.model_copy(update={"kind": EventKind.RESOLVED, "ended": event.at})
            sent = self._http.send(self.request(ended))
        return sent

    def request(self, event: AlertEvent) -> Request:
        """Return the request."""
        return self._request(self._parts, event)
