"""Whatever the stack takes, the service takes too: else it fails after the clusters are made."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import settings as service
from stack import settings as stack
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
    "name": ("HEARTBEAT_TITLE", "name"),
    "heartbeatName": ("HEARTBEAT_NAME", "heartbeat_name"),
    "intervalSeconds": ("HEARTBEAT_INTERVAL_SECONDS", "interval_seconds"),
    "secretValueIntervalSeconds": (
        "SECRET_VALUE_INTERVAL_SECONDS",
        "secret_value_interval_seconds",
    ),
    "historyRetentionDays": ("HISTORY_RETENTION_DAYS", "history_retention_days"),
    "logLevel": ("LOG_LEVEL", "log_level"),
    "dashboardPassword": ("DASHBOARD_PASSWORD", "dashboard_password"),
    "corsOrigins": ("API_CORS_ORIGINS", "cors_origins"),
}


def check(key: str, value: str) -> None:
    """Give a value to the stack, and what the stack makes of it to the service."""
    variable, field = RULES[key]
    given_ = json.dumps([value]) if key == "corsOrigins" else value
    try:
        taken = getattr(stack.parse(values(**{key: given_})), field)
    except stack.SettingsError:
        return
    if key == "dashboardPassword":
        taken = taken.get_secret_value()
    text = ",".join(taken) if key == "corsOrigins" else str(taken)

    process = service.load(STORE | {variable: text}).process

    if key == "dashboardPassword":
        assert process.dashboard_password is not None
        assert process.dashboard_password.get_secret_value() == text


@pytest.mark.parametrize("key", RULES)
@given(value=ANY)
def test_what_the_stack_takes_the_service_takes(key: str, value: str) -> None:
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
    ],
)
def test_what_was_once_taken_by_one_alone(key: str, value: str) -> None:
    check(key, value)
