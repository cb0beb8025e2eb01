"""What became of one attempt, and what an HTTP status says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from schema.alerts import DeliveryError

RETRY_AFTER_MAX_S = 6 * 3600.0
REFUSING = frozenset({401, 403, 407, 410})
PASSING = frozenset({408, 425})  # of the 4xx, those that the same request may heal
THROTTLING = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one attempt.

    Attributes:
        error: Why it was not taken, None if it was.
        retry_after_s: How long the receiver asks to wait.
    """

    error: DeliveryError | None = None
    retry_after_s: float | None = None


def judged(status: int, headers: Mapping[str, str]) -> Sent:
    """What an HTTP answer says.

    Args:
        status: Its status.
        headers: Its headers, looked up without regard to case.
    """
    if status < 300:  # noqa: PLR2004 - RFC 9110, 15.3
        return Sent()
    wait_s = _retry_after_s(headers.get("Retry-After"))
    if status == 429 or (status in THROTTLING and wait_s is not None):  # noqa: PLR2004
        return Sent(DeliveryError.THROTTLED, wait_s)
    if status in REFUSING:
        return Sent(DeliveryError.REFUSED)
    if status < 500 and status not in PASSING:  # noqa: PLR2004 - RFC 9110, 15.5
        return Sent(DeliveryError.REJECTED)
    return Sent(DeliveryError.FAILED, wait_s)


def _retry_after_s(text: str | None) -> float | None:
    """Seconds, or a date (RFC 9110, 10.2.3); None if it is neither."""
    if text is None:
        return None
    if text.strip().isdigit():
        wait_s = float(text)
    else:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        wait_s = (at - datetime.now(UTC)).total_seconds()
    return min(max(wait_s, 0.0), RETRY_AFTER_MAX_S)
