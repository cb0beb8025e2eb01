"""Measure how long each stamp takes to arrive at the stores' replicas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import anyio
import structlog

from schema.errors import ErrorWord
from schema.heartbeat import Heartbeat, ReplicaReport, Result
from schema.history import replica_of
from service.errors import SourceError
from service.outcome import Outcome
from service.source import Replica, Source

WAIT_MOST_S = 20.0  # a stamp that takes longer is late
WAIT_INTERVALS = 1 / 3
LOOK_FIRST_S = 0.02  # between two looks; doubles up to the last
LOOK_LAST_S = 1.0
ANSWER_S = 2.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Seen:
    """The result of looking for one stamp at one replica.

    Attributes:
        newest: The newest stamp there, None if none was read.
        after_s: Time from the write until the stamp was seen; None if it was not.
        error: Why the last look failed, None if it did not.
        detail: The driver's message about it.
    """

    newest: datetime | None = None
    after_s: float | None = None
    error: ErrorWord | None = None
    detail: str = ""


class Replicas:
    """Follows the stamps of one worker to the replicas.

    Args:
        sources: All sources; those without a replica are ignored.
        interval_s: Seconds between stamps.

    Attributes:
        reports: The last reports, by the source's slug.
    """

    def __init__(self, sources: Mapping[str, Source], interval_s: float) -> None:
        found = {name: source.replica for name, source in sources.items()}
        self._replicas = {name: replica for name, replica in found.items() if replica}
        self._wait_s = min(WAIT_MOST_S, interval_s * WAIT_INTERVALS)
        self.reports: dict[str, ReplicaReport] = {}

    @property
    def any(self) -> bool:
        """Whether any store has a replica."""
        return bool(self._replicas)

    async def follow(
        self, heartbeat: Heartbeat, outcomes: Sequence[Outcome], began: float
    ) -> list[Outcome]:
        """Wait for a stamp at the replicas of the stores that were written.

        Args:
            heartbeat: The stamp.
            outcomes: The results of its writes.
            began: When they began, in the event loop's seconds.

        Returns:
            One outcome per replica, for the history: its latency is the lag.
        """
        found: list[Outcome] = []

        async def look(outcome: Outcome, replica: Replica) -> None:
            written = began + (outcome.tries[-1].ended_s if outcome.tries else 0.0)
            seen = await self._seen(replica, heartbeat.timestamp, written)
            found.append(self._learn(outcome.source, heartbeat.timestamp, seen))

        async with anyio.create_task_group() as tasks:
            for outcome in outcomes:
                replica = self._replicas.get(outcome.source)
                if replica is not None and outcome.ok:
                    tasks.start_soon(look, outcome, replica)
        return found

    async def _seen(self, replica: Replica, stamp: datetime, written: float) -> _Seen:
        seen, pause_s = _Seen(), LOOK_FIRST_S
        with anyio.move_on_at(max(written, anyio.current_time()) + self._wait_s):
            while True:
                seen = await _look(replica, seen)
                if seen.newest is not None and seen.newest >= stamp:
                    return _Seen(seen.newest, max(0.0, anyio.current_time() - written))
                await anyio.sleep(pause_s)
                pause_s = min(2 * pause_s, LOOK_LAST_S)
        return seen

    def _learn(self, name: str, stamp: datetime, seen: _Seen) -> Outcome:
        before = self.reports.get(name, ReplicaReport())
        late = seen.after_s is None
        behind_s = (stamp - seen.newest).total_seconds() if late and seen.newest else seen.after_s
        known = ReplicaReport(
            stamp=seen.newest,
            lag_seconds=behind_s,
            waited_seconds=self._wait_s if late else None,
            error=seen.error,
            failing_since=before.failing_since or stamp if late else None,
        )
        self.reports[name] = known
        self._tell(name, before, known, seen.detail)
        result: Result = (seen.error or ErrorWord.TIMEOUT) if late else "ok"
        latency_ms = 1000 * (seen.after_s if seen.after_s is not None else self._wait_s)
        return Outcome(replica_of(name), stamp, result, attempts=1, latency_ms=latency_ms)

    def _tell(self, name: str, before: ReplicaReport, known: ReplicaReport, detail: str) -> None:
        late, was_late = known.failing_since is not None, before.failing_since is not None
        if late and (not was_late or known.error is not before.error):
            log.warning(
                "replica_late",
                source=name,
                lag_s=known.lag_seconds,
                error=known.error,
                detail=detail or None,
            )
        elif was_late and not late:
            log.info("replica_caught_up", source=name, since=before.failing_since)


async def _look(replica: Replica, before: _Seen) -> _Seen:
    try:
        with anyio.fail_after(ANSWER_S):
            return _Seen(await replica.newest())
    except SourceError as error:
        return _Seen(before.newest, error=error.word, detail=error.detail)
    except TimeoutError:
        return _Seen(before.newest, error=ErrorWord.TIMEOUT)
