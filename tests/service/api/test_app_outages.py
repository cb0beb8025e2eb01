"""The app while stores are missing, dead or hung, and after they come back."""

import time

import pytest
from fastapi.testclient import TestClient

from local.aws.process import RunningAws
from local.postgres import Postgres
from local.server import Server
from local.valkey import Valkey
from service.api.app import create
from service.settings import Settings, load
from tests.service.api import older_app
from tests.service.api.answers import beat, get, settled
from tests.service.processes import POLL_S


def test_the_app_is_not_ready_without_a_schema(settings: Settings) -> None:
    with TestClient(create(settings)) as client:
        answer = get(client, "/readyz", 503)

    found = answer["ready"], answer["schema_revision"], answer["error"]
    assert found == (False, None, "not_found")


def test_clients_of_the_older_app_see_a_stopped_postgres_as_before(
    settings: Settings, postgres: Postgres
) -> None:
    beat(settings)
    postgres.stop()
    try:
        with TestClient(create(settings)) as client:
            status = get(client, "/db/status")
    finally:
        postgres.start()

    recorded = older_app.RESPONSES["postgres_stopped"]["/db/status"]
    assert recorded["postgres"].items() <= status["postgres"].items()
    assert status["postgres"]["error"] == "unreachable"
    assert list(older_app.differences(recorded["valkey"], status["valkey"])) == []


def test_clients_of_the_older_app_see_refused_sessions_as_before(
    settings: Settings, aws: RunningAws
) -> None:
    aws.control.fail(
        "CreateSession", "AccessDeniedException", status=403, message="Untrusted certificate."
    )
    with TestClient(create(settings)) as client:
        iam, secret = get(client, "/iam/status"), get(client, "/secret/status")
        status = get(client, "/worker/status")

    recorded = older_app.RESPONSES["sessions_refused"]["/iam/status"]
    assert {k: v for k, v in recorded.items() if k != "error"}.items() <= iam.items()
    assert iam["error"] == secret["error"] == "auth"
    assert status["iam"]["refusal"] == "untrusted_ca"
    assert status["diagnosis"]["code"] == "credentials"


@pytest.mark.parametrize("name", ["postgres", "valkey"])
@pytest.mark.parametrize("how", ["stop", "pause"])
def test_a_dead_or_hung_store_affects_only_its_own_row(
    settings: Settings, request: pytest.FixtureRequest, name: str, how: str
) -> None:
    beat(settings)
    server: Server = request.getfixturevalue(name)
    getattr(server, how)()
    try:
        with TestClient(create(settings)) as client:
            status = settled(client)
            assert get(client, "/livez")["status"] == "ok"
            assert get(client, "/worker/health", 503)["diagnosis"]["sources"] == [name]
    finally:
        server.start() if how == "stop" else server.resume()

    others = {n: row["freshness"] for n, row in status["timestamps"].items() if n != name}
    assert status["timestamps"][name]["freshness"] == "unreachable"
    assert status["timestamps"][name]["error"] in {"unreachable", "timeout"}
    assert set(others.values()) == {"fresh"}
    assert status["overall_status"] == "error"


@pytest.mark.parametrize("how", ["hang", "cut"])
def test_an_aws_that_hangs_or_cuts_affects_only_its_own_rows(
    settings: Settings, aws: RunningAws, how: str
) -> None:
    beat(settings)
    getattr(aws.control, how)()
    with TestClient(create(settings)) as client:
        status = settled(client)
        databases = get(client, "/db/status")

    assert databases["postgres"]["freshness"] == databases["valkey"]["freshness"] == "fresh"
    assert status["timestamps"]["secrets_manager"]["status"] == "error"
    assert status["overall_status"] == "error"


def test_every_endpoint_answers_while_all_stores_are_down(
    settings: Settings, postgres: Postgres, valkey: Valkey, aws: RunningAws
) -> None:
    postgres.stop()
    valkey.stop()
    aws.control.cut()
    try:
        with TestClient(create(settings)) as client:
            status = settled(client)
            for path in ("/livez", "/db/status", "/secret/status", "/iam/status", "/"):
                assert client.get(path).status_code == 200
    finally:
        postgres.start()
        valkey.start()

    assert {row["freshness"] for row in status["timestamps"].values()} == {"unreachable"}
    assert status["diagnosis"]["code"] == "source_unreachable"


def test_a_store_that_recovers_is_fresh_without_a_restart(
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
            time.sleep(POLL_S)
        assert get(client, "/db/status")["postgres"]["freshness"] == "fresh"


def test_sources_that_are_off_are_shown_without_an_alarm(database: dict[str, str]) -> None:
    settings = load(database)
    beat(settings)
    with TestClient(create(settings)) as client:
        status = get(client, "/worker/status")
        assert get(client, "/db/status")["valkey"]["error"] == "not_configured"
        assert get(client, "/iam/status")["error"] == "not_configured"
        assert get(client, "/secret/status")["error"] == "not_configured"
        assert get(client, "/worker/health")["overall_status"] == "ok"

    assert status["overall_status"] == "ok"
    assert status["timestamps"]["valkey"]["error"] == "not_configured"
    assert status["iam"]["error"] == "not_configured"
