# ruff: noqa: INP001 - a script, in no package
"""Make the image smaller: called by the Dockerfile, in the environment that it copies.

Deletes botocore's data of services that are never called, and compiles what the service imports
and nothing else: under a root that cannot be written, the rest would be compiled at each start.
"""

import compileall
import importlib
import pkgutil
import re
import shutil
from pathlib import Path

import botocore

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
    """Trim, then check that each service in use still has its data."""
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


if __name__ == "__main__":
    main()
