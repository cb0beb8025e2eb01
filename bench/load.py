"""Load one address, with wrk if it is installed, else with our own `bench.flood`."""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence

from pydantic import BaseModel

UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
GRACE_S = 20.0  # a hung server must not hang the bench


class Load(BaseModel):
    """The result of one run of load.

    Attributes:
        requests: The number of answers.
        per_second: Answers per second.
        p50_ms: The median latency.
        p99_ms: The 99th percentile of latencies.
        failed: Answers other than 200, and broken connections.
    """

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    failed: int


def generator() -> str:
    """Return the name of the program that makes the load."""
    return "wrk" if shutil.which("wrk") else "bench.flood"


def load(url: str, connections: int, seconds: float) -> Load:
    """Request one address as fast as it answers; blocks.

    Args:
        url: An http URL of this machine.
        connections: The number of concurrent connections.
        seconds: The duration.
    """
    if generator() == "wrk":
        options = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency"]
        return of_wrk(_run(["wrk", *options, "--timeout", "20s", url], seconds))
    command = [sys.executable, "-m", "bench.flood", url, str(connections), str(seconds)]
    return Load.model_validate_json(_run(command, seconds))


def _run(command: Sequence[str], seconds: float) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + GRACE_S, check=True
    )
    return done.stdout


def of_wrk(text: str) -> Load:
    """Parse wrk's output with `--latency`."""
    total = _found(r"(\d+) requests in", text)
    errors = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text
    )
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return Load(
        requests=int(total),
        per_second=float(_found(r"Requests/sec:\s+([\d.]+)", text)),
        p50_ms=_milliseconds(_found(r"(?m)^\s+50%\s+(\S+)", text)),
        p99_ms=_milliseconds(_found(r"(?m)^\s+99%\s+(\S+)", text)),
        failed=(sum(map(int, errors.groups())) if errors else 0) + (int(bad[1]) if bad else 0),
    )


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise ValueError(f"no {pattern!r} in wrk's output:\n{text}")
    return match[1]


def _milliseconds(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    if match is None:
        raise ValueError(f"{text!r} is no duration of wrk's")
    return float(match[1]) * UNITS_MS[match[2]]
