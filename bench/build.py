"""One revision of Heartbeat, with an environment of its own, whose processes can be measured."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
INSTALL_S = 900.0  # an empty cache downloads every dependency


@dataclass(frozen=True)
class Build:
    """A checkout and the Python that runs it.

    Attributes:
        name: Its name in the table.
        root: The folder of its checkout.
        python: The path of its interpreter.
    """

    name: str
    root: Path = ROOT
    python: str = sys.executable


def checked_out(revision: str) -> Build:
    """Check a revision out and install what it deploys; both are kept for the next run.

    Args:
        revision: Anything that git resolves to a commit.

    Raises:
        SystemExit: git knows no such revision, or its dependencies cannot be installed.
    """
    commit = _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if not commit:
        sys.exit(f"--against {revision}: git knows no such revision; give a commit, tag or branch")
    root = ROOT / ".cache" / "against" / commit[:12]
    if not (root / "pyproject.toml").exists():
        shutil.rmtree(root, ignore_errors=True)
        _git("worktree", "prune")
        root.parent.mkdir(parents=True, exist_ok=True)
        _git("worktree", "add", "--detach", "--force", str(root), commit)
    return Build(name=commit[:7], root=root, python=_installed(root, f"--against {revision}"))


def deployed() -> Build:
    """Install what this checkout deploys, without what only the bench needs.

    Raises:
        SystemExit: Its dependencies cannot be installed.
    """
    return Build(name="this checkout", python=_installed(ROOT, "this checkout"))


def uv() -> str:
    """Return the path of uv, in the version that CI uses."""
    found = subprocess.run(
        [sys.executable, ROOT / ".ci" / "uv.py"], capture_output=True, text=True, check=True
    )
    return found.stdout.strip()


def _installed(root: Path, what: str) -> str:
    """Install what a checkout deploys; the path of its interpreter."""
    environment = root / ".uv" / "deployed"
    installed = subprocess.run(
        [uv(), "sync", "--locked", "--quiet", "--no-default-groups"],
        cwd=root,
        env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(environment)},
        timeout=INSTALL_S,
        check=False,
    )
    if installed.returncode:
        sys.exit(f"{what}: its dependencies could not be installed")
    python = str(environment / "bin" / "python")
    subprocess.run([python, "-m", "compileall", "-q", "schema", "service"], cwd=root, check=True)
    return python


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()
