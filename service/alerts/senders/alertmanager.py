"""Prometheus's Alertmanager: https://github.com/prometheus/alertmanager, api/v2."""

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from schema.alerts import AlertEvent, EventKind
from schema.findings import Severity
from service.alerts import words
from service.alerts.senders.http import Http, Request
from service.alerts.senders.result import SendResult
from service.alerts.senders.webhook import basic, plain
from service.alerts.targets import Target

EXPIRES = timedelta(hours=1)  # four times the period of repetitions


class Alertmanager:
    """Sends to one Alertmanager.

    Args:
        target: `alertmanager+https://HOST/PREFIX`, with user and password for HTTP Basic.
    """

    def __init__(self, target: Target) -> None:
        path = urlsplit(target.url).path.rstrip("/")
        self._url = plain(target.url, path=f"{path}/api/v2/alerts")
        self._headers = basic(target.url)
        self._http = Http()

    def send(self, event: AlertEvent) -> SendResult:
        """Post it once."""
        return self._http.send(self.request(event))

    def request(self, event: AlertEvent) -> Request:
        """Return the request."""
        ends = event.ended or event.at + EXPIRES
        if event.kind is EventKind.TEST:
            ends = event.at + timedelta(minutes=1)
        alerts = [_alert(event, event.severity, ends)]
        if event.kind is EventKind.ESCALATED:  # its labels change, so the old alert has to end
            alerts.append(_alert(event, Severity.DEGRADED, event.at))
        return Request(url=self._url, body=json.dumps(alerts).encode(), headers=self._headers)


def _alert(event: AlertEvent, severity: Severity, ends: datetime) -> dict[str, Any]:  # Any: JSON
    began = min(event.began, ends)
    alert = {
        "labels": {
            "alertname": f"Heartbeat{event.code.replace('_', ' ').title().replace(' ', '')}",
            "deployment": event.deployment,
            "code": event.code,
            "sources": ",".join(event.sources) or "none",
            "severity": severity,
        },
        "annotations": {
            "summary": f"{event.deployment}: {event.title}",
            "description": words.plain(event),
            "runbook_url": words.runbook(event),
        },
        "startsAt": began.isoformat(),
        "endsAt": ends.isoformat(),
    }
    return alert | ({"generatorURL": event.page_url} if event.page_url else {})
