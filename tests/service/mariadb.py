"""Run the local MariaDB in a time zone far from UTC, with TLS if it has a certificate."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import local.mariadb
from local.aws.certificates import CertifiedKey
from local.mariadb import DATABASE, USER
from tests.service import tls_servers

__all__ = ["DATABASE", "USER", "MariaDb"]


class MariaDb(local.mariadb.MariaDb):
    """The server.

    Args:
        folder: Contains data, password and log; created if missing.
        identity: Its certificate and key for TLS, None for plain text.
    """

    def __init__(self, folder: Path, identity: CertifiedKey | None = None) -> None:
        super().__init__(folder)
        self._identity = identity

    @property
    def options(self) -> Mapping[str, str]:  # type: ignore[override] # a property in place of a value
        """Return the local server's options, and further ones for tests."""
        zone = {"default-time-zone": "+05:30"}  # a stamp must not depend on it
        if self._identity is None:
            return local.mariadb.OPTIONS | zone
        files = tls_servers.files(self.folder, self._identity)
        tls = {"ssl-cert": str(files["cert"]), "ssl-key": str(files["key"])}
        return local.mariadb.OPTIONS | zone | tls

    @property
    def root_password(self) -> str:
        """Return root's password."""
        return self._root_password

    def execute(self, statement: str, *values: object) -> Any:  # Any: rows of any columns
        """Run a statement as root, in Heartbeat's database if it exists; return the rows."""
        with self._root() as connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall()
