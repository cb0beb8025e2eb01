"""The document of `/alerts`."""

from schema.alerts import AlertMute, Alerts, AlertTarget, OpenAlert
from service.alerts.alerting import Alerting
from service.alerts.mutes import Mute
from service.alerts.state import Alert
from service.alerts.targets import Target


def status(alerting: Alerting) -> Alerts:
    """Return targets, events and open alerts, without a query to a store."""
    loop = alerting.loop
    return Alerts(
        enabled=True,
        decides=alerting.decides,
        working=alerting.working,
        page_url=loop.context.page_url,
        targets=[_target(alerting, deliverer.target) for deliverer in alerting.deliverers],
        open=[_open(alert) for alert in loop.memory.state.alerts if not alert.over],
        mutes=[_mute(mute) for mute in loop.mutes],
        recent=loop.backlog.recent,
    )


def _target(alerting: Alerting, target: Target) -> AlertTarget:
    summary = alerting.summary(target)
    return AlertTarget(
        kind=target.kind,
        name=target.name,
        severity=target.severity,
        waiting=summary.waiting,
        waiting_since=summary.oldest,
        dead=summary.dead,
        errors=list(summary.errors),
        last_delivery=summary.delivered,
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
