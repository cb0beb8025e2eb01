import json
import subprocess
import sys
from pathlib import Path

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
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(form=form)],
        cwd=ROOT,
        env=BARE,
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout


def test_where_no_terminal_is_every_line_is_json() -> None:
    first, second = (json.loads(line) for line in written().splitlines())

    assert (first["event"], first["cycle"], first["level"]) == ("cycle", 7, "info")
    assert first["timestamp"].endswith("Z")
    assert second["exception"][0]["exc_type"] == "ValueError"


def test_text_can_be_asked_for_where_a_pipe_ends_at_a_person() -> None:
    first = written("text").splitlines()[0]

    assert "cycle" in first
    assert "cycle=7" in first
    assert "\x1b" not in first


@pytest.mark.parametrize("form", ["", "text"])
def test_no_form_tells_what_the_failing_functions_held(form: str) -> None:
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


def test_libraries_speak_in_our_form_and_those_of_aws_not_at_all() -> None:
    said = subprocess.run(
        [sys.executable, "-c", LIBRARIES], cwd=ROOT, capture_output=True, text=True, check=True
    )

    [line] = said.stdout.splitlines()
    told = json.loads(line)
    assert (told["event"], told["logger"], told["message"]) == (
        "library",
        "some.library",
        "odd: thing",
    )


def test_a_line_that_cannot_be_written_stops_nothing() -> None:
    with Path("/dev/full").open("w") as full:
        said = subprocess.run(
            [sys.executable, "-c", FULL],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert (said.returncode, said.stderr) == (0, "went on")
