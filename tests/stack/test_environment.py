"""The stack gives the service exactly the environment that it needs."""

import pytest

from service import settings, variables
from service.sources import KINDS
from service.telemetry.settings import TelemetrySettings
from service.tls import TlsMode
from tests.stack import bindables
from tests.stack.conftest import Program

PUSH = {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS"}  # the others are refinements
INFORMATION = {"SCHEMA_HEAD"}  # for the reader of a preview; no process needs it
# Variables that the stack leaves at their defaults, or that are only for local use.
UNSET = {
    *("HOST", "PORT", "MAX_VIEWERS", "LOG_FORMAT", "HISTORY_SOURCE"),
    *("ALERT_AFTER_INTERVALS", "ALERT_RESOLVE_INTERVALS", "ALERT_REMINDER_HOURS"),
    "ALERT_DEGRADED_AFTER_MINUTES",
    *("AWS_CA_BUNDLE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ROLESANYWHERE"),  # a stand-in's
    *("AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL_STS"),  # as above
    *("IAM_CLIENT_CERT_FILE", "IAM_CLIENT_KEY_FILE"),  # alternatives to the variables
    *("PGREADHOST", "PGREADPORT"),  # the stack has no read-only node
    *({str(field.alias) for field in TelemetrySettings.model_fields.values()} - PUSH),
}
MORE = {
    "more databases": {"orders_db", "sessions"},
    "buckets": {"photos", "media", "archive", "ledger_eu"},
}


def test_the_service_accepts_its_environment(program: Program, variant: str) -> None:
    loaded = settings.load(bindables.environ(program(variant).spec, "worker"))

    own = {"postgres", "valkey", "secrets_manager", "iam"}
    assert {source.name for source in loaded.sources} == own | MORE.get(variant, set())
    assert not loaded.off
    assert not loaded.warnings()


def test_further_clusters_are_verified_like_the_first(program: Program) -> None:
    for changes, tls in (
        ({}, TlsMode.VERIFY_CA),
        ({"network": "public", "vpcId": ""}, TlsMode.VERIFY_FULL),
    ):
        spec = program("more databases", **changes).spec
        loaded = {s.name: s for s in settings.load(bindables.environ(spec, "worker")).sources}

        for name in ("postgres", "valkey", "orders_db", "sessions"):
            assert loaded[name].settings.tls is tls, name


def test_the_service_knows_every_variable(program: Program) -> None:
    environ = set(bindables.environ(program("everything optional").spec, "api"))

    assert environ - INFORMATION == known_variables() - UNSET


def test_configured_origins_may_send_requests(program: Program) -> None:
    plain = bindables.environ(program().spec, "api")
    environ = bindables.environ(program("everything optional").spec, "api")

    assert "API_CORS_ORIGINS" not in plain
    origins = settings.load(environ).process.cors_origins
    assert origins == ("https://status.example.org", "http://localhost:3000")


def test_the_service_refuses_a_missing_variable(program: Program) -> None:
    environ = bindables.environ(program().spec, "worker")
    del environ["IAM_ROLE_ARN"]

    with pytest.raises(settings.ConfigurationError, match="IAM_ROLE_ARN"):
        settings.load(environ)


@pytest.mark.parametrize(
    ("variant", "host", "mode"),
    [
        ("vpc", "private-heartbeat-dev-pg.db.example", "verify-ca"),
        ("public network", "${pg.HOSTNAME}", "verify-full"),
        ("existing clusters", "private-team-pg.db.example", "verify-ca"),
    ],
)
def test_host_and_verification_follow_the_network(
    program: Program, variant: str, host: str, mode: str
) -> None:
    envs = {e["key"]: e["value"] for e in program(variant).components[0]["envs"]}

    assert (envs["PGHOST"], envs["PGSSLMODE"], envs["VALKEY_SSLMODE"]) == (host, mode, mode)


def test_credentials_are_references_that_only_the_platform_resolves(program: Program) -> None:
    envs = {e["key"]: e for e in program().components[0]["envs"]}

    for key in ("PGUSER", "PGPASSWORD", "PG_CA_CERT", "VALKEY_PASSWORD", "VALKEY_CA_CERT"):
        assert envs[key]["value"].startswith("${")
        assert envs[key]["type"] == "GENERAL"


def test_every_component_gets_the_same_environment(program: Program, variant: str) -> None:
    environments = [c["envs"] for c in program(variant).components]

    assert all(e == environments[0] for e in environments)


def test_the_spec_contains_the_schema_head(program: Program) -> None:
    recording = program()
    envs = {e["key"]: e["value"] for e in recording.components[0]["envs"]}

    assert envs["SCHEMA_HEAD"] == recording.exports["schemaHead"]


def known_variables() -> set[str]:
    """Return every variable that the service reads."""
    urls = {url for kind in KINDS for url in kind.urls}
    return set(variables.names() - urls)
