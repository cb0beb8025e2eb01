"""The current metrics as instruments of OpenTelemetry."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError

import structlog
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from prometheus_client.core import Metric

ASK_S = 2.0  # how long a collection waits for a busy event loop; then it is empty
FRESH_S = 0.2  # one collection reads the metrics once for all instruments

log = structlog.get_logger()

Collect = Callable[[], Awaitable[Iterable[Metric]]]
"""Returns the current metrics; runs on the event loop."""


class Instruments:
    """One instrument for each metric of `/metrics`, with the same name.

    The SDK reads instruments in its own thread, but the metrics belong to the event loop. So that
    thread calls the loop and waits for it, never the other way round. Histograms are left out,
    because OpenTelemetry has no observable ones.

    Args:
        meter: Creates the instruments.
        name: `HEARTBEAT_NAME`, a label of every metric here as in `/metrics`.
    """

    def __init__(self, meter: Meter, name: str) -> None:
        self._meter = meter
        self._name = name
        self._declared: set[str] = set()
        self._found: Mapping[str, Metric] = {}
        self._asked_at = float("-inf")
        self._ask: Callable[[], Mapping[str, Metric]] | None = None

    async def start(self, collect: Collect) -> None:
        """Set the function that returns the metrics; called on its event loop."""
        loop = asyncio.get_running_loop()

        async def found() -> Mapping[str, Metric]:
            return {metric.name: metric for metric in await collect()}

        def ask() -> Mapping[str, Metric]:
            asking = found()
            try:
                return asyncio.run_coroutine_threadsafe(asking, loop).result(ASK_S)
            except RuntimeError:  # the loop is closed, and nothing will await it
                asking.close()
                raise

        self._found = await found()
        self.declare()
        self._ask = ask

    def end(self) -> None:
        """Stop calling the loop; called on it."""
        self._ask = None

    def declare(self) -> None:
        """Create the instruments of new metrics.

        Never while the SDK collects, because it then holds a lock and waits for the loop.
        """
        for metric in self._found.values():
            if metric.name in self._declared or metric.type not in {"counter", "gauge"}:
                continue
            make = (
                self._meter.create_observable_counter
                if metric.type == "counter"
                else self._meter.create_observable_gauge
            )
            make(metric.name, [self._callback(metric.name)], description=metric.documentation)
            self._declared.add(metric.name)

    def _callback(self, name: str) -> Callable[[CallbackOptions], Iterator[Observation]]:
        def observe(_: CallbackOptions) -> Iterator[Observation]:
            metric = self._fresh().get(name)
            for sample in metric.samples if metric else ():
                if sample.name in {name, f"{name}_total"}:  # and not when it was created
                    yield Observation(float(sample.value), {"name": self._name, **sample.labels})

        return observe

    def _fresh(self) -> Mapping[str, Metric]:
        ask = self._ask
        if ask is not None and time.monotonic() - self._asked_at > FRESH_S:
            self._found = self._asked(ask)
            self._asked_at = time.monotonic()
        return self._found

    def _asked(self, ask: Callable[[], Mapping[str, Metric]]) -> Mapping[str, Metric]:
        """Return the loop's metrics; nothing if it does not answer in time."""
        try:
            return ask()
        except (TimeoutError, RuntimeError, CancelledError):  # it is busy, or has ended
            return {}
        except Exception:  # the SDK would log it to a silenced logger
            log.exception("telemetry_defect")
            return {}
