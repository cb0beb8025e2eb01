"""Families of Prometheus metrics, and their text form."""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric


def rendered(name: str, *metrics: Iterable[Metric]) -> bytes:
    """Render metrics in Prometheus's text form, each with the deployment's name as a label.

    Args:
        name: `HEARTBEAT_NAME`, to tell deployments apart in one Prometheus.
        metrics: A registry's metrics, or those computed at the time of scraping.
    """
    return b"".join(generate_latest(_Named(name, each)) for each in metrics)


class _Named:
    """Metrics with one additional label."""

    def __init__(self, name: str, metrics: Iterable[Metric]) -> None:
        self._name = name
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Yield all of them."""
        for metric in self._metrics:
            metric.samples = [
                sample._replace(labels={"name": self._name, **sample.labels})
                for sample in metric.samples
            ]
            yield metric


def gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    """Return a gauge for each value of a label."""
    return _filled(GaugeMetricFamily(name, text, labels=[label]), values)


def counters(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    """Return a counter for each value of a label."""
    return _filled(CounterMetricFamily(name, text, labels=[label]), values)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, values: Mapping[str, float]) -> Metric:
    for label, value in values.items():
        family.add_metric([label], value)
    return family


def states(
    name: str, text: str, label: str, members: Iterable[str], current: Mapping[str, str | None]
) -> Metric:
    """Return one series per source and state: 1 for the source's current state, else 0."""
    family = GaugeMetricFamily(name, text, labels=["source", label])
    for source, state in current.items():
        for member in members:
            family.add_metric([source, member], float(member == state))
    return family
