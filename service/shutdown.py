"""Time limits of each step of a shutdown, in one place, so that the sums stay right."""

WRITES_S = 9.0  # writes in flight, after a signal
HISTORY_S = 3.0  # outcomes to PostgreSQL, if its last write succeeded
HISTORY_AWAY_S = 0.7  # if it failed: the writes in flight already had their time
SPILL_S = 0.5  # outcomes to Valkey instead
CLOSE_S = 1.0  # connections; each driver's own bound is below
TELEMETRY_S = 0.5  # the last metrics and spans; of a worker, while its connections close
LOG_S = 1.0  # log lines that wait for their reader

WORKER_S = WRITES_S + HISTORY_S + SPILL_S + CLOSE_S + LOG_S
"""The longest shutdown of a worker; a supervisor must wait longer."""

REQUESTS_S = 5  # requests in flight of an API

API_S = REQUESTS_S + TELEMETRY_S + CLOSE_S + LOG_S
"""The longest shutdown of an API."""

PATIENCE_S = 2.0
"""The seconds that a supervisor waits beyond these before it kills a process."""
