"""Find the Pulumi CLI for the engine's tests: on PATH, or as `make pulumi` built it."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

MODULE = Path(__file__).parent
COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"


def find(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the CLI's path, None if there is none."""
    if on_path := shutil.which("pulumi", path=environ.get("PATH")):
        return Path(on_path)
    built = cached(environ)
    return built if os.access(built, os.X_OK) else None


def cached(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the path to which `make pulumi` builds the CLI [XDG Base Directory Specification].

    The path is outside of the checkout, because a build takes long and serves every checkout.
    """
    caches = environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(caches).expanduser() / "heartbeat" / f"pulumi-{version()}" / "pulumi"


def version() -> str:
    """Return the version that go.mod pins, such as `3.274.1`.

    Raises:
        ValueError: go.mod pins none.
    """
    pinned = re.search(r"github\.com/pulumi/pulumi/pkg/v3 v(\S+)", (MODULE / "go.mod").read_text())
    if pinned is None:
        raise ValueError(f"{MODULE / 'go.mod'} pins no version of the Pulumi CLI")
    return pinned[1]
