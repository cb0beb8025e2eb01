# ruff: noqa: INP001 - a script, in no package
"""Make the image smaller: called by the Dockerfile, in the environment that it copies.

Deletes botocore's data of services that are never called, strips the extension modules of symbols
for debuggers, and compiles what the service imports and nothing else: under a root that cannot be
written, the rest would be compiled at each start.
"""

import compileall
import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import botocore

ELF = b"\x7fELF"
CALLED = {"s3", "sts", "secretsmanager"}
RUN = re.compile(r"\.(__main__|migrations\.(env|versions)(\..*)?)$")  # by others, not imported
LATE = (  # imported by name, when they are first used
    "anyio._backends._asyncio",
    "uvloop",
    "boto3",
    "iam_rolesanywhere_session",
    "alembic.command",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
)


def main() -> None:
    """Trim, then check that each extension still loads, and each service in use has its data."""
    site = Path(sysconfig.get_path("platlib"))
    shutil.rmtree(site / "greenlet" / "tests", ignore_errors=True)  # would need psutil to load
    strip(binaries(Path(sys.prefix)))
    load(extensions(site))
    for folder in (Path(botocore.__file__).parent / "data").iterdir():
        if folder.is_dir() and folder.name not in CALLED:
            shutil.rmtree(folder)
    for package in ("schema", "service"):
        path = importlib.import_module(package).__path__
        compileall.compile_dir(path[0], quiet=1)
        for module in pkgutil.walk_packages(path, f"{package}."):
            if not RUN.search(module.name):
                importlib.import_module(module.name)
    for name in LATE:
        importlib.import_module(name)
    boto3 = importlib.import_module("boto3")
    for name in CALLED:
        boto3.client(name, region_name="us-west-2")


def binaries(folder: Path) -> list[Path]:
    """Return the ELF files under a folder, symbolic links excluded."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in files if _first_bytes(path) == ELF]


def strip(files: Iterable[Path]) -> None:
    """Take symbols for debuggers out of files; without binutils, say so and leave them."""
    program = shutil.which("strip")
    if program is None:
        print("not stripped: there is no `strip` on PATH; install binutils", file=sys.stderr)
        return
    for path in files:
        # A new file: this process may have mapped the old one.
        smaller = path.with_name(f"{path.name}.stripped")
        command = [program, "--strip-unneeded", "-o", str(smaller), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            smaller.unlink(missing_ok=True)
            print(f"not stripped: {path}: {done.stderr.strip()}", file=sys.stderr)
        else:
            shutil.copymode(path, smaller)
            smaller.replace(path)


def extensions(site: Path) -> list[str]:
    """Return the names of the extension modules under `site-packages`."""
    suffixes = tuple(EXTENSION_SUFFIXES)
    found = (path.relative_to(site) for path in site.rglob("*") if path.name.endswith(suffixes))
    names = ((*path.parent.parts, path.name.split(".")[0]) for path in found)
    # auditwheel's folders of bundled libraries are not packages; other modules load these.
    return sorted(".".join(parts) for parts in names if all(map(str.isidentifier, parts)))


def load(modules: Iterable[str]) -> None:
    """Import modules in a process that has none of them yet.

    Raises:
        SystemExit: One does not load; it is named. A library may also end the process.
    """
    code = "import importlib, sys\nfor name in sys.argv[1:]:\n"
    code += "    print(name, flush=True)\n    importlib.import_module(name)"
    command = [sys.executable, "-P", "-c", code, *modules]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise SystemExit(f"does not load: {done.stdout.splitlines()[-1]}")


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(ELF))


if __name__ == "__main__":
    main()
