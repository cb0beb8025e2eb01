"""A client of the control, with which tests and benches disturb the stand-in."""

import http.client
import json
from dataclasses import dataclass
from typing import Any, Literal

from local.aws.control.faults import EVERY, Fault
from local.aws.wire.counters import Counts

_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Control:
    """The control of one running stand-in; every call blocks until it takes effect.

    Operations are named as in AWS's API: `UpdateSecret`, `CreateSession`, `GetCallerIdentity`;
    `*` means all of them. A `times` of None lasts until `clear`.
    """

    port: int

    def fail(
        self,
        operation: str,
        code: str,
        *,
        status: int = 400,
        message: str = "fault requested by the control",
        times: int | None = None,
    ) -> None:
        """Answer with AWS's error `code` instead of doing the operation."""
        fault = Fault(operation=operation, code=code, status=status, message=message, times=times)
        self._add(fault)

    def throttle(self, operation: str = EVERY, *, times: int | None = None) -> None:
        """Answer with ThrottlingException."""
        self.fail(operation, "ThrottlingException", message="Rate exceeded", times=times)

    def delay(self, operation: str, seconds: float, *, times: int | None = None) -> None:
        """Wait `seconds` before doing the operation."""
        self._add(Fault(operation=operation, latency_s=seconds, times=times))

    def hang(self, operation: str = EVERY, *, times: int | None = None) -> None:
        """Answer nothing until `clear`, then close the connection."""
        self._add(Fault(operation=operation, hang=True, times=times))

    def cut(
        self,
        operation: str = EVERY,
        when: Literal["before", "after"] = "before",
        *,
        times: int | None = None,
    ) -> None:
        """Close the connection without an answer, before the operation is done or after."""
        self._add(Fault(operation=operation, cut=when, times=times))

    def clear(self) -> None:
        """End all faults."""
        self._post("/faults/clear", {})

    def limit(self, operation: str, per_second: float) -> None:
        """Set how many calls a second are accepted; 0 refuses all."""
        self._post("/limits", {"operation": operation, "per_second": per_second})

    def session_lifetime(self, seconds: float | None) -> None:
        """Set the lifetime of new sessions, whatever they request; None for AWS's rules."""
        self._post("/sessions", {"lifetime_s": seconds})

    def advance(self, seconds: float) -> None:
        """Let time pass in AWS, while its clients' signatures stay on time."""
        self._post("/clock", {"advance_s": seconds})

    def skew(self, seconds: float) -> None:
        """Set AWS's clock so far ahead of its clients' (behind, if negative)."""
        self._post("/clock", {"skew_s": seconds})

    def counts(self) -> Counts:
        """Return what has been seen since the start or the last `reset_counts`."""
        return Counts.model_validate(self._post("/counters", {}))

    def reset_counts(self) -> None:
        """Count from zero again."""
        self._post("/counters/reset", {})

    def reset(self) -> None:
        """Undo everything: faults, limits, lifetime, clock and counts. Stored data stay."""
        self._post("/reset", {})

    def _add(self, fault: Fault) -> None:
        self._post("/faults", fault.model_dump())

    def _post(self, path: str, document: dict[str, Any]) -> Any:  # Any: JSON
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT_S)
        try:
            connection.request("POST", path, json.dumps(document))
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != http.client.OK:
            raise ValueError(answer["error"])
        return answer
