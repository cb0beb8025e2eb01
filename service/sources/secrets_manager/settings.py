"""Settings of the secret, and the details for its own endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field

from schema.errors import Cause, ErrorWord
from schema.freshness import Freshness, judge
from schema.heartbeat import Replaced
from service.group import SourceSettings
from service.observation import Details, Replacement
from service.remedies import AWS_REMEDIES

VARIABLES = {
    "secret": "SECRETS_MANAGER_SECRET_NAME",
    "value_interval_s": "SECRET_VALUE_INTERVAL_SECONDS",
}
VALUE_INTERVAL_ADVISED_S = (
    900  # 24 h / 100 versions is 14.4 minutes; leave room for people's own writes
)


class Settings(SourceSettings):
    """The secret, and the interval of its value."""

    secret: str = Field(
        max_length=600,
        pattern=r"^(arn:aws[\w-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:)?[\w/+=.@-]+$",
        description="a secret's name, of letters, digits and /_+=.@-, or a secret's ARN",
    )
    value_interval_s: int = Field(default=1800, ge=1, le=86_400)

    @property
    def endpoint(self) -> str:
        """The secret's name."""
        return self.secret.rsplit(":", 1)[-1]

    def remedies(self, names: Mapping[str, str]) -> Mapping[ErrorWord | Cause, str]:
        """Return remedies that name the variables to check."""
        return {
            **AWS_REMEDIES,
            ErrorWord.PERMISSION: "Grant the role the right that it lacks on this secret.",
            ErrorWord.QUOTA: "Write this secret's value less often; it is written again as the "
            "versions of the last 24 h age.",
            ErrorWord.NOT_FOUND: f"Check {names['secret']} and AWS_REGION, and restore the secret "
            "if it is being deleted.",
        }

    def warnings(self, names: Mapping[str, str]) -> list[str]:
        """List problems to expect with these settings, although they are valid."""
        if self.value_interval_s >= VALUE_INTERVAL_ADVISED_S:
            return []
        text = (
            f"{names['value_interval_s']}={self.value_interval_s}: AWS keeps every version of a "
            f"secret for 24 h and allows about 100; under {VALUE_INTERVAL_ADVISED_S} s that quota "
            "will be hit"
        )
        return [text]


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretDetails(Details):
    """The secret's details beside the stamp, for its own endpoint; never its value."""

    name: str
    arn: str
    version_id: str | None
    value_stamp: datetime | None
    value_interval_s: float | None
    value_made_at: datetime | None = None
    """When a value without a stamp was written by somebody else."""
    replaced: Replaced | None = None

    def part_is_stale(self, now: datetime) -> bool:
        """Tell whether the value is overdue."""
        if self.value_interval_s is None:
            return False
        if self.value_stamp is None:
            return True
        return judge(self.value_stamp, now, self.value_interval_s) is Freshness.STALE

    def replacement(self) -> Replacement | None:
        """Return the value that somebody else wrote, without a stamp or with the worker's."""
        seen = self.replaced
        if self.value_stamp is None and self.value_made_at is not None:
            noticed = seen is not None and seen.at == self.value_made_at
            return Replacement(made_at=self.value_made_at, noticed=noticed)
        if self.value_stamp is not None and seen is not None and seen.rewritten_at is not None:
            return Replacement(made_at=seen.at, noticed=True, rewritten_at=seen.rewritten_at)
        return None
