"""Log each change of a source's state once."""

import structlog

from schema.heartbeat import Breaker, SourceReport
from service.outcome import Outcome

log = structlog.get_logger()


def log_changes(before: SourceReport, known: SourceReport, outcome: Outcome) -> None:
    """Log how a cycle has changed a source's state.

    Args:
        before: Its state before the cycle.
        known: Its state now.
        outcome: The result of its write.
    """
    say = log.bind(source=outcome.source)
    if known.last_result != before.last_result and not (outcome.ok and not before.last_result):
        changed = say.info if outcome.ok else say.warning
        changed(
            "source_recovered" if outcome.ok else "source_failing",
            error=None if outcome.ok else outcome.result,
            detail=outcome.detail or None,
            failing_since=before.failing_since,
        )
    if known.warning and known.warning != before.warning:
        detail = outcome.detail or None
        say.warning("source_partly_written", error=known.warning, detail=detail)
    if before.warning and not known.warning and outcome.ok:
        say.info("source_wholly_written")
    if known.breaker is Breaker.OPEN and before.breaker is Breaker.CLOSED:
        say.warning("breaker_opened", failures=known.consecutive_failures)
    if known.breaker is Breaker.CLOSED and before.breaker is not Breaker.CLOSED:
        say.info("breaker_closed")
