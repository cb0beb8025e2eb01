"""Credentials by X.509 certificate: asked for rarely, and kept as long as they are valid."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from schema.heartbeat import Refusal
from service.aws import errors as aws_errors
from service.errors import SourceError
from service.timeouts import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S

if TYPE_CHECKING:
    from service.aws.roles_anywhere import Settings

SESSION_DURATION_S = 3600  # 900 s would always be inside botocore's refresh window
MANDATORY_REFRESH_S = 30  # botocore's 10 minutes would throw away credentials that still work
BACKOFF_FIRST_S = 1.0  # between two failed CreateSession calls; the quota is 10 a second
BACKOFF_MAX_S = 30.0  # below a cycle's 60 s, so that each cycle asks once


class Credentials:
    """The temporary credentials of one process, renewed by CreateSession when they must be.

    botocore renews them when a call is signed in their last 15 minutes, and goes on with the
    present ones if that fails. Everything here blocks, and is called by one thread at a time.

    Args:
        settings: Certificate, key and ARNs.
        count: Told of each CreateSession, and why it failed if it did.
        clock: Monotonic seconds.

    Attributes:
        created: When the present ones were issued, None before.
        expiry: When they end, None before.
        error: Why the last CreateSession failed, None if it did not.
        cause: The same as botocore or the session library raised it.
        refusal: The likely reason, if IAM Roles Anywhere itself refused it.
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
        self._count = count
        self._clock = clock
        self._failures = 0
        self._next_try = 0.0
        self.cause: Exception | None = None
        self._refreshable: Any = None  # botocore's own object, which has no types

    def open_session(self) -> Any:  # Any: boto3's session has no types
        """A boto3 session that signs with these credentials; nothing is sent yet."""
        # Not at the top: boto3 takes so long to import that no start shall wait for it.
        from botocore.httpsession import URLLib3Session  # noqa: PLC0415
        from iam_rolesanywhere_session import IAMRolesAnywhereSession  # noqa: PLC0415

        settings = self._settings
        opened = IAMRolesAnywhereSession(
            profile_arn=settings.profile_arn,
            role_arn=settings.role_arn,
            trust_anchor_arn=settings.trust_anchor_arn,
            certificate=settings.certificate_pem,
            private_key=settings.private_key_pem,
            session_duration=SESSION_DURATION_S,
            region=settings.region,
            endpoint=settings.sessions_host,  # the library keeps what it finds for the process
            verify=settings.ca_bundle or True,
        )
        # The library's own HTTP session has a time-out of 60 s and no argument for it.
        opened._session = URLLib3Session(  # noqa: SLF001
            verify=settings.ca_bundle or True, timeout=(CONNECT_TIMEOUT_S, ANSWER_TIMEOUT_S)
        )
        session = opened.get_session()
        self._refreshable = session._session._credentials  # noqa: SLF001 - no public way to it
        self._refreshable._mandatory_refresh_timeout = MANDATORY_REFRESH_S  # noqa: SLF001
        fetch = self._refreshable._refresh_using  # noqa: SLF001 - as above
        self._refreshable._refresh_using = lambda: self._create_session(fetch)  # noqa: SLF001
        return session

    def forget(self) -> None:
        """AWS says that they have expired, whatever our clock says: the next call renews them."""
        self._refreshable._frozen_credentials = None  # noqa: SLF001 - as if there were none yet

    def _create_session(self, fetch: Callable[[], dict[str, str]]) -> dict[str, str]:
        """CreateSession, not too often while it fails."""
        if self.cause is not None and self._clock() < self._next_try:
            raise self.cause.with_traceback(None)  # else it grows with each time it is raised
        try:
            fetched = fetch()
            expiry = _expiry(fetched)
        except Exception as error:
            self._fail(error)
            raise
        self._failures, self.cause, self.error, self.refusal = 0, None, None, None
        self.created, self.expiry = datetime.now(UTC), expiry
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
    """When fetched credentials end.

    Raises:
        CredentialsRetrievalError: A part of them is empty.
    """
    if not all(fetched.values()):
        from iam_rolesanywhere_session import CredentialsRetrievalError  # noqa: PLC0415 - as above

        raise CredentialsRetrievalError(0, "the answer held no complete credentials")
    return datetime.fromisoformat(fetched["expiry_time"])
