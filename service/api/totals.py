"""Counters of workers, summed over every worker that was seen, so that none goes down."""

from collections import Counter, OrderedDict
from itertools import zip_longest
from typing import TypeVar

from schema.heartbeat import Counted, IamReport, SourceReport, WorkerReport

WORKERS_KEPT = 16  # that may still report; a deployment overlaps two


class Totals:
    """What all workers have counted since this process first read a report.

    A worker that is replaced takes its counters with it, and two that overlap take turns in being
    the newest. Prometheus would read each turn as a restart and count it again, so the last report
    of each worker is kept, and their counters are summed.
    """

    def __init__(self) -> None:
        self._reports: OrderedDict[str, WorkerReport] = OrderedDict()

    def of(self, report: WorkerReport) -> WorkerReport:
        """Give the newest report with the counters of every worker in it."""
        known = self._reports.get(report.id)
        if known is None or known.cycles <= report.cycles:
            self._reports[report.id] = report
        while len(self._reports) > WORKERS_KEPT:
            _, first = self._reports.popitem(last=False)
            second_id, second = self._reports.popitem(last=False)
            self._reports[second_id] = _summed(second, first)
            self._reports.move_to_end(second_id, last=False)
        total = self._reports[report.id]
        for worker, other in self._reports.items():
            if worker != report.id:
                total = _summed(total, other)
        return total


def _summed(newest: WorkerReport, other: WorkerReport) -> WorkerReport:
    """The newest report, with both reports' counters."""
    nothing = SourceReport()
    sources = {
        name: _with(newest.sources.get(name, nothing), other.sources.get(name, nothing))
        for name in {**newest.sources, **other.sources}
    }
    iam = _with(newest.iam or IamReport(), other.iam or IamReport())
    cpu_seconds = newest.process.cpu_seconds + other.process.cpu_seconds
    return newest.model_copy(
        update={
            "cycles": newest.cycles + other.cycles,
            "sources": sources,
            "iam": iam if newest.iam or other.iam else None,
            "aws_calls": newest.aws_calls + other.aws_calls,
            "aws_throttles": newest.aws_throttles + other.aws_throttles,
            "aws_calls_by_operation": _added(
                newest.aws_calls_by_operation, other.aws_calls_by_operation
            ),
            "aws_throttles_by_operation": _added(
                newest.aws_throttles_by_operation, other.aws_throttles_by_operation
            ),
            "history_dropped": newest.history_dropped + other.history_dropped,
            "process": newest.process.model_copy(update={"cpu_seconds": cpu_seconds}),
        }
    )


R = TypeVar("R", bound=SourceReport)


def _with(report: R, other: SourceReport) -> R:
    one, two = report.counted, other.counted
    counted = Counted(
        writes=_added(one.writes, two.writes),
        attempts=one.attempts + two.attempts,
        durations=tuple(a + b for a, b in zip_longest(one.durations, two.durations, fillvalue=0)),
        duration_seconds=one.duration_seconds + two.duration_seconds,
    )
    return report.model_copy(update={"counted": counted})


def _added(one: dict[str, int], two: dict[str, int]) -> dict[str, int]:
    return dict(Counter(one) + Counter(two))
