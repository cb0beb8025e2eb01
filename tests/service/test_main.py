"""The commands as processes, run like an operator and a platform."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import httpx2
import pytest

from local.aws.process import RunningAws
from local.postgres import Postgres
from local.server import free_port
from service.__main__ import main
from service.api.described import described
from tests.service.processes import BARE, IMAGE, POLL_S, running

ROOT = Path(__file__).parents[2]


def run(command: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "service", command],
        env=IMAGE | environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def worker(environ: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "service", "worker"],
        env=IMAGE | environ | {"HEALTH_PORT": str(free_port())},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for(process: subprocess.Popen[str], event: str) -> dict[str, object]:
    assert process.stdout is not None
    for line in process.stdout:
        done: dict[str, object] = json.loads(line)
        if done["event"] == event:
            return done
    pytest.fail(f"the process ended without {event}")


def test_the_installed_command_prints_the_same() -> None:
    command = [str(Path(sys.executable).with_name("heartbeat")), "openapi"]
    done = subprocess.run(command, env=BARE, cwd=ROOT, capture_output=True, text=True, check=True)

    assert json.loads(done.stdout) == described().openapi()


def test_a_bad_environment_ends_a_process_with_one_message() -> None:
    done = run("worker", {"PGHOST": "db"})

    assert done.returncode == 2
    assert "PGPASSWORD is not set" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "status"), [("api", 2), ("worker", 2), ("migrate", 2), ("check", 3)]
)
def test_a_bad_environment_ends_every_command_with_its_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, status: int
) -> None:
    monkeypatch.setattr(os, "environ", {"PGHOST": "db"})

    assert main([command]) == status
    assert "PGPASSWORD is not set" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status"), [(["check", "--verbose"], 3), (["check", "now"], 3), (["chekc"], 2)]
)
def test_wrong_usage_of_check_is_not_a_verdict(arguments: list[str], status: int) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)

    assert end.value.code == status


def test_migrate_creates_the_schema_and_logs_it(database: dict[str, str]) -> None:
    done = run("migrate", database)

    assert done.returncode == 0
    assert json.loads(done.stdout)["event"] == "migrated"


def test_migrate_without_a_database_fails_with_the_word(database: dict[str, str]) -> None:
    done = run("migrate", database | {"PGPORT": "1"})

    assert done.returncode == 1
    assert "unreachable" in json.loads(done.stdout)["error"]


def test_migrate_without_postgres_has_nothing_to_do() -> None:
    done = run("migrate", {"VALKEY_HOST": "cache.example.com"})

    assert done.returncode == 0
    assert json.loads(done.stdout)["event"] == "migrate_skipped"


@pytest.mark.usefixtures("migrated")
def test_a_worker_stamps_all_stores_and_ends_with_0_and_check_agrees(
    environ: dict[str, str], aws: RunningAws
) -> None:
    environ |= {"AWS_CA_BUNDLE": aws.environment()["AWS_CA_BUNDLE"]}
    process = worker(environ)
    try:
        first = wait_for(process, "cycle")
        checked = run("check", environ)
        process.send_signal(signal.SIGTERM)
        wait_for(process, "worker_stopped")
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.communicate()

    assert datetime.fromisoformat(str(first["stamp"])).tzinfo is not None
    assert checked.returncode == 0, checked.stdout
    assert checked.stdout.count("fresh") == 4
    assert "OK: Every store was written" in checked.stdout


def loaded(process_id: int | None) -> str:
    """Return the shared libraries and extensions of a process (proc(5), maps)."""
    return Path(f"/proc/{process_id}/maps").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_neither_worker_nor_api_loads_sqlalchemy(
    environ: dict[str, str], aws: RunningAws, tmp_path: Path
) -> None:
    assert "/sqlalchemy/" in loaded(os.getpid())  # its compiled parts show, where it is
    environ |= {"AWS_CA_BUNDLE": aws.environment()["AWS_CA_BUNDLE"]}
    with running("worker", "HEALTH_PORT", environ, tmp_path) as working:
        while '"cycle"' not in working.log.read_text():
            assert working.process.running
            time.sleep(POLL_S)
        of_worker = loaded(working.process.pid)
    with running("api", "PORT", environ, tmp_path) as serving:
        for path in ("/worker/status", "/db/status", "/history", "/incidents"):
            httpx2.get(serving.url + path, timeout=60).raise_for_status()
        of_api = loaded(serving.process.pid)

    for maps in (of_worker, of_api):
        assert "/asyncpg/" in maps
        assert "/sqlalchemy/" not in maps


def test_check_exits_with_two_when_a_store_is_down(
    environ: dict[str, str], postgres: Postgres
) -> None:
    postgres.stop()
    try:
        done = run("check", environ)
    finally:
        postgres.start()

    assert done.returncode == 2
    assert "PostgreSQL cannot be read (unreachable)" in done.stdout


def test_check_prints_what_is_known_while_a_call_to_aws_hangs(
    environ: dict[str, str], aws: RunningAws
) -> None:
    aws.control.hang("GetCallerIdentity")
    aws.control.hang("DescribeSecret")

    done = run("check", environ)

    assert done.returncode == 2
    late = r"(AWS Secrets Manager cannot be read|The AWS identity cannot be proved) \(timeout\)"
    assert re.search(late, done.stdout)
    assert "not answered yet" not in done.stdout


def test_a_worker_with_valkey_alone_beats_without_history(keys: dict[str, str]) -> None:
    process = worker(keys)
    try:
        cycle = wait_for(process, "cycle")
        process.send_signal(signal.SIGTERM)
        wait_for(process, "worker_stopped")
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.communicate()

    assert {"valkey", "postgres"} & set(cycle) == {"valkey"}


def test_a_worker_logs_dangerous_settings_at_its_start(
    database: dict[str, str],
) -> None:
    process = worker(database | {"PGSSLMODE": "require"})
    try:
        warned = wait_for(process, "setting_warning")
        wait_for(process, "worker_started")
        process.send_signal(signal.SIGTERM)
        wait_for(process, "worker_stopped")
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.communicate()

    assert "does not verify the server" in str(warned["message"])


def test_a_worker_starts_without_its_stores_and_ends_while_one_hangs(
    environ: dict[str, str], postgres: Postgres, aws: RunningAws
) -> None:
    postgres.pause()
    aws.control.hang()
    process = worker(environ | {"HEARTBEAT_INTERVAL_SECONDS": "1"})
    try:
        wait_for(process, "breaker_opened")
        process.send_signal(signal.SIGINT)
        wait_for(process, "worker_stopped")
        assert process.wait(timeout=60) == 0
    finally:
        postgres.resume()
        aws.control.clear()
        process.kill()
        process.communicate()


def test_a_second_signal_ends_a_worker_now(database: dict[str, str], postgres: Postgres) -> None:
    postgres.pause()
    process = worker(database)
    try:
        wait_for(process, "worker_started")
        process.send_signal(signal.SIGTERM)
        while process.poll() is None:
            process.send_signal(signal.SIGTERM)
            time.sleep(POLL_S)
        assert process.returncode == 128 + signal.SIGTERM
    finally:
        postgres.resume()
        process.kill()
        process.communicate()
