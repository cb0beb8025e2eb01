"""The Pulumi CLI for the engine's tests: it is built once, and its absence is reported."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests import conftest
from tests.stack import cli
from tests.stack.engine import required
from tests.stack.recorder import ROOT

PATIENCE_S = 60.0  # only a hang takes this long
# Prints and does the same as Go, in order: downloads and lists packages, compiles, links.
GO = """\
#!/bin/sh
echo "$@" >> {folder}/calls
echo "go: downloading example.com/module v1" >&2
case "$1" in
  list) echo one; echo two ;;
  build)
    echo one >&2; echo two >&2
    while [ -e {folder}/hold ]; do sleep 0.02; done
    printf '#!/bin/sh\\n' > "$4"; chmod +x "$4" ;;
esac
"""
# What every test of the engine needs, and a test that is skipped for another reason.
TESTS = """
import os
import pytest
from tests.stack.cli import find
from tests.stack.engine import required

@pytest.mark.parametrize("number", [1, 2])
def test_of_the_engine(number):
    required(find(), os.environ)

@pytest.mark.skip(reason="the provider is not there")
def test_of_the_provider():
    pass
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine with a fake Go and without a Pulumi CLI."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "go").write_text(GO.format(folder=tmp_path))
    (programs / "go").chmod(0o755)
    for name in ("sh", "sleep", "chmod", "setpriv"):
        if found := shutil.which(name):
            (programs / name).symlink_to(found)
    return {"PATH": str(programs), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}


def build(environ: dict[str, str]) -> subprocess.Popen[str]:
    """Start `make pulumi` with its output in a pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.watch", "-m", "tests.stack.cli"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def subcommands(folder: Path) -> list[str]:
    """Return the subcommands with which Go was called."""
    log = folder / "calls"
    return [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []


def wait_until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_without_a_cli_the_summary_counts_the_skipped_tests_and_names_the_remedy(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    # The whole tests/conftest.py, and plugins that are not used, would be most of the run.
    lean = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    plugins = ["-p", "no:cacheprovider", "-p", "xdist.plugin", "-p", "tests.summary"]
    assert "tests.summary" in conftest.pytest_plugins

    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "-n", "1"],
        cwd=tmp_path,
        env=environ | lean,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    message, closing = done.stdout.splitlines()[-2:]
    assert "2 tests did not run" in message
    assert "`make pulumi`" in message
    assert "3 skipped" in closing


def test_in_ci_a_missing_cli_fails_and_elsewhere_skips() -> None:
    with pytest.raises(pytest.fail.Exception, match="`make pulumi`"):
        required(None, {"CI": "true"})
    with pytest.raises(pytest.skip.Exception, match="`make pulumi`"):
        required(None, {})


def test_concurrent_builds_build_once_and_print_progress(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "hold").touch()
    with build(environ) as first:
        wait_until(lambda: "build" in subcommands(tmp_path))
        with build(environ) as second:
            assert second.stdout is not None
            waiting = second.stdout.readline()
            (tmp_path / "hold").unlink()
            outputs = [popen.communicate(timeout=PATIENCE_S)[0] for popen in (first, second)]

    binary = cli.cached(environ)
    assert (first.returncode, second.returncode) == (0, 0)
    assert "another process builds" in waiting
    assert subcommands(tmp_path) == ["list", "build"]
    assert "2 of 3: compiling 2 packages\n3 of 3: linking" in outputs[0]
    assert all(text.endswith(f"the Pulumi CLI is there: {binary}\n") for text in outputs)
    assert cli.find(environ) == binary
    assert list(binary.parent.iterdir()) == [binary]


def test_an_existing_build_is_not_repeated(environ: dict[str, str], tmp_path: Path) -> None:
    for _ in range(2):
        with build(environ) as popen:
            assert popen.wait(PATIENCE_S) == 0

    assert subcommands(tmp_path) == ["list", "build"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_leaves_nothing(
    environ: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "hold").touch()
    with build(environ) as popen:
        wait_until(lambda: "build" in subcommands(tmp_path))
        family = psutil.Process(popen.pid).children(recursive=True)
        popen.send_signal(number)
        output, _ = popen.communicate(timeout=PATIENCE_S)

    assert popen.returncode
    assert "Traceback" not in output
    assert not [process for process in family if process.is_running()]
    assert not list(cli.cached(environ).parent.iterdir())


def test_a_failed_build_shows_gos_output(environ: dict[str, str], tmp_path: Path) -> None:
    go = tmp_path / "bin" / "go"
    go.write_text('#!/bin/sh\necho "no space left" >&2\nexit 3\n')
    with build(environ) as popen:
        output, _ = popen.communicate(timeout=PATIENCE_S)

    assert popen.returncode == 1
    assert "no space left" in output
    assert "exit code 3" in output


def test_without_go_the_build_names_what_to_install(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "bin" / "go").unlink()
    with build(environ) as popen:
        output, _ = popen.communicate(timeout=PATIENCE_S)

    assert popen.returncode == 1
    assert "install Go" in output
