"""Find AWS's own clients for the tests: the credential helper, and the command line."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent
HELPER = "github.com/aws/rolesanywhere-credential-helper"
MISSING = "AWS's own clients are missing: `make aws-tools` gets them, with Go and a C compiler"


def helper(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the path to which `make aws-tools` builds the credential helper."""
    return _cache(environ) / f"aws_signing_helper-{_pinned('go.mod', f'{HELPER} v')}"


def cli(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the path to which `make aws-tools` installs the CLI, in its own environment."""
    version = _pinned("requirements.txt", "awscli==")
    return _cache(environ) / f"awscli-{version}" / "bin" / "aws"


def _cache(environ: Mapping[str, str]) -> Path:
    """Return a folder that serves all checkouts [XDG Base Directory Specification]."""
    return Path(environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "heartbeat"


def _pinned(file: str, before: str) -> str:
    (version,) = re.findall(rf"{re.escape(before)}([\w.]+)", (FOLDER / file).read_text())
    return str(version)
