# ruff: noqa: INP001 - a script, in no package
"""Print the path of a uv: the one on PATH if it is new enough, else ours, from PyPI.

For machines with nothing but Python: it needs no pip and no venv, and leaves the system's Python
alone. PIP_INDEX_URL names another index, SSL_CERT_FILE other authorities.
"""

import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

VERSION = "0.13.9"
WHEELS = {  # their SHA-256, which is also how the index's links to them are found
    "Linux x86_64": "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    "Linux aarch64": "5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe",
    "Darwin x86_64": "c16ed11e013557536b3e60065f1b912f6407bd6518e041b961e23ef9e6b4fbf5",
    "Darwin arm64": "66c512266d633bef48384a1f53003f41f2a8e7b36fe6e7fbfd3e0fd52d96fa63",
}
TIMEOUT_S = 60


def main() -> None:
    """Print the path; install uv into .uv/ first if needed."""
    uv = Path(__file__).resolve().parent.parent / ".uv" / VERSION / "uv"
    found = shutil.which("uv")
    if found and release(found) >= release_of(VERSION)[:2]:
        uv = Path(found)
    elif not uv.exists():
        print(f"getting uv {VERSION} for this folder", file=sys.stderr)
        install(wheel(), uv)
    print(uv)


def release(uv: str) -> tuple[int, ...]:
    """Return the release of a uv, () if it reports none."""
    shown = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    return release_of(shown.stdout)


def release_of(text: str) -> tuple[int, ...]:
    """Return the first version number in a text."""
    match = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(map(int, match.groups())) if match else ()


def wheel() -> bytes:
    """Return the wheel for this machine, with its pinned digest."""
    machine = f"{platform.system()} {platform.machine()}"
    if machine not in WHEELS:
        sys.exit(f"no uv is pinned for {machine}: install uv {VERSION} or newer yourself")
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/uv/"
    digest = WHEELS[machine]
    link = re.search(rf'href="([^"]+)#sha256={digest}"', fetch(index).decode())
    if link is None:
        sys.exit(f"{index} has no uv {VERSION}")
    content = fetch(urljoin(index, unescape(link[1])))
    if hashlib.sha256(content).hexdigest() != digest:
        sys.exit(f"{link[1]} is not the file that was pinned")
    return content


def fetch(url: str) -> bytes:
    """Download a URL."""
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310  the index's own
        return bytes(answer.read())


def install(content: bytes, uv: Path) -> None:
    """Install the wheel's uv, completely or not at all."""
    uv.parent.mkdir(parents=True, exist_ok=True)
    new = uv.with_name(f"uv.{os.getpid()}")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        new.write_bytes(archive.read(f"uv-{VERSION}.data/scripts/uv"))
    new.chmod(0o755)
    new.replace(uv)


if __name__ == "__main__":
    main()
