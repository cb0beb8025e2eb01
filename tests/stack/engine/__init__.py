"""A language host and stand-in providers, so that the real engine runs without any cloud."""

from collections.abc import Mapping
from pathlib import Path

import pytest

NO_CLI = "there is no Pulumi CLI. `make pulumi` builds one with Go, once; then they run."


def required(found: Path | None, environ: Mapping[str, str]) -> str:
    """Return the CLI's path; without a CLI, skip the test, or fail it in CI."""
    if found is None and environ.get("CI"):
        pytest.fail(NO_CLI)
    if found is None:
        pytest.skip(NO_CLI)
    return str(found)
