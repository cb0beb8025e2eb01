"""All calls to AWS: one session, one lane, one client per service."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from schema.errors import ErrorWord
from schema.heartbeat import Refusal
from schema.timestamps import utc_now
from service.aws.calls import Calls
from service.aws.credentials import Credentials
from service.aws.roles_anywhere import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """The state of the AWS identity at one moment; the fields are as in `Credentials` and `Calls`.

    Attributes:
        renewal_error: Why the last CreateSession failed, None if it did not.
        certificate_subject: Such as `CN=heartbeat`.
    """

    refusal: Refusal | None
    renewal_error: ErrorWord | None
    credentials_created: datetime | None
    credentials_expiry: datetime | None
    certificate_subject: str
    certificate_expiry: datetime
    calls: Mapping[str, int]
    throttles: Mapping[str, int]


class Aws(Calls):
    """One process's identity at AWS: one session, one lane, one client per service.

    Nothing is imported or connected before the first call.

    Args:
        settings: The identity.
        clock: Monotonic seconds.
        now: The clock to compare with AWS's.

    Attributes:
        credentials: The credentials that sign its calls.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(now)
        self.settings = settings
        self.credentials = Credentials(settings, partial(self._count, "CreateSession"), clock)
        self._session: Any = None  # botocore's, which has no types
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()  # for creating clients: other sources use threads too

    def facts(self) -> Facts:
        """Return what is known at this moment of credentials and calls."""
        known = self.credentials
        return Facts(
            refusal=known.refusal,
            renewal_error=known.error.word if known.error else None,
            credentials_created=known.created,
            credentials_expiry=known.expiry,
            certificate_subject=known.certificate.leaf.subject.rfc4514_string(),
            certificate_expiry=known.certificate_expiry,
            calls=dict(self.calls),
            throttles=dict(self.throttles),
        )

    def make(self, service: str, **options: Any) -> Any:  # Any: botocore has no types
        """Create a client that signs as this identity; blocks, but sends nothing.

        Args:
            service: Its name in boto3, such as `s3`.
            options: Options of botocore's `create_client`, instead of our own.
        """
        from service.aws.session import client  # noqa: PLC0415 - as in Credentials.open_session

        with self._making:
            if self._session is None:
                self._session = self.credentials.open_session()
            return client(self._session, self.settings, service, **options)

    def renew(self) -> None:
        """Let the next call of any source get new credentials."""
        self.credentials.forget()

    def look(self) -> None:
        """Read the certificate again if its files have changed."""
        with self._making:
            self.credentials.look()

    def was_sent(self, error: Exception) -> bool:
        """Tell whether a failed call was sent at all: without credentials it was not."""
        return error is not self.credentials.cause

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self.make(service)
        self.look()
        return self._clients[service]
