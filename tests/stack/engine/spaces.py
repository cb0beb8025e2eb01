"""A stand-in for the part of Spaces that the real provider uses: buckets (S3's protocol) and keys.

The provider prefixes the host with the bucket's name, which no name server here resolves. So it
uses an HTTP proxy, which receives whole URLs.
"""

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

ENDPOINT = "http://{{.Region}}.spaces.example"
EMPTY = {
    "location": '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>',
    "versioning": '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>',
}
NO_RULES = "<Error><Code>NoSuchLifecycleConfiguration</Code></Error>"

Document = dict[str, Any]


class Spaces:
    """Buckets and keys; every change is appended to `record`."""

    def __init__(self, record: list[str]) -> None:
        self.keys: dict[str, Document] = {}
        self.buckets: set[str] = set()
        self._record = record

    def bucket(self, method: str, url: str) -> tuple[int, str]:
        """Answer a request for a bucket with status and XML."""
        split = urlsplit(url)
        # The client requests a bucket's location in path style, and all else by host name.
        name = split.path.strip("/") or str(split.hostname).split(".")[0]
        if method in {"PUT", "DELETE"}:
            self._record.append(f"{method} bucket")
        if method == "PUT":
            self.buckets.add(name)
            return 200, ""
        if name not in self.buckets:
            return 404, "<Error><Code>NoSuchBucket</Code></Error>"
        if method == "DELETE":
            self.buckets.remove(name)
            return 204, ""
        if method == "HEAD":
            return 200, ""
        part = split.query.rstrip("=")
        return (200, EMPTY[part]) if part in EMPTY else (404, NO_RULES)

    def key(self, method: str, id_: str, body: Document) -> tuple[int, Document]:
        """Answer a request for keys; only the creation of a key returns its secret."""
        if method != "GET":
            self._record.append(f"{method} key")
        if method == "POST":
            id_ = f"DO00{uuid4().hex[:16].upper()}"
            self.keys[id_] = {**body, "access_key": id_, "created_at": "2026-11-28T12:00:00Z"}
            return 201, {"key": {**self.keys[id_], "secret_key": f"secret/of+{id_}"}}
        if not id_:
            return 200, {"keys": list(self.keys.values()), "links": {}, "meta": {}}
        if method == "DELETE":
            del self.keys[id_]
            return 204, {}
        self.keys[id_] |= body
        return 200, {"key": self.keys[id_]}
