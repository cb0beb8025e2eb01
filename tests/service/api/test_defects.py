"""Defects that end or block background tasks are noticed."""

import sys
from pathlib import Path

import anyio
import httpx2
import pytest

from local.process import Process
from local.server import free_port
from schema.errors import ErrorWord
from service.api import app as module
from service.api.live import Live
from service.connections import connect
from service.observation import Observation
from service.settings import load
from service.verdict import watch as watches
from service.verdict.readers import STILL_S, Reader
from tests.service.processes import BARE, ROOT
from tests.service.serving import NOWHERE, served

pytestmark = pytest.mark.anyio


async def test_a_defect_in_a_background_task_ends_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    died = anyio.Event()
    broken = anyio.Event()

    async def tick(self: Live) -> None:  # noqa: ARG001 - a live's
        await broken.wait()
        raise ZeroDivisionError

    monkeypatch.setattr(Live, "tick", tick)
    async with served(module.create(load(NOWHERE), die=died.set)) as address:
        async with httpx2.AsyncClient(base_url=f"http://{address}") as client:
            assert (await client.get("/livez")).status_code == 200
        assert not died.is_set()
        broken.set()

        with anyio.fail_after(60):
            await died.wait()


def test_a_process_with_such_a_defect_exits_with_1(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import service.api.live\n"
        "async def tick(self): raise ZeroDivisionError\n"
        "service.api.live.Live.tick = tick\n"
    )
    environ = {**NOWHERE, "PYTHONPATH": str(tmp_path)}
    log = tmp_path / "log"
    command = [sys.executable, "-m", "service", "api", "--port", str(free_port())]
    process = Process(command, ROOT, log, environment={**BARE, **environ})
    process.start()
    process.finish(60)

    assert process.exit_code == 1
    assert "api_defect" in log.read_text()


@pytest.mark.parametrize("error", [OSError(24, "Too many open files"), MemoryError()])
async def test_drivers_that_cannot_be_imported_now_are_tried_again(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    failures = [error, error]

    def failing(*arguments: object) -> object:
        if failures:
            raise failures.pop()
        return connect(*arguments)  # type: ignore[arg-type] # what connect takes

    monkeypatch.setattr(watches, "connect", failing)
    async with watches.watching(load(NOWHERE)) as watch:
        words: set[ErrorWord | None] = set()
        with anyio.fail_after(60):
            while words != {ErrorWord.UNREACHABLE}:
                snapshot = await watch.snapshot()
                words = {look.found.error for look in snapshot.looks.values() if look}
                await anyio.sleep(0.05)


async def test_a_reading_that_cannot_begin_leaves_the_reader_idle() -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("the task group has ended")

    async def source() -> object:
        raise AssertionError

    reader = Reader("memory", source, 1.0, 2.0, refuse)  # type: ignore[arg-type] # never read
    with pytest.raises(RuntimeError):
        reader.refresh(10.0)
    with pytest.raises(RuntimeError):  # it tries again, instead of waiting for ever
        reader.refresh(11.0)

    assert not reader.is_stuck(1000.0)


async def test_livez_fails_when_a_reading_is_stuck_for_longer_than_its_bound() -> None:
    class Stuck:
        async def read(self) -> Observation:
            await anyio.sleep_forever()
            raise AssertionError

    async def source() -> Stuck:
        with anyio.CancelScope(shield=True):
            await released.wait()
        return Stuck()

    released = anyio.Event()
    async with anyio.create_task_group() as tasks:
        reader = Reader("memory", source, 1.0, 2.0, tasks.start_soon)
        reader.refresh(100.0)

        assert not reader.is_stuck(100.0 + 2.0 + STILL_S)
        assert reader.is_stuck(100.1 + 2.0 + STILL_S)
        released.set()
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("part", ["watch", "live"])
async def test_livez_reports_stuck(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    kind = watches.Watch if part == "watch" else Live
    async with (
        served(module.create(load(NOWHERE))) as address,
        httpx2.AsyncClient(base_url=f"http://{address}") as client,
    ):
        well = await client.get("/livez")
        monkeypatch.setattr(kind, "is_stuck", True)
        answers = [await client.get(path) for path in ("/livez", "/healthz")]

    assert (well.status_code, well.json()["status"]) == (200, "ok")
    assert [(each.status_code, each.json()["status"]) for each in answers] == [(503, "stuck")] * 2


async def test_a_stopped_ticker_is_stuck() -> None:
    now = [0.0]
    live = Live(None, lambda _: None, 1, clock=lambda: now[0])  # type: ignore[arg-type] # not used

    assert not live.is_stuck  # without viewers
    live._somebody.set()
    assert not live.is_stuck
    now[0] = 61.0
    assert live.is_stuck
