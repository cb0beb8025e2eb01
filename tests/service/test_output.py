"""Commands whose reader has left, as `head` does after ten lines."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.processes import BARE, ROOT

FULL = Path("/dev/full")  # every write to it fails
DOWN = {"VALKEY_HOST": "127.0.0.1", "VALKEY_PORT": "1", "VALKEY_SSLMODE": "disable"}
TARGET = {
    "ALERT_TARGETS": "webhook+http://127.0.0.1:1/?secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
}


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("service openapi", 0),
        ("service --help", 0),
        ("service address /badge.svg", 0),
        ("service check", 2),
        ("service alerts test", 1),
        ("service.api.client", 0),
        ("stack.doctor --help", -13),
    ],
)
def test_a_command_without_a_reader_ends_quietly_with_its_own_status(
    command: str, status: int
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", *command.split()],
            env=BARE | DOWN | TARGET,
            cwd=ROOT,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writer)

    assert (done.stderr, done.returncode) == ("", status)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_command_ends_with_its_status_after_its_last_words(stream: str) -> None:
    program = f"import sys; from service.output import leave; sys.{stream}.write('done'); leave(3)"

    done = subprocess.run(
        [sys.executable, "-c", program], env=BARE, cwd=ROOT, capture_output=True, check=False
    )

    assert (done.returncode, getattr(done, stream)) == (3, b"done")


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has /dev/full")
def test_last_words_that_cannot_be_written_are_an_error() -> None:
    program = "import sys; from service.output import leave; sys.stdout.write('done'); leave(0)"

    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=BARE,
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode != 0
    assert "No space left on device" in done.stderr


def test_a_command_without_stdout_ends_with_its_status() -> None:
    shell = f"exec {sys.executable} -m service address /badge.svg >&-"

    done = subprocess.run(
        ["sh", "-c", shell], env=BARE | DOWN, cwd=ROOT, capture_output=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, b"")


def test_a_command_ends_even_if_a_thread_hangs() -> None:
    program = (
        "import threading; from service.output import leave\n"
        "threading.Thread(target=threading.Event().wait).start(); leave(0)"
    )

    done = subprocess.run([sys.executable, "-c", program], env=BARE, cwd=ROOT, check=False)

    assert done.returncode == 0
