"""A collector gets metrics and traces, and a failing collector affects nothing else."""

import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import anyio
import pytest
from anyio import to_thread
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from structlog.testing import capture_logs

from schema.errors import Cause, ErrorWord
from service.outcome import Attempt, Outcome
from service.settings import load
from service.telemetry.cycles import Cycles
from service.telemetry.push import Push
from tests.service.alerts.receiver import Receiver, receiving
from tests.service.serving import NOWHERE
from tests.service.telemetry import collector

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
NS = 1_000_000_000


@pytest.fixture
def receiver() -> Iterable[Receiver]:
    with receiving() as found:
        yield found


@asynccontextmanager
async def pushing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, found: list[Metric], **more: str
) -> AsyncIterator[Push]:
    """Push the metrics `found` as a process does."""
    environ = collector.environ(receiver, **more)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)  # the SDK reads them by itself
    push = Push(load(NOWHERE | environ).telemetry, "worker", "shop", "The shop")

    async def collect() -> list[Metric]:
        return found

    await push.start(collect)
    try:
        yield push
    finally:
        await push.stop()


def counted(value: float) -> Metric:
    family = CounterMetricFamily("heartbeat_writes", "Writes.", labels=["source"])
    family.add_metric(["postgres"], value)
    return family


def measured(value: float, name: str = "heartbeat_age_seconds") -> Metric:
    return GaugeMetricFamily(name, "How old it is.", value=value)


async def until(receiver: Receiver, enough: Callable[[], bool]) -> None:
    await to_thread.run_sync(receiver.wait_until, enough)


async def test_metrics_keep_their_names_labels_and_moment(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [counted(3), measured(1.5)]

    def values(name: str) -> set[float]:
        sent = [each for each in collector.metrics(receiver) if each.name == name]
        return {point.as_double for each in sent for _, point in collector.points(each)}

    async with pushing(receiver, monkeypatch, found):
        await until(receiver, lambda: {1.5} <= values("heartbeat_age_seconds"))
        found[:] = [counted(4), measured(2.5), measured(7, "heartbeat_new")]
        await until(receiver, lambda: {2.5} <= values("heartbeat_age_seconds"))
        await until(receiver, lambda: values("heartbeat_new") == {7.0})

    counter = next(each for each in collector.metrics(receiver) if each.name == "heartbeat_writes")
    assert counter.sum.is_monotonic
    assert counter.sum.aggregation_temporality == (
        AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    )
    ((labels, point),) = collector.points(counter)
    assert (labels, point.as_double) == ({"name": "shop", "source": "postgres"}, 3.0)


async def test_delta_temporality_is_sent_if_configured(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [counted(3)]

    def sent() -> list[float]:
        named = [each for each in collector.metrics(receiver) if each.name == "heartbeat_writes"]
        return [point.as_double for each in named for _, point in collector.points(each)]

    delta = {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta"}
    async with pushing(receiver, monkeypatch, found, **delta):
        await until(receiver, lambda: 3.0 in sent())
        found[:] = [counted(5)]
        await until(receiver, lambda: 2.0 in sent())

    assert sum(sent()) == 5.0


async def test_the_resource_names_the_process_and_variables_take_precedence(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {
        "OTEL_SERVICE_NAME": "checkout",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=prod,service.instance.id=me",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20t0ken",
    }
    async with pushing(receiver, monkeypatch, [measured(1)], **named):
        await until(receiver, lambda: bool(collector.at(receiver, "/v1/metrics")))

    resource = collector.resources(receiver)[0]
    assert (
        resource.items()
        >= {
            "service.name": "checkout",
            "service.instance.id": "me",
            "deployment.environment.name": "prod",
            "heartbeat.process": "worker",
            "heartbeat.name": "shop",
            "heartbeat.title": "The shop",
        }.items()
    )
    headers = {name.lower(): value for name, value in receiver.received[0].headers.items()}
    assert headers["authorization"] == "Bearer t0ken"


async def test_the_resource_names_the_process_without_variables_too(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pushing(receiver, monkeypatch, [measured(1)]):
        await until(receiver, lambda: bool(collector.at(receiver, "/v1/metrics")))

    resource = collector.resources(receiver)[0]
    assert resource["service.name"] == "heartbeat"
    assert resource["service.version"]
    assert resource["service.instance.id"]


async def test_a_cycle_is_a_trace_with_a_span_for_each_source_and_its_attempts(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = Outcome(
        "valkey",
        NOW,
        ErrorWord.UNREACHABLE,
        cause=Cause.NO_TLS,
        attempts=2,
        latency_ms=50,
        detail="connect to 10.0.0.1 refused",
        tries=(
            Attempt(0.0, 0.25, ErrorWord.UNREACHABLE),
            Attempt(0.5, 0.75, ErrorWord.UNREACHABLE),
        ),
    )
    landed = Outcome(
        "postgres", NOW, "ok", attempts=1, latency_ms=20, tries=(Attempt(0.0, 0.02, "ok"),)
    )
    async with pushing(receiver, monkeypatch, []) as push:
        Cycles(push, "shop").take([landed, failed])
        await until(receiver, lambda: len(collector.spans(receiver)) == 3)
        await until(
            receiver, lambda: any("duration" in each.name for each in collector.metrics(receiver))
        )

    by_name = {span.name: span for span in collector.spans(receiver)}
    cycle, good, bad = (by_name[name] for name in ("cycle", "write postgres", "write valkey"))
    began = int(NOW.timestamp()) * NS + 123_456_000
    assert {span.trace_id for span in by_name.values()} == {cycle.trace_id}
    assert (cycle.parent_span_id, good.parent_span_id, bad.parent_span_id) == (
        b"",
        cycle.span_id,
        cycle.span_id,
    )
    assert {span.start_time_unix_nano for span in by_name.values()} == {began}
    assert (good.end_time_unix_nano, cycle.end_time_unix_nano) == (
        began + 20_000_000,
        began + 750_000_000,
    )
    assert statuses(cycle, good, bad) == [Status.STATUS_CODE_ERROR, 0, Status.STATUS_CODE_ERROR]
    assert bad.status.message == "unreachable"
    assert [event.time_unix_nano - began for event in bad.events] == [250_000_000, 750_000_000]
    assert [collector.named(event.attributes)["heartbeat.result"] for event in bad.events] == [
        "unreachable",
        "unreachable",
    ]
    assert b"10.0.0.1" not in b"".join(request.body for request in receiver.received)
    (durations,) = {
        tuple(point.bucket_counts)
        for each in collector.metrics(receiver)
        for point in each.histogram.data_points
        if collector.named(point.attributes)["source"] == "postgres"
    }
    assert sum(durations) == 1


def statuses(*spans: Span) -> list[int]:
    return [span.status.code for span in spans]


async def test_a_failing_collector_is_logged_once_and_so_is_its_return(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "opentelemetry")
    receiver.answers = [401, 401, 500]
    headers = {"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20t0ken"}
    with capture_logs() as lines:
        async with pushing(
            receiver, monkeypatch, [measured(1)], OTEL_TRACES_EXPORTER="none", **headers
        ):
            await until(receiver, lambda: len(receiver.taken) == 2)

    assert [(line["event"], line.get("detail")) for line in lines] == [
        ("telemetry_not_sent", "HTTP 401"),
        ("telemetry_sent_again", None),
    ]


async def test_cycles_are_recorded_while_the_sdk_waits_for_the_loop(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK holds locks while it waits for the loop, so calls in the loop must not need them."""
    environ = collector.environ(receiver)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    push = Push(load(NOWHERE | environ).telemetry, "worker", "shop")
    cycles, requested = Cycles(push, "shop"), anyio.Event()

    async def collect() -> list[Metric]:
        if requested.is_set():
            cycles.take([Outcome("postgres", NOW, "ok", latency_ms=1)])
        requested.set()
        return [measured(1)]

    await push.start(collect)
    await until(receiver, lambda: len(collector.at(receiver, "/v1/metrics")) > 3)
    await push.stop()

    assert any(each.name == "heartbeat_age_seconds" for each in collector.metrics(receiver))


async def test_an_error_while_collecting_is_logged_and_ends_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = collector.environ(receiver)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    push, defects = Push(load(NOWHERE | environ).telemetry, "worker", "shop"), list[Exception]()
    raised = anyio.Event()

    async def collect() -> list[Metric]:
        if defects:
            raised.set()
            raise defects.pop()
        return [measured(1), counted(2)]

    with capture_logs() as lines:
        await push.start(collect)
        await until(receiver, lambda: bool(collector.at(receiver, "/v1/metrics")))
        defects.append(ZeroDivisionError())
        await raised.wait()
        before = len(collector.at(receiver, "/v1/metrics"))
        await until(receiver, lambda: len(collector.at(receiver, "/v1/metrics")) > before + 1)
        await push.stop()

    assert [line["event"] for line in lines] == ["telemetry_defect"]


async def test_a_hanging_collector_does_not_delay_the_end(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.answers = [0] * 10
    async with pushing(receiver, monkeypatch, [measured(1)]):
        await to_thread.run_sync(receiver.wait_for_any)

    assert receiver.taken == []
    assert not receiver.released.is_set()
