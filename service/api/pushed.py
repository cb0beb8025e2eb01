"""What `/metrics` says of this process, pushed where somebody wants it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from prometheus_client.core import Metric

from service.api.live import Live
from service.api.metering import DURATION, DURATION_BUCKETS_S, DURATION_TEXT, Meters
from service.api.metrics import Facts, told
from service.verdict.watch import Watch

if TYPE_CHECKING:  # what only those need who tell somebody, or push
    from service.alerts.alerting import Alerting
    from service.telemetry.push import Push


@asynccontextmanager
async def pushed(
    push: "Push | None", watch: Watch, live: Live, meters: Meters, alerting: "Alerting | None"
) -> AsyncIterator[None]:
    """Push for the time of the block; nothing without `push`.

    What is known of the worker is left out, since the worker pushes that itself.
    """
    if push is None:
        yield
        return
    durations = push.histogram(DURATION, DURATION_TEXT, DURATION_BUCKETS_S)
    name = watch.settings.process.name

    async def collect() -> Sequence[Metric]:
        found = Facts(await watch.snapshot(), watch.readers, live, meters)
        return [*meters.registry.collect(), *found.own(), *told(alerting)]

    def timed(route: str, seconds: float) -> None:
        durations.record(seconds, {"name": name, "route": route})

    meters.timed = timed
    await push.start(collect)
    try:
        yield
    finally:
        await push.stop()
