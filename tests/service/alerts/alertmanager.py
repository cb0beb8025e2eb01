"""Run Debian's Alertmanager as a process."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from local.server import free_port

CONFIGURATION = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


class Alertmanager:
    """A running Alertmanager and its API."""

    def __init__(self, port: int) -> None:
        self.place = f"127.0.0.1:{port}"
        self._client = httpx2.Client(base_url=f"http://{self.place}/prefix/api/v2", timeout=20)

    def ready(self) -> bool:
        try:
            return self._client.get("/status").status_code == 200
        except httpx2.TransportError:
            return False

    def alerts(self) -> list[dict[str, Any]]:
        """Return the firing alerts."""
        found: list[dict[str, Any]] = self._client.get("/alerts").raise_for_status().json()
        return found

    def close(self) -> None:
        self._client.close()


@contextmanager
def alertmanager(folder: Path) -> Iterator[Alertmanager]:
    """Run an Alertmanager that keeps its data in a folder."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    assert program, "install prometheus-alertmanager (`.ci/system.py` does, as root on Debian)"
    (folder / "am.yaml").write_text(CONFIGURATION)
    port = free_port()
    command = [
        program,
        f"--config.file={folder / 'am.yaml'}",
        f"--storage.path={folder}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.route-prefix=/prefix",
        "--cluster.listen-address=",
    ]
    log = (folder / "log").open("wb")
    with log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        server = Alertmanager(port)
        try:
            while not server.ready():
                assert process.poll() is None, (folder / "log").read_text()
            yield server
        finally:
            server.close()
            process.terminate()
