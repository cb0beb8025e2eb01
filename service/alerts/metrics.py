"""Metrics of alerts, for Prometheus."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from schema.alerts import DeliveryError
from service.alerts.alerting import Alerting
from service.families import counters, gauges


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
        pings = {"ok": alerting.ping.sent, "failed": alerting.ping.failed}
        yield counters("heartbeat_alerts_pings", "Requests to ALERT_PING_URL.", "result", pings)


def _targets(alerting: Alerting) -> Iterator[Metric]:
    known = {d.target.name: alerting.summary(d.target) for d in alerting.deliverers}
    waiting = {name: summary.waiting for name, summary in known.items()}
    yield gauges("heartbeat_alerts_waiting", "Events still to be sent.", "target", waiting)
    dead = {name: summary.dead for name, summary in known.items()}
    yield gauges("heartbeat_alerts_dead", "Events given up within a day.", "target", dead)
    attempts = CounterMetricFamily(
        "heartbeat_alerts_attempts",
        "Attempts of this process to send, by how they ended.",
        labels=["target", "result"],
    )
    for deliverer in alerting.deliverers:
        name = deliverer.target.name
        attempts.add_metric([name, "ok"], deliverer.sent)
        for word in DeliveryError:
            if count := deliverer.failed.get(word, 0):
                attempts.add_metric([name, word], count)
    yield attempts


def _muted(alerting: Alerting) -> int:
    return sum(alert.muted and not alert.over for alert in alerting.loop.memory.state.alerts)
