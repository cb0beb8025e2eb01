# ruff: noqa: INP001 - a script, in no package
"""Prints the path of a Chromium for the tests, and installs one before if there is none.

Debian's where that is possible (apt, as root: it brings its libraries along), else Playwright's.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    """Prints the path."""
    if not installed() and os.geteuid() == 0 and shutil.which("apt-get"):
        run(["apt-get", "update", "-qq"])
        run(["apt-get", "install", "-qq", "--no-install-recommends", "chromium"])
    print(installed() or downloaded())


def installed() -> str | None:
    """The machine's own."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def downloaded() -> str:
    """Playwright's, kept in its cache between runs."""
    run([sys.executable, "-m", "playwright", "install", "chromium"])
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def run(command: Sequence[str]) -> None:
    """Runs a command that may be silent on stdout only, which is for the path."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, check=True, stdout=sys.stderr, env=environment)  # noqa: S603


if __name__ == "__main__":
    main()
