"""How long each part of an orderly end may take: the one place, so that the sums stay true."""

WRITES_S = 9.0  # writes in flight, after a signal
HISTORY_S = 3.0  # outcomes to PostgreSQL, where it took the last stamp
HISTORY_AWAY_S = 0.7  # where it did not: the writes in flight had their time already
SPILL_S = 0.5  # outcomes to Valkey instead
CLOSE_S = 1.0  # connections; each driver's own bound is below
TELEMETRY_S = 0.5  # the last metrics and spans; of a worker, while its connections close
LOG_S = 1.0  # lines that wait for whoever reads them

WORKER_S = WRITES_S + HISTORY_S + SPILL_S + CLOSE_S + LOG_S
"""The longest that a worker takes; whoever stops it waits longer."""

REQUESTS_S = 5  # requests in flight of an API

API_S = REQUESTS_S + TELEMETRY_S + CLOSE_S + LOG_S
"""The longest that an API takes."""

PATIENCE_S = 2.0
"""How much longer whoever stops a process waits, before it is killed."""
