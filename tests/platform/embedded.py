"""A project's services on embedded servers, doing what `docker compose` would with containers."""

import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import asyncpg

from local.postgres import Postgres
from local.process import Process
from local.server import Server
from local.valkey import Valkey

ROOT = Path(__file__).parents[2]
STORES: dict[str, type[Server]] = {"postgres": Postgres, "valkey": Valkey}
START_S = 60.0  # a bound for a hang
STOP_S = 5.0


class Aws:
    """The stand-in AWS, with the command that its container gets."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        self.process = Process(
            [sys.executable, "-m", "local.aws", *command], ROOT, folder.with_suffix(".log")
        )
        self._ready = folder / "client.env"

    def start(self) -> None:
        self.process.start()
        give_up = time.monotonic() + START_S
        while not self._ready.exists():
            if not self.process.running or time.monotonic() > give_up:
                raise RuntimeError(self.process.ending)
            time.sleep(0.02)

    def stop(self) -> None:
        self.process.terminate()
        self.process.finish(STOP_S)


class Services:
    """The services of one project.

    Args:
        folder: For their data.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._servers: dict[str, Server | Aws] = {}

    def do(self, command: list[str], files: Mapping[str, Any]) -> None:
        """Carry out a command of `docker compose` on what a file says of the services."""
        match command:
            case ["up", "--wait", *_, name]:
                self._up(name, files["services"][name])
            case ["cp", source, target]:
                name, _, _ = source.partition(":/data/.")
                shutil.copytree(self._folder / name, target, dirs_exist_ok=True)
            case ["stop", *_, name]:
                self._servers[name].stop()
            case ["pause", name]:
                self._servers[name].process.pause()
            case ["unpause", name]:
                self._servers[name].process.resume()
            case ["down", *_]:
                self.down()
            case _:
                raise ValueError(command)

    def down(self) -> None:
        """Stop and forget all."""
        while self._servers:
            self._servers.popitem()[1].stop()

    def _up(self, name: str, service: Mapping[str, Any]) -> None:
        is_new = name not in self._servers
        if is_new:
            self._servers[name] = self._made(name, service)
        server = self._servers[name]
        if not server.process.running:
            server.start()
        if is_new and isinstance(server, Postgres):
            anyio.run(_create_database, server.environment)

    def _made(self, name: str, service: Mapping[str, Any]) -> Server | Aws:
        folder = self._folder / name
        folder.mkdir(parents=True)
        published = [port.split(":") for port in service["ports"]]
        if name in STORES:
            ((_, port, _),) = published
            (password,) = service.get("environment", {}).values() or service["command"][-1:]
            (folder / "password").write_text(password)
            return STORES[name](folder, int(port))
        # No container stands between: it listens where its ports would be published.
        here = {"0.0.0.0": "127.0.0.1", **{inner: outer for _, outer, inner in published}}
        command = [here.get(a, a.replace("/data", str(folder))) for a in service["command"]]
        return Aws(folder, command)


async def _create_database(environ: Mapping[str, str]) -> None:
    """The one that the image makes for POSTGRES_DB."""
    connection = await asyncpg.connect(
        host=environ["PGHOST"],
        port=int(environ["PGPORT"]),
        user=environ["PGUSER"],
        password=environ["PGPASSWORD"],
        database=environ["PGDATABASE"],
    )
    await connection.execute("CREATE DATABASE heartbeat")
    await connection.close()
