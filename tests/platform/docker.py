"""Run Docker's command, and clean up after the sessions of `pytest --platform docker`."""

import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence

import psutil
import pytest

ANSWER_S = 20.0  # of an engine that is there
COMMAND_S = 60.0
HERE = hashlib.sha256(platform.node().encode()).hexdigest()[:8]  # an engine may serve many machines
PREFIX = f"heartbeat-tests-{HERE}-"  # followed by a process id and the project's purpose
PROJECT = "com.docker.compose.project"  # the label that Compose sets on a project's objects
KINDS = {"container": "ID", "network": "ID", "volume": "Name"}  # in the order of removal
NO_ENGINE = "they need containers on a real engine. `--platform docker` runs them."
REMEDY = (
    "Install and start Docker with its compose plugin, 2.24.4 or later "
    "(https://docs.docker.com/engine/install/), or leave the option out: "
    "the embedded servers need nothing."
)


class DockerError(RuntimeError):
    """A Docker command failed; the message contains its output."""


def require() -> None:
    """Check that an engine answers, and remove what killed sessions left on it.

    Raises:
        pytest.UsageError: No engine answers; the message has the remedy.
    """
    for question in (("compose", "version"), ("info",)):
        try:
            run(question, ANSWER_S)
        except DockerError as error:
            raise pytest.UsageError(f"--platform docker: {error}\n{REMEDY}") from None
    remove_abandoned()


def run(
    arguments: Sequence[str],
    deadline_s: float = COMMAND_S,
    environ: Mapping[str, str] | None = None,
) -> str:
    """Run a Docker command; return its standard output.

    Args:
        arguments: The arguments of `docker`.
        deadline_s: The time after which the command is killed.
        environ: Further variables for the command.

    Raises:
        DockerError: It failed, or took longer.
    """
    command = f"docker {' '.join(arguments)}"
    docker = shutil.which("docker")
    if docker is None:
        raise DockerError("there is no `docker` on PATH")
    try:
        done = subprocess.run(
            [docker, *arguments],
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=deadline_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DockerError(f"`{command}` did not end within {deadline_s:g} s") from None
    if done.returncode:
        raise DockerError(f"`{command}` failed:\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout


def owned() -> list[tuple[str, str, str]]:
    """Return kind, id and project of this machine's test objects, in the order of removal."""
    found = []
    for kind, identity in KINDS.items():
        form = f'{{{{.{identity}}}}} {{{{.Label "{PROJECT}"}}}}'
        options = ("--all",) if kind == "container" else ()
        for line in run((kind, "ls", *options, "--format", form)).splitlines():
            name, _, project = line.partition(" ")
            if project.startswith(PREFIX):
                found.append((kind, name, project))
    return found


def remove_abandoned() -> None:
    """Remove the objects of sessions whose process has ended."""
    for kind, name, project in owned():
        pid = int(project.removeprefix(PREFIX).partition("-")[0])
        if not psutil.pid_exists(pid):
            options = ("--force", "--volumes") if kind == "container" else ()
            run((kind, "rm", *options, name))
