"""The document of `/alerts`."""

from schema.alerts import AlertMute, AlertNews, Alerts, AlertTarget, OpenAlert
from service.alerts.alerting import Alerting
from service.alerts.ledger import News
from service.alerts.mutes import Mute
from service.alerts.state import Alert
from service.alerts.targets import Target


def status(alerting: Alerting) -> Alerts:
    """Return targets, events and open alerts, without a query to a store."""
    desk = alerting.desk
    return Alerts(
        enabled=True,
        decides=alerting.decides,
        working=alerting.working,
        page_url=desk.situated.page_url,
        targets=[_target(alerting, teller.target) for teller in alerting.tellers],
        open=[_open(alert) for alert in desk.memory.state.alerts if not alert.over],
        mutes=[_mute(mute) for mute in desk.mutes],
        recent=[_news(news) for news in desk.recent],
    )


def _target(alerting: Alerting, target: Target) -> AlertTarget:
    record = alerting.record(target)
    return AlertTarget(
        kind=target.kind,
        name=target.name,
        severity=target.severity,
        waiting=record.waiting,
        waiting_since=record.oldest,
        dead=record.dead,
        errors=list(record.errors),
        last_delivery=record.delivered,
    )


def _open(alert: Alert) -> OpenAlert:
    fields = {name: getattr(alert, name) for name in OpenAlert.model_fields}
    return OpenAlert(**fields | {"sources": list(alert.sources)})


def _mute(mute: Mute) -> AlertMute:
    return AlertMute(
        id=mute.id,
        sources=list(mute.sources),
        reason=mute.reason,
        began=mute.began,
        until=mute.until,
    )


def _news(news: News) -> AlertNews:
    said = {
        name: getattr(news.said, name) for name in AlertNews.model_fields if name != "delivered"
    }
    return AlertNews(**said, delivered=news.delivered)
