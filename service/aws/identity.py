"""The AWS identity as a source: GetCallerIdentity proves it, and its last success is the stamp."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from schema.errors import ErrorWord
from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.aws.client import Aws
from service.aws.roles_anywhere import Settings
from service.source import Observation, SourceError


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentityObservation(Observation):
    """Who AWS says that we are."""

    arn: str | None = None
    account: str | None = None
    user_id: str | None = None


class Identity:
    """Proves, by one call, that the certificate still opens the role."""

    name: ClassVar[str] = "iam"
    title: ClassVar[str] = "AWS IAM Roles Anywhere"
    lifetime_s: ClassVar[float] = 60.0
    read_deadline_s: ClassVar[float] = 8.0  # a first call makes a session and loads boto3

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self._last: IdentityObservation | None = None

    @property
    def last_success(self) -> datetime | None:
        """When GetCallerIdentity last succeeded in this process."""
        return None if self._last is None else self._last.stamp

    @staticmethod
    def endpoint_of(settings: Settings) -> str:
        """The role's name."""
        return settings.role_arn.rsplit("/", 1)[-1]

    async def write(self, heartbeat: Heartbeat) -> ErrorWord | None:  # noqa: ARG002 - a source's
        """Prove the identity; nothing is written.

        Raises:
            SourceError: AWS refuses, or does not answer.
        """
        await self._prove()
        return None

    async def read(self) -> Observation:
        """Prove the identity, and say who AWS says that we are.

        A refusal is an observation with the last success as its stamp.
        """
        try:
            return await self._prove()
        except SourceError as error:
            return IdentityObservation(stamp=self.last_success, error=error.word, reachable=False)

    async def close(self) -> None:
        """Nothing to give back: boto3's connections end with the process."""

    async def _prove(self) -> IdentityObservation:
        said = await self.aws.call("sts", "get_caller_identity")
        self._last = IdentityObservation(
            stamp=utc_now(), arn=said["Arn"], account=said["Account"], user_id=said["UserId"]
        )
        return self._last
