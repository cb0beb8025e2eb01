"""The context of decisions: the deployment, the policy and the targets."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.alerts.policy import Policy
from service.alerts.settings import HOUR_S
from service.alerts.targets import Target
from service.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertContext:
    """The context of decisions.

    Attributes:
        name: `HEARTBEAT_NAME`, the key of stored data.
        deployment: The deployment's name in alerts.
        policy: When alerts open and end.
        targets: The targets.
        default_repeat_s: The reminder period of targets without their own.
        page_url: The page's address, None if unknown.
    """

    name: str
    deployment: str
    policy: Policy
    targets: Sequence[Target]
    default_repeat_s: float
    page_url: str | None = None


def alert_context(settings: Settings, targets: list[Target]) -> AlertContext:
    """Return the context of decisions."""
    process, alerts = settings.process, settings.alerts
    return AlertContext(
        name=process.name,
        deployment=process.title or process.name,
        policy=alerts.policy(process.interval_s, targets),
        targets=targets,
        default_repeat_s=alerts.reminder_hours * HOUR_S,
        page_url=alerts.public_url,
    )
