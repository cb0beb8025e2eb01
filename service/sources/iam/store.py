"""The AWS identity as a source: GetCallerIdentity proves it, and its last success is the stamp."""

from dataclasses import dataclass
from datetime import datetime

from schema.heartbeat import IDENTITY, Heartbeat, IamReport, WorkerReport
from schema.timestamps import utc_now
from service.aws.client import Aws
from service.errors import Shortfall, SourceError
from service.observation import Details, Observation
from service.source import Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller(Details):
    """The identity that AWS reports."""

    arn: str
    account: str
    user_id: str


class IdentitySource(Source):
    """Proves with one call that the certificate still gives access to the role."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self._last: Observation | None = None

    @property
    def last_success(self) -> datetime | None:
        """When GetCallerIdentity last succeeded in this process."""
        return None if self._last is None else self._last.stamp

    async def write(self, heartbeat: Heartbeat) -> Shortfall | None:  # noqa: ARG002 - a source's
        """Prove the identity; nothing is written.

        Raises:
            SourceError: AWS refuses, or does not answer.
        """
        await self._prove()
        return None

    async def read(self) -> Observation:
        """Prove the identity, and return what AWS reports.

        A refusal gives an observation with the last success as its stamp.
        """
        try:
            return await self._prove()
        except SourceError as error:
            return Observation(
                stamp=self.last_success, error=error.word, cause=error.cause, reachable=False
            )

    async def close(self) -> None:
        """Do nothing: boto3's connections end with the process."""

    def add_to(self, report: WorkerReport) -> WorkerReport:
        """Add the identity and the counts of AWS calls to the report."""
        sources, facts = dict(report.sources), self.aws.facts()
        outcome = sources.pop(IDENTITY).model_dump() if IDENTITY in sources else {}
        known = IamReport(
            **outcome,
            refusal=facts.refusal,
            credentials_created=facts.credentials_created,
            credentials_expiry=facts.credentials_expiry,
            certificate_expiry=facts.certificate_expiry,
        )
        update = {
            "sources": sources,
            "iam": known,
            "aws_calls": sum(facts.calls.values()),
            "aws_throttles": sum(facts.throttles.values()),
            "aws_calls_by_operation": facts.calls,
            "aws_throttles_by_operation": facts.throttles,
        }
        return report.model_copy(update=update)

    async def _prove(self) -> Observation:
        response = await self.aws.call("sts", "get_caller_identity")
        caller = Caller(
            arn=response["Arn"], account=response["Account"], user_id=response["UserId"]
        )
        self._last = Observation(stamp=utc_now(), details=caller)
        return self._last
