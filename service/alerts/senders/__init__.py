"""Senders by kind of target, imported only for kinds that are configured."""

from typing import Protocol

from schema.alerts import AlertEvent
from service.alerts import targets
from service.alerts.senders.result import SendResult
from service.alerts.targets import Target, TargetError


class Sender(Protocol):
    """Delivers events to one target."""

    def send(self, event: AlertEvent) -> SendResult:
        """Deliver once. Blocks, at most some seconds between two signs of life."""
        ...


def make(target: Target) -> Sender:
    """Create a target's sender; the import of its kind takes up to half a second of CPU.

    Raises:
        TargetError: The sender finds the URL invalid.
    """
    if target.kind in targets.WEBHOOK:
        from service.alerts.senders.webhook import Webhook  # noqa: PLC0415

        return Webhook(target)
    if target.kind in targets.ALERTMANAGER:
        from service.alerts.senders.alertmanager import Alertmanager  # noqa: PLC0415

        return Alertmanager(target)
    if target.kind in targets.INCIDENTS:
        from service.alerts.senders.incidents import Incidents  # noqa: PLC0415

        return Incidents(target)
    try:
        from service.alerts.senders.messages import Messages  # noqa: PLC0415
    except ModuleNotFoundError:
        what = "needs Apprise, which is not installed here: `uv sync --group alerts`"
        raise TargetError(f"target no. {target.number} ({target.kind}) {what}") from None
    return Messages(target)
