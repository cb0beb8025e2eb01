"""Run Debian's PgBouncer in front of PostgreSQL, like a managed connection pool."""

import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local.postgres import ROOT_RUNS_AS
from local.process import Process
from local.server import free_port

POOL_SIZE = 3
SETTINGS = """\
[databases]
{databases} = host=127.0.0.1 port={server_port}
gone = host=127.0.0.1 port=1
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = {mode}
default_pool_size = {pool_size}
query_wait_timeout = 2
server_login_retry = 0.2
"""


@contextmanager
def pgbouncer(
    folder: Path,
    environ: Mapping[str, str],
    mode: str = "transaction",
    *,
    databases: str = "*",
    port: int | None = None,
) -> Iterator[Mapping[str, str]]:
    """Run a pool of three connections; yield the variables that connect through it.

    Args:
        folder: Receives its files.
        environ: The variables of the server.
        mode: `session`, `transaction` or `statement`.
        databases: Its databases; `*` for all of the server's.
        port: Its port, None for a free one.
    """
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    assert program is not None, "install Debian's pgbouncer"
    port = port or free_port()
    for parent in (folder, *folder.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o011)  # its own user passes through
    users, settings = folder / "users", folder / "pgbouncer.ini"
    users.write_text(f'"{environ["PGUSER"]}" "{environ["PGPASSWORD"]}"\n')
    values = {"server_port": environ["PGPORT"], "port": port, "users": users, "mode": mode}
    settings.write_text(SETTINGS.format(**values, pool_size=POOL_SIZE, databases=databases))
    user = ROOT_RUNS_AS if os.geteuid() == 0 else None  # it refuses to run as root
    server = Process([program, str(settings)], folder, folder / "log", user=user)
    server.start()
    try:
        while not _listens(port):
            assert server.running, server.ending
            time.sleep(0.02)
        yield {**environ, "PGPORT": str(port), "PGSSLMODE": "disable"}
    finally:
        server.terminate()
        server.finish(5)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True
