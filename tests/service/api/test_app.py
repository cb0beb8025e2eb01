from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from local.aws.process import RunningAws
from schema.migrations import head
from service.api.app import create
from service.settings import Settings, load
from tests.service.api import older_app
from tests.service.api.answers import beat, get, settled

SOURCES = ("postgres", "valkey", "secrets_manager")


@pytest.fixture(scope="module")
def settings(lasting: dict[str, str]) -> Settings:
    return load(lasting | {"HEARTBEAT_INTERVAL_SECONDS": "3600"})  # its stamp stays fresh


@pytest.fixture(scope="module")
def stamp(settings: Settings) -> datetime:
    """The stamp that all stores hold."""
    return beat(settings)


@pytest.fixture(scope="module")
def client(settings: Settings, stamp: datetime) -> Iterator[TestClient]:  # noqa: ARG001 - written
    """A client of one app for all tests: none of them changes anything."""
    with TestClient(create(settings)) as connected:
        yield connected


def test_all_stores_have_the_same_stamp_and_the_verdict_is_healthy(
    client: TestClient, stamp: datetime
) -> None:
    status = settled(client)

    rows = status["timestamps"].values()
    assert status["overall_status"] == "ok"
    assert status["diagnosis"]["code"] == "healthy"
    assert status["in_step"] is True
    assert {datetime.fromisoformat(row["last_update"]) for row in rows} == {stamp}
    assert {row["freshness"] for row in [*rows, status["iam"]]} == {"fresh"}
    assert status["worker"]["id"]
    assert (status["interval_seconds"], status["stale_threshold_seconds"]) == (3600, 5400)


def test_rows_are_in_the_order_of_the_sources(client: TestClient) -> None:
    assert tuple(get(client, "/worker/status")["timestamps"]) == SOURCES


@pytest.mark.parametrize("path", ["/livez", "/healthz"])
def test_the_health_check_returns_version_and_commit(client: TestClient, path: str) -> None:
    health = get(client, path)

    assert health["status"] == "ok"
    assert set(health) == {"status", "version", "commit"}


def test_responses_must_not_be_stored(client: TestClient) -> None:
    for path in ("/livez", "/db/status", "/worker/status"):
        assert client.get(path).headers["cache-control"] == "no-store"


def test_the_app_is_ready_when_the_schema_is_at_the_head(client: TestClient) -> None:
    assert get(client, "/readyz") == {
        "ready": True,
        "schema_head": head(),
        "schema_revision": head(),
        "error": None,
    }


@pytest.mark.parametrize("path", older_app.RESPONSES["healthy"])
def test_clients_of_the_older_app_find_every_field_with_its_type(
    client: TestClient, path: str
) -> None:
    settled(client)

    found = get(client, path)

    assert list(older_app.differences(older_app.RESPONSES["healthy"][path], found)) == []


def test_no_response_contains_the_secrets_value(
    client: TestClient, aws_process: RunningAws, operator: Any
) -> None:
    name = aws_process.environment()["SECRETS_MANAGER_SECRET_NAME"]
    value = operator.get_secret_value(SecretId=name)["SecretString"]

    response = client.get("/secret/status")

    assert "secret_value" not in response.json()
    assert value not in response.text


def test_the_page_has_an_etag(client: TestClient) -> None:
    page = client.get("/")

    assert page.headers["content-type"].startswith("text/html")
    again = client.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert again.status_code == 304


def test_an_unknown_path_returns_an_error_in_the_common_form(client: TestClient) -> None:
    assert set(get(client, "/nothing", 404)) == {"error", "message"}


def test_the_documents_time_is_the_time_of_the_response(client: TestClient) -> None:
    before = datetime.now(UTC)

    status = get(client, "/worker/status")

    assert datetime.fromisoformat(status["current_time"]) >= before
