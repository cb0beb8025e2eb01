# ruff: noqa: INP001, S603, S607 - a script, in no package, that starts what README says
"""README's two commands in a fresh clone with empty caches, so that none can hide a missing step.

Needs only what README requires. The last line is pytest's.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
FIRST_ANSWER_S = 900.0  # a bound for a hang: the packages come from an index that may be slow
STOP_S = 60.0
FRESH = {"postgres", "valkey", "secrets_manager"}
# Test files for each kind of dependency: stores, stand-in AWS, TLS, a browser, the stack's SDKs.
PART = (
    "tests/schema tests/service/sources/test_contract.py tests/service/test_tls.py "
    "tests/web/test_rows.py tests/stack/test_settings.py"
)


def main() -> None:
    """Run both commands; fail if one of them fails."""
    with tempfile.TemporaryDirectory(prefix="heartbeat-bare-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        environ = empty(folder)
        clone = cloned(folder, environ)
        run(clone, environ)
        if found := [path.name for path in Path(environ["HOME"]).iterdir()]:
            sys.exit(f"make run has put {', '.join(found)} outside of its folder")
        for arguments in ("--collect-only -qq", PART):
            say(f"make test ARGS={arguments!r}")
            command = ["make", "test", f"ARGS={arguments}"]
            if code := subprocess.run(command, cwd=clone, env=environ, check=False).returncode:
                sys.exit(code)


def empty(folder: Path) -> dict[str, str]:
    """Return our environment with an empty home and empty caches, without CI's own variables."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAKE", "MFLAGS", "UV_", "XDG_", "GO", "PLAYWRIGHT_"))
    }
    for name in ("CI", "VIRTUAL_ENV", "ARGS", "PORT"):
        kept.pop(name, None)
    for name in ("HOME", "GOCACHE", "GOMODCACHE", "UV_CACHE_DIR", "XDG_CACHE_HOME"):
        kept[name] = str(folder / name.lower())
    Path(kept["HOME"]).mkdir()
    return kept


def cloned(folder: Path, environ: Mapping[str, str]) -> Path:
    """Clone the commit that is checked out."""
    clone = folder / "heartbeat"
    trust = folder / "gitconfig"  # CI's checkout may be another user's
    trust.write_text("[safe]\n\tdirectory = *\n[advice]\n\tdetachedHead = false\n")
    git = {**environ, "GIT_CONFIG_GLOBAL": str(trust)}
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=CHECKOUT, env=git, check=True, capture_output=True
    ).stdout.decode().strip()  # fmt: skip
    subprocess.run(["git", "clone", "--quiet", CHECKOUT, clone], env=git, check=True)
    subprocess.run(["git", "checkout", "--quiet", head], cwd=clone, env=git, check=True)
    return clone


def run(clone: Path, environ: Mapping[str, str]) -> None:
    """Run `make run` until every store is fresh, then stop it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    say(f"make run PORT={port}")
    began = time.monotonic()
    with started(["make", "run", f"PORT={port}"], clone, environ) as process:
        while not fresh(port):
            if process.poll() is not None:
                sys.exit(f"make run ended with {process.returncode}")
            if time.monotonic() - began > FIRST_ANSWER_S:
                sys.exit(f"make run gave no fresh answer in {FIRST_ANSWER_S:g} s")
            time.sleep(0.2)
        say(
            f"make run gave its first fresh answer {time.monotonic() - began:.0f} s after its start"
        )
    if left := inside(clone):
        sys.exit(f"make run has left {', '.join(left)}")


@contextmanager
def started(
    command: list[str], folder: Path, environ: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process, and end it with SIGTERM after the block."""
    with subprocess.Popen(command, cwd=folder, env=environ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_S)


def fresh(port: int) -> bool:
    """Tell whether the API reports every store as fresh."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://127.0.0.1:{port}/worker/status", timeout=5) as answer:
            status = json.load(answer)
    except OSError:
        return False
    rows = status["timestamps"]
    stamped = {name for name, row in rows.items() if row["freshness"] == "fresh"}
    return status["overall_status"] == "ok" and stamped >= FRESH


def inside(clone: Path) -> list[str]:
    """Return the programs that still run in the clone or come from it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            places = [(process / name).readlink() for name in ("cwd", "exe")]
            program = (process / "comm").read_text().strip()
        except OSError:  # ended meanwhile, or the kernel's own
            continue
        if any(place.is_relative_to(clone) for place in places):
            found.append(f"{program} {process.name}")
    return found


def say(line: str) -> None:
    """Print a line that can be told from the commands' own."""
    print(f"--- bare clone: {line}", flush=True)


if __name__ == "__main__":
    if shutil.which("git") is None or shutil.which("make") is None:
        sys.exit("this needs git and make")
    main()
