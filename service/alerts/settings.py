"""The variables of alerts."""

import re

from pydantic import Field, SecretStr, field_validator

from service.alerts.policy import OPEN_INTERVALS, REFRESH_S, RESOLVE_INTERVALS, Policy
from service.alerts.targets import Target, parse, repeats
from service.group import Group

URL = re.compile(r"https?://[^\s/?#]+\S*")
HOUR_S = 3600.0
MINUTE_S = 60.0


class AlertSettings(Group):
    """Targets and policy of alerts."""

    targets_text: SecretStr | None = Field(default=None, alias="ALERT_TARGETS")
    ping_url: SecretStr | None = Field(default=None, alias="ALERT_PING_URL")
    open_intervals: float = Field(
        default=OPEN_INTERVALS, alias="ALERT_AFTER_INTERVALS", ge=1, le=1440
    )
    resolve_intervals: float = Field(
        default=RESOLVE_INTERVALS, alias="ALERT_RESOLVE_INTERVALS", ge=1, le=1440
    )
    reminder_hours: float = Field(default=4.0, alias="ALERT_REMINDER_HOURS", ge=0, le=168)
    degraded_minutes: float | None = Field(
        default=None, alias="ALERT_DEGRADED_AFTER_MINUTES", ge=0, le=10_080
    )
    public_url: str | None = Field(
        default=None,
        alias="PUBLIC_URL",
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#@]*)?$",  # shown to people who get an alert
        description="the page's address, such as https://heartbeat.example.com, without a login",
    )

    @field_validator("targets_text")
    @classmethod
    def _can_be_used(cls, value: SecretStr) -> SecretStr:
        parse(value.get_secret_value())
        return value

    @field_validator("ping_url")
    @classmethod
    def _is_url(cls, value: SecretStr) -> SecretStr:
        if not URL.fullmatch(value.get_secret_value()):
            msg = "it is not a URL that begins with https://, names a host and contains no space"
            raise ValueError(msg)
        return value

    @field_validator("public_url")
    @classmethod
    def _has_no_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @property
    def on(self) -> bool:
        """Whether there is any target or ping."""
        return self.targets_text is not None or self.ping_url is not None

    def targets(self) -> list[Target]:
        """Parse the targets; takes some milliseconds each, since their ids are hard to guess."""
        return parse(self.targets_text.get_secret_value()) if self.targets_text else []

    def policy(self, interval_s: float, targets: list[Target]) -> Policy:
        """Return the policy.

        Args:
            interval_s: Seconds between two heartbeats.
            targets: The targets, whose reminders and repetitions matter.
        """
        return Policy(
            interval_s=interval_s,
            open_intervals=self.open_intervals,
            resolve_intervals=self.resolve_intervals,
            degraded_s=None if self.degraded_minutes is None else self.degraded_minutes * MINUTE_S,
            reminders_s=repeats(targets, self.reminder_hours * HOUR_S),
            refresh_s=REFRESH_S if any(target.forgets for target in targets) else None,
        )
