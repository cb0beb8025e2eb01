"""Complete the OpenAPI description with what FastAPI cannot derive."""

from typing import Any

from fastapi import FastAPI

from schema.responses import Problem
from service.api.alert_routes import describe_webhook
from service.api.examples import examples
from service.api.password import COOKIE, OPEN

# Any, in all of this file: a part of an OpenAPI document, https://spec.openapis.org/oas/v3.1.0
Node = dict[str, Any]

TEXT = """\
Whether an app can still write to all its stores: a worker stamps one timestamp through each of
them, and this API reads every stamp back.

`/ws` is a WebSocket that sends the document of `/worker/status` at once, on every change, and at
least every 25 seconds. Every error has the shape of `Problem`. HEAD is answered wherever GET is.
"""

SCHEMES: Node = {
    "password": {
        "type": "http",
        "scheme": "basic",
        "description": "Any user name; required only if DASHBOARD_PASSWORD is set.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "Set after a login with the right password; valid for twelve hours.",
    },
}
ASKED: list[Node] = [
    {"password": []},
    {"session": []},
    {},
]  # {} means that no login is needed: no password is set
CLOSED = {
    "401": "The password is missing or wrong",
    "429": "Too many failed logins: wait as long as Retry-After says",
}
ANY = {"default": "Any other error: bad host, body, size, or a defect of ours"}


def complete(app: FastAPI) -> None:
    """Complete the app's description, on its first use."""
    plain = app.openapi

    def openapi() -> Node:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(plain())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way


def _completed(document: Node) -> Node:
    document["info"]["description"] = TEXT
    describe_webhook(document)
    components = document["components"]
    components["securitySchemes"] = SCHEMES
    components["schemas"].setdefault(Problem.__name__, Problem.model_json_schema())
    shown = {name: each.model_dump(mode="json") for name, each in examples().items()}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            errors = ANY if path in OPEN else CLOSED | ANY
            operation["security"] = [] if path in OPEN else ASKED
            for status, text in errors.items():
                operation["responses"].setdefault(status, _problem(text))
            _exemplify(operation["responses"], shown)
    return document


def _problem(text: str) -> Node:
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _exemplify(responses: Node, shown: dict[str, Node]) -> None:
    """Add an example to each answer that is one of our documents."""
    answer = responses["200"].get("content", {}).get("application/json", {})
    name = answer.get("schema", {}).get("$ref", "").rpartition("/")[2]
    if name in shown:
        answer["example"] = shown[name]
