"""Measure a revision's image above its base, built without a container engine."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.build import Build, uv
from bench.program import MB

INSTALL_S = 900.0  # an empty cache downloads every dependency


def image_mb(build: Build) -> float:
    """Install as the Dockerfile does, trim where the revision trims, and add up the files.

    A revision whose `.ci/trim.py` strips does it here too; without `strip` it says so on stderr,
    and the figure is higher than the image's.

    Args:
        build: The revision; its Dockerfile copies nothing but this environment onto the base.
    """
    with tempfile.TemporaryDirectory() as folder:
        environ = {
            **os.environ,
            "UV_PROJECT_ENVIRONMENT": f"{folder}/heartbeat",
            "UV_LINK_MODE": "copy",  # the trimming must not reach uv's cache
            "UV_PYTHON": sys.executable,
            "PYTHONDONTWRITEBYTECODE": "",
        }
        dockerfile = (build.root / "Dockerfile").read_text()
        groups = ["--group", "alerts"] if "--group alerts" in dockerfile else []
        extras = ["--all-extras"] if "--all-extras" in dockerfile else []
        trims = (build.root / ".ci" / "trim.py").exists()
        compiled = [] if trims else ["--compile-bytecode"]
        sync = [uv(), "sync", "--locked", "--quiet", "--no-default-groups", "--no-editable"]
        _run([*sync, *groups, *extras, *compiled], build.root, environ)
        if trims:
            trim = [f"{folder}/heartbeat/bin/python", "-P", str(build.root / ".ci" / "trim.py")]
            _run(trim, Path(folder), environ)
        files = [path for path in Path(folder).rglob("*") if path.is_file()]
        return sum(path.stat().st_size for path in files if not path.is_symlink()) / MB


def _run(command: list[str], folder: Path, environ: dict[str, str]) -> None:
    subprocess.run(command, cwd=folder, env=environ, timeout=INSTALL_S, check=True)
