"""The request to each incident service, by its documentation, linked beside it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote

from schema.alerts import AlertEvent, EventKind
from schema.findings import Severity
from service.alerts import words
from service.alerts.senders.http import Request

SUMMARY_MAX = 1000  # PagerDuty takes 1024
Document = dict[str, Any]  # Any: JSON of others


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a target's URL.

    Attributes:
        user: The part before the @, if any.
        host: The host as written, which is a key for most services.
        path: The segments of the path.
        options: The query.
        port: The port, None if absent.
    """

    user: str
    host: str
    path: tuple[str, ...]
    options: dict[str, str]
    port: int | None

    def host_of(self, domain: str) -> str:
        """Return the host of a service's region: `?region=eu` selects the European one."""
        name, _, rest = domain.partition(".")
        return f"{name}.eu.{rest}" if self.options.get("region") == "eu" else domain


def parts_of(url: SplitResult) -> Parts:
    """Split a target's URL, which has Apprise's form."""
    user, _, place = url.netloc.rpartition("@")
    host, colon, port = place.partition(":")  # not .hostname: a key has capitals
    return Parts(
        user=unquote(user.partition(":")[0]),
        host=unquote(host),
        path=tuple(unquote(part) for part in url.path.split("/") if part),
        options=dict(parse_qsl(url.query)),
        port=int(port) if colon else None,
    )


def pagerduty(parts: Parts, event: AlertEvent) -> Request:
    """Tell PagerDuty (https://developer.pagerduty.com/docs/events-api-v2/trigger-events/)."""
    body: Document = {
        "routing_key": parts.user or parts.host,
        "dedup_key": event.alert_key,
        "event_action": "resolve" if _ends(event) else "trigger",
    }
    if not _ends(event):
        body["payload"] = {
            "summary": _summary(event),
            "source": event.deployment,
            "severity": "critical" if event.severity is Severity.ERROR else "warning",
            "timestamp": event.began.isoformat(),
            "component": ",".join(event.sources),
            "class": event.code,
            "custom_details": {"remedy": event.remedy, "runbook": words.runbook(event)},
        }
        body["client"] = "Heartbeat"
        body |= {"client_url": event.page_url} if event.page_url else {}
    return _post(f"https://{parts.host_of('events.pagerduty.com')}/v2/enqueue", body)


def incidentio(parts: Parts, event: AlertEvent) -> Request:
    """Tell incident.io (https://api-docs.incident.io/tag/Alert-Events-V2)."""
    body: Document = {
        "title": _summary(event),
        "description": words.plain(event),
        "deduplication_key": event.alert_key,
        "status": "resolved" if _ends(event) else "firing",
        "metadata": {"severity": event.severity, "code": event.code, "sources": event.sources},
    }
    body |= {"source_url": event.page_url} if event.page_url else {}
    source = quote(parts.host, safe="")
    url = f"https://api.incident.io/v2/alert_events/http/{source}"
    return _post(url, body, {"Authorization": f"Bearer {parts.path[0]}"})


def ilert(parts: Parts, event: AlertEvent) -> Request:
    """Tell ilert (https://api.ilert.com/api-docs/#tag/events)."""
    body: Document = {
        "integrationKey": parts.host,
        "eventType": "RESOLVE" if _ends(event) else "ALERT",
        "alertKey": event.alert_key,
        "summary": _summary(event),
        "details": words.plain(event),
        "priority": "HIGH" if event.severity is Severity.ERROR else "LOW",
    }
    body |= {"links": [{"href": event.page_url, "text": "Page"}]} if event.page_url else {}
    return _post("https://api.ilert.com/api/events", body)


def splunk(parts: Parts, event: AlertEvent) -> Request:
    """Tell Splunk On-Call (https://help.victorops.com/knowledge-base/rest-endpoint-integration-guide/)."""
    grave = "CRITICAL" if event.severity is Severity.ERROR else "WARNING"
    body: Document = {
        "message_type": "RECOVERY" if _ends(event) else grave,
        "entity_id": event.alert_key,
        "entity_display_name": _summary(event),
        "state_message": words.plain(event),
        "state_start_time": int(event.began.timestamp()),
        "monitoring_tool": "Heartbeat",
    }
    path = f"{quote(parts.host, safe='')}/{quote(parts.user, safe='')}"
    base = "https://alert.victorops.com/integrations/generic/20131114/alert"
    return _post(f"{base}/{path}", body)


def squadcast(parts: Parts, event: AlertEvent) -> Request:
    """Tell Squadcast (https://support.squadcast.com/integrations/incident-webhook-incident-webhook-api)."""
    body: Document = {
        "message": _summary(event),
        "description": words.plain(event),
        "status": "resolve" if _ends(event) else "trigger",
        "event_id": event.alert_key,
    }
    host = parts.host_of("api.squadcast.com")
    return _post(f"https://{host}/v2/incidents/api/{quote(parts.host, safe='')}", body)


def signl4(parts: Parts, event: AlertEvent) -> Request:
    """Tell SIGNL4 (https://docs.signl4.com/integrations/webhook/webhook.html)."""
    body: Document = {
        "title": _summary(event),
        "body": words.plain(event),
        "X-S4-ExternalID": event.alert_key,
        "X-S4-Status": "resolved" if _ends(event) else "new",
        "X-S4-SourceSystem": "Heartbeat",
    }
    return _post(f"https://connect.signl4.com/webhook/{quote(parts.host, safe='')}", body)


def pagertree(parts: Parts, event: AlertEvent) -> Request:
    """Tell PagerTree (https://pagertree.com/docs/integration-guides/webhook)."""
    body: Document = {"id": event.alert_key, "event_type": "resolve" if _ends(event) else "create"}
    if not _ends(event):
        body |= {"title": _summary(event), "description": words.plain(event)}
    return _post(f"https://api.pagertree.com/integration/{quote(parts.host, safe='')}", body)


def goalert(parts: Parts, event: AlertEvent, scheme: str = "http") -> Request:
    """Tell GoAlert (https://github.com/target/goalert, Integration Keys, Generic API)."""
    body: Document = {
        "summary": _summary(event),
        "details": words.plain(event),
        "dedup": event.alert_key,
    }
    body |= {"action": "close"} if _ends(event) else {}
    *prefix, token = parts.path
    host = parts.host if parts.port is None else f"{parts.host}:{parts.port}"
    path = "/".join([*(quote(part) for part in prefix), "api/v2/generic/incoming"])
    return _post(f"{scheme}://{host}/{path}?token={quote(token, safe='')}", body)


def goalerts(parts: Parts, event: AlertEvent) -> Request:
    """Tell GoAlert over TLS."""
    return goalert(parts, event, "https")


SERVICES: dict[str, Callable[[Parts, AlertEvent], Request]] = {
    "pagerduty": pagerduty,
    "incidentio": incidentio,
    "ilert": ilert,
    "splunk": splunk,
    "victorops": splunk,
    "squadcast": squadcast,
    "signl4": signl4,
    "pagertree": pagertree,
    "goalert": goalert,
    "goalerts": goalerts,
}


def _ends(event: AlertEvent) -> bool:
    return event.kind is EventKind.RESOLVED


def _summary(event: AlertEvent) -> str:
    """Return what the incident is about; the service adds the state itself."""
    return f"{event.deployment}: {event.title}"[:SUMMARY_MAX]


def _post(url: str, body: Document, headers: dict[str, str] | None = None) -> Request:
    return Request(url=url, body=json.dumps(body).encode(), headers=headers or {})
