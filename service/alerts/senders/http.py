"""One HTTP request, with an end, and with its failures as words."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import urllib3
from urllib3 import exceptions

from schema.alerts import DeliveryError
from service.alerts.senders.sent import Sent, judged
from service.version import version

CONNECT_S = 5.0
ANSWER_S = 10.0  # between two parts of the answer; the whole is bounded by who waits for it
ANSWER_MAX_BYTES = 4096  # nobody reads it, but a connection whose answer is read can be used again


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What is sent; it may hold secrets anywhere but in its method.

    Attributes:
        url: Where to.
        body: JSON, None for a GET.
        headers: Beside the content type.
    """

    url: str = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Http:
    """A pool of connections, made when it is first used."""

    def __init__(self) -> None:
        self._pool = urllib3.PoolManager(num_pools=4, maxsize=1, retries=False)

    def send(self, request: Request) -> Sent:
        """Send it once; redirects are not followed, since what is sent is for this receiver."""
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
            return Sent(_word(error))
        return judged(answer.status, answer.headers)


def _word(error: Exception) -> DeliveryError:
    """The word for what went wrong on the way; the text may name the URL."""
    if isinstance(error, exceptions.SSLError):
        return DeliveryError.TLS
    if isinstance(error, exceptions.NewConnectionError):  # derived from a timeout, and is none
        return DeliveryError.UNREACHABLE
    if isinstance(error, exceptions.TimeoutError | TimeoutError):
        return DeliveryError.TIMEOUT
    if isinstance(error, exceptions.LocationValueError | ValueError):
        return DeliveryError.REJECTED
    return DeliveryError.UNREACHABLE
