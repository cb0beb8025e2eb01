"""Run the service's real commands as processes."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from local.app import app_environment
from local.server import free_port

START_S = 120.0  # a bound for a hang; a start takes a second on a quiet machine
STOP_S = 60.0  # it takes at most 10 s, or longer on a busy machine
# Stores that are not there: a page whose documents come from the test needs none.
NO_STORES = {"VALKEY_HOST": "127.0.0.1", "VALKEY_PORT": "1", "VALKEY_PASSWORD": "none"}


@contextmanager
def service(command: str, environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command of the service; end it with the context."""
    process = subprocess.Popen(
        [sys.executable, "-m", "service", *command.split()],
        env=app_environment(os.environ, environ),
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(STOP_S)


@contextmanager
def api(environ: Mapping[str, str], port: int | None = None) -> Iterator[str]:
    """Run the API; yield the page's address once it answers."""
    port = port or free_port()
    address = f"http://127.0.0.1:{port}/"
    with service(f"api --host 127.0.0.1 --port {port}", environ) as process:
        _wait(address, process)
        yield address


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}livez", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    msg = f"the API does not answer on {address} (exit status {process.poll()})"
    raise RuntimeError(msg)
