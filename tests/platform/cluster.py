"""PostgreSQL on a copy of one cluster: initdb takes ten times the CPU time of a copy."""

import subprocess
from pathlib import Path

from local.postgres import UnsyncedPostgres

_made: list[Path] = []
"""The folder of this process's cluster, once it is made."""


class CopiedPostgres(UnsyncedPostgres):
    """A server with a copy of the cluster that initdb made first in this process."""

    def _initialize(self) -> None:
        if not _made:
            _made.append(_make(self.folder.parent / "cluster"))
        copy(_made[0], self.folder)


def copy(cluster: Path, folder: Path) -> None:
    """Copy a cluster's data and password into a server's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    # -a keeps the owner, as whom PostgreSQL runs, and the modes, which it checks.
    originals = [str(cluster / name) for name in ("password", "data")]
    subprocess.run(["cp", "-a", *originals, str(folder)], check=True)


def _make(folder: Path) -> Path:
    """Make a cluster that no server ever uses; return its folder, which pytest removes."""
    folder.mkdir(parents=True)
    folder.chmod(0o711)  # PostgreSQL's own user may enter it
    UnsyncedPostgres(folder)._initialize()
    return folder
