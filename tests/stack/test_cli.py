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

from tests.stack import cli
from tests.stack.engine.conftest import required
from tests.stack.recorder import ROOT

PATIENCE_S = 60.0  # nothing waits it out unless something hangs
# Says and does what Go does, in order: lists packages after downloads, then compiles, then links.
GO = """\
#!/bin/sh
echo "$@" >> {folder}/asked
echo "go: downloading example.com/module v1" >&2
case "$1" in
  list) echo one; echo two ;;
  build)
    echo one >&2; echo two >&2
    while [ -e {folder}/hold ]; do sleep 0.02; done
    printf '#!/bin/sh\\n' > "$4"; chmod +x "$4" ;;
esac
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A machine with a Go of the test, and no Pulumi CLI."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "go").write_text(GO.format(folder=tmp_path))
    (programs / "go").chmod(0o755)
    for name in ("sh", "sleep", "chmod", "setpriv"):
        if found := shutil.which(name):
            (programs / name).symlink_to(found)
    return {"PATH": str(programs), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}


def build(environ: dict[str, str]) -> subprocess.Popen[str]:
    """Start `make pulumi`; its lines go to stdout."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.watch", "-m", "tests.stack.cli"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def asked(folder: Path) -> list[str]:
    """Return the subcommands of Go that were called."""
    log = folder / "asked"
    return [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []


def wait_until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_without_a_cli_the_last_lines_show_how_many_tests_need_one_and_how_to_get_it(
    environ: dict[str, str],
) -> None:
    # The provider's tests are skipped for another reason, and are not counted.
    engine = "tests/stack/engine"
    tests = [f"{engine}/test_secret.py", f"{engine}/test_provider.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", "1", *tests],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    message, closing = done.stdout.splitlines()[-2:]
    assert "3 tests did not run" in message
    assert "`make pulumi`" in message
    assert "skipped" in closing


def test_in_ci_a_missing_cli_fails_and_elsewhere_skips() -> None:
    with pytest.raises(pytest.fail.Exception, match="`make pulumi`"):
        required(None, {"CI": "true"})
    with pytest.raises(pytest.skip.Exception, match="`make pulumi`"):
        required(None, {})


def test_two_builds_at_the_same_time_build_once_and_say_how_far_they_are(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "hold").touch()
    with build(environ) as first:
        wait_until(lambda: "build" in asked(tmp_path))
        with build(environ) as second:
            assert second.stdout is not None
            waiting = second.stdout.readline()
            (tmp_path / "hold").unlink()
            said = [popen.communicate(timeout=PATIENCE_S)[0] for popen in (first, second)]

    binary = cli.cached(environ)
    assert (first.returncode, second.returncode) == (0, 0)
    assert "another process builds" in waiting
    assert asked(tmp_path) == ["list", "build"]
    assert "2 of 3: compiling 2 packages\n3 of 3: linking" in said[0]
    assert all(text.endswith(f"the Pulumi CLI is there: {binary}\n") for text in said)
    assert cli.find(environ) == binary
    assert list(binary.parent.iterdir()) == [binary]


def test_a_build_that_is_there_is_not_made_again(environ: dict[str, str], tmp_path: Path) -> None:
    for _ in range(2):
        with build(environ) as popen:
            assert popen.wait(PATIENCE_S) == 0

    assert asked(tmp_path) == ["list", "build"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_leaves_nothing(
    environ: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "hold").touch()
    with build(environ) as popen:
        wait_until(lambda: "build" in asked(tmp_path))
        family = psutil.Process(popen.pid).children(recursive=True)
        popen.send_signal(number)
        said, _ = popen.communicate(timeout=PATIENCE_S)

    assert popen.returncode
    assert "Traceback" not in said
    assert not [process for process in family if process.is_running()]
    assert not list(cli.cached(environ).parent.iterdir())


def test_a_failed_build_shows_gos_output(environ: dict[str, str], tmp_path: Path) -> None:
    go = tmp_path / "bin" / "go"
    go.write_text('#!/bin/sh\necho "no space left" >&2\nexit 3\n')
    with build(environ) as popen:
        said, _ = popen.communicate(timeout=PATIENCE_S)

    assert popen.returncode == 1
    assert "no space left" in said
    assert "exit code 3" in said


def test_without_go_the_build_names_what_to_install(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "bin" / "go").unlink()
    with build(environ) as popen:
        said, _ = popen.communicate(timeout=PATIENCE_S)

    assert popen.returncode == 1
    assert "install Go" in said
