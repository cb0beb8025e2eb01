#!/usr/bin/env bash
# OTEL_EXPORTER_OTLP_TIMEOUT is in seconds in OpenTelemetry's Python exporter; similar variables are in milliseconds.
#
# Versions: opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http 1.45.2. Seen: 2026-11-28.
# Most would expect: the variable is in milliseconds, as all durations in OpenTelemetry's specification of
#   environment variables, and as OTEL_METRIC_EXPORT_INTERVAL and OTEL_METRIC_EXPORT_TIMEOUT are in the
#   same SDK: 10000 is ten seconds.
# What is: the exporter reads 10000 as 10,000 seconds, which is nearly three hours.
source "$(dirname "$0")/ground.sh"
install opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2
python <<'PY'
import os

os.environ["OTEL_EXPORTER_OTLP_TIMEOUT"] = "10000"
os.environ["OTEL_METRIC_EXPORT_INTERVAL"] = "10000"
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, PeriodicExportingMetricReader
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
import requests

given = []

class Session(requests.Session):
    def request(self, *arguments, timeout=None, **options):
        given.append(timeout)
        answer = requests.Response()
        answer.status_code = 200
        return answer

provider = TracerProvider()
exporter = OTLPSpanExporter(endpoint="http://127.0.0.1:9/v1/traces", session=Session())
provider.add_span_processor(SimpleSpanProcessor(exporter))
provider.get_tracer("finding").start_span("one").end()
reader = PeriodicExportingMetricReader(
    OTLPMetricExporter(endpoint="http://127.0.0.1:9/v1/metrics", session=Session())
)
interval_s = reader._export_interval_millis / 1000
reader.shutdown()
timeout_s = max(value for value in given if value is not None)
print(f"10000 as OTEL_EXPORTER_OTLP_TIMEOUT: {timeout_s:.0f} s")
print(f"10000 as OTEL_METRIC_EXPORT_INTERVAL: {interval_s:.0f} s")
assert timeout_s > 9000
assert interval_s == 10
PY
