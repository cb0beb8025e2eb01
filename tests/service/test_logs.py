import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import pytest

from tests.service.processes import BARE

ROOT = Path(__file__).parents[2]
PROGRAM = """
from service.logs import LogFormat, configure
import structlog
configure("INFO", LogFormat({form!r}) if {form!r} else None)
log = structlog.get_logger()
log.debug("hidden")
log.info("cycle", cycle=7)
try:
    password = "hunter2"
    raise ValueError("no")
except ValueError:
    log.exception("failed")
"""


def written(form: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(form=form)],
        cwd=ROOT,
        env=BARE,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_without_a_terminal_every_line_is_json() -> None:
    first, second = (json.loads(line) for line in written().splitlines())

    assert (first["event"], first["cycle"], first["level"]) == ("cycle", 7, "info")
    assert first["timestamp"].endswith("Z")
    assert second["exception"][0]["exc_type"] == "ValueError"


def test_text_can_be_chosen_for_a_pipe() -> None:
    first = written("text").splitlines()[0]

    assert "cycle" in first
    assert "cycle=7" in first
    assert "\x1b" not in first


@pytest.mark.parametrize("form", ["", "text"])
def test_no_format_logs_local_variables(form: str) -> None:
    assert "hunter2" not in written(form).replace('password = "hunter2"', "")


LIBRARIES = """
import logging
from service.logs import configure
configure("INFO")
logging.getLogger("some.library").warning("odd: %s", "thing")
logging.getLogger("some.library").info("quiet")
logging.getLogger("botocore.credentials").error("hunter2")
logging.getLogger("urllib3.connectionpool").warning("hunter2")
"""
FULL = """
import structlog, sys
from service.logs import configure
configure("INFO")
structlog.get_logger().info("cycle")
sys.stderr.write("went on")
import os
os._exit(0)
"""


def test_libraries_log_in_our_format_and_those_of_aws_not_at_all() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIBRARIES], cwd=ROOT, capture_output=True, text=True, check=True
    )

    [line] = done.stdout.splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["logger"], entry["message"]) == (
        "library",
        "some.library",
        "odd: thing",
    )


def test_a_log_line_that_cannot_be_written_stops_nothing() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", FULL],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert (done.returncode, done.stderr) == (0, "went on")


STALLED = """
import os, sys
import structlog
from service.logs import configure, finish
configure("INFO")
log = structlog.get_logger()
for number in range({lines}):
    log.info("cycle", number=number, padding="x" * 5000)
os.write(2, b"went on\\n")
sys.stdin.readline()
log.info("after")
finish()
os._exit(0)
"""


@pytest.mark.parametrize(("lines", "dropped"), [(500, False), (1500, True)])
def test_a_stopped_reader_of_the_log_stops_nothing(lines: int, *, dropped: bool) -> None:
    command = [sys.executable, "-c", STALLED.format(lines=lines)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, env=BARE, stdin=pipe, stdout=pipe, stderr=pipe
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        assert process.stderr.readline() == b"went on\n"  # everything was logged without a reader
        first = os.read(process.stdout.fileno(), 1)
        read: list[bytes] = []
        drained = threading.Event()
        reader = threading.Thread(target=_read_all, args=(process.stdout, read, drained))
        reader.start()
        drained.wait()
        process.stdin.write(b"\n")
        process.stdin.close()
        reader.join()

    entries = [json.loads(line) for line in (first + b"".join(read)).splitlines()]
    numbers = [each["number"] for each in entries if each["event"] == "cycle"]
    assert numbers == list(range(len(numbers)))
    lost = [each["lines"] for each in entries if each["event"] == "log_lines_dropped"]
    assert bool(lost) is dropped
    after = [each["event"] for each in entries].count("after")  # dropped while the queue is full
    assert len(numbers) + after + sum(lost) == lines + 1


def _read_all(stream: IO[bytes], into: list[bytes], drained: threading.Event) -> None:
    while data := os.read(stream.fileno(), 65536):
        into.append(data)
        if sum(map(len, into)) > 20_000:  # most of what a pipe holds
            drained.set()
