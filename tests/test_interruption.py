"""A signal ends a run of pytest, whatever its tests do with the exception."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = """
from tests.interruption import Interruption

def pytest_configure(config):
    config.pluginmanager.register(Interruption())
"""
# The first test sends the signal, and catches what pytest ends by.
TESTS = """
import os, signal

def test_catches():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        while True:
            pass
    except BaseException:
        pass

def test_after():
    open("went on", "w").close()
"""


def test_no_test_starts_after_a_signal_whose_exception_a_test_caught(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "PYTEST_ADDOPTS": "",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == pytest.ExitCode.INTERRUPTED, done.stdout
    assert "ended by a signal" in done.stdout
    assert not (tmp_path / "went on").exists()
