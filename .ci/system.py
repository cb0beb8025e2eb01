# ruff: noqa: INP001 - a script, in no package
"""Install what the tests need of the system, and print the path of a Chromium for them.

As root on Debian it installs what is missing: Chromium, PostgreSQL and Redis, which speak TLS as
the embedded servers cannot, MariaDB, PgBouncer, Prometheus and its Alertmanager, and binutils. Only
the programs are needed: no service is started, now or at the next boot. Elsewhere Playwright
downloads a Chromium, and the rest is left to the user.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# The shell has no window to draw, and takes half the CPU of the whole browser.
CHROMIUMS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
POLICY = Path("/usr/sbin/policy-rc.d")  # https://manpages.debian.org/invoke-rc.d
SERVICES = {"mariadb-server": "mariadb"}  # where a package and its service differ in name
PROGRAMS = ("chromium-headless-shell", "binutils")  # have no service
FORBIDDEN = "#!/bin/sh\nexit 101\n"


def main() -> None:
    """Install what is missing, and print the path."""
    if missing_packages() and os.geteuid() == 0 and shutil.which("apt-get"):
        install(missing_packages())
    if servers := [package for package in missing_packages() if package != CHROMIUMS[0]]:
        missing = " and ".join(servers)
        tests = "TLS, MySQL, pools, rules, alerts and the image"
        print(f"the tests of {tests} will fail without {missing}", file=sys.stderr)
    print(chromium() or downloaded_chromium())


def missing_packages() -> list[str]:
    """Return Debian's names of the missing programs."""
    found = {
        CHROMIUMS[0]: chromium(),
        "postgresql": list(Path("/usr/lib/postgresql").glob("*/bin/postgres")),
        "redis-server": shutil.which("redis-server"),
        "pgbouncer": shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin"),
        "prometheus": shutil.which("promtool"),
        "prometheus-alertmanager": shutil.which("prometheus-alertmanager"),
        "binutils": shutil.which("strip"),
        "mariadb-server": shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin"),
    }
    return [package for package, program in found.items() if not program]


def chromium() -> str | None:
    """Return the machine's own Chromium, None if there is none."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


def install(packages: Sequence[str]) -> None:
    """Install Debian's packages, without starting their services."""
    print(f"installing {', '.join(packages)} with apt-get, some 300 MB", file=sys.stderr)
    run(["apt-get", "update", "-qq"])
    with no_service_starts():
        run(["apt-get", "install", "-qq", "--no-install-recommends", *packages])
    services = [SERVICES.get(package, package) for package in packages if package not in PROGRAMS]
    if services and shutil.which("systemctl"):
        run(["systemctl", "disable", "--quiet", *services])


@contextmanager
def no_service_starts() -> Iterator[None]:
    """Keep packages from starting their services, unless a policy exists already."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text(FORBIDDEN)
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def downloaded_chromium() -> str:
    """Download Playwright's Chromium; its cache keeps it."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  slow, and rarely needed

    run([sys.executable, "-m", "playwright", "install", "chromium"])
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def run(command: Sequence[str]) -> None:
    """Run a command; its output goes to stderr, since stdout is for the path."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(  # noqa: S603
        command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=environment
    )


if __name__ == "__main__":
    main()
