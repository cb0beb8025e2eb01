"""Metrics of alerts, for Prometheus."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from schema.alerts import DeliveryError
from service.alerts.alerting import Alerting


def families(alerting: Alerting) -> Iterator[Metric]:
    """Yield all of them, without a query to a store."""
    loop = alerting.loop
    alerts = [alert for alert in loop.memory.state.alerts if not alert.over]
    for name, text, value in (
        ("open", "Alerts that are not over.", len(alerts)),
        ("muted", "Open alerts that are not sent because of a mute.", _muted(alerting)),
        ("deciding", "Whether this instance decides: 1 of all instances.", alerting.decides),
        ("working", "Whether looking and deciding work here.", alerting.working),
        ("unsaved", "Deliveries that PostgreSQL does not know yet.", loop.outbox.unmerged),
    ):
        yield GaugeMetricFamily(f"heartbeat_alerts_{name}", text, value=float(value))
    yield from _targets(alerting)
    if alerting.ping is not None:
        pings = CounterMetricFamily(
            "heartbeat_alerts_pings", "Requests to ALERT_PING_URL.", labels=["result"]
        )
        pings.add_metric(["ok"], alerting.ping.asked)
        pings.add_metric(["failed"], alerting.ping.failed)
        yield pings


def _targets(alerting: Alerting) -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        "heartbeat_alerts_waiting", "Events still to be sent.", labels=["target"]
    )
    dead = GaugeMetricFamily(
        "heartbeat_alerts_dead", "Events given up within a day.", labels=["target"]
    )
    attempts = CounterMetricFamily(
        "heartbeat_alerts_attempts",
        "Attempts of this process to send, by how they ended.",
        labels=["target", "result"],
    )
    for deliverer in alerting.deliverers:
        name, summary = deliverer.target.name, alerting.summary(deliverer.target)
        waiting.add_metric([name], summary.waiting)
        dead.add_metric([name], summary.dead)
        attempts.add_metric([name, "ok"], deliverer.sent)
        for word in DeliveryError:
            if count := deliverer.failed.get(word, 0):
                attempts.add_metric([name, word], count)
    yield waiting
    yield dead
    yield attempts


def _muted(alerting: Alerting) -> int:
    return sum(alert.muted and not alert.over for alert in alerting.loop.memory.state.alerts)
