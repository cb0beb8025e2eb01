"""Checks after each cycle: which server took the stamp, and when it reaches the replicas."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import anyio

from schema.heartbeat import Heartbeat, WorkerReport
from service.outcome import Outcome
from service.source import Source
from service.worker.replicas import Replicas
from service.worker.servers import Servers

INSTANT = timedelta(milliseconds=1)

Record = Callable[[datetime, float, Sequence[Outcome]], None]
"""Takes the outcomes of a slot; see `Recorder.record`."""


class StoreChecks:
    """Checks replicas and servers, in the time until the next cycle.

    Args:
        sources: All sources.
        interval_s: Seconds between cycles.
        record: Keeps the results in the history, None to drop them.
        now: The clock of the stamps.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        interval_s: float,
        record: Record | None,
        now: Callable[[], datetime],
    ) -> None:
        self._replicas = Replicas(sources, interval_s)
        self._servers = Servers(sources, interval_s)
        self._interval_s = interval_s
        self._record = record
        self._now = now

    def add_to(self, report: WorkerReport) -> WorkerReport:
        """Add the last results to the report."""
        seen = {"replicas": dict(self._replicas.reports), "servers": dict(self._servers.reports)}
        return report.model_copy(update=seen)

    async def look(
        self,
        slot: datetime,
        heartbeat: Heartbeat,
        outcomes: Sequence[Outcome],
        began: float,
        stop: anyio.Event,
    ) -> None:
        """Check until all results are known, or `stop` is set.

        Args:
            slot: The cycle's slot.
            heartbeat: Its stamp.
            outcomes: The results of its writes.
            began: When they began, in the event loop's seconds.
            stop: Ends it immediately.
        """
        if not (self._servers.due or self._replicas.any):
            return
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_cancel_after, stop, tasks.cancel_scope)
            promoted = await self._servers.look(outcomes, self._now())
            self._note(slot, promoted)
            # A promotion is a moment: its incident begins and ends at once.
            over = [replace(each, result="ok") for each in promoted]
            self._note(max(self._now(), slot + INSTANT), over)
            self._note(slot, await self._replicas.follow(heartbeat, outcomes, began))
            tasks.cancel_scope.cancel()

    def _note(self, slot: datetime, outcomes: Sequence[Outcome]) -> None:
        if outcomes and self._record is not None:
            self._record(slot, self._interval_s, outcomes)


async def _cancel_after(event: anyio.Event, scope: anyio.CancelScope) -> None:
    await event.wait()
    scope.cancel()
