"""The result of one attempt, and how it follows from an HTTP status."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from schema.alerts import DeliveryError

RETRY_AFTER_MAX_S = 6 * 3600.0
REFUSING = frozenset({401, 403, 407, 410})
PASSING = frozenset({408, 425})  # 4xx for which a retry of the same request can help
THROTTLING = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class SendResult:
    """The result of one attempt.

    Attributes:
        error: Why it was not accepted, None if it was.
        retry_after_s: Seconds that the receiver asks to wait.
    """

    error: DeliveryError | None = None
    retry_after_s: float | None = None


def result_of_status(status: int, headers: Mapping[str, str]) -> SendResult:
    """Interpret an HTTP answer.

    Args:
        status: Its status.
        headers: Its headers, which ignore case.
    """
    if status < 300:  # noqa: PLR2004 - RFC 9110, 15.3
        return SendResult()
    wait_s = _retry_after_s(headers.get("Retry-After"))
    if status == 429 or (status in THROTTLING and wait_s is not None):  # noqa: PLR2004
        return SendResult(DeliveryError.THROTTLED, wait_s)
    if status in REFUSING:
        return SendResult(DeliveryError.REFUSED)
    if status < 500 and status not in PASSING:  # noqa: PLR2004 - RFC 9110, 15.5
        return SendResult(DeliveryError.REJECTED)
    return SendResult(DeliveryError.FAILED, wait_s)


def _retry_after_s(text: str | None) -> float | None:
    """Parse seconds or a date (RFC 9110, 10.2.3); None if it is neither."""
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
