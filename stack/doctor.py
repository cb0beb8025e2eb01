"""The preflight checks, `python -m stack.doctor`: what would fail an `up`, and the remedy."""

import argparse
import atexit
import json
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from stack.preflight import aws, configuration, deployed, digitalocean, image, tools
from stack.preflight.finding import Finding
from stack.preflight.machine import ThisMachine

ROOT = Path(__file__).parents[1]
SIGNS = {"good": "ok  ", "unknown": "?   ", "warning": "warn", "bad": "BAD "}
AWS_DEADLINES = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1})


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every finding; return 1 if one of them would fail an `up`."""
    parser = argparse.ArgumentParser(prog="python -m stack.doctor", description=__doc__)
    parser.add_argument("--stack", default="dev", help="the stack to look at")
    found = findings(parser.parse_args(arguments).stack)
    print("\n".join(map(report, found)))
    return int(any(finding.verdict == "bad" for finding in found))


def findings(stack: str) -> list[Finding]:
    """Run all checks; takes some seconds if the network is slow."""
    machine, file = ThisMachine(), ROOT / f"Pulumi.{stack}.yaml"
    values = configuration.values(ROOT / "Pulumi.yaml", file)
    settings, _ = configuration.settings_in(values)
    exports = deployed.outputs(machine, stack)
    return [
        *tools.check(machine, _own_uv()),
        *configuration.check(values, file),
        *digitalocean.check(machine, os.environ, settings, exports.get("appId")),
        *aws.check(_Aws(values.get("aws:region")), (BotoCoreError, ClientError), settings),
        *(image.check(machine, os.environ, _docker(), settings) if settings else ()),
        *deployed.check(machine, exports, settings, datetime.now(UTC)),
    ]


def report(finding: Finding) -> str:
    """Format one finding as a line, its remedy beneath."""
    line = f"{SIGNS[finding.verdict]} {finding.subject}: {finding.says}"
    return f"{line}\n       -> {finding.remedy}" if finding.remedy else line


def _own_uv() -> Path | None:
    """Return the newest uv that .ci/uv.py installed in this folder."""
    return max(ROOT.glob(".uv/*/uv"), key=lambda uv: uv.stat().st_mtime, default=None)


def _docker() -> dict[str, Any]:
    """Read docker's configuration; empty if it is missing or unreadable."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        found = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


class _Aws:
    def __init__(self, region: str | None) -> None:
        self._region = region

    def client(self, name: str) -> object:
        return boto3.client(name, region_name=self._region or "us-east-1", config=AWS_DEADLINES)


if __name__ == "__main__":
    # Stdout is written at the end: a reader that has left, as `head` does, ends it quietly.
    atexit.register(signal.signal, signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
