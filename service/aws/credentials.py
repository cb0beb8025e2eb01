"""Credentials by X.509 certificate: requested rarely, and kept while they are valid."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from schema.heartbeat import Refusal
from service.aws import errors as aws_errors
from service.aws.certificate_files import CertificateFiles
from service.errors import SourceError

if TYPE_CHECKING:
    from service.aws.certificate import ClientCertificate
    from service.aws.roles_anywhere import Settings

ADVISORY_REFRESH_S = 15 * 60  # botocore's own: in their last 15 minutes it tries to renew them
AT_ONCE_S = 10**9  # the same, to force a renewal now
MANDATORY_REFRESH_S = 30  # botocore's 10 minutes would discard credentials that still work
BACKOFF_FIRST_S = 1.0  # between two failed CreateSession calls; the quota is 10 a second
BACKOFF_MAX_S = 30.0  # below a cycle's 60 s, so that each cycle tries once


class Credentials:
    """The temporary credentials of one process, renewed by CreateSession when needed.

    botocore renews them when a call is signed in their last 15 minutes, and continues with the
    current ones if that fails. Everything here blocks, and is called by one thread at a time.

    Args:
        settings: Certificate, key and ARNs.
        count: Called for each CreateSession, with its error if it failed.
        clock: Monotonic seconds.

    Attributes:
        created: When the current ones were issued, None before.
        expiry: When they end, None before.
        error: Why the last CreateSession failed, None if it did not.
        cause: The exception of botocore or the session library.
        refusal: The likely reason, if IAM Roles Anywhere refused it.
    """

    def __init__(
        self,
        settings: "Settings",
        count: Callable[[SourceError | None], None],
        clock: Callable[[], float],
    ) -> None:
        self.created: datetime | None = None
        self.expiry: datetime | None = None
        self.error: SourceError | None = None
        self.refusal: Refusal | None = None
        self._settings = settings
        self._certificate = CertificateFiles(settings)
        self._count = count
        self._clock = clock
        self._failures = 0
        self._next_try = 0.0
        self.cause: Exception | None = None
        self._refreshable: Any = None  # botocore's own object, which has no types
        self._sessions: Callable[[], Callable[[], dict[str, str]]]  # from the first call on
        self._fetch: Callable[[], dict[str, str]]  # as above

    @property
    def certificate(self) -> "ClientCertificate":
        """The client certificate that signs the next CreateSession."""
        return self._certificate.value

    @property
    def certificate_expiry(self) -> datetime:
        """When that certificate ends."""
        return self.certificate.leaf.not_valid_after_utc

    def open_session(self) -> Any:  # Any: botocore's session has no types
        """Open a botocore session that signs with these credentials; nothing is sent yet."""
        # Not at the top: botocore's import is too slow for a start.
        from service.aws import session  # noqa: PLC0415

        opened = session.open_session(self._settings)
        self._sessions = lambda: session.create_session(opened, self._settings, self.certificate)
        self._fetch = self._sessions()
        self._refreshable = session.sign_with(opened, self._create_session)
        self._refreshable._mandatory_refresh_timeout = MANDATORY_REFRESH_S  # noqa: SLF001
        return opened

    def look(self) -> None:
        """Read the certificate again if its files have changed, and open a session with it.

        The current credentials stay in use until AWS has accepted it.
        """
        if self._certificate.renewed():
            self._fetch = self._sessions()
            self._next_try = 0.0
            self._refreshable._advisory_refresh_timeout = AT_ONCE_S  # noqa: SLF001 - no public way

    def forget(self) -> None:
        """Let the next call renew them, because AWS reports that they have expired."""
        self._refreshable._frozen_credentials = None  # noqa: SLF001 - as if there were none yet

    def _create_session(self) -> dict[str, str]:
        """Call CreateSession, not too often while it fails."""
        if self.cause is not None and self._clock() < self._next_try:
            raise self.cause.with_traceback(
                None
            )  # otherwise its traceback grows each time it is raised
        try:
            fetched = self._fetch()
            expiry = _expiry(fetched)
        except Exception as error:
            self._fail(error)
            raise
        self._failures, self.cause, self.error, self.refusal = 0, None, None, None
        self.created, self.expiry = datetime.now(UTC), expiry
        self._refreshable._advisory_refresh_timeout = ADVISORY_REFRESH_S  # noqa: SLF001 - as above
        self._count(None)
        return fetched

    def _fail(self, error: Exception) -> None:
        self.cause = error
        self.error = aws_errors.translate(error)
        self.refusal = aws_errors.refusal_of(error)
        self._count(self.error)
        wait_s = min(BACKOFF_FIRST_S * 2.0 ** min(self._failures, 10), BACKOFF_MAX_S)
        self._failures += 1
        self._next_try = self._clock() + wait_s * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def _expiry(fetched: dict[str, str]) -> datetime:
    """Return when fetched credentials end.

    Raises:
        CredentialsRetrievalError: A part of them is empty.
    """
    if not all(fetched.values()):
        from iam_rolesanywhere_session import CredentialsRetrievalError  # noqa: PLC0415 - as above

        raise CredentialsRetrievalError(0, "the answer held no complete credentials")
    return datetime.fromisoformat(fetched["expiry_time"])
