"""A stand-in for App Platform: run a spec's components with the spec's commands and environment."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.process import Process
from local.server import free_port
from tests.stack import bindables
from tests.stack.recorder import ROOT

GRACE_S = 30.0


class Platform:
    """Run components.

    Args:
        bound: The values of the bindables.
        outside: Variables that lead to the stand-in AWS.
        folder: Receives the logs.
    """

    def __init__(self, bound: Mapping[str, str], outside: Mapping[str, str], folder: Path) -> None:
        self._bound = bound
        self._outside = outside
        self._folder = folder

    def job(self, spec: Mapping[str, Any], name: str) -> str:
        """Run a job to its end.

        Returns:
            Its standard output.
        """
        command, environ = self._command(spec, name), self._environ(spec, name, {})
        done = subprocess.run(
            command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def running(self, spec: Mapping[str, Any], name: str) -> Iterator["Component"]:
        """Run a service or a worker until the block ends; stop it as the platform does."""
        # Each container has its own network; here two workers share one.
        ports = {"PORT": str(free_port()), "HEALTH_PORT": str(free_port())}
        log = self._folder / f"{name}-{ports['PORT']}.log"
        log.touch()
        environ = self._environ(spec, name, ports)
        process = Process(self._command(spec, name), ROOT, log, environment=environ)
        process.start()
        try:
            yield Component(process, log, ports)
        finally:
            process.terminate()
            process.finish(GRACE_S)

    def _command(self, spec: Mapping[str, Any], name: str) -> list[str]:
        (found,) = [
            c for k in ("services", "workers", "jobs") for c in spec.get(k, []) if c["name"] == name
        ]
        return ["/bin/sh", "-c", found["runCommand"]]

    def _environ(
        self, spec: Mapping[str, Any], name: str, ports: Mapping[str, str]
    ) -> dict[str, str]:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environ = bindables.environ(spec, name, self._bound)
        return {"PATH": path, **environ, **ports, **self._outside}


class Component:
    """A running component."""

    def __init__(self, process: Process, log: Path, ports: Mapping[str, str]) -> None:
        self.process = process
        self.log = log
        self.url = f"http://127.0.0.1:{ports['PORT']}"
        self.health_url = f"http://127.0.0.1:{ports['HEALTH_PORT']}"
