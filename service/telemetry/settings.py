"""Settings of OpenTelemetry: the endpoints; its SDK reads the other variables itself."""

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from service.group import Group

BASE = "OTEL_EXPORTER_OTLP"
PREFIXES = (BASE, f"{BASE}_METRICS", f"{BASE}_TRACES")
URL = re.compile(r"https?://[^\s/?#]+\S*")
HEADER = re.compile(r"\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+\s*=.*")  # RFC 9110's token, then the value
TIMEOUT_MAX_S = 300.0

Protocol = Literal["http/protobuf"]
Exporter = Literal["otlp", "none"]


class TelemetrySettings(Group):
    """The settings for pushing metrics and traces; off by default.

    Variables that OpenTelemetry's SDK reads itself are listed here to be checked at start: the SDK
    would only log an invalid one, with its value, and some of them are secret.
    """

    endpoint: SecretStr | None = Field(default=None, alias=f"{BASE}_ENDPOINT")
    metrics_endpoint: SecretStr | None = Field(default=None, alias=f"{BASE}_METRICS_ENDPOINT")
    traces_endpoint: SecretStr | None = Field(default=None, alias=f"{BASE}_TRACES_ENDPOINT")
    headers: SecretStr | None = Field(default=None, alias=f"{BASE}_HEADERS")
    metrics_headers: SecretStr | None = Field(default=None, alias=f"{BASE}_METRICS_HEADERS")
    traces_headers: SecretStr | None = Field(default=None, alias=f"{BASE}_TRACES_HEADERS")
    protocol: Protocol = Field(default="http/protobuf", alias=f"{BASE}_PROTOCOL")
    metrics_protocol: Protocol = Field(default="http/protobuf", alias=f"{BASE}_METRICS_PROTOCOL")
    traces_protocol: Protocol = Field(default="http/protobuf", alias=f"{BASE}_TRACES_PROTOCOL")
    timeout_s: float = Field(default=10, alias=f"{BASE}_TIMEOUT", gt=0, le=TIMEOUT_MAX_S)
    metrics_timeout_s: float = Field(
        default=10, alias=f"{BASE}_METRICS_TIMEOUT", gt=0, le=TIMEOUT_MAX_S
    )
    traces_timeout_s: float = Field(
        default=10, alias=f"{BASE}_TRACES_TIMEOUT", gt=0, le=TIMEOUT_MAX_S
    )
    interval_ms: float = Field(
        default=60_000, alias="OTEL_METRIC_EXPORT_INTERVAL", gt=0, le=86_400_000
    )
    metrics_exporter: Exporter = Field(default="otlp", alias="OTEL_METRICS_EXPORTER")
    traces_exporter: Exporter = Field(default="otlp", alias="OTEL_TRACES_EXPORTER")
    disabled: bool = Field(default=False, alias="OTEL_SDK_DISABLED")

    @field_validator("endpoint", "metrics_endpoint", "traces_endpoint")
    @classmethod
    def _is_url(cls, value: SecretStr) -> SecretStr:
        if not URL.fullmatch(value.get_secret_value()):
            msg = "it is not a URL that begins with http:// or https://, such as http://collector:4318"
            raise ValueError(msg)
        return value

    @field_validator("headers", "metrics_headers", "traces_headers")
    @classmethod
    def _are_headers(cls, value: SecretStr) -> SecretStr:
        parts = value.get_secret_value().split(",")
        if not all(HEADER.fullmatch(part) for part in parts if part.strip()):
            msg = "must be name=value, separated by commas, each value percent-encoded"
            raise ValueError(msg)
        return value

    @property
    def metrics_url(self) -> str | None:
        """The endpoint of metrics, None for none."""
        return self._url(self.metrics_endpoint, self.metrics_exporter, "metrics")

    @property
    def traces_url(self) -> str | None:
        """The endpoint of traces, None for none."""
        return self._url(self.traces_endpoint, self.traces_exporter, "traces")

    @property
    def on(self) -> bool:
        """Whether anything is pushed."""
        return self.metrics_url is not None or self.traces_url is not None

    def _url(self, own: SecretStr | None, exporter: Exporter, signal: str) -> str | None:
        """Return a signal's own endpoint, or a path below the common one.

        https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp
        """
        if self.disabled or exporter == "none":
            return None
        if own is not None:
            return own.get_secret_value()
        if self.endpoint is None:
            return None
        return f"{self.endpoint.get_secret_value().rstrip('/')}/v1/{signal}"
