"""A real MariaDB of Debian's package `mariadb-server`, in a folder of its own."""

import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pymysql

from local.aws.certificates import Identity
from local.guard import guard
from local.postgres import ROOT_RUNS_AS
from local.process import Process
from local.server import Server
from tests.service import tls_servers

USER, DATABASE = "heartbeat", "heartbeat"
OPTIONS = {
    "bind-address": "127.0.0.1",
    "innodb-buffer-pool-size": "16M",
    "innodb-log-file-size": "8M",
    "performance-schema": "OFF",
    "default-time-zone": "+05:30",  # a stamp must not depend on it
}


class MariaDb(Server):
    """The server; with TLS if it is given a certificate.

    Args:
        folder: Made if it is missing; data, password and log live in it.
        identity: Its certificate and key, None for plain text.
    """

    name = "mariadb"

    def __init__(self, folder: Path, identity: Identity | None = None) -> None:
        super().__init__(folder)
        self._identity = identity
        self.root_password = secrets.token_urlsafe(24)

    @property
    def environment(self) -> Mapping[str, str]:
        """The variable of a source named `mysql`."""
        return {"HEARTBEAT_SOURCE_MYSQL": self.url("DISABLED")}

    def url(self, mode: str | None = None, database: str = DATABASE) -> str:
        """The URL of Heartbeat's user."""
        query = f"?ssl-mode={mode}" if mode else ""
        return f"mysql://{USER}:{self._password}@127.0.0.1:{self.port}/{database}{query}"

    def execute(self, statement: str, *values: object) -> Any:  # Any: rows of any columns
        """Run a statement as root, in Heartbeat's database if it is there; the rows."""
        with self._root() as connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall()

    def ready(self) -> bool:
        """Whether root can log in; then the user and the database are there too."""
        try:
            self.execute("SELECT 1")
        except pymysql.err.OperationalError:
            return False
        return True

    def _root(self) -> Any:  # Any: PyMySQL has no types
        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user="root",
            password=self.root_password,
            autocommit=True,
            connect_timeout=5,
        )

    def _prepare(self) -> Process:
        program = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program is not None, "install Debian's mariadb-server"
        data, first = self.folder / "data", self.folder / "first.sql"
        data.mkdir(mode=0o700, parents=True)
        first.write_text(self._first())
        options = [f"--{name}={value}" for name, value in OPTIONS.items()]
        options += [f"--datadir={data}", f"--port={self.port}", f"--socket={data / 'socket'}"]
        options += [f"--pid-file={data / 'pid'}", f"--init-file={first}"]
        if self._identity:
            files = tls_servers.files(self.folder, self._identity)
            options += [f"--ssl-cert={files['cert']}", f"--ssl-key={files['key']}"]
        if os.geteuid() == 0:
            shutil.chown(data, ROOT_RUNS_AS)
            shutil.chown(first, ROOT_RUNS_AS)
        self._install(data)
        command = [program, "--no-defaults", *options]
        return Process(command, data, self.log, user=ROOT_RUNS_AS, stop_signal=signal.SIGTERM)

    def _first(self) -> str:
        """What the server runs at each start, before it takes connections."""
        return "\n".join(
            (
                f"ALTER USER root@localhost IDENTIFIED BY '{self.root_password}';",
                f"CREATE DATABASE IF NOT EXISTS {DATABASE};",
                f"CREATE USER IF NOT EXISTS {USER}@'127.0.0.1' IDENTIFIED BY '{self._password}';",
                f"CREATE USER IF NOT EXISTS {USER}@localhost IDENTIFIED BY '{self._password}';",
                f"GRANT ALL ON {DATABASE}.* TO {USER}@'127.0.0.1';",
                f"GRANT ALL ON {DATABASE}.* TO {USER}@localhost;",
            )
        )

    def _install(self, data: Path) -> None:
        install = shutil.which("mariadb-install-db")
        assert install is not None, "install Debian's mariadb-server"
        options = [f"--datadir={data}", "--auth-root-authentication-method=normal"]
        command = [install, "--no-defaults", *options, "--skip-test-db"]
        user = [*guard(ROOT_RUNS_AS, signal.SIGKILL), *command]
        done = subprocess.run(user, cwd=data, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
