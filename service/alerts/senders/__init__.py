"""How each kind of target is told; a kind's code is imported when a target needs it."""

from typing import Protocol

from schema.alerts import AlertEvent
from service.alerts import targets
from service.alerts.senders.sent import Sent
from service.alerts.targets import Target, TargetError


class Sender(Protocol):
    """Tells one target."""

    def send(self, event: AlertEvent) -> Sent:
        """Tell it once. Blocks, for some seconds at most between two signs of life."""
        ...


def make(target: Target) -> Sender:
    """Make what tells a target; imports the code of its kind, up to half a second of CPU.

    Raises:
        TargetError: Only that code can tell that its URL is wrong.
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
