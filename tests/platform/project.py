"""Run compose.yaml's containers for one test session: `pytest --platform docker`."""

import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import yaml

from local.aws.control.client import Control
from local.aws.process import RunningAws
from local.server import free_port
from tests.platform import docker

COMPOSE = Path(__file__).parents[2] / "compose.yaml"
STORES = (COMPOSE, Path(__file__).with_name("compose.yaml"))
PORTS = ("POSTGRES", "VALKEY", "AWS", "CONTROL")  # as the second file names them
START_S = 900.0  # the first one pulls and builds images
P = TypeVar("P", bound="Project")


class Container:
    """A store in a container, which tests can disturb like a `local.server.Server`.

    Attributes:
        environment: The variables by which the service finds it.
    """

    def __init__(self, project: "Project", name: str, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self._project = project
        self._name = name

    def start(self) -> None:
        """Start it with its previous data; return when it accepts connections."""
        self._project.up(self._name)

    def stop(self) -> None:
        """Stop it; kill it if it has not stopped within 5 s."""
        self._project.run("stop", "--timeout", "5", self._name)

    def pause(self) -> None:
        """Pause it: connections stay open and unanswered."""
        self._project.run("pause", self._name)

    def resume(self) -> None:
        """Resume it after a pause."""
        self._project.run("unpause", self._name)


class Project:
    """A Compose project with its own containers, volumes and network.

    Args:
        purpose: Distinguishes it from the session's other projects.
        files: Compose files; each overrides the ones before it.
        environ: The variables that these files use.
    """

    def __init__(self, purpose: str, files: Sequence[Path], environ: Mapping[str, str]) -> None:
        self.name = f"{docker.PREFIX}{os.getpid()}-{purpose}"
        self._files = [argument for file in files for argument in ("--file", str(file))]
        self._environ = environ

    def up(self, *arguments: str) -> None:
        """Start only these services; return when they are healthy.

        Raises:
            DockerError: A service did not start; the message has Docker's reason.
        """
        self.run("up", "--wait", "--no-deps", "--no-recreate", *arguments, deadline_s=START_S)

    def run(self, *arguments: str, deadline_s: float = docker.COMMAND_S) -> str:
        """Run a command of `docker compose`; return its standard output.

        Raises:
            DockerError: It failed, or took longer.
        """
        command = ("compose", "--project-name", self.name, *self._files, *arguments)
        return docker.run(command, deadline_s, self._environ)

    def inspect(self, service: str) -> dict[str, Any]:
        """Return the inspection of a service's container, running or not."""
        (identity,) = self.run("ps", "--all", "--quiet", service).split()
        (found,) = json.loads(docker.run(("container", "inspect", identity)))
        return dict(found)


class Stores(Project):
    """A session's stores, on free ports."""

    def __init__(self) -> None:
        self.ports = {name: free_port() for name in PORTS}
        self.password = secrets.token_urlsafe(24)
        chosen = {f"HEARTBEAT_TEST_{name}_PORT": str(port) for name, port in self.ports.items()}
        super().__init__("stores", STORES, {**chosen, "HEARTBEAT_TEST_PASSWORD": self.password})

    def postgres(self) -> Container:
        """Start and return PostgreSQL."""
        return self._store("postgres", "PG")

    def valkey(self) -> Container:
        """Start and return Valkey."""
        return self._store("valkey", "VALKEY_")

    def aws(self, folder: Path) -> RunningAws:
        """Build, start and return the stand-in AWS; copy its keys to a folder."""
        self.up("--build", "aws")
        self.run("cp", "aws:/data/.", str(folder))
        return RunningAws(folder, self.ports["AWS"], Control(self.ports["CONTROL"]))

    def _store(self, name: str, prefix: str) -> Container:
        self.up(name)
        variables = yaml.safe_load(COMPOSE.read_text())["services"]["worker"]["environment"]
        environment = {key: value for key, value in variables.items() if key.startswith(prefix)}
        environment[f"{prefix}HOST"] = "127.0.0.1"
        environment[f"{prefix}PORT"] = str(self.ports[name.upper()])
        environment[f"{prefix}PASSWORD"] = self.password
        return Container(self, name, environment)


@contextmanager
def removed(project: P) -> Iterator[P]:
    """Yield a project; remove its containers, volumes and network at the end."""
    try:
        yield project
    finally:
        project.run("down", "--volumes", "--timeout", "5")
