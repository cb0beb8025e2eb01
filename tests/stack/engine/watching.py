"""Wait for the status and the log lines of a deployed app."""

import json
import time
from collections.abc import Mapping
from typing import Any

import httpx2

from tests.stack.engine.platform import Component
from tests.stack.recorder import PASSWORD

DEADLINE_S = 180.0  # a bound for a hang


def green(api: Component) -> dict[str, Any]:
    """Wait until the status is green; return it."""
    deadline, status = time.monotonic() + DEADLINE_S, {}
    while time.monotonic() < deadline:
        assert api.process.running, api.log.read_text()
        try:
            reply = httpx2.get(f"{api.url}/worker/status", auth=("heartbeat", PASSWORD), timeout=5)
        except httpx2.TransportError:
            continue
        status = dict(reply.raise_for_status().json())
        if status["overall_status"] == "ok" and status["diagnosis"]["code"] == "healthy":
            return status
        time.sleep(0.1)
    raise AssertionError(status)


def alive(worker: Component) -> int:
    """Wait until a worker answers, which it does once its first cycle has ended.

    Returns:
        The status code of its answer.
    """
    deadline = time.monotonic() + DEADLINE_S
    while True:
        assert worker.process.running, worker.log.read_text()
        try:
            return httpx2.get(f"{worker.health_url}/livez", timeout=5).status_code
        except httpx2.TransportError:
            assert time.monotonic() < deadline, worker.log.read_text()
            time.sleep(0.05)


def beats(worker: Component, cycles: int) -> None:
    """Wait until a worker has completed this many cycles."""
    deadline = time.monotonic() + DEADLINE_S
    while len(_cycles(worker)) < cycles:
        assert worker.process.running, worker.log.read_text()
        assert time.monotonic() < deadline, worker.log.read_text()
        time.sleep(0.05)


def failures(worker: Component) -> list[dict[str, Any]]:
    """Return the cycles in which a result was not `ok`."""
    assert _cycles(worker)
    return [cycle for cycle in _cycles(worker) if any(word != "ok" for word in _words(cycle))]


def _cycles(worker: Component) -> list[dict[str, Any]]:
    lines = [json.loads(x) for x in worker.log.read_text().splitlines() if x.endswith("}")]
    return [line for line in lines if line["event"] == "cycle"]


def _words(cycle: Mapping[str, Any]) -> list[str]:
    return [part["result"] for part in cycle.values() if isinstance(part, dict)]
