"""compose.yaml on a real engine, as `docker compose up --build` starts it."""

import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from local.server import free_port
from tests.platform.docker import DockerError
from tests.platform.project import COMPOSE, START_S, Project, removed

PATIENCE_S = 120.0  # a bound for a hang
OURS = ("aws", "migrate", "api", "worker")
LIVE = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8081/livez').status)"


class Heartbeat(Project):
    """All services of compose.yaml.

    Args:
        port: The page's port.
    """

    def __init__(self, port: int) -> None:
        chosen = {"HEARTBEAT_PORT": str(port), "HEARTBEAT_INTERVAL_SECONDS": "5"}
        super().__init__("user", (COMPOSE,), chosen)
        self.address = f"http://127.0.0.1:{port}"

    def answer(self, path: str) -> Any:
        """Return the API's parsed answer, from the published port."""
        with urllib.request.urlopen(f"{self.address}{path}", timeout=20) as response:
            return json.load(response)

    def written(self) -> dict[str, Any]:
        """Return the status after a cycle that began after this call has reached every store."""
        begun, give_up = (
            self.answer("/worker/status")["current_time"],
            time.monotonic() + PATIENCE_S,
        )
        while True:
            status: dict[str, Any] = self.answer("/worker/status")
            found = [each["last_update"] or "" for each in status["timestamps"].values()]
            if all(each > begun for each in found):
                return status
            assert time.monotonic() < give_up, status
            time.sleep(0.2)


@pytest.fixture(scope="module")
def heartbeat(engine: None) -> Iterator[Heartbeat]:  # noqa: ARG001 it skips
    with removed(Heartbeat(free_port())) as made:
        made.run("up", "--build", "--wait", deadline_s=START_S)
        yield made


def test_the_worker_stamps_every_store_and_the_api_reads_it_back(heartbeat: Heartbeat) -> None:
    status = heartbeat.written()

    assert set(status["timestamps"]) == {"postgres", "valkey", "secrets_manager"}
    assert {each["error"] for each in status["timestamps"].values()} == {None}
    assert status["iam"]["status"] == "ok"
    assert status["worker"]["cycles"] > 0


def test_dockers_health_checks_of_api_and_worker_pass(heartbeat: Heartbeat) -> None:
    for name in ("api", "worker"):
        assert heartbeat.inspect(name)["State"]["Health"]["Status"] == "healthy"
    assert heartbeat.answer("/healthz")["status"] == "ok"
    assert heartbeat.run("exec", "-T", "worker", "python", "-c", LIVE) == "200\n"


def test_the_migration_succeeded_before_the_others_started(heartbeat: Heartbeat) -> None:
    migrate, api = heartbeat.inspect("migrate")["State"], heartbeat.inspect("api")["State"]

    assert migrate["ExitCode"] == 0
    assert migrate["FinishedAt"] < api["StartedAt"]
    assert heartbeat.answer("/readyz")["ready"]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_read_only_and_cannot_gain_privileges(
    heartbeat: Heartbeat, name: str
) -> None:
    found = heartbeat.inspect(name)

    assert found["HostConfig"]["ReadonlyRootfs"]
    assert found["HostConfig"]["CapDrop"] == ["ALL"]
    assert found["HostConfig"]["SecurityOpt"] == ["no-new-privileges:true"]
    assert found["Config"]["User"] == "10001:10001"
    assert not found["HostConfig"]["Privileged"]


@pytest.mark.parametrize("name", ["api", "worker", "aws"])
def test_the_kernel_enforces_that_confinement(heartbeat: Heartbeat, name: str) -> None:
    status = heartbeat.run("exec", "-T", name, "cat", "/proc/1/status")

    fields = dict(line.split(":\t", 1) for line in status.splitlines())
    assert fields["Uid"] == "\t".join(["10001"] * 4)
    assert fields["NoNewPrivs"] == "1"
    assert int(fields["CapEff"], base=16) == int(fields["CapBnd"], base=16) == 0
    for folder in ("/", "/tmp", "/opt/heartbeat"):
        with pytest.raises(DockerError, match="Read-only file system"):
            heartbeat.run("exec", "-T", name, "touch", f"{folder}/new")


def test_the_check_command_runs_in_a_container_and_reports_ok(heartbeat: Heartbeat) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while True:
        heartbeat.written()
        try:
            printed = heartbeat.run("run", "--rm", "--no-deps", "-T", "worker", "check")
            break
        except DockerError:  # a machine under load answers too late, and the check says so
            assert time.monotonic() < give_up

    assert "OK: Every store was written" in printed


@pytest.mark.parametrize("store", [None, "postgres", "valkey"], ids=lambda each: each or "none")
def test_a_container_stops_cleanly_and_in_time(heartbeat: Heartbeat, store: str | None) -> None:
    """A container also stops while a store keeps its connections open and answers nothing."""
    heartbeat.written()
    if store:
        heartbeat.run("pause", store)
    try:
        heartbeat.run(
            "stop", "worker", "api", deadline_s=PATIENCE_S
        )  # after 30 s Docker kills them

        for name in ("worker", "api"):
            state = heartbeat.inspect(name)["State"]
            assert (state["Status"], state["ExitCode"], state["OOMKilled"]) == ("exited", 0, False)
    finally:
        if store:
            heartbeat.run("unpause", store)
        heartbeat.up("worker", "api")


def test_the_history_survives_new_containers(heartbeat: Heartbeat) -> None:
    then = heartbeat.written()["current_time"]

    heartbeat.run("down", deadline_s=PATIENCE_S)
    heartbeat.run("up", "--wait", deadline_s=START_S)

    statement = f"SELECT count(*) > 0 FROM heartbeat_beats WHERE stamp < '{then}'"
    psql = ("psql", "--username", "heartbeat", "-At", "--command", statement)
    assert heartbeat.run("exec", "-T", "postgres", *psql) == "t\n"


def test_stop_ends_every_container_and_the_stand_in_cleanly(heartbeat: Heartbeat) -> None:
    try:
        heartbeat.run("stop", deadline_s=PATIENCE_S)

        for name in (*OURS, "postgres", "valkey"):
            state = heartbeat.inspect(name)["State"]
            assert (state["Status"], state["ExitCode"]) == ("exited", 0)
    finally:
        heartbeat.run("up", "--wait", deadline_s=START_S)
