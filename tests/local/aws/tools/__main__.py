"""`make aws-tools`: build the credential helper with Go, and install the AWS CLI; once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.local.aws.tools import FOLDER, HELPER, cli, helper


def main(uv: str) -> int:
    """Build and install the missing clients.

    Args:
        uv: The path of uv.

    Returns:
        The exit code.
    """
    missing = [tool for tool in ("go", "cc") if shutil.which(tool) is None]
    if missing and not helper().exists():
        print(f"install {' and '.join(missing)}: the helper is built with them", file=sys.stderr)
        return 1
    if not helper().exists():
        _build(helper())
    if not cli().exists():
        _install(uv, cli().parents[1])
    print(f"AWS's clients are there: {helper()} and {cli()}")
    return 0


def _build(binary: Path) -> None:
    print("building AWS's credential helper, a minute or two", file=sys.stderr, flush=True)
    binary.parent.mkdir(parents=True, exist_ok=True)
    new = binary.with_name(f"{binary.name}.{os.getpid()}")  # whole, or not there
    subprocess.run(["go", "build", "-o", new, HELPER], cwd=FOLDER, check=True)
    new.rename(binary)


def _install(uv: str, folder: Path) -> None:
    print("installing the AWS CLI", file=sys.stderr, flush=True)
    requirements = FOLDER / "requirements.txt"
    subprocess.run([uv, "venv", "--quiet", "--clear", folder], check=True)
    python = folder / "bin" / "python"
    install = ["pip", "install", "--quiet", "--require-hashes", "--python", str(python)]
    subprocess.run([uv, *install, "--requirement", str(requirements)], check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
