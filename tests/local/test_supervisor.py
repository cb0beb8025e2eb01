import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from local.app import App
from local.server import StartError
from local.supervisor import Supervisor

SCRIPT = Path(__file__).parent / "supervised.py"


class Supervised:
    """A supervisor as a process, and its output."""

    def __init__(self, popen: subprocess.Popen[str]) -> None:
        self.popen = popen
        self.lines: list[str] = []
        self.children: dict[str, psutil.Process] = {}

    def wait_for(self, *beginnings: str) -> None:
        """Read lines until one has begun with each text."""
        missing = set(beginnings)
        assert self.popen.stdout is not None
        while missing:
            line = self.popen.stdout.readline()
            assert line, self.lines
            self._take(line)
            missing = {each for each in missing if not line.startswith(each)}

    def end(self) -> int:
        """Read to the end, and return the exit code."""
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self._take(line)
        return self.popen.wait(10)

    def _take(self, line: str) -> None:
        self.lines.append(line.rstrip("\n"))
        name, _, text = line.partition(": ")
        if text.startswith("started"):
            self.children[name] = psutil.Process(int(text.split()[1]))


@contextmanager
def supervised(home: Path, second: str = "talking", echo_s: float = 60) -> Iterator[Supervised]:
    command = [sys.executable, str(SCRIPT), str(home), second, str(echo_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as popen:
        process = Supervised(popen)
        try:
            process.wait_for("store: started", "first: started", "second: started")
            yield process
        finally:
            popen.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_apps_before_the_stores(tmp_path: Path, number: signal.Signals) -> None:
    with supervised(tmp_path) as process:
        process.popen.send_signal(number)
        code = process.end()

    assert code == 0
    stopped = [line for line in process.lines if line.endswith("stopping")]
    assert sorted(stopped[:2]) == ["first: stopping", "second: stopping"]
    assert stopped[2:] == ["store: stopping"]


def test_an_ended_process_is_restarted_and_the_others_keep_running(tmp_path: Path) -> None:
    with supervised(tmp_path) as process:
        before = dict(process.children)

        before["first"].kill()
        process.wait_for("first: killed by SIGKILL; starts again in 1 s")
        process.wait_for("first: started")

        assert process.children["first"] != before["first"]
        assert before["store"].is_running()
        assert before["second"].is_running()


def test_a_second_signal_kills_at_once(tmp_path: Path) -> None:
    with supervised(tmp_path, "deaf", echo_s=0) as process:
        process.popen.send_signal(signal.SIGINT)
        process.wait_for("second: stopping")
        process.popen.send_signal(signal.SIGINT)

        assert process.end() == 130
    assert not [child for child in process.children.values() if child.is_running()]


def test_a_repeated_signal_from_two_senders_stops_cleanly(tmp_path: Path) -> None:
    with supervised(tmp_path) as process:
        process.popen.send_signal(signal.SIGTERM)
        process.popen.send_signal(signal.SIGTERM)

        assert process.end() == 0
    assert process.lines[-1] == "store: stopping"


def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with supervised(tmp_path, "deaf") as process:
        process.popen.kill()
        process.popen.wait(10)

        _, alive = psutil.wait_procs(process.children.values(), 60)

    assert not alive


def test_a_unit_that_ends_while_it_starts_is_an_error_with_its_reason(tmp_path: Path) -> None:
    supervisor = Supervisor(print)
    broken = App(
        "broken",
        ["-c", "exit(3)"],
        tmp_path,
        environment={},
        say=print,
        health="http://127.0.0.1:9/",
    )

    supervisor.launch([broken])

    with pytest.raises(StartError, match="broken did not start: exit code 3"):
        supervisor.wait_for([broken])


def test_a_step_that_fails_is_an_error_with_its_reason(tmp_path: Path) -> None:
    step = App("migrate", ["-c", "exit(3)"], tmp_path, environment={}, say=print)

    with pytest.raises(StartError, match="migrate failed: exit code 3"):
        Supervisor(print).complete(step)


def test_a_step_that_succeeds_is_over_when_it_returns(tmp_path: Path) -> None:
    lines: list[str] = []
    step = App(
        "migrate",
        ["-c", "print('done')"],
        tmp_path,
        environment={},
        say=lambda *line: lines.append(line[1]),
    )

    Supervisor(print).complete(step)

    assert lines == ["done"]
    assert step.process.exit_code == 0
