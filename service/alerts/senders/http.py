"""One HTTP request with a time limit, and its failures as words."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import urllib3
from urllib3 import exceptions

from schema.alerts import DeliveryError
from service.alerts.senders.result import SendResult, result_of_status
from service.version import version

CONNECT_S = 5.0
ANSWER_S = 10.0  # between two parts of the answer; the caller limits the whole
ANSWER_MAX_BYTES = 4096  # read only so that the connection can be used again


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request; all of it except the method may contain secrets.

    Attributes:
        url: The address.
        body: JSON, None for a GET.
        headers: Headers in addition to the content type.
    """

    url: str = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Http:
    """A connection pool, created on first use."""

    def __init__(self) -> None:
        self._pool = urllib3.PoolManager(num_pools=4, maxsize=1, retries=False)

    def send(self, request: Request) -> SendResult:
        """Send it once; redirects are not followed, since the content is for this receiver only."""
        headers = {"User-Agent": f"heartbeat/{version()}", **request.headers}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        try:
            answer = self._pool.request(
                "GET" if request.body is None else "POST",
                request.url,
                body=request.body,
                headers=headers,
                timeout=urllib3.Timeout(connect=CONNECT_S, read=ANSWER_S),
                redirect=False,
                preload_content=False,
            )
            answer.read(ANSWER_MAX_BYTES)
            answer.release_conn() if answer.length_remaining in (0, None) else answer.close()
        except (exceptions.HTTPError, OSError, ValueError) as error:
            return SendResult(_word(error))
        return result_of_status(answer.status, answer.headers)


def _word(error: Exception) -> DeliveryError:
    """Return the word for a network error, whose own text may contain the URL."""
    if isinstance(error, exceptions.SSLError):
        return DeliveryError.TLS
    if isinstance(error, exceptions.NewConnectionError):  # a subclass of a timeout that is none
        return DeliveryError.UNREACHABLE
    if isinstance(error, exceptions.TimeoutError | TimeoutError):
        return DeliveryError.TIMEOUT
    if isinstance(error, exceptions.LocationValueError | ValueError):
        return DeliveryError.REJECTED
    return DeliveryError.UNREACHABLE
