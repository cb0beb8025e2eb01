"""What worker and API know, pushed to a collector by OpenTelemetry, where somebody wants it."""
