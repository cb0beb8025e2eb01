"""Calls to AWS's services, and to compatible ones."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from schema.errors import ErrorWord
from schema.freshness import CLOCK_TOLERANCE_S
from schema.timestamps import utc_now
from service.aws import errors as aws_errors
from service.aws.lane import Lane
from service.errors import SourceError

BODY_MAX = 1_000_000  # bytes of a body that are read; a stamp with its report has a tenth of that


class Calls(ABC):
    """Makes calls one after the other in its own lane, and counts them.

    Args:
        now: The clock to compare with the service's.

    Attributes:
        calls: Calls made so far by operation, `CreateSession` included.
        throttles: How many of them were throttled, by operation.
        skew_s: How far the service's clock is ahead of ours at least (behind, if negative), by its
            last answer; None before.
    """

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self.lane = Lane()
        self.calls: dict[str, int] = {}
        self.throttles: dict[str, int] = {}
        self.skew_s: float | None = None
        self._now = now

    @property
    def clock_differs(self) -> bool:
        """Whether the service's clock last differed from ours by more than the tolerance."""
        return self.skew_s is not None and abs(self.skew_s) > CLOCK_TOLERANCE_S

    async def call(self, service: str, operation: str, **parameters: object) -> dict[str, Any]:
        """Make one AWS call in the lane.

        Args:
            service: Its name in boto3, such as `secretsmanager`.
            operation: The method's name in boto3, such as `update_secret`.
            parameters: The operation's parameters, in AWS's spelling.

        Raises:
            SourceError: Any error, as a word.
        """
        return await self.lane.run(lambda: self._call(service, operation, parameters))

    def _call(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        try:
            try:
                return self._ask(service, operation, parameters)
            except Exception as error:
                if aws_errors.code(error) not in aws_errors.EXPIRED:
                    raise
                # Expired by AWS's clock, or revoked: a new session helps.
                self.renew()
                return self._ask(service, operation, parameters)
        except Exception as error:
            raise self.translate(error) from error

    def _ask(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        name = "".join(part.title() for part in operation.split("_"))
        client = self._client(service)
        asked_at = self._now()
        try:
            response: dict[str, Any] = getattr(client, operation)(**parameters)
            _receive(response)
        except Exception as error:
            if self.was_sent(error):
                self._count(name, self.translate(error))
                self._compare_clocks(getattr(error, "response", None) or {}, asked_at)
            raise
        self._count(name, None)
        self._compare_clocks(response, asked_at)
        return response

    def _compare_clocks(self, response: dict[str, Any], asked_at: datetime) -> None:
        """Compare clocks by the answer's Date header, whose time is between the request and now."""
        header = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
        try:
            date = parsedate_to_datetime(header).replace(tzinfo=UTC)  # HTTP has no other zone
        except ValueError:
            return  # a proxy without a clock has answered
        least = (date - self._now()).total_seconds()
        most = (date - asked_at).total_seconds() + 1.0  # the header has no fractions
        self.skew_s = max(least, 0.0) or min(most, 0.0)

    def _count(self, name: str, error: SourceError | None) -> None:
        self.calls[name] = self.calls.get(name, 0) + 1
        if error is not None and error.word is ErrorWord.THROTTLED:
            self.throttles[name] = self.throttles.get(name, 0) + 1

    def translate(self, error: Exception) -> SourceError:
        """Turn an error of botocore into ours."""
        return aws_errors.translate(error)

    @abstractmethod
    def renew(self) -> None:
        """Let the next call use new credentials, if there can be any."""

    @abstractmethod
    def was_sent(self, error: Exception) -> bool:
        """Tell whether a call that failed was sent at all."""

    @abstractmethod
    def _client(self, service: str) -> Any:  # Any: botocore's clients are made at run time
        """Return a service's client, created on first use."""


def _receive(response: dict[str, Any]) -> None:
    """Read a streamed body in the lane's thread; one that is too long is cut."""
    if "Body" in response:
        with closing(response["Body"]) as stream:
            response["Body"] = stream.read(BODY_MAX)
