"""The results of each cycle as a trace and in a histogram."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from opentelemetry.util.types import AnyValue

from schema.history import LATENCY_BOUNDS_MS
from service.outcome import Outcome
from service.telemetry.push import Push

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Cycles:
    """Takes the outcomes of every cycle, after its end.

    Args:
        push: The exporters.
        name: `HEARTBEAT_NAME`.
    """

    def __init__(self, push: Push, name: str) -> None:
        self._name = name
        self._tracer = push.tracer
        self._durations = push.histogram(
            "heartbeat_worker_write_duration_seconds",
            "How long the last attempt of each write took.",
            [bound / 1000 for bound in LATENCY_BOUNDS_MS[::2]],
        )

    def take(self, outcomes: Sequence[Outcome]) -> None:
        """Pass one cycle to the SDK, which sends it later."""
        for outcome in outcomes:
            labels = {"name": self._name, "source": outcome.source}
            self._durations.record(outcome.latency_ms / 1000, labels)
        if outcomes:
            self._trace(outcomes)

    def _trace(self, outcomes: Sequence[Outcome]) -> None:
        started = outcomes[0].stamp
        about = {"heartbeat.name": self._name, "heartbeat.stamp": started.isoformat()}
        cycle = self._tracer.start_span(
            "cycle", Context(), attributes=about, start_time=ns(started)
        )
        context = set_span_in_context(cycle, Context())
        ends = [self._write(outcome, context) for outcome in outcomes]
        failed = [outcome.source for outcome in outcomes if not outcome.ok]
        if failed:
            cycle.set_status(StatusCode.ERROR, f"not written: {', '.join(failed)}")
        cycle.end(max(ends))

    def _write(self, outcome: Outcome, context: Context) -> int:
        """Add the span of one source; return its end."""
        about: dict[str, AnyValue] = {
            "heartbeat.source": outcome.source,
            "heartbeat.result": str(outcome.result),
            "heartbeat.attempts": outcome.attempts,
        }
        for key, value in (("cause", outcome.cause), ("warning", outcome.warning)):
            if value is not None:
                about[f"heartbeat.{key}"] = str(value)
        span = self._tracer.start_span(
            f"write {outcome.source}",
            context,
            SpanKind.CLIENT,
            attributes=about,
            start_time=ns(outcome.stamp),
        )
        _add_attempts(span, outcome)
        if not outcome.ok:
            span.set_status(StatusCode.ERROR, str(outcome.result))
        last_s = outcome.tries[-1].ended_s if outcome.tries else 0.0
        end = ns(outcome.stamp, last_s)
        span.end(end)
        return end


def _add_attempts(span: Span, outcome: Outcome) -> None:
    for number, each in enumerate(outcome.tries, 1):
        about: dict[str, AnyValue] = {
            "heartbeat.attempt": number,
            "heartbeat.result": str(each.result),
            "heartbeat.duration_seconds": round(each.ended_s - each.began_s, 6),
        }
        span.add_event("attempt", about, ns(outcome.stamp, each.ended_s))


def ns(moment: datetime, later_s: float = 0.0) -> int:
    """Convert to nanoseconds since 1970, without the rounding of a float."""
    return (moment - EPOCH + timedelta(seconds=later_s)) // timedelta(microseconds=1) * 1000
