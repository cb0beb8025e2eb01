"""Counters of the stand-in: calls by operation and result, and TLS connections."""

import threading
from collections import Counter, defaultdict

from pydantic import BaseModel


class Counts(BaseModel):
    """A snapshot.

    Attributes:
        calls: By operation, then by result: `ok`, AWS's error type, `cut` (no answer was sent).
        tls_connections: Handshakes completed.
        hanging: Calls that hang at this moment, by a fault.
    """

    calls: dict[str, dict[str, int]]
    tls_connections: int
    hanging: int

    def total(self, operation: str) -> int:
        """Call of `operation`, whatever their result."""
        return sum(self.calls.get(operation, {}).values())


class Counters:
    """Counts, safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def call(self, operation: str, result: str) -> None:
        """Count one call."""
        with self._lock:
            self._calls[operation][result] += 1

    def connection(self) -> None:
        """Count one completed handshake."""
        with self._lock:
            self._connections += 1

    def snapshot(self, hanging: int) -> Counts:
        """Return the counts now."""
        with self._lock:
            calls = {operation: dict(results) for operation, results in self._calls.items()}
            return Counts(calls=calls, tls_connections=self._connections, hanging=hanging)

    def reset(self) -> None:
        """Set all counters to zero."""
        with self._lock:
            self._calls: dict[str, Counter[str]] = defaultdict(Counter)
            self._connections = 0
