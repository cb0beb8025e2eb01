"""Webhooks: the event as JSON, signed by the Standard Webhooks specification."""

import base64
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

import standardwebhooks

from schema.alerts import AlertEvent
from service.alerts.senders.http import Http, Request
from service.alerts.senders.result import SendResult
from service.alerts.targets import Target, credentials


class Webhook:
    """Sends to one receiver.

    Args:
        target: `webhook+https://HOST/PATH?secret=whsec_…`, with user and password for HTTP Basic
            if needed.
    """

    def __init__(self, target: Target) -> None:
        parts = urlsplit(target.url)
        options = parse_qsl(parts.query, keep_blank_values=True)
        rest = urlencode([(name, value) for name, value in options if name != "secret"])
        secret = dict(options)["secret"].replace(" ", "+")  # an unescaped plus
        self._signer = standardwebhooks.Webhook(secret)
        self._url = plain(target.url, query=rest)
        self._headers = basic(target.url)
        self._http = Http()

    def send(self, event: AlertEvent) -> SendResult:
        """Post it once."""
        return self._http.send(self.request(event, datetime.now(UTC)))

    def request(self, event: AlertEvent, now: datetime) -> Request:
        """Return the request.

        Args:
            event: The event; its id is the message's, so that receivers recognise a repetition.
            now: The time of sending, in UTC: the library ignores the time zone.
        """
        body, message = event.model_dump_json(), str(event.id)
        headers = {
            "webhook-id": message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(message, now.astimezone(UTC), body),
        }
        return Request(url=self._url, body=body.encode(), headers=self._headers | headers)


def plain(url: str, *, path: str | None = None, query: str = "") -> str:
    """Return the address in a target's URL: without the kind before its scheme, and credentials."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    changed = {"scheme": parts.scheme.partition("+")[2], "netloc": place, "query": query}
    return parts._replace(**changed, path=parts.path if path is None else path).geturl()


def basic(url: str) -> dict[str, str]:
    """Return the header of HTTP Basic, if a URL has user and password."""
    found = credentials(url)
    if found is None:
        return {}
    return {"Authorization": f"Basic {base64.b64encode(':'.join(found).encode()).decode()}"}
