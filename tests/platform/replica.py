"""A streaming pair of PostgreSQL: a primary, and a hot standby that can be promoted."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local.postgres import SETTINGS
from tests.platform import admin
from tests.platform.cluster import CopiedPostgres, copy

STREAMING = {"wal_level": "replica", "max_wal_senders": "4", "wal_keep_size": "64MB"}


class Primary(CopiedPostgres):
    """A server that accepts a standby."""

    settings: Mapping[str, str] = {**SETTINGS, **STREAMING, "fsync": "off"}


class Standby(Primary):
    """A standby, which follows its primary until it is promoted.

    Args:
        folder: Receives its data.
        primary: The primary, which must be stopped.
    """

    def __init__(self, folder: Path, primary: Primary) -> None:
        super().__init__(folder)
        self._primary = primary

    async def promote(self) -> None:
        """Promote it; when this returns, it accepts writes."""
        server = await admin.postgres(self.environment)
        try:
            assert await server.fetchval("SELECT pg_promote(true, 60)")
        finally:
            await server.close()

    def _initialize(self) -> None:
        """Copy the primary's files and password, because the copy has the primary's logins."""
        copy(self._primary.folder, self.folder)
        environ = self._primary.environment
        words = {
            "host": environ["PGHOST"],
            "port": environ["PGPORT"],
            "user": environ["PGUSER"],
            "password": environ["PGPASSWORD"],
            "sslmode": "disable",
        }
        conninfo = " ".join(f"{name}={value}" for name, value in words.items())
        with (self._data / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"primary_conninfo = '{conninfo}'\n")
        (self._data / "standby.signal").touch()  # found, not read: it may stay ours


@contextmanager
def streaming(folder: Path) -> Iterator[tuple[Primary, Standby]]:
    """Run a primary and its standby until the block ends.

    Args:
        folder: Receives their data; PostgreSQL's own user must be able to enter it.
    """
    primary = Primary(folder / "primary")
    standby = Standby(folder / "standby", primary)
    primary.start()
    primary.stop()  # no server may write the files while they are copied
    with primary, standby:
        yield primary, standby
