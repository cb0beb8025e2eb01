"""`make run`, end to end: one command starts everything on real stores and cleans up."""

import json
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import expect

from local.server import free_port
from tests.web.browser import chromium

STORES = ("postgres", "valkey", "secrets_manager")
PATIENCE_S = 60.0  # a bound for a busy machine; no wait normally takes this long


class LocalRun:
    """`python -m local` as a process, and its output so far."""

    def __init__(self, popen: subprocess.Popen[str], address: str) -> None:
        self.popen = popen
        self.address = address
        self.lines: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        give_up = time.monotonic() + PATIENCE_S
        while not condition():
            assert self.popen.poll() is None, self.lines
            assert time.monotonic() < give_up, self.lines[-30:]
            time.sleep(0.05)

    def printed(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def status(self) -> dict[str, Any]:
        """Return the worker's status; empty while the API does not answer."""
        try:
            with urllib.request.urlopen(f"{self.address}worker/status", timeout=5) as answer:
                document: dict[str, Any] = json.load(answer)
                return document
        except (urllib.error.URLError, OSError):
            return {}

    def stamp(self) -> str | None:
        """Return the stamp of all stores; None if they differ or are missing."""
        timestamps = self.status().get("timestamps", {})
        stamps = {timestamps.get(name, {}).get("last_update") for name in STORES}
        return stamps.pop() if len(stamps) == 1 else None

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.popen.pid).children(recursive=True)

    def child(self, *arguments: str) -> psutil.Process:
        """Return the child process with these arguments."""
        wanted = list(arguments)
        found = [each for each in self.children() if each.cmdline()[2 : 2 + len(wanted)] == wanted]
        assert len(found) == 1
        return found[0]

    def _read(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self.lines.append(line.rstrip("\n"))


@contextmanager
def local_run() -> Iterator[LocalRun]:
    port = str(free_port())
    options = ["--ephemeral", "--interval", "1", "--port", port]
    command = [sys.executable, "-m", "local", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as popen:
        try:
            yield LocalRun(popen, f"http://127.0.0.1:{port}/")
        finally:
            popen.kill()


def test_one_command_beats_through_every_store_shows_it_and_cleans_up() -> None:
    with local_run() as run:
        run.wait_for(lambda: run.printed(f"The page: {run.address}"))
        says_what_it_started_and_then_the_address(run)
        step_of_all(run)

        page_shows_every_row_fresh(run)
        the_worker_beats_on_without_the_api(run)

        ends_without_a_trace(run)


def says_what_it_started_and_then_the_address(run: LocalRun) -> None:
    """Check that the address is the last line of the start, after the first cycle."""
    start = run.lines[: next(i for i, line in enumerate(run.lines) if run.address in line)]
    ready = {line.split()[0] for line in start if line.endswith("| ready")}

    assert ready == {"aws", "valkey", "postgres"}
    assert any("waiting for the first heartbeat" in line for line in start)
    assert any('"cycle": 1' in line for line in start)


def step_of_all(run: LocalRun) -> None:
    """Wait until all three stores hold one stamp, and then a later one."""
    seen: list[str] = []

    def stepped() -> bool:
        stamp = run.stamp()
        if stamp is not None:
            seen.append(stamp)
        return bool(seen) and seen[-1] > seen[0]

    run.wait_for(stepped)


def page_shows_every_row_fresh(run: LocalRun) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.goto(run.address)
        expect(page.locator("[data-source]")).to_have_count(4)
        for name in (*STORES, "iam"):
            row = page.locator(f"[data-source={name}][data-freshness=fresh]")
            expect(row).to_have_count(1, timeout=1000 * PATIENCE_S)


def the_worker_beats_on_without_the_api(run: LocalRun) -> None:
    worker = run.child("service", "worker")

    run.child("service", "api").kill()
    run.wait_for(lambda: run.printed("api      | killed by SIGKILL; starts again in 1 s"))
    dead = next(i for i, line in enumerate(run.lines) if "killed by SIGKILL" in line)
    run.wait_for(lambda: any('"cycle"' in line for line in run.lines[dead:]))
    answered = run.status()
    step_of_all(run)

    assert answered == {}
    assert run.child("service", "worker") == worker


def ends_without_a_trace(run: LocalRun) -> None:
    home = next(line.split()[-1] for line in run.lines if "data in" in line)
    family = run.children()
    assert len(family) >= 5

    run.popen.send_signal(signal.SIGTERM)
    code = run.popen.wait(PATIENCE_S)

    assert code == 0
    assert not [process for process in family if process.is_running()]
    assert not Path(home).exists()
