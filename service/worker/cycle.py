"""One cycle: write one stamp to all sources concurrently, each with its own deadline."""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import anyio
import structlog

from schema.errors import ErrorWord
from schema.heartbeat import Breaker, Counted, Heartbeat, SourceReport
from schema.history import LATENCY_BOUNDS_MS
from service.errors import SourceError, SupersededError
from service.outcome import Outcome
from service.shutdown import WRITES_S
from service.source import Source
from service.worker.write import Write, retried

BREAKER_OPENS_AFTER = 3  # failed cycles

log = structlog.get_logger()


async def stamp_all(
    sources: Mapping[str, Source],
    heartbeat: Heartbeat,
    deadline_s: float,
    probed: Collection[str] = (),
    stop: anyio.Event | None = None,
) -> list[Outcome]:
    """Write one stamp to every source concurrently; a slow one delays no other.

    Args:
        sources: The sources by slug.
        heartbeat: The stamp.
        deadline_s: Seconds for each source, including retries.
        probed: Sources with an open breaker: one attempt, no retries.
        stop: Once it is set, writes in flight have nine seconds.

    Returns:
        One outcome per source, in their order, except those where another worker has taken over in
        the meantime. A source's failure raises nothing.
    """
    outcomes: dict[str, Outcome] = {}
    end = anyio.current_time() + deadline_s
    scopes = {name: anyio.CancelScope(deadline=end) for name in sources}

    async def run(name: str) -> None:
        retry_for_s = 0.0 if name in probed else deadline_s
        try:
            outcome = await _stamp(name, sources[name], heartbeat, retry_for_s, scopes[name])
        except SupersededError:  # it would have written an old stamp, and nothing failed
            log.info("write_superseded", source=name)
        else:
            outcomes[name] = outcome

    async with anyio.create_task_group() as cutter:
        if stop is not None:
            cutter.start_soon(_cut_short, stop, list(scopes.values()))
        async with anyio.create_task_group() as tasks:
            for name in sources:
                tasks.start_soon(run, name)
        cutter.cancel_scope.cancel()
    return [outcomes[name] for name in sources if name in outcomes]


async def _stamp(
    name: str, source: Source, heartbeat: Heartbeat, retry_for_s: float, scope: anyio.CancelScope
) -> Outcome:
    """Write one stamp to one source within `scope`, with retries for transient errors."""
    write = Write(name, source, heartbeat)
    with scope:
        try:
            await retried(write.attempt, retry_for_s)
        except SupersededError:
            raise
        except SourceError:
            pass  # its word is in the result
        except Exception as error:  # a defect in one source must not stop the others
            log.exception("source_defect", source=name)
            write.result, write.detail, write.cause = ErrorWord.FAILED, type(error).__name__, None
    return write.outcome()


async def _cut_short(stop: anyio.Event, scopes: Sequence[anyio.CancelScope]) -> None:
    await stop.wait()
    for scope in scopes:
        scope.deadline = min(scope.deadline, anyio.current_time() + WRITES_S)


R = TypeVar("R", bound=SourceReport)


def after(report: R, outcome: Outcome, now: datetime) -> R:
    """Update a source's state with one outcome; the breaker follows from the failures."""
    failures = 0 if outcome.ok else report.consecutive_failures + 1
    return report.model_copy(
        update={
            "last_result": outcome.result,
            "cause": outcome.cause,
            "warning": outcome.warning,
            "attempts": outcome.attempts,
            "latency_ms": round(outcome.latency_ms, 3),
            "consecutive_failures": failures,
            "failing_since": None if outcome.ok else report.failing_since or now,
            "last_success": outcome.stamp if outcome.ok else report.last_success,
            "breaker": Breaker.OPEN if failures >= BREAKER_OPENS_AFTER else Breaker.CLOSED,
            "counted": _count(report.counted, outcome),
        }
    )


def _count(counted: Counted, outcome: Outcome) -> Counted:
    word = str(outcome.result)
    bucket = bisect_right(LATENCY_BOUNDS_MS, outcome.latency_ms)
    durations = [*counted.durations, *[0] * (bucket + 1 - len(counted.durations))]
    durations[bucket] += 1
    return Counted(
        writes={**counted.writes, word: counted.writes.get(word, 0) + 1},
        attempts=counted.attempts + outcome.attempts,
        durations=tuple(durations),
        duration_seconds=counted.duration_seconds + outcome.latency_ms / 1000,
    )
