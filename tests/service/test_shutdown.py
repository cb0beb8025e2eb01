"""Supervisors and platforms wait longer than a process may take to stop."""

import math
from pathlib import Path

import yaml

from local import supervisor
from service import shutdown
from service.sources.postgres import pool
from service.sources.valkey import store
from stack import components
from tests.service import processes

ROOT = Path(__file__).parents[2]


def test_the_supervisor_waits_longer_than_a_process_may_take() -> None:
    assert max(shutdown.WORKER_S, shutdown.API_S) < supervisor.STOP_S
    assert processes.GRACE_S > shutdown.WORKER_S


def test_the_platforms_wait_longer_than_a_worker_may_take() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    graces = [
        int(str(service["stop_grace_period"]).removesuffix("s"))
        for service in compose["services"].values()
        if "stop_grace_period" in service
    ]

    assert graces
    assert min(graces) > shutdown.WORKER_S
    assert components.GRACE_S > shutdown.WORKER_S


def test_the_runbook_has_the_time_that_a_worker_may_take() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()

    assert f"stopping takes at most {math.ceil(shutdown.WORKER_S)} s" in runbook


def test_every_drivers_time_limit_is_below_that_of_closing() -> None:
    assert max(pool.CLOSE_TIMEOUT_S, store.CLOSE_TIMEOUT_S) < shutdown.CLOSE_S
