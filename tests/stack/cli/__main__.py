"""`make pulumi`: build the Pulumi CLI with Go, once, and print the progress."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.stack.cli import COMMAND, MODULE, cached, find, version

NO_GO = "There is no Go to build the Pulumi CLI with: install Go (https://go.dev/dl), or Pulumi."
SAY_EVERY_S = 10.0
STOP_S = 5.0  # Go removes its own temporary files on SIGINT


def main() -> int:
    """Build the CLI if there is none, and print its path.

    Returns:
        The exit code.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if found := find():
        print(f"the Pulumi CLI is there: {found}")
        return 0
    if shutil.which("go") is None:
        print(NO_GO, file=sys.stderr)
        return 1
    binary = cached()
    binary.parent.mkdir(parents=True, exist_ok=True)
    with locked(binary.parent):
        if not binary.exists():  # the lock's previous holder may have built it
            build(binary)
    print(f"the Pulumi CLI is there: {binary}")
    return 0


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a folder for one build at a time; the lock ends with the process."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process builds the Pulumi CLI now; waiting for it")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def build(binary: Path) -> None:
    """Build in a temporary folder beside the binary's path, then move the binary there.

    Raises:
        SystemExit: Go failed, and has printed why.
    """
    work = binary.with_name("building")
    shutil.rmtree(work, ignore_errors=True)  # of a build that was killed
    work.mkdir()
    environ = {**os.environ, "GOTMPDIR": str(work)}
    flags = f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={version()}"
    try:
        say(f"building the Pulumi CLI {version()}: minutes, on two cores some twenty; Ctrl-C stops")
        say("1 of 3: downloading its modules, and counting what is to be compiled")
        stale = ["list", "-deps", "-f", "{{if .Stale}}{{.ImportPath}}{{end}}", COMMAND]
        packages = len([line for line in go(stale, environ) if " " not in line])
        say(f"2 of 3: compiling {packages} packages")
        new = work / "pulumi"
        go(["build", "-v", "-o", str(new), "-ldflags", flags, COMMAND], environ, packages)
        new.rename(binary)
    finally:
        shutil.rmtree(work)


def go(arguments: list[str], environ: dict[str, str], packages: int = 0) -> list[str]:
    """Run Go and print its progress; always end it and its compilers.

    Returns:
        Its lines of standard output.
    """
    with subprocess.Popen(
        ["go", *arguments],
        cwd=MODULE,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            printed = follow(process, packages)
            code = process.wait()
        finally:
            end(process)
    if code:
        say("\n".join(printed))
        sys.exit(f"go {arguments[0]} failed with exit code {code}; its output is above")
    return printed


def follow(process: subprocess.Popen[str], packages: int) -> list[str]:
    """Count Go's downloads and compiled packages; print its other lines."""
    assert process.stdout is not None
    began = reported = time.monotonic()
    downloaded, compiled, printed = 0, 0, []
    for line in map(str.rstrip, process.stdout):
        if line.startswith("go: downloading"):
            downloaded += 1
        elif not packages:
            printed.append(line)
        elif " " not in line:  # with -v, the path of each package that it begins to compile
            compiled += 1
        else:
            say(line)
        if compiled and compiled == packages:
            say("3 of 3: linking, which takes a minute")
            packages += 1  # once
        elif time.monotonic() - reported > SAY_EVERY_S:
            reported = time.monotonic()
            of = f"{compiled} of {packages} packages" if compiled else f"{downloaded} modules"
            say(f"  {of}, {reported - began:.0f} s")
    return printed


def end(process: subprocess.Popen[str]) -> None:
    """End Go and its children; kill them if they do not end by themselves."""
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(STOP_S)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def say(line: str) -> None:
    """Print a line without buffering."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
