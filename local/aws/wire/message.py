"""One HTTP request as AWS sees it, and the reply."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

Protocol = Literal["json", "query", "rest", "s3"]


@dataclass(frozen=True)
class Request:
    """A request as it came over the wire.

    Attributes:
        target: Path and query, still percent-encoded.
        headers: Names in lower case; repeated headers joined with a comma (RFC 9110, 5.3).
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def path(self) -> str:
        """The path as sent, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> list[tuple[str, str]]:
        """The query's decoded pairs, in the order sent."""
        return parse_qsl(self.target.partition("?")[2], keep_blank_values=True)

    @property
    def form(self) -> dict[str, str]:
        """The body's parameters in the query protocol of IAM and STS."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True)
class Reply:
    """A reply; the server adds the headers that all replies have."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)


class Cut(Exception):  # noqa: N818 an event on the wire, not an error of this program
    """The connection is to be closed without an answer."""


def json_reply(document: dict[str, Any], status: int = 200) -> Reply:
    """Create a reply with a JSON body, as awsJson1.1 and restJson1 write it."""
    content_type = {"Content-Type": "application/json"}
    return Reply(status, content_type, json.dumps(document, separators=(",", ":")).encode())
