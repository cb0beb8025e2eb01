from pathlib import Path
from typing import Any

import pytest

from schema import freshness
from service.api.client import client, main
from service.api.described import described as app

PRINTED = Path(__file__).parents[3] / "web" / "client.js"


def described(schema: dict[str, Any], path: str = "/a/b") -> str:
    """Generate the client of an API with one endpoint, whose response has one field."""
    model = {"type": "object", "description": "It.", "properties": {"field": schema}}
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/It"}}}}
    problem = {
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    }
    operation = {
        "summary": "What it is",
        "responses": {"200": answer, "503": answer, "422": problem},
    }
    return client({"paths": {path: {"get": operation}}, "components": {"schemas": {"It": model}}})


def test_the_pages_client_equals_the_generators_output() -> None:
    printed = client(app().openapi())

    assert PRINTED.read_text() == printed, "run `make client`"


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    assert capsys.readouterr().out == PRINTED.read_text()


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "string"),
        ({"type": "integer"}, "number"),
        ({"type": "string", "format": "date-time"}, "string"),
        ({"enum": ["a", "b_c"]}, "'a' | 'b_c'"),
        ({"const": "ok"}, "'ok'"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "number | null"),
        ({"$ref": "#/components/schemas/Row"}, "Row"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Row"}}, "Row[]"),
        ({"type": "array", "items": {"enum": [1, 2]}}, "(1 | 2)[]"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "Record<string, string>"),
        ({"type": "object"}, "Record<string, unknown>"),
        ({}, "unknown"),
    ],
)
def test_a_field_has_the_type_of_the_openapi_document(schema: dict[str, Any], kind: str) -> None:
    assert f" * @property {{{kind}}} field\n" in described(schema)


def test_each_endpoint_is_a_function_that_accepts_every_status_with_a_document() -> None:
    printed = described({"type": "string"}, "/a/b")

    assert (
        "export function aB(options = {}) {\n  return ask('/a/b', [200, 503], {}, options);"
        in printed
    )
    assert " * What it is.\n" in printed
    assert " * @returns {Promise<It>}\n" in printed


def test_an_endpoint_without_a_document_has_no_function() -> None:
    metrics: dict[str, Any] = {"get": {"responses": {"200": {"content": {"text/plain": {}}}}}}
    printed = client({"paths": {"/metrics": metrics}, "components": {"schemas": {}}})

    assert "export function metrics" not in printed


def test_query_parameters_may_be_left_out_and_are_never_null() -> None:
    printed = PRINTED.read_text()

    expected = "{ source?: string, buckets?: number, range?: Range, from?: string, to?: string }"
    assert f" * @param {{{expected}}} [query]\n" in printed


def test_freshness_thresholds_equal_those_of_the_schema() -> None:
    printed = PRINTED.read_text()

    assert f"AGING_AFTER_INTERVALS = {freshness.AGING_AFTER_INTERVALS:g};" in printed
    assert f"STALE_AFTER_INTERVALS = {freshness.STALE_AFTER_INTERVALS:g};" in printed
