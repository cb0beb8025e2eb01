"""AWS's own clients for the tests: its credential helper, and its command line."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent
HELPER = "github.com/aws/rolesanywhere-credential-helper"
MISSING = "AWS's own clients are not here: `make aws-tools` gets them, with Go and a C compiler"


def helper(environ: Mapping[str, str] = os.environ) -> Path:
    """Where `make aws-tools` puts the credential helper."""
    return _cache(environ) / f"aws_signing_helper-{_pinned('go.mod', f'{HELPER} v')}"


def cli(environ: Mapping[str, str] = os.environ) -> Path:
    """Where it puts the command line: in an environment of its own, which it shares with nobody."""
    version = _pinned("requirements.txt", "awscli==")
    return _cache(environ) / f"awscli-{version}" / "bin" / "aws"


def _cache(environ: Mapping[str, str]) -> Path:
    """Outside of the checkout, as it serves all, by the XDG Base Directory Specification."""
    return Path(environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "heartbeat"


def _pinned(file: str, before: str) -> str:
    (version,) = re.findall(rf"{re.escape(before)}([\w.]+)", (FOLDER / file).read_text())
    return str(version)
