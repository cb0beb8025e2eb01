"""Metrics and traces of worker and API, pushed by OpenTelemetry if an endpoint is set."""
