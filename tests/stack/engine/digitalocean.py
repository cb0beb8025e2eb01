"""A stand-in for the part of DigitalOcean's API that the real provider uses; records all changes.

It answers as the API's published reference describes, and stores what it receives. Like App
Platform it returns secrets encrypted, and does not return the recipients of alerts.
"""

import hashlib
import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

from tests.stack.engine.spaces import Spaces

Document = dict[str, Any]
ID = re.compile(r"[0-9a-f-]{36}")
NOW = "2026-11-28T12:00:00Z"
KEYS_OF_SPACES = "/v2/spaces/keys"
PARTS = ("services", "workers", "jobs")


class Account:
    """One account's resources by path.

    Attributes:
        record: Every change, in order.
        fail: Whether the next deployments fail.
    """

    def __init__(self) -> None:
        self.things: dict[str, Document] = {}
        self.record: list[str] = []
        self.spaces = Spaces(self.record)
        self.fail = False
        self.lock = threading.Lock()

    def answer(self, method: str, path: str, body: Document) -> tuple[int, Document]:
        """Answer a request with status and document."""
        kind, *rest = path.removeprefix("/v2/").split("/")
        if kind == "test":
            return 200, self._control(rest[0], body)
        if method != "GET":
            self.record.append(f"{method} {ID.sub('ID', path)}")
        if method == "POST" and not rest:
            return 201, self._made(kind, body)
        thing = self.things.get(f"{kind}/{rest[0]}") if rest else None
        if thing is None:
            return 404, {"id": "not_found", "message": "no such resource"}
        if method == "DELETE":
            del self.things[f"{kind}/{rest[0]}"]
            return 204, {}
        if len(rest) > 1:
            return self._part(thing, method, rest[1:], body)
        if method == "PUT" and kind == "apps":
            self._deploy(thing, body["spec"])
        return 200, {KEYS[kind]: thing}

    def _control(self, what: str, body: Document) -> Document:
        """Execute a test's order; return the record and the names of all resources."""
        if what == "fail":
            self.fail = bool(body["fail"])
        if what == "upgrade":
            for thing in self.things.values():
                if thing.get("engine") == body["engine"]:
                    thing["version"] = body["version"]
        things = [*self.things, *self.spaces.buckets, *self.spaces.keys]
        return {"record": self.record, "things": sorted(things)}

    def _made(self, kind: str, body: Document) -> Document:
        id_ = str(uuid4())
        thing = {"id": id_, "created_at": NOW, **MAKERS[kind](id_, body)}
        if kind == "apps":
            self._deploy(thing, body["spec"])
        self.things[f"{kind}/{id_}"] = thing
        return {KEYS[kind]: thing}

    def _deploy(self, app: Document, spec: Document) -> None:
        phase = "ERROR" if self.fail else "ACTIVE"
        app["pending_deployment"] = {"id": str(uuid4()), "phase": phase}
        app["spec"] = _encrypted(spec)

    def _part(
        self, thing: Document, method: str, rest: list[str], body: Document
    ) -> tuple[int, Document]:
        name = rest[0]
        if method == "GET":
            found = _part_of(thing, name)
            return (200, found) if found else (404, {"id": "not_found", "message": f"no {name}"})
        if name == "firewall":
            rules = [{**rule, "uuid": str(uuid4()), "created_at": NOW} for rule in body["rules"]]
            thing["_rules"] = rules
        elif name == "eviction_policy":
            thing["_eviction"] = body["eviction_policy"]
        elif name == "resize":
            thing |= {"size": body["size"], "num_nodes": body["num_nodes"]}
        return 202, {"alert": {"id": rest[-1]}} if name == "alerts" else {}


def _part_of(thing: Document, name: str) -> Document:
    """Return the part of a resource with this name; empty if it has none."""
    match name:
        case "deployments":
            pending = thing["pending_deployment"]
            status = "ERROR" if pending["phase"] == "ERROR" else "SUCCESS"
            steps = [{"name": "deploy", "status": status}]
            progress = {"total_steps": 1, f"{status.lower()}_steps": 1, "steps": steps}
            return {"deployment": {**pending, "progress": progress}}
        case "alerts":
            return {"alerts": _alerts(thing["spec"])}
        case "firewall":
            return {"rules": thing.get("_rules", [])}
        case "eviction_policy":
            return {"eviction_policy": thing.get("_eviction", "noeviction")}
    return {}


def _vpc(id_: str, body: Document) -> Document:
    return {**body, "urn": f"do:vpc:{id_}", "ip_range": "10.1.0.0/20", "default": False}


def _cluster(id_: str, body: Document) -> Document:
    def connection(host: str) -> Document:
        login = {"user": "doadmin", "password": f"secret-of-{id_}", "database": "defaultdb"}
        return {"host": host, "port": 25060, "ssl": True, "uri": f"db://{host}", **login}

    return {
        **{key: value for key, value in body.items() if key != "tags"},
        "status": "online",
        "storage_size_mib": 10240,
        "connection": connection(f"{body['name']}.db.example"),
        "private_connection": connection(f"private-{body['name']}.db.example"),
    }


def _app(id_: str, body: Document) -> Document:
    return {"live_url": f"https://{id_}.example", "updated_at": NOW, "spec": body["spec"]}


MAKERS = {"vpcs": _vpc, "databases": _cluster, "apps": _app}
KEYS = {"vpcs": "vpc", "databases": "database", "apps": "app"}


def _encrypted(spec: Document) -> Document:
    copy: Document = json.loads(json.dumps(spec))
    for part in (copy, *(c for kind in PARTS for c in copy.get(kind, []))):
        for env in part.get("envs", []):
            if env.get("type") == "SECRET" and not env["value"].startswith("EV["):
                env["value"] = f"EV[1:{hashlib.sha256(env['value'].encode()).hexdigest()[:24]}]"
    return copy


def _alerts(spec: Document) -> list[Document]:
    parts = [("", spec), *((c["name"], c) for kind in PARTS for c in spec.get(kind, []))]
    return [
        {"id": str(uuid4()), "component_name": name, "spec": alert}
        for name, part in parts
        for alert in part.get("alerts", [])
    ]


class _Request(BaseHTTPRequestHandler):
    server: "Api"

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        with self.server.account.lock:
            status, text = self._answered(content)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _answered(self, content: bytes) -> tuple[int, bytes]:
        account = self.server.account
        if self.path.startswith("http://"):
            status, xml = account.spaces.bucket(self.command, self.path)
            return status, xml.encode()
        path, body = self.path.partition("?")[0], json.loads(content or b"{}")
        if path.startswith(KEYS_OF_SPACES):
            rest = path.removeprefix(KEYS_OF_SPACES).strip("/")
            status, document = account.spaces.key(self.command, rest, body)
        else:
            status, document = account.answer(self.command, path, body)
        return status, b"" if status == 204 else json.dumps(document).encode()

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class's name
        """Log nothing: `Account.record` has it."""


class Api(ThreadingHTTPServer):
    """Serve one account on a free port of this machine."""

    daemon_threads = True

    def __init__(self) -> None:
        self.account = Account()
        super().__init__(("127.0.0.1", 0), _Request)


def main() -> None:
    """Serve requests; print the port as the first line."""
    api = Api()
    sys.stdout.write(f"{api.server_address[1]}\n")
    sys.stdout.flush()
    api.serve_forever()


if __name__ == "__main__":
    main()
