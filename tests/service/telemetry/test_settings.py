"""OpenTelemetry's variables are used, or cause a warning."""

import pytest
from opentelemetry.sdk import environment_variables

from service.settings import ConfigurationError, load
from service.telemetry.settings import TelemetrySettings
from tests.service.serving import NOWHERE

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
BASE = {ENDPOINT: "http://collector:4318"}
SECRET = "s3cret-t0ken"


def telemetry(**environ: str) -> TelemetrySettings:
    return load(NOWHERE | environ).telemetry


def test_nothing_is_pushed_without_an_endpoint() -> None:
    assert not telemetry().on
    assert not telemetry(**{ENDPOINT: "  "}).on
    assert not telemetry(OTEL_EXPORTER_OTLP_HEADERS="a=b").on


@pytest.mark.parametrize(
    ("environ", "metrics", "traces"),
    [
        (BASE, "http://collector:4318/v1/metrics", "http://collector:4318/v1/traces"),
        (
            {ENDPOINT: "https://x.io/otlp/"},
            "https://x.io/otlp/v1/metrics",
            "https://x.io/otlp/v1/traces",
        ),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://m/here"}, "http://m/here", None),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t/there"}, None, "http://t/there"),
        (BASE | {"OTEL_TRACES_EXPORTER": "none"}, "http://collector:4318/v1/metrics", None),
        (BASE | {"OTEL_METRICS_EXPORTER": "none"}, None, "http://collector:4318/v1/traces"),
        (BASE | {"OTEL_SDK_DISABLED": "true"}, None, None),
    ],
)
def test_each_signal_is_sent_to_the_address_of_the_specification(
    environ: dict[str, str], metrics: str | None, traces: str | None
) -> None:
    found = telemetry(**environ)

    assert (found.metrics_url, found.traces_url) == (metrics, traces)
    assert found.on == (metrics is not None or traces is not None)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        (ENDPOINT, f"collector:4318/{SECRET}", "is not a URL that begins with http:// or https://"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"grpc://{SECRET}", "is not a URL"),
        ("OTEL_EXPORTER_OTLP_HEADERS", SECRET, "must be name=value, separated by commas"),
        ("OTEL_EXPORTER_OTLP_HEADERS", f"a=b,Bearer {SECRET}", "must be name=value"),
        ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", f"=x{SECRET}", "must be name=value"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "='grpc': must be 'http/protobuf'"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10000", "='10000': must be less than or equal to 300"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "='10s': must be a number"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "0", "='0': must be greater than 0"),
        ("OTEL_METRICS_EXPORTER", "console", "='console': must be 'otlp' or 'none'"),
        ("OTEL_SDK_DISABLED", "perhaps", "OTEL_SDK_DISABLED='perhaps'"),
    ],
)
def test_a_bad_value_is_named_and_a_secret_is_not(variable: str, value: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(NOWHERE | {variable: value})

    (problem,) = refused.value.problems
    assert problem.startswith(variable)
    assert message in problem
    assert SECRET not in str(refused.value)


def test_no_variable_of_opentelemetry_causes_a_warning() -> None:
    standard = [name for name in dir(environment_variables) if name.startswith("OTEL_")]
    ours = {str(field.alias) for field in TelemetrySettings.model_fields.values()}
    assert len(standard) > 40
    assert ours - {"OTEL_METRICS_EXPORTER", "OTEL_TRACES_EXPORTER"} <= set(standard)

    variables = {name: "1" for name in standard if name not in ours}

    assert load(NOWHERE | variables).notes == ()
