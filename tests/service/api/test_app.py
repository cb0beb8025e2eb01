import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient

from local.aws.process import RunningAws
from local.postgres import Postgres
from local.server import Server
from local.valkey import Valkey
from schema.heartbeat import Heartbeat
from schema.migrations import head
from schema.timestamps import utc_now
from service.api.app import create
from service.connections import close, connect
from service.settings import Settings, load
from service.worker.loop import Worker

OLDER = json.loads((Path(__file__).parents[1] / "older_app_responses.json").read_text())
GONE = {"secret_value"}  # for safety: it held a secret's text
SOURCES = ("postgres", "valkey", "secrets_manager")


def beat(settings: Settings, times: int = 1) -> datetime:
    """Run a worker's cycles as the worker does; the last stamp."""

    async def run() -> datetime:
        sources = connect(settings)
        stamp = utc_now()
        for _ in range(times):
            stamp = utc_now()
            report = Worker(settings.process, sources).report(stamp)
            given = Heartbeat(name="worker", timestamp=stamp, interval_seconds=60, report=report)
            for source in sources.values():
                await source.write(given)
        await close(sources)
        return stamp

    return anyio.run(run)


@pytest.fixture
def stamp(settings: Settings) -> datetime:
    """The stamp that all stores hold."""
    return beat(settings)


@pytest.fixture
def client(settings: Settings, stamp: datetime) -> Iterator[TestClient]:  # noqa: ARG001 - written
    with TestClient(create(settings)) as connected:
        yield connected


def get(client: TestClient, path: str, status: int = 200) -> dict[str, Any]:
    response = client.get(path)
    assert response.status_code == status, response.text
    said: dict[str, Any] = response.json()
    return said


def settled(client: TestClient) -> dict[str, Any]:
    """The whole, once every store has been read or given up."""
    while True:
        said = get(client, "/worker/status")
        if all(row["observed_at"] for row in [*said["timestamps"].values(), said["iam"]]):
            return said


def test_an_app_without_settings_can_only_be_described() -> None:
    app = create(None)

    assert "/worker/status" in app.openapi()["paths"]
    with pytest.raises(RuntimeError, match="only be described"), TestClient(app):
        pass


def test_all_stores_hold_the_one_stamp_and_the_verdict_is_good(
    client: TestClient, stamp: datetime
) -> None:
    said = settled(client)

    assert said["overall_status"] == "ok"
    assert said["diagnosis"]["code"] == "healthy"
    assert said["in_step"] is True
    assert {datetime.fromisoformat(r["last_update"]) for r in said["timestamps"].values()} == {
        stamp
    }
    assert {r["freshness"] for r in [*said["timestamps"].values(), said["iam"]]} == {"fresh"}
    assert said["worker"]["id"]
    assert (said["interval_seconds"], said["stale_threshold_seconds"]) == (60, 90)


def test_the_rows_come_in_the_order_of_the_sources(client: TestClient) -> None:
    assert tuple(get(client, "/worker/status")["timestamps"]) == SOURCES


@pytest.mark.parametrize("path", ["/livez", "/healthz"])
def test_the_health_check_says_version_and_commit(client: TestClient, path: str) -> None:
    said = get(client, path)

    assert said["status"] == "ok"
    assert set(said) == {"status", "version", "commit"}


def test_answers_are_not_stored_anywhere(client: TestClient) -> None:
    for path in ("/livez", "/db/status", "/worker/status"):
        assert client.get(path).headers["cache-control"] == "no-store"


def test_ready_is_said_when_the_schema_is_at_the_head(client: TestClient) -> None:
    said = get(client, "/readyz")

    assert said == {
        "ready": True,
        "schema_head": head(),
        "schema_revision": head(),
        "error": None,
    }


def test_not_ready_is_said_when_there_is_no_schema(settings: Settings) -> None:
    with TestClient(create(settings)) as client:
        said = get(client, "/readyz", 503)

    assert (said["ready"], said["schema_revision"], said["error"]) == (False, None, "not_found")


def fields(recorded: dict[str, Any], said: dict[str, Any], where: str = "") -> Iterator[str]:
    """What of an older answer is missing or of another type now."""
    for name, before in recorded.items():
        if name in GONE:
            continue
        if name not in said:
            yield f"{where}.{name} is gone"
        elif isinstance(before, dict):
            yield from fields(before, said[name], f"{where}.{name}")
        elif not isinstance(said[name], _kind(before)):
            yield f"{where}.{name}: {said[name]!r} is not like {before!r}"
        elif name.endswith(("_update", "_time", "_created", "_expiry")) and before:
            assert datetime.fromisoformat(said[name]).tzinfo is not None


def _kind(before: object) -> type | tuple[type, ...]:
    if isinstance(before, bool):
        return bool
    return (int, float) if isinstance(before, int | float) else type(before)


@pytest.mark.parametrize("path", OLDER["healthy"])
def test_the_older_apps_clients_find_every_field_with_its_type(
    client: TestClient, path: str
) -> None:
    settled(client)

    said = get(client, path)

    assert list(fields(OLDER["healthy"][path], said)) == []


def test_the_secrets_value_is_in_no_answer(
    client: TestClient, operator: Any, aws: RunningAws
) -> None:
    name = aws.environment()["SECRETS_MANAGER_SECRET_NAME"]
    value = operator.get_secret_value(SecretId=name)["SecretString"]

    assert "secret_value" not in get(client, "/secret/status")
    assert value not in client.get("/secret/status").text


def test_with_postgres_stopped_the_older_apps_clients_see_what_they_saw(
    settings: Settings, postgres: Postgres
) -> None:
    beat(settings)
    postgres.stop()
    try:
        with TestClient(create(settings)) as client:
            said = get(client, "/db/status")
    finally:
        postgres.start()

    recorded = OLDER["postgres_stopped"]["/db/status"]
    assert recorded["postgres"].items() <= said["postgres"].items()
    assert said["postgres"]["error"] == "unreachable"
    assert list(fields(recorded["valkey"], said["valkey"])) == []


def test_with_sessions_refused_the_older_apps_clients_see_what_they_saw(
    settings: Settings, aws: RunningAws
) -> None:
    aws.control.fail(
        "CreateSession", "AccessDeniedException", status=403, message="Untrusted certificate."
    )
    with TestClient(create(settings)) as client:
        iam, secret = get(client, "/iam/status"), get(client, "/secret/status")
        status = get(client, "/worker/status")

    recorded = OLDER["sessions_refused"]["/iam/status"]
    assert {k: v for k, v in recorded.items() if k != "error"}.items() <= iam.items()
    assert iam["error"] == secret["error"] == "auth"
    assert status["iam"]["refusal"] == "untrusted_ca"
    assert status["diagnosis"]["code"] == "credentials"


@pytest.mark.parametrize("name", SOURCES[:2])
@pytest.mark.parametrize("how", ["stop", "pause"])
def test_a_store_that_is_dead_or_hung_takes_its_own_row_alone(
    settings: Settings, request: pytest.FixtureRequest, name: str, how: str
) -> None:
    beat(settings)
    server: Server = request.getfixturevalue(name)
    getattr(server, how)()
    try:
        with TestClient(create(settings)) as client:
            said = settled(client)
            assert get(client, "/livez")["status"] == "ok"
            assert get(client, "/worker/health", 503)["diagnosis"]["sources"] == [name]
    finally:
        server.start() if how == "stop" else server.resume()

    others = {n: row["freshness"] for n, row in said["timestamps"].items() if n != name}
    assert said["timestamps"][name]["freshness"] == "unreachable"
    assert said["timestamps"][name]["error"] in {"unreachable", "timeout"}
    assert set(others.values()) == {"fresh"}
    assert said["overall_status"] == "error"


@pytest.mark.parametrize("how", ["hang", "cut"])
def test_an_aws_that_hangs_or_cuts_takes_its_own_rows_alone(
    settings: Settings, aws: RunningAws, how: str
) -> None:
    beat(settings)
    getattr(aws.control, how)()
    with TestClient(create(settings)) as client:
        said = settled(client)
        databases = get(client, "/db/status")

    assert databases["postgres"]["freshness"] == databases["valkey"]["freshness"] == "fresh"
    assert said["timestamps"]["secrets_manager"]["status"] == "error"
    assert said["overall_status"] == "error"


def test_with_every_store_down_everything_answers(
    settings: Settings, postgres: Postgres, valkey: Valkey, aws: RunningAws
) -> None:
    postgres.stop()
    valkey.stop()
    aws.control.cut()
    try:
        with TestClient(create(settings)) as client:
            said = settled(client)
            for path in ("/livez", "/db/status", "/secret/status", "/iam/status", "/"):
                assert client.get(path).status_code == 200
    finally:
        postgres.start()
        valkey.start()

    assert {row["freshness"] for row in said["timestamps"].values()} == {"unreachable"}
    assert said["diagnosis"]["code"] == "source_unreachable"


def test_a_store_that_comes_back_is_green_without_a_restart(
    settings: Settings, postgres: Postgres
) -> None:
    beat(settings)
    postgres.stop()
    with TestClient(create(settings)) as client:
        try:
            assert get(client, "/db/status")["postgres"]["connected"] is False
        finally:
            postgres.start()
        while not get(client, "/db/status")["postgres"]["connected"]:
            pass
        assert get(client, "/db/status")["postgres"]["freshness"] == "fresh"


def test_sources_that_are_switched_off_are_shown_and_alarm_nobody(
    database: dict[str, str],
) -> None:
    settings = load(database)
    beat(settings)
    with TestClient(create(settings)) as client:
        said = get(client, "/worker/status")
        assert get(client, "/db/status")["valkey"]["error"] == "not_configured"
        assert get(client, "/iam/status")["error"] == "not_configured"
        assert get(client, "/secret/status")["error"] == "not_configured"
        assert get(client, "/worker/health")["overall_status"] == "ok"

    assert said["overall_status"] == "ok"
    assert said["timestamps"]["valkey"]["error"] == "not_configured"
    assert said["iam"]["error"] == "not_configured"


def test_the_page_is_served_with_an_etag(client: TestClient) -> None:
    page = client.get("/")

    assert page.headers["content-type"].startswith("text/html")
    again = client.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert again.status_code == 304


def test_an_address_that_does_not_exist_is_a_problem_in_one_shape(client: TestClient) -> None:
    said = get(client, "/nothing", 404)

    assert set(said) == {"error", "message"}


def test_the_documents_time_is_the_moment_of_answering(client: TestClient) -> None:
    before = datetime.now(UTC)

    said = get(client, "/worker/status")

    assert datetime.fromisoformat(said["current_time"]) >= before
