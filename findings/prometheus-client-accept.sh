#!/usr/bin/env bash
# prometheus_client ignores the q-values of an Accept header.
#
# Versions: prometheus-client 0.26.0. Seen: 2026-11-28.
# Most would expect: a client that prefers text (q=1) but also accepts OpenMetrics (q=0.1) gets text.
# What is: it sends OpenMetrics whenever the header names that media type, even with q=0, which means
#   "not acceptable".
source "$(dirname "$0")/ground.sh"
install prometheus-client==0.26.0
python <<'PY'
from prometheus_client.exposition import choose_encoder

OPEN, TEXT = "application/openmetrics-text; version=1.0.0", "text/plain; version=0.0.4"
seen = {}
for accept in (f"{TEXT}; q=1, {OPEN}; q=0.1", f"{TEXT}; q=1, {OPEN}; q=0", TEXT):
    seen[accept] = choose_encoder(accept)[1]
    print(f"{accept}\n  -> {seen[accept]}")
first, refused, text = seen.values()
assert first.startswith("application/openmetrics-text"), first
assert refused.startswith("application/openmetrics-text"), refused
assert text.startswith("text/plain"), text
PY
