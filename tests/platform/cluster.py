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
        self.folder.mkdir(parents=True, exist_ok=True)
        # -a keeps the owner, as whom PostgreSQL runs, and the modes, which it checks.
        command = ["cp", "-a", *(str(_made[0] / name) for name in ("password", "data"))]
        subprocess.run([*command, str(self.folder)], check=True)


def _make(folder: Path) -> Path:
    """Make a cluster that no server ever uses; return its folder, which pytest removes."""
    folder.mkdir(parents=True)
    folder.chmod(0o711)  # PostgreSQL's own user may enter it
    UnsyncedPostgres(folder)._initialize()
    return folder
