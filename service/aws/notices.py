"""Log warnings about the AWS identity: failed renewals, and a certificate that expires soon."""

from datetime import datetime, timedelta

import structlog

from schema.errors import ErrorWord
from service.aws.credentials import Credentials
from service.remedies import REMEDIES

WARNING = timedelta(days=30)  # before the certificate ends: time for a planned `pulumi up`
ALARM = timedelta(days=7)  # the same, when it is urgent

REPEAT = timedelta(days=1)  # between two notices about the certificate

log = structlog.get_logger()


class IdentityWarnings:
    """Logs each change of the credentials' state once, and the certificate's expiry once a day."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._failing: ErrorWord | None = None
        self._certificate_due: datetime | None = None
        self._urgent = False

    def look(self, now: datetime) -> None:
        """Log changes since the last call; call it once per cycle."""
        self._look_at_renewal()
        self._look_at_certificate(now)

    def _look_at_renewal(self) -> None:
        known = self._credentials
        error, expiry = known.error, _text(known.expiry)
        word = None if error is None else error.word
        if word is self._failing:
            return
        if error is None:
            log.info("credentials_renewed", credentials_expiry=expiry)
        else:
            log.warning(
                "credentials_not_renewed",
                error=error.word,
                refusal=known.refusal,
                detail=error.detail if known.refusal else f"{error.detail}: {REMEDIES[error.word]}",
                credentials_expiry=expiry,
            )
        self._failing = word

    def _look_at_certificate(self, now: datetime) -> None:
        left = self._credentials.certificate_expiry - now
        urgent = left <= ALARM
        is_due = self._certificate_due is None or now >= self._certificate_due
        if left > WARNING or not (is_due or urgent > self._urgent):
            return
        self._certificate_due, self._urgent = now + REPEAT, urgent
        say = log.error if urgent else log.warning
        say(
            "certificate_expiring",
            certificate_expiry=_text(self._credentials.certificate_expiry),
            days_left=max(0, left.days),
            remedy="run `pulumi up`, which renews it",
        )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
