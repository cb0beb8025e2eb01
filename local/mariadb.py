"""A real MariaDB on this machine, from Debian's package `mariadb-server`."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from local.guard import guard
from local.postgres import ROOT_RUNS_AS
from local.process import Process
from local.server import Server, StartError, password

USER, DATABASE = "heartbeat", "heartbeat"
OPTIONS = {
    "bind-address": "127.0.0.1",
    "innodb-buffer-pool-size": "16M",
    "innodb-log-file-size": "8M",
    "performance-schema": "OFF",
}
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"  # where Debian has servers
MISSING = "--with mysql needs {}: {}, or leave mysql out"


class MariaDb(Server):
    """A MariaDB without TLS, with one database and one user with all rights in it."""

    name = "mariadb"
    options: Mapping[str, str] = OPTIONS

    @property
    def environment(self) -> Mapping[str, str]:
        """The variable of a source named `mysql`."""
        return {"HEARTBEAT_SOURCE_MYSQL": f"{self.url('DISABLED')}&title=MySQL"}

    def url(self, mode: str | None = None, database: str = DATABASE) -> str:
        """Return the URL of Heartbeat's user.

        Args:
            mode: `ssl-mode`; None leaves it out.
            database: The database.
        """
        query = f"?ssl-mode={mode}" if mode else ""
        return f"mysql://{USER}:{self._password}@127.0.0.1:{self.port}/{database}{query}"

    def ready(self) -> bool:
        """Tell whether root can log in; then the user and the database are there too."""
        from pymysql.err import OperationalError  # noqa: PLC0415  the driver is an extra

        try:
            self._root().close()
        except OperationalError:
            return False
        return True

    def _root(self) -> Any:  # Any: PyMySQL has no types
        import pymysql  # noqa: PLC0415  as above

        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user="root",
            password=self._root_password,
            autocommit=True,
            connect_timeout=5,
        )

    @property
    def _root_password(self) -> str:
        return password(self.folder / "root-password")

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _prepare(self) -> Process:
        server = _program("mariadbd")
        if not self._data.exists():
            self._install()
        first = self.folder / "first.sql"
        first.unlink(missing_ok=True)
        first.touch(mode=0o600)
        first.write_text(self._first())
        if os.geteuid() == 0:
            shutil.chown(first, ROOT_RUNS_AS)
        options = [f"--{name}={value}" for name, value in self.options.items()]
        options += [f"--datadir={self._data}", f"--port={self.port}", f"--init-file={first}"]
        options.append(f"--tmpdir={self._data}")  # its user may not be able to write to /tmp
        options += [f"--socket={self._data / 'socket'}", f"--pid-file={self._data / 'pid'}"]
        command = [server, "--no-defaults", *options]
        return Process(command, self._data, self.log, user=ROOT_RUNS_AS)

    def _first(self) -> str:
        """Write the statements that the server runs at each start."""
        user = f"IDENTIFIED BY '{self._password}'"
        hosts = ("'127.0.0.1'", "localhost")
        return "\n".join(
            [
                f"ALTER USER root@localhost IDENTIFIED BY '{self._root_password}';",
                f"CREATE DATABASE IF NOT EXISTS {DATABASE};",
                *(f"CREATE USER IF NOT EXISTS {USER}@{host} {user};" for host in hosts),
                *(f"GRANT ALL ON {DATABASE}.* TO {USER}@{host};" for host in hosts),
            ]
        )

    def _install(self) -> None:
        """Create the data folder completely, or not at all.

        Raises:
            StartError: The program for it is missing, or failed.
        """
        half_made = self.folder / "half-made"
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(mode=0o700, parents=True)
        if os.geteuid() == 0:
            shutil.chown(half_made, ROOT_RUNS_AS)
        options = [f"--datadir={half_made}", f"--tmpdir={half_made}", "--skip-test-db"]
        options.append("--auth-root-authentication-method=normal")
        command = [_program("mariadb-install-db"), "--no-defaults", *options]
        user = [*guard(ROOT_RUNS_AS, signal.SIGKILL), *command]
        done = subprocess.run(  # noqa: S603 a program of Debian's
            user, cwd=half_made, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise StartError(f"mariadb-install-db failed: {done.stdout}{done.stderr}")
        half_made.rename(self._data)


def require() -> None:
    """Check that it can be started, before anything else starts.

    Raises:
        StartError: The server or its driver is not installed.
    """
    if find_spec("pymysql") is None:
        raise StartError(MISSING.format("a driver", "uv sync --extra mysql"))
    for name in ("mariadbd", "mariadb-install-db"):
        _program(name)


def _program(name: str) -> str:
    """Find a program.

    Raises:
        StartError: It is not installed.
    """
    found = shutil.which(name, path=PATH)
    if found is None:
        install = "install Debian's package mariadb-server (apt-get install mariadb-server)"
        raise StartError(MISSING.format(name, install))
    return found
