import signal
import subprocess
import sys
from pathlib import Path

import psutil

from local.process import Process

SLEEP = "import time; time.sleep(60)"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_output_goes_line_by_line_to_a_function(tmp_path: Path) -> None:
    lines: list[str] = []
    process = Process(python("print('one'); print('two')"), tmp_path, lines.append)

    process.start()
    process.finish(60)

    assert lines == ["one", "two"]
    assert process.exit_code == 0


def test_output_to_a_file_is_appended(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = Process(python("print('one')"), tmp_path, log)

    for _ in range(2):
        process.start()
        process.finish(60)

    assert log.read_text() == "one\none\n"


def test_a_process_that_ignores_sigterm_is_killed_after_its_grace(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    process = Process(python(f"{deaf}open({str(ready)!r}, 'w').close(); {SLEEP}"), tmp_path, print)
    process.start()
    while not ready.exists():
        assert process.running

    process.terminate()
    process.finish(0.01)

    assert process.exit_code == -signal.SIGKILL


def test_a_paused_process_stops_cleanly(tmp_path: Path) -> None:
    process = Process(python(SLEEP), tmp_path, print)
    process.start()

    process.pause()
    process.terminate()
    process.finish(60)

    assert process.exit_code == -signal.SIGTERM


def test_killing_a_process_kills_its_children(tmp_path: Path) -> None:
    lines: list[str] = []
    start_child = f"import subprocess, sys; c = subprocess.Popen([sys.executable, '-c', {SLEEP!r}])"
    process = Process(
        python(f"{start_child}; print(c.pid, flush=True); {SLEEP}"), tmp_path, lines.append
    )
    process.start()
    while not lines:
        assert process.running
    child = psutil.Process(int(lines[0]))

    process.kill()

    assert not child.is_running()


def test_a_process_of_an_earlier_run_in_the_folder_is_ended(tmp_path: Path) -> None:
    earlier = Process(python(SLEEP), tmp_path, print)
    elsewhere = Process(python(SLEEP), Path(__file__).parent, print)
    earlier.start()
    elsewhere.start()

    Process(python(SLEEP), tmp_path, print).end_leftovers()

    assert not earlier.running
    assert elsewhere.running
    elsewhere.kill()


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    child_code = f"import os; print(os.getpid(), flush=True); {SLEEP}"
    code = f"""
import sys
from pathlib import Path
from local.process import Process
Process([sys.executable, "-c", {child_code!r}], Path({str(tmp_path)!r}), print).start()
{SLEEP}
"""
    with subprocess.Popen(
        [sys.executable, "-uc", code], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))

        parent.kill()

    child.wait(10)
