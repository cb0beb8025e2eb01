"""Generate the page's client from the API's description: `python -m service.api.client`."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from schema import freshness
from schema.responses import Problem
from service import output

TEMPLATE = Path(__file__).with_name("client.template.js")
HEADER = """\
// Generated from the API's own description by `make client`; change service/api/client.py instead.

"""
PRIMITIVES = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}

Node = Mapping[str, Any]  # Any: a part of an OpenAPI document
"""A part of the OpenAPI description."""


def client(description: Node) -> str:
    """Return the text of `web/client.js`.

    Args:
        description: The app's OpenAPI document.
    """
    # Any endpoint may answer with a problem, also where its description does not list one.
    problem = {Problem.__name__: Problem.model_json_schema()}
    schemas: Node = problem | description["components"]["schemas"]
    typedefs = [_typedef(name, schema) for name, schema in schemas.items()]
    endpoints = [
        _endpoint(path, operations["get"], answers)
        for path, operations in description["paths"].items()
        if (answers := dict(_answers(operations.get("get", {}))))
    ]
    return HEADER + "\n".join([_constants(), *typedefs, *endpoints]) + "\n" + TEMPLATE.read_text()


def main() -> int:
    """Print the client; returns the exit status."""
    from service.api.described import described  # noqa: PLC0415  the generator alone needs no app

    output.show(client(described().openapi()), end="")
    return 0


def _constants() -> str:
    """Export the thresholds of freshness, so that the page does not define them again."""
    return (
        "/** The age in intervals from which a stamp is aging. */\n"
        f"export const AGING_AFTER_INTERVALS = {freshness.AGING_AFTER_INTERVALS:g};\n\n"
        "/** The age in intervals over which a stamp is stale. */\n"
        f"export const STALE_AFTER_INTERVALS = {freshness.STALE_AFTER_INTERVALS:g};\n"
    )


def _typedef(name: str, schema: Node) -> str:
    about = schema.get("description", name).splitlines()[0]
    if schema.get("type") != "object":
        return f"/**\n * {about}\n * @typedef {{{_type(schema)}}} {name}\n */\n"
    # A response always has all of its fields, including those with a default.
    fields = [
        f" * @property {{{_type(field)}}} {key}" for key, field in schema["properties"].items()
    ]
    return "\n".join(["/**", f" * {about}", f" * @typedef {{Object}} {name}", *fields, " */\n"])


def _type(schema: Node) -> str:
    """Return the type in JSDoc syntax; `unknown` where JSDoc has none."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " | ".join(_quoted(value) for value in values)
    kind = schema.get("type")
    if kind == "array":
        items = _type(schema["items"])
        return f"({items})[]" if " " in items else f"{items}[]"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"Record<string, {_type(values) if isinstance(values, dict) else 'unknown'}>"
    return PRIMITIVES.get(str(kind), "unknown")


def _quoted(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else json.dumps(value)


def _answers(operation: Node) -> Iterator[tuple[int, str]]:
    """Return the statuses that carry a document, with the document's type; 503 may be one."""
    for status, response in operation.get("responses", {}).items():
        schema = response.get("content", {}).get("application/json", {}).get("schema")
        kind = _type(schema) if schema else Problem.__name__
        if status.isdigit() and not status.startswith("4") and kind != Problem.__name__:
            yield int(status), kind


def _endpoint(path: str, operation: Node, answers: Mapping[int, str]) -> str:
    query = [each for each in operation.get("parameters", []) if each["in"] == "query"]
    fields = ", ".join(f"{each['name']}?: {_query_type(each['schema'])}" for each in query)
    documents = " | ".join(dict.fromkeys(answers.values()))
    doc = [f" * {operation.get('summary', path)}."]
    doc += [f" * @param {{{{ {fields} }}}} [query]"] if query else []
    doc += [" * @param {Options} [options]", f" * @returns {{Promise<{documents}>}}"]
    parameters = "query = {}, options = {}" if query else "options = {}"
    call = f"ask('{path}', {json.dumps(list(answers))}, {'query' if query else '{}'}, options)"
    lines = ["/**", *doc, " */", f"export function {_name(path)}({parameters}) {{"]
    return "\n".join([*lines, f"  return {call};", "}\n"])


def _query_type(schema: Node) -> str:
    """Return a query parameter's type; an optional parameter is omitted, never null."""
    kinds = [kind for kind in _type(schema).split(" | ") if kind != "null"]
    return " | ".join(kinds)


def _name(path: str) -> str:
    """Return the function's name: `workerStatus` for `/worker/status`."""
    first, *rest = path.strip("/").split("/")
    return first + "".join(part.capitalize() for part in rest)


if __name__ == "__main__":
    sys.exit(main())
