"""PostgreSQL on a copy of one cluster: initdb takes ten times the CPU time of a copy."""

import functools
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from local.postgres import UnsyncedPostgres

_kept: list["TemporaryDirectory[str]"] = []
"""Removed when the process ends."""


class CopiedPostgres(UnsyncedPostgres):
    """A server with a copy of the cluster that initdb made first in this process."""

    def _initialize(self) -> None:
        made = _made()
        self.folder.mkdir(parents=True, exist_ok=True)
        # -a keeps the owner, as whom PostgreSQL runs, and the modes, which it checks.
        command = ["cp", "-a", *(str(made / name) for name in ("password", "data"))]
        subprocess.run([*command, str(self.folder)], check=True)


@functools.cache
def _made() -> Path:
    """Make a cluster that no server ever uses; return its folder."""
    _kept.append(TemporaryDirectory(prefix="heartbeat-cluster-"))
    folder = Path(_kept[-1].name)
    folder.chmod(0o711)  # PostgreSQL's own user may enter it
    made = UnsyncedPostgres(folder)
    made._initialize()
    return folder
