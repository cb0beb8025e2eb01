"""Disturbances that tests request: errors, delays, silence, cut connections, lower limits."""

import threading
import time
from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel, Field

from local.aws.wire.errors import AwsError
from local.aws.wire.message import Cut

EVERY = "*"


class Fault(BaseModel):
    """One disturbance of one operation.

    Attributes:
        operation: An operation's name as AWS's API has it, or * for all.
        latency_s: Seconds to wait before anything else happens.
        code: An error to answer with instead of doing the operation.
        hang: Answer nothing until the faults are cleared, then cut.
        cut: Close the connection: `before` the operation is done, or `after`, so that it took
            effect and only the answer is lost.
        times: For how many calls; None until cleared.
    """

    operation: str = EVERY
    latency_s: float = Field(default=0, ge=0)
    code: str | None = None
    status: int = 400
    message: str = "fault requested by the control"
    hang: bool = False
    cut: Literal["before", "after"] | None = None
    times: int | None = Field(default=None, ge=1)


class Faults:
    """The disturbances in force; safe to change from another thread.

    Args:
        sleep: Waits so many seconds.

    Attributes:
        hanging: Calls that wait for `clear` at this moment.
    """

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self.hanging = 0
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._cleared = threading.Event()

    def add(self, fault: Fault) -> None:
        """Add a fault, after earlier ones of the same operation."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """End all disturbances; calls that hang are cut."""
        with self._lock:
            self._faults.clear()
            cleared, self._cleared = self._cleared, threading.Event()
        cleared.set()

    def before(self, operation: str) -> Fault | None:
        """Disturb a call of `operation` before it is done; blocks as long as the fault requires.

        Returns:
            The fault, if the call continues and is disturbed once it is done.

        Raises:
            Cut: The connection is to be closed.
            AwsError: The requested error.
        """
        with self._lock:
            fault, cleared = self._take(operation), self._cleared
        if fault is None:
            return None
        if fault.latency_s:
            self._sleep(fault.latency_s)
        if fault.hang:
            self._hang(cleared)
            raise Cut
        if fault.cut == "before":
            raise Cut
        if fault.code is not None:
            raise AwsError(fault.code, fault.message, fault.status)
        return fault

    def _hang(self, cleared: threading.Event) -> None:
        with self._lock:
            self.hanging += 1
        cleared.wait()
        with self._lock:
            self.hanging -= 1

    def _take(self, operation: str) -> Fault | None:
        for fault in self._faults:
            if fault.operation in (EVERY, operation):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self._faults.remove(fault)
                return fault
        return None
