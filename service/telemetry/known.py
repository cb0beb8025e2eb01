"""What is known at the moment of scraping, as instruments of OpenTelemetry."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError

import structlog
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from prometheus_client.core import Metric

ASK_S = 2.0  # how long a collection waits for a loop that is busy; then it has nothing to say
FRESH_S = 0.2  # one collection asks once, whatever number of instruments it looks at

log = structlog.get_logger()

Collect = Callable[[], Awaitable[Iterable[Metric]]]
"""Gives the metrics of this moment; runs on the event loop."""


class Known:
    """One instrument for each metric that `/metrics` has, under its name.

    The SDK asks instruments on a thread of its own, and what they tell belongs to the event loop.
    So that thread asks the loop, and waits for it; never the other way round. Histograms are left
    out, since OpenTelemetry has none that can be asked.

    Args:
        meter: Makes the instruments.
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
        """Take up what gives the metrics; called on the loop that it runs on."""
        loop = asyncio.get_running_loop()

        async def found() -> Mapping[str, Metric]:
            return {metric.name: metric for metric in await collect()}

        def ask() -> Mapping[str, Metric]:
            asking = found()
            try:
                return asyncio.run_coroutine_threadsafe(asking, loop).result(ASK_S)
            except RuntimeError:  # the loop is closed, and nobody will await it
                asking.close()
                raise

        self._found = await found()
        self.declare()
        self._ask = ask

    def end(self) -> None:
        """Ask the loop no more; called on it."""
        self._ask = None

    def declare(self) -> None:
        """Make the instruments of metrics that are new.

        Never while the SDK collects: it holds a lock then, and waits for the loop.
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
        """What the loop says now; nothing if it says nothing in time."""
        try:
            return ask()
        except (TimeoutError, RuntimeError, CancelledError):  # it is busy, or has ended
            return {}
        except Exception:  # the SDK would tell it to a logger that is silent
            log.exception("telemetry_defect")
            return {}
