"""The stack refuses what the service would refuse, before it creates clusters."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from service import settings as service
from stack import settings as stack
from stack import variables
from stack.choices import HIDDEN
from tests.service.aws.pki import issue
from tests.stack import bindables, pem
from tests.stack.conftest import OLD_ROLE, OLD_SECRET, VARIANTS, Program
from tests.stack.test_settings import values

STORE = {"PGHOST": "db", "PGDATABASE": "app", "PGUSER": "me", "PGPASSWORD": "none"}
ANY = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="$\"'{}()<> \u200b\u00fc\nab", min_size=12, max_size=16),
    st.from_regex(r"[\w.-]{1,50}", fullmatch=True),
    st.from_regex(r"https?://[^/\s,]+", fullmatch=True),
    st.integers(-1, 100_000).map(str),
)
RULES = {
    "name": "HEARTBEAT_TITLE",
    "heartbeatName": "HEARTBEAT_NAME",
    "intervalSeconds": "HEARTBEAT_INTERVAL_SECONDS",
    "secretValueIntervalSeconds": "SECRET_VALUE_INTERVAL_SECONDS",
    "historyRetentionDays": "HISTORY_RETENTION_DAYS",
    "logLevel": "LOG_LEVEL",
    "corsOrigins": "API_CORS_ORIGINS",
    "dashboardPassword": "DASHBOARD_PASSWORD",
    "alertTargets": "ALERT_TARGETS",
    "alertPingUrl": "ALERT_PING_URL",
    "otlpEndpoint": "OTEL_EXPORTER_OTLP_ENDPOINT",
    "otlpHeaders": "OTEL_EXPORTER_OTLP_HEADERS",
}
# Variables without a setting: the program or App Platform generates their values.
MADE = {
    *("PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGSSLMODE", "PG_CA_CERT"),
    *("VALKEY_HOST", "VALKEY_PORT", "VALKEY_USER", "VALKEY_PASSWORD", "VALKEY_SSLMODE"),
    *("VALKEY_CA_CERT", "IAM_PROFILE_ARN", "TRUSTED_PROXY_HEADER", "HEALTH_PORT", "SCHEMA_HEAD"),
    *("PUBLIC_URL", "HEARTBEAT_COMMIT"),
}


def check(key: str, value: str) -> None:
    """Parse a value with the stack, and if accepted, the resulting variable with the service."""
    choices = json.dumps([value]) if key == "corsOrigins" else value
    try:
        chosen = stack.parse(values(**{key: choices}))
    except stack.SettingsError:
        return
    taken = getattr(chosen, {**variables.PLAIN, **variables.SECRET}[RULES[key]])
    if taken is None:
        return
    taken = taken.get_secret_value() if isinstance(taken, SecretStr) else taken
    text = ",".join(taken) if isinstance(taken, tuple) else str(taken)

    process = service.load(STORE | {RULES[key]: text}).process

    if key == "dashboardPassword":
        assert process.dashboard_password is not None
        assert process.dashboard_password.get_secret_value() == text


def refusal(**changes: str) -> str:
    with pytest.raises(stack.SettingsError) as caught:
        stack.parse(values(**changes))
    return str(caught.value)


def test_every_variable_of_the_app_is_validated_or_generated(program: Program) -> None:
    ruled = {*variables.PLAIN, *variables.SECRET, *variables.IDENTITY}
    assert set(RULES.values()) == {*variables.PLAIN, *variables.SECRET}

    for variant in VARIANTS:
        choices = set(bindables.environ(program(variant).spec, "worker"))
        assert {n for n in choices if not n.startswith("HEARTBEAT_SOURCE_")} <= ruled | MADE


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"alertTargets": "nosuch://key"}, "alertTargets"),
        ({"alertTargets": "pagerduty://key pagerduty://key"}, "alertTargets"),
        (
            {"alertPingUrl": "https://ping.example.org/${key}"},
            "alertPingUrl: it contains a reference",
        ),
        ({"otlpHeaders": "'authorization=key'"}, "otlpHeaders: the quotes around it"),
        ({"databases": '[{"kind": "valkey", "name": "lateness-ms"}]'}, "databases: a name is"),
        ({"databases": '[{"kind": "postgres", "name": "mysql"}]'}, "databases: 'mysql' is the"),
        ({"databases": '[{"kind": "postgres", "name": "postgres"}]'}, "two stores are named"),
        (
            {"roleArn": OLD_ROLE.replace("111122223333", "111122220000"), "secretArn": OLD_SECRET},
            "roleArn is of account ********0000, but secretArn is of ********3333",
        ),
    ],
)
def test_the_stack_refuses_what_the_service_refuses_and_names_the_setting(
    changes: dict[str, str], sentence: str
) -> None:
    text = refusal(**changes)

    assert sentence in text
    assert not any(name in text for name in (*variables.PLAIN, *variables.SECRET))


EXPIRED = issue("the-app", days=(-10, -1))
OTHER = pem.issued("another-app")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, None),
        ({"clientKey": OTHER.key}, "clientCertificate is not the certificate of clientKey"),
        ({"clientKey": "key.pem"}, "clientKey: it is a path"),
        (
            {"clientCertificate": EXPIRED.pem.decode(), "clientKey": EXPIRED.key_pem.decode()},
            "clientCertificate has expired",
        ),
        ({"roleArn": OLD_ROLE.replace("111122223333", "111122220000")}, "roleArn"),
    ],
)
def test_a_supplied_certificate_is_checked_before_anything_is_created(
    changes: dict[str, str], sentence: str | None
) -> None:
    choices = VARIANTS["supplied certificate"] | changes
    if sentence is None:
        stack.parse(values(**choices))
        return

    text = refusal(**choices)

    assert sentence in text
    assert "PRIVATE KEY" not in text


def test_a_hidden_secret_is_accepted_without_its_value() -> None:
    hidden = dict.fromkeys(
        ("dashboardPassword", "alertTargets", "alertPingUrl", "otlpHeaders", "clientKey"), HIDDEN
    )

    stack.parse(values(**VARIANTS["supplied certificate"] | hidden))


@pytest.mark.parametrize("key", RULES)
@given(value=ANY)
def test_the_service_accepts_what_the_stack_accepts(key: str, value: str) -> None:
    check(key, value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("heartbeatName", "k\u00fcche"),
        ("heartbeatName", "a.b_c-1"),
        ("dashboardPassword", "${db.PASSWORD}-and-more"),
        ("dashboardPassword", "'correct horse battery'"),
        ("dashboardPassword", " correct horse battery"),
        ("dashboardPassword", "correct horse battery"),
        ("dashboardPassword", "correct\u200bhorse battery"),
        ("dashboardPassword", "<a password of mine>"),
        ("dashboardPassword", "$DASHBOARD_PASSWORD"),
        ("historyRetentionDays", "3650"),
        ("historyRetentionDays", "400"),
        ("corsOrigins", "https://me@status.example.org"),
        ("corsOrigins", "https://status.example.org:8443"),
        ("logLevel", "warning"),
        ("alertTargets", "ilert://key pagerduty://key"),
        ("alertTargets", "https://example.org"),
        ("alertPingUrl", "https://"),
        ("alertPingUrl", "https://ping.example.org/key"),
        ("otlpEndpoint", "https://"),
        ("otlpHeaders", "a key=b"),
    ],
)
def test_values_that_only_one_side_accepted_are_treated_alike(key: str, value: str) -> None:
    check(key, value)
