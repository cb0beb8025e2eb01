"""Load on one address, by wrk where it is installed, else by our own `bench.flood`."""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence

from pydantic import BaseModel

UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
GRACE_S = 20.0  # a hung server must not hang the bench


class Load(BaseModel):
    """What one run of load saw.

    Attributes:
        requests: Answered in all.
        per_second: Answered per second.
        p50_ms: Half of the answers took no longer.
        p99_ms: Of 100 answers, 99 took no longer.
        failed: Answers that were no 200, and connections that broke.
    """

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    failed: int


def generator() -> str:
    """The name of the program that makes the load."""
    return "wrk" if shutil.which("wrk") else "bench.flood"


def load(url: str, connections: int, seconds: float) -> Load:
    """Ask for one address as fast as it answers; blocks.

    Args:
        url: With http and a port of this machine.
        connections: How many ask at the same time.
        seconds: How long.
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
    """What wrk printed, with its `--latency`."""
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
        raise ValueError(f"no {pattern!r} in what wrk said:\n{text}")
    return match[1]


def _milliseconds(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    if match is None:
        raise ValueError(f"{text!r} is no duration of wrk's")
    return float(match[1]) * UNITS_MS[match[2]]
