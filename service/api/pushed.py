"""Push this process's metrics, if an endpoint is set."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from prometheus_client.core import Metric

from service.api.live import Live
from service.api.metering import DURATION, DURATION_BUCKETS_S, DURATION_TEXT, Meters
from service.api.metrics import Facts, alert_metrics
from service.verdict.watch import Watch

if TYPE_CHECKING:  # imported only for alerts or OpenTelemetry
    from service.alerts.alerting import Alerting
    from service.telemetry.push import Push


@asynccontextmanager
async def pushed(
    push: "Push | None", watch: Watch, live: Live, meters: Meters, alerting: "Alerting | None"
) -> AsyncIterator[None]:
    """Push metrics while the block runs; do nothing without `push`.

    The worker's metrics are left out, because the worker pushes them itself.
    """
    if push is None:
        yield
        return
    durations = push.histogram(DURATION, DURATION_TEXT, DURATION_BUCKETS_S)
    name = watch.settings.process.name

    async def collect() -> Sequence[Metric]:
        found = Facts(await watch.snapshot(), watch.readers, live, meters)
        return [*meters.registry.collect(), *found.own(), *alert_metrics(alerting)]

    def timed(route: str, seconds: float) -> None:
        durations.record(seconds, {"name": name, "route": route})

    meters.timed = timed
    await push.start(collect)
    try:
        yield
    finally:
        await push.stop()
