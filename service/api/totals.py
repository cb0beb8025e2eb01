"""Counters summed over all workers that were seen, so that none decreases."""

from collections import Counter, OrderedDict
from itertools import zip_longest
from typing import TypeVar

from schema.heartbeat import Counted, IamReport, SourceReport, WorkerReport

WORKERS_KEPT = 16  # workers that may still report; two overlap during a deployment


class Totals:
    """Sum the workers' counters since this process first read a report.

    A new worker starts its counters at zero, and the reports of two overlapping workers alternate.
    Prometheus would take each change for a restart and count again, so the last report of each
    worker is kept, and their counters are summed.
    """

    def __init__(self) -> None:
        self._reports: OrderedDict[str, WorkerReport] = OrderedDict()

    def of(self, report: WorkerReport) -> WorkerReport:
        """Return the newest report with the counters of all workers."""
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
    """Return the newer report with the counters of both."""
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
