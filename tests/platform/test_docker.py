"""`pytest --platform docker` reports a missing engine, and cleans up on a running one."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.platform import docker, project

ROOT = Path(__file__).parents[2]
PATIENCE_S = 300.0  # a bound for a hang
# A session with a store, one of whose tests hangs.
HANGS = """
import os, time
from pathlib import Path

def test_hangs(valkey):
    Path("pid.new").write_text(str(os.getpid()))
    Path("pid.new").rename("pid")
    time.sleep(600)
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "several"])
def test_without_docker_the_run_ends_at_once_and_names_the_remedy(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(): ...")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    plugins = ["-p", "xdist.plugin", "-p", "tests.platform.option"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "--platform", "docker", *workers],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": str(tmp_path),
            "PYTHONPATH": str(ROOT),
            "PYTEST_ADDOPTS": "",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "there is no `docker` on PATH" in done.stderr
    assert docker.REMEDY in done.stderr


@pytest.mark.usefixtures("engine")
def test_an_engine_that_is_not_running_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody")

    with pytest.raises(pytest.UsageError, match=r"(?s)`docker info` failed:\n.*\nInstall"):
        docker.require()


@pytest.mark.usefixtures("engine")
def test_an_engine_that_does_not_answer_is_reported_after_a_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/silent")
    monkeypatch.setattr(docker, "ANSWER_S", 2.0)

    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(f"{tmp_path}/silent")
        silent.listen()
        with pytest.raises(pytest.UsageError, match="`docker info` did not end within 2 s"):
            docker.require()


@pytest.mark.usefixtures("engine")
def test_a_store_that_does_not_start_shows_its_log_and_is_removed() -> None:
    stores = project.Stores()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", stores.ports["VALKEY"]))
        taken.listen()
        with (
            pytest.raises(docker.DockerError, match="address already in use"),
            project.removed(stores),
        ):
            stores.valkey()

    assert stores.name not in [name for _, _, name in docker.owned()]


@pytest.fixture(scope="module")
def config(engine: None) -> dict[str, Any]:  # noqa: ARG001 it skips
    """The configuration of the stores after Compose has merged the two files."""
    stores = project.Stores()
    return {
        "password": stores.password,
        **json.loads(stores.run("config", "--format", "json"))["services"],
    }


def test_the_stores_ports_are_published_only_on_loopback(config: dict[str, Any]) -> None:
    stores = [config[name] for name in ("postgres", "valkey", "aws")]

    ports = [port for store in stores for port in store["ports"]]
    assert len(ports) == len(project.PORTS)
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}
    assert {store["restart"] for store in stores} == {"no"}


def test_all_services_use_the_sessions_password(config: dict[str, Any]) -> None:
    password, postgres, valkey = (config[name] for name in ("password", "postgres", "valkey"))

    assert postgres["environment"]["POSTGRES_PASSWORD"] == password
    assert valkey["command"][-1] == password
    assert password in valkey["healthcheck"]["test"]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda each: each.name)
def test_an_ended_run_leaves_nothing_on_the_engine(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "test_it.py").write_text(HANGS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    options = ["-p", "tests.conftest", "--platform", "docker", "test_it.py"]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.watch", "-m", "pytest", *options],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""},
    ) as watcher:
        pid = _session(tmp_path / "pid", watcher)
        had = _of(pid)
        psutil.Process(pid).send_signal(number)

        watcher.wait(PATIENCE_S)

    assert {kind for kind, _, _ in had} == {"container", "network", "volume"}
    assert not _of(pid)


def _session(file: Path, watcher: subprocess.Popen[bytes]) -> int:
    """Return the process id of a session whose store runs."""
    give_up = time.monotonic() + PATIENCE_S
    while not file.exists():
        assert watcher.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.05)
    return int(file.read_text())


def _of(pid: int) -> list[tuple[str, str, str]]:
    return [each for each in docker.owned() if each[2].startswith(f"{docker.PREFIX}{pid}-")]
