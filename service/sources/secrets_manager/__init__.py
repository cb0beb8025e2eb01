"""AWS Secrets Manager: the stamp in the secret's description, and now and then in its value.

Every write of a value makes a version; AWS keeps all that are younger than 24 h and allows about
100 (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html). One a
minute would end in `LimitExceededException` after 100 minutes, for ever. A description makes no
version, so it carries the stamp of each cycle; the value is written once in a slot of half an
hour, under a token derived from the slot, so that restarts and second workers add no version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from schema.errors import ErrorWord
from schema.freshness import Freshness, judge
from service.remedies import AWS_REMEDIES
from service.source import Observation, Shared, SourceSettings

if TYPE_CHECKING:
    from service.sources.secrets_manager.store import SecretsManager

VALUE_INTERVAL_ADVISED_S = 900  # 24 h / 100 versions is 14.4 minutes; leave room for people


class Settings(SourceSettings):
    """The variables of Secrets Manager."""

    name: ClassVar[str] = "secrets_manager"
    title: ClassVar[str] = "AWS Secrets Manager"
    ambient: ClassVar[frozenset[str]] = frozenset({"SECRET_VALUE_INTERVAL_SECONDS"})
    needs_aws: ClassVar[bool] = True
    lifetime_s: ClassVar[float] = 20.0
    read_deadline_s: ClassVar[float] = 8.0  # a first call makes a session and loads boto3

    secret: str = Field(alias="SECRETS_MANAGER_SECRET_NAME", min_length=1, max_length=512)
    value_interval_s: int = Field(
        default=1800, alias="SECRET_VALUE_INTERVAL_SECONDS", ge=1, le=86_400
    )

    @property
    def endpoint(self) -> str:
        """The secret's name."""
        return self.secret.rsplit(":", 1)[-1]

    @property
    def remedies(self) -> Mapping[ErrorWord, str]:
        """What to do, with the variables that hold it."""
        return {
            **AWS_REMEDIES,
            ErrorWord.PERMISSION: "Grant the role the right that it lacks on this secret or its "
            "KMS key.",
            ErrorWord.QUOTA: "Write this secret's value less often; it is written again as the "
            "versions of the last 24 h age.",
            ErrorWord.NOT_FOUND: "Check SECRETS_MANAGER_SECRET_NAME and AWS_REGION, and restore "
            "the secret if it is being deleted.",
        }

    def warnings(self) -> list[str]:
        """What will go wrong with these settings, though they are valid."""
        if self.value_interval_s >= VALUE_INTERVAL_ADVISED_S:
            return []
        text = (
            f"SECRET_VALUE_INTERVAL_SECONDS={self.value_interval_s}: AWS keeps every version of a "
            f"secret for 24 h and allows about 100; under {VALUE_INTERVAL_ADVISED_S} s that quota "
            "will be hit"
        )
        return [text]

    def connect(self, shared: Shared) -> "SecretsManager":
        """The secret, through the process's one AWS identity."""
        from service.sources.secrets_manager.store import SecretsManager  # noqa: PLC0415  a circle

        if shared.aws is None:
            msg = "SECRETS_MANAGER_SECRET_NAME needs the AWS identity (IAM_* and AWS_REGION)"
            raise ValueError(msg)
        return SecretsManager(shared.aws, self)


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretObservation(Observation):
    """What the secret's own endpoint says beside the stamp; never its value."""

    name: str | None = None
    arn: str | None = None
    version_id: str | None = None
    value_stamp: datetime | None = None
    value_interval_s: float | None = None

    def part_is_stale(self, now: datetime) -> bool:
        """Whether the value is overdue, once Heartbeat writes this secret at all."""
        if self.report is None or self.value_interval_s is None:
            return False
        if self.value_stamp is None:
            return True
        return judge(self.value_stamp, now, self.value_interval_s) is Freshness.STALE
