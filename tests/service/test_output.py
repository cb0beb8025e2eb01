"""Commands whose reader has left, as `head` does after ten lines."""

import os
import subprocess
import sys

import pytest

from tests.service.processes import BARE, ROOT

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
