"""The worker's loop: one cycle after the other, at a fixed interval, until a signal arrives."""

import math
import os
import socket
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import anyio
import structlog
from anyio import Event

from schema.heartbeat import Breaker, Heartbeat, ProcessReport, SourceReport, WorkerReport
from schema.timestamps import utc_now
from service.lease.lease import Lease
from service.outcome import Outcome
from service.process import ProcessSettings
from service.source import Source
from service.version import version
from service.worker.changes import log_changes
from service.worker.cycle import after, stamp_all
from service.worker.memory import resident_bytes
from service.worker.schedule import Schedule
from service.worker.store_checks import StoreChecks

log = structlog.get_logger()


class Recorder(Protocol):
    """Takes the outcomes of each cycle."""

    def record(self, slot: datetime, interval_s: float, outcomes: Sequence[Outcome]) -> None:
        """Take the outcomes of one cycle; returns immediately, and never fails."""
        ...

    def add_to(self, report: WorkerReport) -> WorkerReport:
        """Add the recorder's state to the worker's report."""
        ...


class Worker:
    """The loop, and its knowledge of every source.

    Args:
        settings: Name, interval and deadline.
        sources: The sources by slug, including the AWS identity.
        recorder: Takes the outcomes; None to drop them.
        lease: Decides whether to write or to stand by; None to always write.
        now: The clock of the stamps.
        observe: Called with the outcomes of each cycle; returns immediately, and never fails.
    """

    def __init__(
        self,
        settings: ProcessSettings,
        sources: Mapping[str, Source],
        recorder: Recorder | None = None,
        *,
        lease: Lease | None = None,
        now: Callable[[], datetime] = utc_now,
        observe: Callable[[Sequence[Outcome]], None] = lambda _: None,
    ) -> None:
        self.settings = settings
        self.sources = sources
        self.id = lease.holder if lease else new_id()
        self.cycles = 0
        self.lateness_s = 0.0
        self.started_at = now()
        self.reports: dict[str, SourceReport] = {name: SourceReport() for name in sources}
        self.next_due = anyio.current_time()
        self._recorder = recorder
        self.lease = lease
        self._beat_at: float | None = None
        self._store_checks = StoreChecks(
            sources, settings.interval_s, recorder.record if recorder else None, now
        )
        self._observe = observe
        self._now = now

    @property
    def interval_s(self) -> float:
        """Seconds between two cycles."""
        return self.settings.interval_s

    async def run(self, stop: Event) -> None:
        """Run the first cycle immediately, then one per interval, until `stop` is set.

        A standby runs only its first cycle, which proves that it can. When it becomes the leader,
        it writes immediately. Writes in flight have nine seconds to end after `stop`.
        """
        schedule = Schedule(anyio.current_time(), self._now(), self.interval_s)
        log.info("worker_started", worker=self.id, version=version(), sources=list(self.sources))
        cycle = -1
        while not stop.is_set():
            last, cycle = cycle, schedule.next_cycle(anyio.current_time(), cycle)
            if cycle > last + 1:
                log.warning("cycles_skipped", cycles=cycle - last - 1)
            self.next_due = schedule.due(cycle)
            if await self._takes_over(stop):
                schedule = Schedule(anyio.current_time(), self._now(), self.interval_s)
                cycle = 0
            elif stop.is_set():
                break
            schedule = self._by_wall_clock(schedule)
            self.next_due = schedule.due(cycle + 1)  # for the liveness check
            if self.lease is None or await self.lease.begin(first=self._beat_at is None):
                await self._cycle(schedule, cycle, stop)
        log.info("worker_stopped", worker=self.id, cycles=self.cycles)

    @property
    def _owes_at(self) -> float:
        """Return when this worker must write, if it leads."""
        return -math.inf if self._beat_at is None else self._beat_at + self.interval_s

    async def _takes_over(self, stop: Event) -> bool:
        """Wait until the next cycle is due or `stop` is set; True if it must write before that.

        A worker that wrote less than an interval ago waits for its next cycle.
        """
        lease = self.lease
        if lease is not None and not lease.leads:
            leads = await _before(self.next_due, stop, lease)
            if leads and anyio.current_time() >= self._owes_at:
                return True
        with anyio.move_on_at(self.next_due):
            await stop.wait()
        return False

    def report(self, next_due: datetime) -> WorkerReport:
        """Return the worker's report."""
        report = WorkerReport(
            id=self.id,
            version=version(),
            started_at=self.started_at,
            interval_seconds=self.interval_s,
            next_due=next_due,
            cycles=self.cycles,
            sources=self.reports,
            process=ProcessReport(
                resident_bytes=resident_bytes(),
                cpu_seconds=time.process_time(),
                lateness_seconds=max(0.0, self.lateness_s),
            ),
        )
        for source in self.sources.values():
            report = source.add_to(report)
        report = self._store_checks.add_to(report)
        if self.lease is not None:
            report = self.lease.add_to(report)
        return report if self._recorder is None else self._recorder.add_to(report)

    def _by_wall_clock(self, schedule: Schedule) -> Schedule:
        """Follow a wall clock that was set; otherwise slots would be wrong until the next start."""
        step = schedule.step(anyio.current_time(), self._now())
        if not step:
            return schedule
        log.warning("clock_was_set", seconds=round(step.total_seconds(), 3))
        return schedule.moved(step)

    async def _cycle(self, schedule: Schedule, cycle: int, stop: Event) -> None:
        self._beat_at = anyio.current_time()
        self.lateness_s = self._beat_at - schedule.due(cycle)
        heartbeat = Heartbeat(
            name=self.settings.name,
            timestamp=self._now(),
            interval_seconds=self.interval_s,
            report=self.report(schedule.due_at(cycle + 1)),
        )
        probed = [name for name, r in self.reports.items() if r.breaker is Breaker.OPEN]
        for name in probed:
            half_open = {"breaker": Breaker.HALF_OPEN}
            self.reports[name] = self.reports[name].model_copy(update=half_open)
        began = anyio.current_time()
        outcomes = await stamp_all(
            self.sources, heartbeat, self.settings.write_deadline_s, probed, stop
        )
        for outcome in outcomes:
            self._learn(outcome)
        self.cycles += 1
        self._observe(outcomes)
        if self._recorder is not None:
            self._recorder.record(schedule.slot(cycle), self.interval_s, outcomes)
        self._log_cycle(heartbeat, outcomes)
        with anyio.move_on_at(self.next_due):
            await self._store_checks.look(schedule.slot(cycle), heartbeat, outcomes, began, stop)

    def _learn(self, outcome: Outcome) -> None:
        before = self.reports[outcome.source]
        self.reports[outcome.source] = after(before, outcome, self._now())
        log_changes(before, self.reports[outcome.source], outcome)

    def _log_cycle(self, heartbeat: Heartbeat, outcomes: Sequence[Outcome]) -> None:
        log.info(
            "cycle",
            cycle=self.cycles,
            stamp=heartbeat.timestamp.isoformat(),
            lateness_ms=round(self.lateness_s * 1000, 1),
            **{o.source: {"result": o.result, "ms": round(o.latency_ms, 1)} for o in outcomes},
        )


def new_id() -> str:
    """Return a unique id for this process."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"


async def _before(due: float, stop: Event, lease: Lease) -> bool:
    """Wait until this worker leads; False if `due` or `stop` comes first."""
    leading = False
    with anyio.move_on_at(due):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_cancel_after, stop, tasks.cancel_scope)
            await lease.until_leading()
            leading = True
            tasks.cancel_scope.cancel()
    return leading


async def _cancel_after(event: Event, scope: anyio.CancelScope) -> None:
    await event.wait()
    scope.cancel()
