"""Every call at AWS: one session, one lane, a client per service."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from schema.errors import ErrorWord
from schema.freshness import CLOCK_TOLERANCE_S
from schema.heartbeat import Refusal
from schema.timestamps import utc_now
from service.aws import errors as aws_errors
from service.aws.credentials import Credentials
from service.aws.lane import Lane
from service.aws.roles_anywhere import Settings
from service.errors import SourceError


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of the AWS identity at one moment; most fields are as in `Aws`.

    Attributes:
        renewal_error: The word of its `session_error`.
    """

    refusal: Refusal | None
    renewal_error: ErrorWord | None
    credentials_created: datetime | None
    credentials_expiry: datetime | None
    certificate_subject: str
    certificate_expiry: datetime
    calls: Mapping[str, int]
    throttles: Mapping[str, int]


class Aws:
    """Everything that one process does at AWS: one session, one lane, a client per service.

    Nothing is loaded or connected before the first call.

    Args:
        settings: Who we are.
        clock: Monotonic seconds.
        now: The clock that AWS's own is compared with.

    Attributes:
        calls: AWS calls made so far by operation, `CreateSession` included.
        throttles: How many of them were throttled, by operation.
        skew_s: How far AWS's clock is ahead of ours at least (behind, if negative), as its last
            answer said; None before.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = settings
        self.lane = Lane()
        self.calls: dict[str, int] = {}
        self.throttles: dict[str, int] = {}
        self.skew_s: float | None = None
        self._credentials = Credentials(settings, partial(self._count, "CreateSession"), clock)
        self._now = now
        self._session: Any = None  # botocore's, which has no types
        self._clients: dict[str, Any] = {}

    @property
    def certificate_expiry(self) -> datetime:
        """When the client certificate ends."""
        return self._credentials.certificate.leaf.not_valid_after_utc

    @property
    def certificate_subject(self) -> str:
        """The client certificate's subject, such as `CN=heartbeat`."""
        return self._credentials.certificate.leaf.subject.rfc4514_string()

    @property
    def credentials_created(self) -> datetime | None:
        """When the present credentials were issued, None before."""
        return self._credentials.created

    @property
    def credentials_expiry(self) -> datetime | None:
        """When they end, None before."""
        return self._credentials.expiry

    @property
    def session_error(self) -> SourceError | None:
        """Why the last CreateSession failed, None if it did not."""
        return self._credentials.error

    @property
    def refusal(self) -> Refusal | None:
        """The likely cause, if IAM Roles Anywhere itself refused it."""
        return self._credentials.refusal

    def facts(self) -> Facts:
        """What is known at this moment of credentials and calls."""
        return Facts(
            refusal=self.refusal,
            renewal_error=self.session_error.word if self.session_error else None,
            credentials_created=self.credentials_created,
            credentials_expiry=self.credentials_expiry,
            certificate_subject=self.certificate_subject,
            certificate_expiry=self.certificate_expiry,
            calls=dict(self.calls),
            throttles=dict(self.throttles),
        )

    @property
    def clock_differs(self) -> bool:
        """Whether AWS's clock, as last seen, is further from ours than healthy clocks can be."""
        return self.skew_s is not None and abs(self.skew_s) > CLOCK_TOLERANCE_S

    async def call(self, service: str, operation: str, **parameters: object) -> dict[str, Any]:
        """Make one AWS call in the lane.

        Args:
            service: As boto3 names it, such as `secretsmanager`.
            operation: As boto3 names its method, such as `update_secret`.
            parameters: The operation's own, in AWS's spelling.

        Raises:
            SourceError: Whatever went wrong, as a word.
        """
        return await self.lane.run(lambda: self._call(service, operation, parameters))

    def _call(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        try:
            try:
                return self._ask(service, operation, parameters)
            except Exception as error:
                if aws_errors.code(error) not in aws_errors.EXPIRED:
                    raise
                # By AWS's clock, or because the session was revoked: a new one heals it.
                self._credentials.forget()
                return self._ask(service, operation, parameters)
        except Exception as error:
            raise aws_errors.translate(error) from error

    def _ask(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        name = "".join(part.title() for part in operation.split("_"))
        client = self._client(service)
        asked_at = self._now()
        try:
            response: dict[str, Any] = getattr(client, operation)(**parameters)
        except Exception as error:
            if error is not self._credentials.cause:  # else it was never sent
                self._count(name, aws_errors.translate(error))
            raise
        self._count(name, None)
        self._compare_clocks(response, asked_at)
        return response

    def _compare_clocks(self, response: dict[str, Any], asked_at: datetime) -> None:
        """Learn from the answer's Date header, which lies between asking and now, in seconds."""
        said = response["ResponseMetadata"]["HTTPHeaders"].get("date", "")
        try:
            date = parsedate_to_datetime(said).replace(tzinfo=UTC)  # HTTP knows no other zone
        except ValueError:
            return  # the way to AWS leads through something that has no clock
        least = (date - self._now()).total_seconds()
        most = (date - asked_at).total_seconds() + 1.0  # the header leaves fractions out
        self.skew_s = max(least, 0.0) or min(most, 0.0)

    def _count(self, name: str, error: SourceError | None) -> None:
        self.calls[name] = self.calls.get(name, 0) + 1
        if error is not None and error.word is ErrorWord.THROTTLED:
            self.throttles[name] = self.throttles.get(name, 0) + 1

    def _client(self, service: str) -> Any:  # Any: botocore's clients are made at run time
        from service.aws.session import client  # noqa: PLC0415 - as in Credentials.open_session

        if self._session is None:
            self._session = self._credentials.open_session()
        self._credentials.look()
        if service not in self._clients:
            self._clients[service] = client(self._session, self.settings, service)
        return self._clients[service]
