"""A run of the tests leaves no processes behind, however it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

PATIENCE_S = 60.0  # only a hang takes this long
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans on")
# A run of two processes, in which one test starts a server in its own session, and hangs.
TESTS = """
import os, subprocess, sys, time
from pathlib import Path

def test_hangs():
    child = [sys.executable, "-c", "import time; time.sleep(600)"]
    server = subprocess.Popen(child, start_new_session=True)
    Path("pids.new").write_text(f"{os.getpid()} {server.pid}")
    Path("pids.new").rename("pids")
    time.sleep(600)

def test_other():
    pass
"""


@contextmanager
def watched(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command under `tests.watch` in a folder; its output goes to `log` there."""
    root = Path(__file__).parent.parent
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "tests.watch", *arguments],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(root),
                "PYTEST_ADDOPTS": "",
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # half of a start is plugins
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as popen,
    ):
        try:
            yield popen
        finally:
            popen.kill()


@contextmanager
def watched_tests(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """Run the tests above; yield the run and its process ids once the server runs."""
    (folder / "test_it.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\n")
    options = ["-p", "xdist.plugin", "-n", "2", "--dist", "loadfile", "--max-worker-restart", "0"]
    with watched(folder, "-m", "pytest", *options) as popen:
        wait_until((folder / "pids").exists, popen, folder)
        worker, server = map(int, (folder / "pids").read_text().split())
        family = [each.pid for each in psutil.Process(popen.pid).children(recursive=True)]
        assert {worker, server} <= set(family)
        yield popen, [worker, server, *(pid for pid in family if pid not in {worker, server})]


def wait_until(condition: Callable[[], bool], popen: subprocess.Popen[bytes], folder: Path) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert popen.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < give_up, (folder / "log").read_text()
        time.sleep(0.02)


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if psutil.pid_exists(pid)]


@linux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_and_all_its_servers(tmp_path: Path, number: signal.Signals) -> None:
    with watched_tests(tmp_path) as (popen, family):
        popen.send_signal(number)
        code = popen.wait(PATIENCE_S)

        assert code
        assert not alive(family)


@linux
def test_killing_one_process_ends_the_run_and_all_its_servers(tmp_path: Path) -> None:
    with watched_tests(tmp_path) as (popen, family):
        os.kill(family[0], signal.SIGKILL)
        code = popen.wait(PATIENCE_S)

        assert code
        assert not alive(family)
        assert "crashed while running 'test_it.py::test_hangs'" in (tmp_path / "log").read_text()


@linux
def test_a_killed_controller_ends_everything(tmp_path: Path) -> None:
    with watched_tests(tmp_path) as (popen, family):
        (controller,) = psutil.Process(popen.pid).children()
        controller.kill()
        code = popen.wait(PATIENCE_S)

        assert code == 128 + signal.SIGKILL
        assert not alive(family)


@linux
def test_processes_left_by_a_command_are_ended_and_named(tmp_path: Path) -> None:
    start = "import subprocess, sys; subprocess.Popen(['sleep', '600'], start_new_session=True)"

    with watched(tmp_path, "-c", f"{start}; sys.exit(7)") as popen:
        code = popen.wait(PATIENCE_S)

    assert code == 7
    assert "ending what was left: sleep" in (tmp_path / "log").read_text()


@linux
def test_orphans_that_end_during_the_run_leave_no_zombies(tmp_path: Path) -> None:
    code = f"""
import subprocess, sys, time
from pathlib import Path
import psutil
orphan = subprocess.check_output(["sh", "-c", "sleep 0.01 >&2 & echo $!"])
give_up = time.monotonic() + {PATIENCE_S}
while psutil.pid_exists(int(orphan)):
    assert time.monotonic() < give_up
"""
    with watched(tmp_path, "-c", code) as popen:
        assert popen.wait(PATIENCE_S) == 0, (tmp_path / "log").read_text()
