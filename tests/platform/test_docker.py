"""`pytest --platform docker`: what it asks of Docker and when, and what it says where none is."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platform import docker

ROOT = Path(__file__).parents[2]
SOURCES = "tests/service/sources"
# Through every source; one of them also stops and pauses a store.
TESTS = (f"{SOURCES}/test_contract.py", f"{SOURCES}/test_valkey.py")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Path]:
    """A folder with a `docker`, which keeps what it is asked in `asked.jsonl`."""
    command = [sys.executable, "-m", "tests.platform.engine", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield tmp_path
        process.terminate()


def suite(path: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A run of tests in a process of its own, with another PATH."""
    command = [sys.executable, "-m", "pytest", "--platform", "docker", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, *arguments],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def script(folder: Path, monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """A `docker` that does this, alone on PATH beside the shell's own commands."""
    file = folder / "docker"
    file.write_text("\n".join(["#!/bin/sh", *lines]))
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_tests_run_on_containers_that_go_with_the_session(engine: Path) -> None:
    done = suite(f"{engine}{os.pathsep}{os.environ['PATH']}", *TESTS)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "platform: docker" in done.stdout
    first, second, *asked = map(json.loads, (engine / "asked.jsonl").read_text().splitlines())
    assert (first, second) == (["compose", "version"], ["info"])
    (project,) = {tuple(arguments[:7]) for arguments in asked}
    assert project[2].startswith("heartbeat-tests-")
    assert project[3:] == ("--file", str(docker.FILES[0]), "--file", str(docker.FILES[1]))
    up = "up --wait --no-deps --no-recreate"
    assert [" ".join(arguments[7:]).split(" /")[0] for arguments in asked] == [
        f"{up} postgres",
        f"{up} valkey",
        f"{up} --build aws",
        "cp aws:/data/.",
        "stop --timeout 5 valkey",
        f"{up} valkey",
        "pause valkey",
        "unpause valkey",
        "down --volumes --timeout 5",
    ]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "several"])
def test_without_docker_the_run_ends_at_once_and_names_the_remedy(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    done = suite(str(tmp_path), *workers, *TESTS)

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "there is no `docker` on PATH" in done.stderr
    assert docker.REMEDY in done.stderr


def test_an_engine_that_is_not_started_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path, monkeypatch, '[ "$1" = compose ] || { echo "Cannot connect"; exit 1; }')

    with pytest.raises(pytest.UsageError, match=r"`docker info` failed:\nCannot connect\nInstall"):
        docker.require()


def test_an_engine_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path, monkeypatch, "exec sleep 3600")
    monkeypatch.setattr(docker, "ANSWER_S", 0.2)

    with pytest.raises(pytest.UsageError, match="`docker compose version` did not end within"):
        docker.require()


def test_a_store_that_does_not_start_says_why_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    refuse = 'case "$*" in *" up "*) echo "no space left"; exit 1;; esac'
    script(tmp_path, monkeypatch, f'echo "$@" >> {log}', refuse)

    with pytest.raises(docker.DockerError, match="no space left"), docker.project() as project:
        project.postgres()

    assert log.read_text().endswith(" down --volumes --timeout 5\n")
