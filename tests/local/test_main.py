"""`python -m local --services-only` as a process: it starts real servers without the service."""

import asyncio
import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.connections import close, connect
from service.settings import load

STOP_S = 60.0  # a bound for a hang


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "local", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as popen:
        try:
            yield popen
        finally:
            popen.kill()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def variables(file: Path) -> dict[str, str]:
    """Return the variables of a shell that has sourced a file."""
    shell = ["env", "-i", "/bin/sh", "-c", f". {shlex.quote(str(file))}; set"]
    lines = subprocess.run(shell, capture_output=True, text=True, check=True).stdout.splitlines()
    return {name: value.strip("'") for name, _, value in (line.partition("=") for line in lines)}


def wait_for(popen: subprocess.Popen[str], text: str) -> None:
    assert popen.stdout is not None
    for line in popen.stdout:
        if text in line:
            return
    raise AssertionError(f"ended without {text!r}")


def test_the_environment_file_leads_to_the_stores_until_the_run_ends(home: Path) -> None:
    file = home / "stores.env"
    file.touch(mode=0o666)
    relative = os.path.relpath(file)
    with running("--services-only", "--data-dir", str(home), "--env-file", relative) as popen:
        wait_for(popen, f". {file.resolve()};")  # sh finds no file of this folder by its name alone
        family = psutil.Process(popen.pid).children(recursive=True)
        stores = variables(file)
        for name in ("PGPORT", "VALKEY_PORT"):
            socket.create_connection(("127.0.0.1", int(stores[name]))).close()

        popen.send_signal(signal.SIGTERM)
        assert popen.wait(STOP_S) == 0

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stores["PGSSLMODE"] == "disable"
    assert stores["AWS_ENDPOINT_URL"].startswith("https://")
    assert not [process for process in family if process.is_running()]


def test_a_second_run_on_the_same_data_names_the_first(home: Path) -> None:
    with running("--services-only", "--data-dir", str(home)) as first:
        wait_for(first, "data in")
        command = [sys.executable, "-m", "local", "--services-only", "--data-dir", str(home)]

        second = subprocess.run(command, capture_output=True, text=True, check=False)

    assert second.returncode == 1
    in_use = f"{home} is in use by another `python -m local`, pid {first.pid}"
    assert second.stderr.startswith(f"{in_use}: stop it, or choose another folder: --data-dir")


def test_a_folder_that_cannot_be_used_ends_it_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "data"
    command = [sys.executable, "-m", "local", "--data-dir", str(folder)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith(f"{folder} cannot be used (Not a directory): choose another")


def test_after_sigkill_the_next_run_starts(home: Path) -> None:
    file = home / "stores.env"
    arguments = ["--services-only", "--data-dir", str(home), "--env-file", str(file)]
    with running(*arguments) as popen:
        wait_for(popen, str(file))
        family = psutil.Process(popen.pid).children(recursive=True)
    _, alive = psutil.wait_procs(family, STOP_S)

    with running(*arguments) as popen:
        wait_for(popen, str(file))
        popen.send_signal(signal.SIGINT)
        code = popen.wait(STOP_S)

    assert not alive
    assert code == 0


def test_a_dashboard_port_in_use_ends_it_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", "local", "--data-dir", str(tmp_path), "--port", str(port)]

        done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert f"port {port} is in use" in done.stderr


def test_the_printed_commands_stage_outages(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "stores.env"
    data = ["--data-dir", str(home), "--env-file", str(file)]
    arguments = ["--services-only", "--faults", *data]
    with running(*arguments) as popen:
        assert popen.stdout is not None
        lines = iter(popen.stdout.readline, "")
        curl = next(line for line in lines if '"hang"' in line).partition("curl -d ")[2]
        body, address = shlex.split(curl)
        wait_for(popen, str(file))
        port = int(variables(file)["PGPORT"])
        socket.create_connection(("127.0.0.1", port)).close()

        refuse(address, body.replace("hang", "refuse"))

        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        popen.send_signal(signal.SIGTERM)
        assert popen.wait(STOP_S) == 0


def refuse(address: str, body: str) -> None:
    import urllib.request

    with urllib.request.urlopen(address, body.encode(), 10) as answer:
        assert answer.status == 200


def test_further_stores_are_real_and_accept_stamps(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "stores.env"
    data = ["--data-dir", str(home), "--env-file", str(file)]
    arguments = ["--services-only", "--with", "s3,mysql", *data]
    with running(*arguments) as popen:
        wait_for(popen, str(file))
        environ = {**variables(file), "HEARTBEAT_NAME": "worker"}

        assert asyncio.run(stamped(environ)) == {"mysql": True, "s3": True}

        popen.send_signal(signal.SIGTERM)
        assert popen.wait(STOP_S) == 0


async def stamped(environ: dict[str, str]) -> dict[str, bool]:
    """Write a stamp to each further store; return whether it is read back."""
    wanted = ("HEARTBEAT_SOURCE_", "IAM_", "AWS_", "SECRETS_MANAGER_", "HEARTBEAT_NAME")
    settings = load({n: v for n, v in environ.items() if n.startswith(wanted)})
    sources = connect(settings)
    found = {}
    for name in ("mysql", "s3"):
        heartbeat = Heartbeat(name="worker", timestamp=utc_now())
        await sources[name].write(heartbeat)
        found[name] = (await sources[name].read()).stamp == heartbeat.timestamp
    await close(sources)
    return found


@pytest.mark.parametrize("stores", ["oracle", "mysql,oracle", ","])
def test_an_unknown_store_is_refused(stores: str) -> None:
    command = [sys.executable, "-m", "local", "--with", stores]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "choose from mysql, s3" in done.stderr


def test_without_mariadb_it_names_what_to_install(tmp_path: Path) -> None:
    script = f"""
import sys
from local import __main__, mariadb
mariadb.PATH = {str(tmp_path)!r}
sys.argv = ["local", "--data-dir", {str(tmp_path)!r}, "--services-only", "--with", "mysql"]
sys.exit(__main__.main())
"""

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "--with mysql needs mariadbd: install Debian's package mariadb-server" in done.stderr
    assert done.stdout == ""


def test_everything_stops_quietly_when_nobody_reads_the_output_any_more() -> None:
    command = [sys.executable, "-m", "local", "--ephemeral", "--services-only"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as popen:
        assert popen.stdout is not None
        assert popen.stderr is not None
        try:
            first = popen.stdout.readline()
            popen.stdout.close()
            popen.wait(STOP_S)
            errors = popen.stderr.read()
        finally:
            popen.kill()

    assert "data in" in first
    assert (errors, popen.returncode) == ("", 0)
