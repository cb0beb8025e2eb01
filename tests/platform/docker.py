"""compose.yaml's stores, as containers of one test session: `pytest --platform docker`."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from local.aws.control.client import Control
from local.aws.process import RunningAws
from local.server import free_port

FILES = (Path(__file__).parents[2] / "compose.yaml", Path(__file__).with_name("compose.yaml"))
PORTS = ("POSTGRES", "VALKEY", "AWS", "CONTROL")  # as the second file names them
ANSWER_S = 20.0  # of an engine that is there
COMMAND_S = 60.0
START_S = 900.0  # the first one pulls and builds images
REMEDY = (
    "Install and start Docker with its compose plugin, 2.24.4 or later "
    "(https://docs.docker.com/engine/install/), or leave the option out: "
    "the embedded servers need nothing."
)


class DockerError(RuntimeError):
    """A command of Docker's that failed; the text holds what it printed."""


def require() -> None:
    """Returns if an engine answers.

    Raises:
        pytest.UsageError: None does; the text says what to do about it.
    """
    for question in (("compose", "version"), ("info",)):
        try:
            _run(question, ANSWER_S)
        except DockerError as error:
            raise pytest.UsageError(f"--platform docker: {error}\n{REMEDY}") from None


class Container:
    """A store in a container; tests disturb it as they do a `local.server.Server`.

    Attributes:
        environment: The variables by which the service finds it.
    """

    def __init__(self, project: "Project", name: str, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self._project = project
        self._name = name

    def start(self) -> None:
        """Starts it, where it was left, and returns when it takes connections."""
        self._project.up(self._name)

    def stop(self) -> None:
        """Stops it in order; one that does not obey within 5 s is killed."""
        self._project.run("stop", "--timeout", "5", self._name)

    def pause(self) -> None:
        """Freezes it: connections stay open and nothing answers."""
        self._project.run("pause", self._name)

    def resume(self) -> None:
        """Lets a paused one go on."""
        self._project.run("unpause", self._name)


class Project:
    """The containers, volumes and ports of one session, apart from everybody else's."""

    def __init__(self) -> None:
        self.name = f"heartbeat-tests-{os.getpid()}"
        self.ports = {name: free_port() for name in PORTS}
        self._password = secrets.token_urlsafe(24)

    def postgres(self) -> Container:
        """PostgreSQL, started."""
        return self._store("postgres", "PG")

    def valkey(self) -> Container:
        """Valkey, started."""
        return self._store("valkey", "VALKEY_")

    def aws(self, folder: Path) -> RunningAws:
        """The stand-in AWS of the present code, started; its keys are copied to a folder."""
        self.up("aws", "--build")
        self.run("cp", "aws:/data/.", str(folder))
        return RunningAws(folder, self.ports["AWS"], Control(self.ports["CONTROL"]))

    def up(self, service: str, *options: str) -> None:
        """Start a service alone and wait for its health."""
        waiting = ("up", "--wait", "--no-deps", "--no-recreate", *options, service)
        self.run(*waiting, deadline_s=START_S)

    def run(self, *arguments: str, deadline_s: float = COMMAND_S) -> None:
        """Run a command of `docker compose` on this project.

        Raises:
            DockerError: It failed, or took longer.
        """
        files = [argument for file in FILES for argument in ("--file", str(file))]
        chosen = {f"HEARTBEAT_TEST_{name}_PORT": str(port) for name, port in self.ports.items()}
        chosen["HEARTBEAT_TEST_PASSWORD"] = self._password
        _run(("compose", "--project-name", self.name, *files, *arguments), deadline_s, chosen)

    def _store(self, name: str, prefix: str) -> Container:
        self.up(name)
        given = yaml.safe_load(FILES[0].read_text())["services"]["worker"]["environment"]
        environment = {key: value for key, value in given.items() if key.startswith(prefix)}
        environment[f"{prefix}HOST"] = "127.0.0.1"
        environment[f"{prefix}PORT"] = str(self.ports[name.upper()])
        environment[f"{prefix}PASSWORD"] = self._password
        return Container(self, name, environment)


@contextmanager
def project() -> Iterator[Project]:
    """A project whose containers and volumes go with the session."""
    made = Project()
    try:
        yield made
    finally:
        made.run("down", "--volumes", "--timeout", "5")


def _run(
    arguments: tuple[str, ...], deadline_s: float, environ: Mapping[str, str] | None = None
) -> None:
    command = f"docker {' '.join(arguments)}"
    docker = shutil.which("docker")
    if docker is None:
        raise DockerError("there is no `docker` on PATH")
    try:
        done = subprocess.run(
            [docker, *arguments],
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=deadline_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DockerError(f"`{command}` did not end within {deadline_s:g} s") from None
    if done.returncode:
        raise DockerError(f"`{command}` failed:\n{done.stdout.strip()}")
